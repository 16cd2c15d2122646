package io.stemedb.bench.rig;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import org.openjdk.jmh.results.RunResult;

/**
 * One run of the benchmarks: what it shows to a person, and what it leaves in a directory. The page
 * {@code README.md} there is written anew after each part, so that a run that is stopped leaves
 * what it had.
 */
public final class Session {
    private static final String QUESTION =
            "Does the engine reach its targets of speed here? Append of a 240-byte assertion with"
                    + " GROUP: at most 2x a raw Chronicle in-place append. Append to READABLE at"
                    + " 100,000/s: p50 at most 5 us. Sustained append to STORED: at least 2x RocksDB"
                    + " alone at the same logical work.";

    private final PrintStream out;
    private final Path directory;
    private final String command;
    private final boolean judged;
    private final StringBuilder results = new StringBuilder();
    private final List<String> verdicts = new ArrayList<>();

    /**
     * A run.
     *
     * @param out what a person reads
     * @param directory where the page and the raw data go; made if missing
     * @param command how this run was started
     * @param judged whether it measures enough to say that a target was met or missed
     */
    public Session(
            final PrintStream out,
            final Path directory,
            final String command,
            final boolean judged) {
        this.out = out;
        this.directory = directory;
        this.command = command;
        this.judged = judged;
        try {
            Files.createDirectories(directory);
        } catch (final IOException e) {
            throw new UncheckedIOException(directory + ": cannot be made", e);
        }
    }

    /**
     * Tells what is going on.
     *
     * @param text one line
     */
    public void say(final String text) {
        out.println(text);
        out.flush();
    }

    /**
     * Begins a part of the page.
     *
     * @param title its title
     * @param about how it was measured
     */
    public void section(final String title, final String about) {
        say("\n== " + title + "\n" + about + "\n");
        results.append("\n### ").append(title).append("\n\n").append(about).append('\n');
    }

    /** Shows a table, and puts it on the page. */
    void table(final Table table) {
        say(table.text());
        results.append('\n').append(table.markdown());
        writePage();
    }

    /**
     * Shows the results of JMH.
     *
     * @param runs one for each benchmark and set of parameters
     */
    public void jmh(final Collection<RunResult> runs) {
        final Table table = new Table("benchmark", "score", "error", "unit");
        for (final RunResult run : runs) {
            final String name = run.getParams().getBenchmark();
            final StringBuilder what = new StringBuilder(name.substring(name.indexOf(".jmh.") + 5));
            for (final String parameter : run.getParams().getParamsKeys()) {
                what.append(' ').append(run.getParams().getParam(parameter));
            }
            table.row(
                    what,
                    String.format(Locale.ROOT, "%,.1f", run.getPrimaryResult().getScore()),
                    String.format(Locale.ROOT, "%,.1f", run.getPrimaryResult().getScoreError()),
                    run.getPrimaryResult().getScoreUnit());
        }
        table(table);
    }

    /** Writes raw data. */
    void raw(final String file, final Table table) {
        write(file, table.csv());
    }

    /**
     * Says whether a target was met.
     *
     * @param target what it asks for
     * @param measured what was measured
     * @param met whether that is enough
     */
    public void verdict(final String target, final String measured, final boolean met) {
        final String judgement = !judged ? "NOT JUDGED (tiny run)" : met ? "MET" : "MISSED";
        final String line = judgement + " - " + target + ": " + measured;
        verdicts.add(line);
        say(line);
        writePage();
    }

    /**
     * Where a file of raw data goes.
     *
     * @param file its name
     * @return its path
     */
    public Path path(final String file) {
        return directory.resolve(file);
    }

    private void writePage() {
        final StringBuilder page = new StringBuilder("# Benchmark run\n\n## Question\n\n");
        page.append(QUESTION).append("\n\n## Environment\n\n");
        page.append(Environment.table().markdown());
        page.append("\n## Command\n\n```\n").append(command).append("\n```\n\n## Conclusion\n\n");
        if (verdicts.isEmpty()) {
            page.append("No target was measured in this run.\n");
        }
        verdicts.forEach(verdict -> page.append("- ").append(verdict).append('\n'));
        page.append("\n## Results\n").append(results);
        write("README.md", page.toString());
    }

    private void write(final String file, final String text) {
        final Path path = path(file);
        try {
            Files.writeString(path, text);
        } catch (final IOException e) {
            throw new UncheckedIOException(path + ": cannot be written", e);
        }
    }
}
