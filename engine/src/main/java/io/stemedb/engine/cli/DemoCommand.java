package io.stemedb.engine.cli;

import io.stemedb.codecs.RecordType;
import io.stemedb.engine.Engine;
import io.stemedb.engine.Snapshot;
import io.stemedb.engine.Verification;
import io.stemedb.engine.Verifier;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The engine's main job on real input, measured. */
@Command(
        name = "demo",
        description = {
            "Ingests 100,000 real trades and measures it.",
            "",
            "Trades of Bitstamp, November 2013: a price claim and an amount claim a trade, an epoch"
                    + " a UTC day, and a vote for each price that the next trade confirms within 10"
                    + " basis points. Prints rates, latencies, counts, the newest claims and the"
                    + " digest of the directory, and draws the latencies.",
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  stemedb demo",
            "  stemedb demo --dir /tmp/demo --rate 50000",
            "  stemedb subject BTCUSD@bitstamp --limit 5    afterwards, to look at the claims",
            "  stemedb verify                               the same digest again",
            "",
            "Run twice on one directory, it appends the same records again, which adds entries to",
            "the subject index and nothing else.",
        })
final class DemoCommand extends DirectoryCommand {

    private static final String TRADES_NAME = "bitstamp_trades_from_20131125_usd.csv";
    private static final String PICTURE_NAME = "demo-latencies.png";
    private static final String WARM_UP_NAME = "warm-up-" + ProcessHandle.current().pid();
    private static final int NEWEST_COUNT = 3;

    @Option(
            names = "--rate",
            paramLabel = "N",
            defaultValue = "100000",
            description =
                    "Records a second while latencies are measured. Default: ${DEFAULT-VALUE}.")
    private long recordsPerSecond;

    @Option(
            names = "--trades",
            paramLabel = "FILE",
            description =
                    "Other trades, as CSV: timestamp,price,amount. Default: what the build fetched.")
    private Path tradesPath;

    DemoCommand(final Console console) {
        super(console);
    }

    @Override
    public Integer call() throws CommandException, IOException {
        if (recordsPerSecond < 1) {
            throw new ParameterException(
                    spec.commandLine(), "--rate must be at least 1, is " + recordsPerSecond);
        }
        final TradeFile trades = TradeFile.read(tradesPath == null ? builtTrades() : tradesPath);
        final PrintStream out = new PrintStream(console.out(), false, StandardCharsets.UTF_8);
        run(trades, out);
        printNewest(out);
        final Verification verification;
        try (Progress progress = new Progress(console, "verify", "records", Progress.UNKNOWN)) {
            verification = Verifier.verify(directory(), progress::reached);
        }
        printDirectory(verification, out);
        out.flush();
        return verification.isSound() ? ExitCode.OK : ExitCode.NO;
    }

    private void run(final TradeFile trades, final PrintStream out)
            throws CommandException, IOException {
        final long equal = DemoRecords.countEqual(trades);
        warmUp(trades);
        final DemoRun run;
        try (Engine engine = Engine.launch(engineContext());
                Progress progress = new Progress(console, "demo", "trades", trades.count())) {
            run = new DemoRun(engine, engine.newAppender(), trades, progress);
            run.flatOut(trades.count() / 2);
            run.paced(recordsPerSecond);
            progress.reached(trades.count());
        }
        out.printf(
                "%,d trades: %,d claims, %,d votes, %,d epochs appended to %s%n"
                        + "%,d of these records are equal to an earlier one, as when two trades of a"
                        + " second have one price.%n%n",
                trades.count(),
                run.count(RecordType.ASSERTION),
                run.count(RecordType.VOTE),
                run.count(RecordType.EPOCH),
                directory(),
                equal);
        out.printf(
                "Flat out, %,d records, after a warm-up with all trades, in records a second:%n",
                run.flatOutRecords());
        out.printf("  appended     %,12.0f%n", run.flatOutAppendsPerSecond());
        out.printf("  readable     %,12.0f%n", run.flatOutReadablePerSecond());
        out.printf("  stored       %,12.0f%n%n", run.flatOutStoredPerSecond());
        if (run.pacedRecords() > 0) {
            printLatencies(run, out);
        }
    }

    /**
     * All trades once into an engine that is thrown away: what is measured then is compiled code.
     */
    private void warmUp(final TradeFile trades) throws CommandException, IOException {
        final Path scratch = directory().resolve(WARM_UP_NAME);
        delete(scratch);
        try (Engine engine = Engine.launch(engineContext().directory(scratch));
                Progress progress = new Progress(console, "warm-up", "trades", trades.count())) {
            new DemoRun(engine, engine.newAppender(), trades, progress).flatOut(trades.count());
        } finally {
            delete(scratch);
        }
    }

    private static void delete(final Path directory) throws IOException {
        if (Files.exists(directory)) {
            try (Stream<Path> files = Files.walk(directory)) {
                for (final Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    private void printLatencies(final DemoRun run, final PrintStream out) throws IOException {
        out.printf(
                "By the clock, %,d records, %,d a second due, %,.0f sent. append is the time of the"
                        + " call;%nthe others count from when a record was due until the sending thread"
                        + " saw the watermark%npass it, between two appends. stored includes the wait"
                        + " for the flush.%n%n",
                run.pacedRecords(), recordsPerSecond, run.pacedPerSecond());
        final LatencyReport report = run.report();
        report.printTable(out);
        final Path picture = directory().resolve(PICTURE_NAME);
        try {
            report.writePicture(
                    String.format("StemeDB, %,d records a second", recordsPerSecond), picture);
            out.printf("%nPicture of the percentiles: %s%n", picture.toAbsolutePath());
        } catch (final LinkageError | RuntimeException e) {
            // a JDK without fonts or without its drawing library
            console.say("the picture could not be drawn: " + e);
        }
    }

    private void printNewest(final PrintStream out) throws IOException {
        out.printf("%nNewest %d claims about %s:%n", NEWEST_COUNT, DemoRecords.SUBJECT);
        final JsonRecordWriter json = new JsonRecordWriter(out);
        try (Snapshot snapshot = Snapshot.open(directory(), this::complain)) {
            snapshot.newReader()
                    .newestFirst(DemoRecords.SUBJECT, NEWEST_COUNT, ReadCommand.printing(json));
        }
    }

    private void printDirectory(final Verification verification, final PrintStream out) {
        out.printf(
                "%nIn the directory: %,d assertions, %,d votes, %,d epochs, %,d subject entries,"
                        + " %,d quarantined%n",
                verification.assertions(),
                verification.votes(),
                verification.epochs(),
                verification.subjectEntries(),
                verification.quarantined());
        out.printf("Content digest: %s%n", verification.digest());
        for (final String difference : verification.differences()) {
            out.println("DIFFERENCE: " + difference);
        }
    }

    /** The build puts the trades into target/demo, beside the jar or the classes that run. */
    private static Path builtTrades() throws CommandException {
        final Path location;
        try {
            location =
                    Path.of(
                            DemoCommand.class
                                    .getProtectionDomain()
                                    .getCodeSource()
                                    .getLocation()
                                    .toURI());
        } catch (final URISyntaxException e) {
            throw new CommandException(ExitCode.FAILED, "where the jar is: " + e.getMessage(), e);
        }
        final Path trades = location.resolveSibling("demo").resolve(TRADES_NAME);
        if (!Files.isRegularFile(trades)) {
            throw new CommandException(
                    ExitCode.FAILED,
                    "the build fetched no trades to " + trades + " (name a file with --trades)");
        }
        return trades;
    }
}
