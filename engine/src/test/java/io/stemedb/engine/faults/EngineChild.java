package io.stemedb.engine.faults;

import io.stemedb.codecs.Limits;
import io.stemedb.engine.Appender;
import io.stemedb.engine.Durability;
import io.stemedb.engine.Engine;
import io.stemedb.engine.EngineContext;
import io.stemedb.engine.EngineFailedException;
import io.stemedb.engine.Reader;
import io.stemedb.engine.RecordMix;
import io.stemedb.engine.StoreContent;
import io.stemedb.engine.TestEngines;
import io.stemedb.engine.ThreadingMode;
import io.stemedb.engine.Verification;
import io.stemedb.engine.Verifier;
import io.stemedb.engine.Watermark;
import io.stemedb.engine.journal.JournalTail;
import io.stemedb.engine.store.SubjectIndex;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.SleepingIdleStrategy;

/**
 * The child of all fault suites. {@code live}: for each directory given, launches an engine,
 * verifies the obligations of earlier lives, then appends and says what is acknowledged, until it
 * is killed. {@code serve}: verifies directories that nobody runs on, as told on its input.
 *
 * <p>A home is a directory with {@code data}, the engine's directory, and {@code obligations}.
 */
public final class EngineChild {
    /** How the appending goes; each is the name of an argument. */
    enum Way {
        /** As fast as it goes at first, then as much as the checks can look at in time. */
        USUAL,
        /** Nothing is flushed: all is in the journal only. */
        JOURNAL_ONLY,
        /** As much journal as it can, as fast as it goes. */
        BULK,
        /** Segments are trimmed as soon as they may be. */
        TRIMMED,
        /** Durability.SYNC: each record is SYNCED once it is appended. */
        SYNC,
        /** Says SYNCED of what is only appended: the defect that must be caught. */
        UNFORCED,
        /** Every record is forced; it goes on until the engine fails, and looks at how. */
        FAILING,
        /** The same, and segments are trimmed as soon as they may be: that is what fails. */
        FAILING_TRIM,
        /**
         * The same with the subject index in LMDB, which is what fails: what is forced is SYNCED.
         */
        FAILING_LMDB,
        /** A sound engine, looked at as if it had failed: the defect that must be caught. */
        SOUND,
        /** Says that a record is appended, and never does it: the defect that must be caught. */
        LIAR,
        /** Its start takes longer than it may: the defect that must be caught. */
        SLOW
    }

    /** Property: starts are timed, by the machine's {@link Pace}. */
    static final String PACED = "io.stemedb.faults.paced";

    /** The ways with texts of all lengths: a life rolls each 400 records or so. */
    private static final Set<Way> LARGE =
            EnumSet.of(Way.USUAL, Way.BULK, Way.TRIMMED, Way.SYNC, Way.FAILING, Way.FAILING_TRIM);

    private static final Set<Way> FAILS =
            EnumSet.of(Way.FAILING, Way.FAILING_TRIM, Way.FAILING_LMDB);

    private static final int BATCH = 20;
    private static final int FAST = 2_000;
    private static final int TOLD = 20;
    private static final long PAUSE_NS = 5_000_000;

    /** Long enough for pages that nobody writes again before their force fails. */
    private static final long FAILING_SYNC_NS = 50_000_000;

    private static final int SHARED_EVERY = 6;

    /** More than the two seconds of a start with hardly any journal. */
    private static final long SLOW_NS = 2_500_000_000L;

    private static final int MANY = 100;
    private static final int TRIES = 5;
    private static final int BACKGROUND_IDLE_NS = 50_000;

    private final Way way;
    private final Path blockLog;

    private EngineChild(final Way way, final Path blockLog) {
        this.way = way;
        this.blockLog = blockLog;
    }

    public static void main(final String[] arguments) throws Exception {
        if ("serve".equals(arguments[0])) {
            serve();
            return;
        }
        TestEngines.start("orphan", EngineChild::endWithParent);
        final Random random = new Random(Long.parseLong(arguments[1]));
        final EngineChild child =
                new EngineChild(
                        Way.valueOf(arguments[2]),
                        "-".equals(arguments[3]) ? null : Path.of(arguments[3]));
        final List<TestEngines.Running> engines = new ArrayList<>();
        for (int i = 4; i < arguments.length; i++) {
            final Path home = Path.of(arguments[i]);
            final long seed = random.nextLong();
            engines.add(TestEngines.start(arguments[i], () -> child.liveOrSay(home, seed)));
        }
        for (final TestEngines.Running engine : engines) {
            engine.thread().join();
            engine.end();
        }
    }

    /** Its parent must know, also if other engines of the process live on. */
    private void liveOrSay(final Path home, final long seed) throws IOException {
        try {
            live(home, seed);
        } catch (final Throwable e) {
            tell(home, List.of("life ended: " + e));
            throw e;
        }
    }

    /** A test that was killed itself leaves no child behind that appends for ever. */
    private static void endWithParent() throws IOException {
        while (System.in.read() >= 0) {
            Thread.onSpinWait();
        }
        Runtime.getRuntime().halt(1);
    }

    public static Path data(final Path home) {
        return home.resolve("data");
    }

    static Path obligations(final Path home) {
        return home.resolve("obligations");
    }

    private static String name(final Path home) {
        return home.getFileName().toString();
    }

    private static synchronized void say(final CharSequence lines) {
        System.out.print(lines);
        System.out.flush();
    }

    private EngineContext context(final Path home, final Random random) {
        final EngineContext context =
                TestEngines.context(data(home))
                        .ingestIdleStrategy(new SleepingIdleStrategy(BACKGROUND_IDLE_NS))
                        .generationRecords(300 + random.nextInt(1_000))
                        .flushIntervalNs(20_000_000L + random.nextInt(200_000_000))
                        .durability(Durability.values()[random.nextInt(2)])
                        .errorHandler(
                                error -> {
                                    if (!TestEngines.isSlow(error)) {
                                        say(line("ERROR", home, error) + "\n");
                                    }
                                });
        if (!Files.exists(data(home).resolve("manifest"))) {
            context.subjectIndex(SubjectIndex.values()[random.nextInt(2)]);
        }
        switch (way) {
            case TRIMMED -> context.retentionBytes(0);
            case BULK -> context.generationRecords(10_000).generationBytes(16 << 20);
            case UNFORCED ->
                    context.durability(Durability.ASYNC)
                            .flushIntervalNs(Long.MAX_VALUE)
                            .generationRecords(100_000);
            case SYNC -> context.durability(Durability.SYNC);
            case FAILING_TRIM -> // a close would force what is appended
                    context.durability(Durability.GROUP)
                            .syncIntervalNs(FAILING_SYNC_NS)
                            .retentionBytes(0);
            case FAILING_LMDB -> context.subjectIndex(SubjectIndex.LMDB);
            case FAILING ->
                    context.durability(random.nextBoolean() ? Durability.GROUP : Durability.SYNC)
                            .syncIntervalNs(FAILING_SYNC_NS);
            case JOURNAL_ONLY ->
                    context.durability(Durability.GROUP)
                            .flushIntervalNs(Long.MAX_VALUE)
                            .generationRecords(100_000);
            default -> {
                // as it is
            }
        }
        if (random.nextInt(SHARED_EVERY) == 0) {
            context.threadingMode(ThreadingMode.SHARED);
        }
        return context;
    }

    private void live(final Path home, final long seed) throws IOException {
        final Random random = new Random(seed);
        final Ledger ledger = Ledger.read(obligations(home), name(home));
        final EngineContext context = context(home, random);
        tell(home, ledger.notStored(data(home)));
        final long openingAt = position();
        final Engine engine = launch(home, context, ledger);
        if (blockLog != null) {
            if (ledger.size() > 0) { // else there is nothing to recover
                say(Phase.RECOVERY.line(name(home), openingAt, position()));
            }
            TestEngines.start(
                    "phases", () -> Phase.watch(data(home), blockLog, engine, EngineChild::say));
        }
        tell(home, ledger, ledger.lost(engine, data(home)));
        say("HELD " + name(home) + " " + ledger.size() + " .\n");
        final Appender appender = engine.newAppender();
        final boolean closing = random.nextBoolean() || way == Way.FAILING_TRIM;
        if (way == Way.SOUND) {
            lookAtFailed(home, engine, appender, closing);
            return;
        }
        try {
            append(engine, appender, name(home), random);
        } catch (final EngineFailedException e) {
            if (!FAILS.contains(way)) {
                throw e;
            }
            lookAtFailed(home, engine, appender, closing);
        }
    }

    /**
     * It stays FAILED with its error, SYNCED and STORED do not move, whatever is tried; nor once a
     * close has waited for all that was under way. What waits in here waits for a sound engine
     * only: one that has failed says so at once.
     */
    private void lookAtFailed(
            final Path home, final Engine engine, final Appender appender, final boolean closing) {
        final long synced = engine.watermark(Watermark.SYNCED);
        final long stored = engine.watermark(Watermark.STORED);
        final long appended = engine.watermark(Watermark.APPENDED);
        final String why =
                switch (way) {
                    case FAILING_TRIM -> "cannot be trimmed";
                    case FAILING_LMDB -> "must be opened again";
                    default -> "force failed";
                };
        final List<String> wrong = new ArrayList<>();
        final IdleStrategy pause = new SleepingIdleStrategy(PAUSE_NS);
        for (int i = 0; i < TRIES; i++) {
            final List<Runnable> tries =
                    List.of(
                            () -> TestEngines.claim(appender, "after", 1, 1),
                            () ->
                                    engine.await(
                                            Watermark.SYNCED, appended + 1, TestEngines.TIMEOUT_NS),
                            () -> engine.checkpoint(TestEngines.TIMEOUT_NS),
                            engine::newAppender);
            for (final Runnable attempt : tries) {
                try {
                    attempt.run();
                    wrong.add("a failed engine goes on");
                } catch (final EngineFailedException e) {
                    if (!e.getMessage().contains(why)) {
                        wrong.add("the first error was not kept: " + e);
                    }
                }
            }
            pause.idle();
        }
        try (Reader reader = engine.newReader()) {
            if (reader.subjects("", 1, (subject, offset, length) -> {}) == 0
                    && engine.watermark(Watermark.READABLE) > MANY) { // a claim among them
                wrong.add("a failed engine does not read");
            }
        }
        if (closing) {
            engine.close();
        }
        if (engine.watermark(Watermark.SYNCED) != synced && way != Way.FAILING_LMDB
                || engine.watermark(Watermark.STORED) != stored) {
            wrong.add(0, "a failed engine acknowledges: " + synced + ", " + stored);
        }
        tell(home, wrong);
        say("STANDS " + name(home) + " .\n");
    }

    /** Under a tracer, forces beside the engine's would be in the way. */
    private Engine launch(final Path home, final EngineContext context, final Ledger ledger)
            throws IOException {
        if (!Boolean.getBoolean(PACED)) {
            return launch(home, context, ledger, System::nanoTime);
        }
        try (Pace pace = new Pace(home.resolve("pace"))) {
            if (way == Way.SLOW) {
                context.nanoClock(() -> afterAWhile(pace));
            }
            return launch(home, context, ledger, pace::nanoTime);
        }
    }

    /** A clock that stands still for longer than a start may take. */
    private static long afterAWhile(final Pace pace) {
        final IdleStrategy pause = new SleepingIdleStrategy(PAUSE_NS);
        while (pace.nanoTime() < SLOW_NS) {
            pause.idle();
        }
        return System.nanoTime();
    }

    /** Says how long it took, by the machine's pace and by the clock, for how much journal. */
    private static Engine launch(
            final Path home,
            final EngineContext context,
            final Ledger ledger,
            final LongSupplier clock)
            throws IOException {
        final long bytes = ledger.unstoredBytes(data(home).resolve("journal"));
        say("OPENING " + name(home) + " .\n");
        final long startNs = System.nanoTime();
        final long paceNs = clock.getAsLong();
        final Engine engine = Engine.launch(context);
        final long pacedNs = clock.getAsLong() - paceNs;
        final long ns = System.nanoTime() - startNs;
        say(
                "WALL %1$s %2$d %4$d .%nOPENED %1$s %3$d %4$d .%n"
                        .formatted(name(home), ns / 1_000_000, pacedNs / 1_000_000, bytes));
        return engine;
    }

    private void append(
            final Engine engine, final Appender appender, final String name, final Random random)
            throws IOException {
        final StringBuilder lines = new StringBuilder();
        final IdleStrategy pause = new SleepingIdleStrategy(PAUSE_NS);
        final RecordMix mix = new RecordMix(random, 50, appender);
        if (LARGE.contains(way)) {
            mix.textMax(Limits.OBJECT_TEXT_MAX);
        }
        final int fast = way == Way.BULK ? Integer.MAX_VALUE : random.nextInt(FAST);
        long synced = 0;
        long readable = 0;
        long stored = 0;
        for (int i = 1; ; i++) {
            if (way == Way.LIAR) {
                final long sequence = engine.watermark(Watermark.APPENDED) + 1;
                say(Ledger.line(name, sequence, mix.next()) + "\n");
                LockSupport.park();
            }
            final long sequence = mix.append(appender);
            lines.append(Ledger.line(name, sequence, mix.bytes())).append('\n');
            if (way == Way.SYNC) {
                lines.append(Ledger.line(Watermark.SYNCED, name, sequence, position()));
                say(lines.append('\n'));
                lines.setLength(0);
            }
            if (i % BATCH == 0) {
                final long syncedNow =
                        engine.watermark(
                                way == Way.UNFORCED ? Watermark.APPENDED : Watermark.SYNCED);
                if (syncedNow > synced) {
                    synced = syncedNow;
                    lines.append(Ledger.line(Watermark.SYNCED, name, synced, position()));
                    lines.append('\n');
                }
                final long readableNow = engine.watermark(Watermark.READABLE);
                if (readableNow > readable) {
                    readable = readableNow;
                    lines.append(Ledger.line(Watermark.READABLE, name, readable, position()));
                    lines.append('\n');
                }
                final long storedNow = engine.watermark(Watermark.STORED);
                if (storedNow > stored) {
                    stored = storedNow;
                    lines.append(Ledger.line(Watermark.STORED, name, stored, position()));
                    lines.append('\n');
                }
                say(lines);
                lines.setLength(0);
                if (i > fast) { // no more than the checks can look at in time
                    pause.idle();
                }
            }
        }
    }

    /** Of the block log: read after the watermark, so all that it needed is below. */
    private long position() throws IOException {
        return blockLog == null ? 0 : Files.size(blockLog);
    }

    /** What no power cut excuses. */
    private static void tell(final Path home, final List<String> broken) {
        broken.forEach(what -> say(line("BROKEN", home, what) + "\n"));
    }

    /** What is owed comes first: of what a power cut may excuse there may be more than is told. */
    private static void tell(final Path home, final Ledger ledger, final List<String> lost) {
        final Stream<String> lines = lost.stream().map(what -> line("LOST", home, what));
        ledger.owedFirst(lines, TOLD).forEach(line -> say(line + "\n"));
    }

    /** One line, whatever is told: a point ends it. */
    private static String line(final String kind, final Path home, final Object what) {
        return (kind + " " + name(home) + " " + what).replaceAll("\\R", " | ") + " .";
    }

    static long journalBytes(final Path data) {
        if (!Files.isDirectory(data.resolve("journal"))) {
            return 0;
        }
        try (Stream<Path> files = Files.walk(data.resolve("journal"))) {
            long bytes = 0;
            for (final Path file : files.filter(Files::isRegularFile).toList()) {
                bytes += Files.size(file);
            }
            return bytes;
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Lines {@code check home} or {@code rebuild home}; after each answer the line DONE. */
    private static void serve() throws IOException {
        final BufferedReader in =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        final EngineChild child = new EngineChild(Way.USUAL, null);
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            final Path home = Path.of(line.substring(line.indexOf(' ') + 1));
            try {
                child.check(home, line.startsWith("rebuild"));
            } catch (final IOException | RuntimeException | AssertionError e) {
                tell(home, List.of("cannot be verified: " + e));
                e.printStackTrace();
            }
            System.gc(); // or the counters stay mapped, and their file system mounted
            say("DONE " + name(home) + " .\n");
        }
    }

    /** The engine has all obligations; journal and stores agree; a replay gives the same stores. */
    private void check(final Path home, final boolean rebuild) throws IOException {
        final Path data = data(home);
        final Ledger ledger = Ledger.read(obligations(home), name(home));
        tell(home, ledger.notStored(data));
        try (Engine engine = launch(home, context(home, new Random(0)), ledger)) {
            tell(home, ledger, ledger.lost(engine, data));
            if (!engine.checkpoint(TestEngines.TIMEOUT_NS)) {
                tell(home, List.of("no checkpoint in time"));
            }
        }
        final Verification verification = Verifier.verify(data, count -> {});
        tell(home, ledger, verification.differences());
        if (rebuild && startsAtOne(data)) {
            final StoreContent stored = StoreContent.read(data);
            StoreContent.deleteStores(data);
            Engine.launch(context(home, new Random(0))).close();
            final StoreContent replayed = StoreContent.read(data);
            if (!stored.equals(replayed)) {
                tell(home, List.of("a replay differs: " + stored + " and " + replayed));
            }
            say("REBUILT " + name(home) + " " + replayed.counts().values() + " .\n");
        }
    }

    private static boolean startsAtOne(final Path data) {
        try (JournalTail tail = JournalTail.open(data.resolve("journal"), 1)) {
            return tail.oldestSequence() <= 1;
        }
    }
}
