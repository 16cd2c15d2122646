package io.stemedb.engine.cli;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Runs command lines in this process, with streams of its own, on one directory. */
final class Cli {

    /** What a command line left behind. */
    record Result(int exitCode, String out, String err) {

        List<String> outLines() {
            return out.lines().toList();
        }

        String lastErrLine() {
            final List<String> lines = err.lines().toList();
            return lines.isEmpty() ? "" : lines.get(lines.size() - 1);
        }
    }

    private final Path directory;
    private final boolean terminal;

    Cli(final Path directory) {
        this(directory, false);
    }

    /** With somebody who watches standard error. */
    Cli(final Path directory, final boolean terminal) {
        this.directory = directory;
        this.terminal = terminal;
    }

    /** Without input. */
    Result run(final String... arguments) {
        return runWith("", arguments);
    }

    Result runWith(final String input, final String... arguments) {
        return runWith(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)), arguments);
    }

    Result runWith(final InputStream in, final String... arguments) {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        final ByteArrayOutputStream err = new ByteArrayOutputStream();
        final int exitCode = runWith(in, out, err, arguments);
        return new Result(
                exitCode,
                out.toString(StandardCharsets.UTF_8),
                err.toString(StandardCharsets.UTF_8));
    }

    /** The directory is given as a person would by STEMEDB_DIR. */
    int runWith(
            final InputStream in,
            final OutputStream out,
            final OutputStream err,
            final String... arguments) {
        return StemeDbCommand.run(
                new Console(
                        in,
                        out,
                        new PrintStream(err, true, StandardCharsets.UTF_8),
                        terminal,
                        Map.of("STEMEDB_DIR", directory.toString())),
                arguments);
    }

    static String claim(final String subject, final double value, final long timestampNs) {
        return String.format(
                "{\"type\":\"assertion\",\"subject\":\"%s\",\"predicate\":\"price\",\"object\":"
                        + "{\"type\":\"Number\",\"value\":%s},\"confidence\":1,\"timestamp\":%d}",
                subject, value, timestampNs);
    }

    static String vote(final String assertionHash, final double weight) {
        return String.format(
                "{\"type\":\"vote\",\"assertion\":\"%s\",\"agentId\":\"%s\",\"weight\":%s,"
                        + "\"timestamp\":7}",
                assertionHash, "ab".repeat(32), weight);
    }

    static String epoch(final String id, final String name) {
        return String.format(
                "{\"type\":\"epoch\",\"id\":\"%s\",\"name\":\"%s\",\"start\":0}", id, name);
    }

    /** A field of a printed line that holds a string of hex digits. */
    static String hex(final String line, final String field) {
        final String start = "\"" + field + "\":\"";
        final int at = line.lastIndexOf(start) + start.length();
        return line.substring(at, line.indexOf('"', at));
    }
}
