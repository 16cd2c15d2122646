package io.stemedb.engine.cli;

import io.stemedb.engine.Durability;
import io.stemedb.engine.Engine;
import io.stemedb.engine.Watermark;
import io.stemedb.engine.cli.Console.OutputClosedException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Ingests JSON Lines. */
@Command(
        name = "ingest",
        description = {
            "Ingests JSON Lines: one assertion, vote or epoch a line.",
            "",
            "A line that is refused is reported with its number, field and reason, and kept in a"
                    + " file; it does not stop the rest. The last line on standard error counts:",
            "  lines=N ingested=N duplicates=N refused=N records/s=N",
            "lines = ingested + duplicates + refused; blank lines count nowhere. A duplicate is a"
                    + " record whose content was in the directory or earlier in the input; it is"
                    + " appended and acknowledged like any other.",
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  stemedb ingest claims.jsonl",
            "  stemedb ingest --strict --durability sync --dir /srv/claims claims.jsonl",
            "  producer | stemedb ingest - --acks | consumer",
            "  stemedb subject X -n 100000 | stemedb ingest - --dir copy",
            "",
            "Lines, in short (times are integer nanoseconds since 1970 or ISO-8601):",
            "  {\"type\":\"assertion\",\"subject\":\"BTCUSD@bitstamp\",\"predicate\":\"trade_price\",",
            "   \"object\":{\"type\":\"Number\",\"value\":912.44},\"confidence\":1.0,",
            "   \"timestamp\":\"2013-11-25T00:00:01Z\"}",
            "  {\"type\":\"vote\",\"assertion\":\"<64 hex>\",\"agentId\":\"<64 hex>\",\"weight\":0.85,",
            "   \"timestamp\":1385337601000000000}",
            "  {\"type\":\"epoch\",\"id\":\"<64 hex>\",\"name\":\"2013-11-25\",",
            "   \"start\":\"2013-11-25T00:00:00Z\"}",
            "",
            "Exit code 1 if a line was refused.",
        })
final class IngestCommand extends DirectoryCommand {

    private static final String STANDARD_INPUT = "-";

    @Parameters(paramLabel = "FILE|-", description = "The input; - is standard input.")
    private String file;

    @Option(
            names = "--durability",
            paramLabel = "async|group|sync",
            defaultValue = "group",
            description =
                    "What an append waits for. async: nothing, the system writes when it likes"
                            + " (survives a kill, not a power cut). group: nothing, but the disk"
                            + " follows within milliseconds. sync: the disk. Default:"
                            + " ${DEFAULT-VALUE}.")
    private Durability durability;

    @Option(names = "--strict", description = "Stops at the first line that is refused.")
    private boolean strict;

    @Option(
            names = "--acks",
            description =
                    "Prints '<line> <sequence> <hash>' on standard output for each record once it"
                            + " is SYNCED, in order, some milliseconds later at most. With async"
                            + " that is when the stores are next written or the input ends.")
    private boolean acknowledge;

    @Option(
            names = "--rejects",
            paramLabel = "FILE",
            description =
                    "Where refused lines go, as they came; must not be there yet. Default:"
                            + " DIR/rejects-<input name>-<n>.jsonl with the first free n.")
    private Path rejectsPath;

    IngestCommand(final Console console) {
        super(console);
    }

    @Override
    public Integer call() throws CommandException, IOException {
        final IngestCounts counts = new IngestCounts();
        final int exitCode;
        try (InputStream in = open()) {
            exitCode = ingest(in, counts);
        }
        console.err().println(counts.summary());
        return exitCode;
    }

    /**
     * Everything between opening and closing the engine; what fails inside is said, then counted.
     */
    private int ingest(final InputStream in, final IngestCounts counts) throws CommandException {
        final RejectsFile rejects =
                rejectsPath == null
                        ? RejectsFile.in(directory(), inputName())
                        : RejectsFile.at(rejectsPath);
        int exitCode = ExitCode.OK;
        try (rejects;
                Engine engine = Engine.launch(engineContext().durability(durability))) {
            ingest(in, counts, engine, rejects);
        } catch (final CommandException | IOException | RuntimeException e) {
            exitCode = StemeDbCommand.failed(console, e, isVerbose());
            if (e instanceof OutputClosedException) {
                // lines were left unread, so this is no success, but not worth a word either
                exitCode = ExitCode.FAILED;
            }
        }
        if (rejects.path() != null) {
            console.say(counts.refused + " refused, kept in " + rejects.path());
        }
        return exitCode != ExitCode.OK || counts.refused == 0 ? exitCode : ExitCode.NO;
    }

    private void ingest(
            final InputStream in,
            final IngestCounts counts,
            final Engine engine,
            final RejectsFile rejects)
            throws CommandException, IOException {
        sayOpening(engine);
        final long startNs = System.nanoTime();
        final AckPrinter acks =
                acknowledge
                        ? new AckPrinter(console.out(), () -> engine.watermark(Watermark.SYNCED))
                        : null;
        try (acks;
                IngestRun run = new IngestRun(console, engine, rejects, acks, counts);
                Progress progress = new Progress(console, "ingest", "lines", Progress.UNKNOWN)) {
            try {
                run.ingest(new LineReader(in), strict, progress::reached);
            } catch (final CommandException | IOException | RuntimeException e) {
                // what was appended before is acknowledged all the same, where that can still be
                if (acknowledge) {
                    run.awaitSynced(e);
                }
                throw e;
            }
            if (acknowledge || durability != Durability.ASYNC) {
                run.awaitSynced();
            }
        } finally {
            counts.elapsedNs = System.nanoTime() - startNs;
        }
    }

    private InputStream open() throws CommandException, IOException {
        if (file.equals(STANDARD_INPUT)) {
            return console.in();
        }
        if (Files.isDirectory(Path.of(file))) {
            throw new CommandException(ExitCode.FAILED, "is a directory, no file: " + file);
        }
        return Files.newInputStream(Path.of(file));
    }

    private String inputName() {
        return file.equals(STANDARD_INPUT) ? "stdin" : Path.of(file).getFileName().toString();
    }
}
