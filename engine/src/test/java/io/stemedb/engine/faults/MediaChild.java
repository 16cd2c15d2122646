package io.stemedb.engine.faults;

import io.stemedb.engine.Appender;
import io.stemedb.engine.Engine;
import io.stemedb.engine.EngineContext;
import io.stemedb.engine.EngineException;
import io.stemedb.engine.Reader;
import io.stemedb.engine.TestEngines;
import io.stemedb.engine.Watermark;
import io.stemedb.engine.journal.BareQueue;
import io.stemedb.engine.journal.JournalException;
import io.stemedb.engine.status.StorageFull;
import io.stemedb.engine.store.StoreException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * An engine on media that run full or turn read-only. Says what is acknowledged, in lines of the
 * {@link Ledger}, for another process to verify, and DONE when all was as promised.
 *
 * <p>All limits are of the machine's {@link Pace}: a checkpoint takes a dozen forces, and a force
 * takes a second while others write to the disk what they can.
 */
final class MediaChild {
    private static final int SOME = 1_500;
    private static final int RESUME_SECONDS = 10;
    private static final int REFUSALS = 3;
    private static final int REFILLS = 30;
    private static final int TRIES = 5;
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
    private static final long LOOK_NS = SECOND / 20;

    private final String home;
    private final Path data;
    private final Pace pace;
    private final List<Throwable> told = new CopyOnWriteArrayList<>();
    private final EngineContext context;
    private final NumberedClaims claims = new NumberedClaims();
    private int resumeSeconds;
    private Engine engine;
    private Appender appender;
    private long last;
    private long lastAnswer;

    private MediaChild(final Path home, final Pace pace) {
        this.home = home.getFileName().toString();
        data = EngineChild.data(home);
        this.pace = pace;
        context =
                TestEngines.context(data)
                        .generationRecords(1_000)
                        .generationCount(2)
                        .closeTimeoutNs(SECOND)
                        .errorHandler(this::tell);
    }

    public static void main(final String[] arguments) {
        final Path home = Path.of(arguments[1]);
        try (Pace pace = new Pace(home.resolve("pace"))) {
            final MediaChild child = new MediaChild(home, pace);
            final boolean stuck = arguments[0].startsWith("stuck ");
            child.resumeSeconds = stuck ? 1 : RESUME_SECONDS;
            child.run(arguments[0].replace("stuck ", ""), !stuck, arguments);
            System.out.println("DONE");
        } catch (final Throwable e) {
            e.printStackTrace(System.out);
            Thread.getAllStackTraces()
                    .forEach(
                            (thread, stack) ->
                                    System.out.println(thread + " " + Arrays.toString(stack)));
            Runtime.getRuntime().halt(1); // the engine's threads would keep this JVM alive
        }
    }

    /** For the controls what was taken is not given back, as for an engine that does not see it. */
    private void run(final String scenario, final boolean givenBack, final String[] arguments)
            throws Exception {
        switch (scenario) {
            case "fill" -> fill(Path.of(arguments[2]), arguments[3], givenBack);
            case "bare" -> bare(Path.of(arguments[2]), false);
            case "bareAndTold" -> bare(Path.of(arguments[2]), true);
            case "limit" -> limit(givenBack);
            case "descriptors" -> descriptors(givenBack);
            case "backlog" -> backlog(Path.of(arguments[2]), arguments[3], givenBack);
            case "readonly" -> readOnly(arguments[2], false);
            case "readonlyAndGoesOn" -> readOnly(arguments[2], true);
            case "refused" -> refused();
            default -> throw new IllegalArgumentException(scenario);
        }
    }

    /** An Error, such as of a fault in mapped memory, is said at once: no scenario expects it. */
    private void tell(final Throwable error) {
        told.add(error);
        if (error instanceof Error) {
            System.out.println(error);
        }
    }

    private void launch() {
        engine = Engine.launch(context);
        appender = engine.newAppender();
    }

    /** The disk of a part runs full under a running engine, and is emptied again. */
    private void fill(final Path media, final String component, final boolean emptied)
            throws Exception {
        launch();
        some();
        final Path filler = media.resolve("filler");
        awaitRefusal(component, () -> Mounts.fillUp(filler));
        if ("journal".equals(component)) {
            awaitFullJournal();
        } else {
            storedStands(() -> Mounts.fillUp(filler));
        }
        readAll();
        if (emptied) {
            Files.delete(filler);
        }
        resumes();
        engine.close();
    }

    /** The control: a journal without reserved blocks meets the end of the disk in its map. */
    private void bare(final Path media, final boolean toldOnly) throws IOException {
        final BareQueue queue = new BareQueue(data.resolve("journal"));
        final byte[] record = claims.encode(1);
        queue.append(++last, record);
        Mounts.fillUp(media.resolve("filler"));
        try {
            await(
                    5,
                    "end of the disk",
                    () -> {
                        queue.append(++last, record);
                        return false;
                    });
        } catch (final InternalError e) {
            if (!toldOnly) {
                throw e;
            }
            tell(e);
        }
    }

    /** LMDB reaches its limit, and is given another with the next launch. */
    private void limit(final boolean raised) {
        context.lmdbMapLimit(1 << 20);
        launch();
        awaitRefusal("LMDB store", () -> {});
        storedStands(() -> {});
        readAll();
        engine.close();
        context.lmdbMapLimit(raised ? 1L << 30 : 1 << 20);
        launch();
        resumes();
        engine.close();
    }

    /** No descriptor is left for the next segment and the next SST. */
    private void descriptors(final boolean givenBack) throws Exception {
        launch();
        final Descriptors descriptors = new Descriptors();
        some();
        awaitTold(
                error ->
                        error instanceof StorageFull full && isOf("journal", full)
                                || error instanceof StoreException && names(error, "rocks"),
                descriptors::take);
        readAll();
        if (givenBack) {
            descriptors.giveBack();
        } else {
            descriptors.keep();
        }
        resumes();
        engine.close();
    }

    /** Launched again while a store is full and the journal holds more than memory takes. */
    private void backlog(final Path media, final String component, final boolean emptied)
            throws Exception {
        launch();
        some();
        final Path filler = media.resolve("filler");
        awaitRefusal(component, () -> Mounts.fillUp(filler));
        final long beyondMemory = last + 4 * SOME;
        await(30, "room in the journal", () -> append() && last >= beyondMemory);
        engine.close();
        Mounts.fillUp(filler);
        final long startNs = pace.nanoTime();
        try {
            launch();
            require(engine.watermark(Watermark.READABLE) >= last, "came up without all records");
            readAll();
            engine.close();
        } catch (final RuntimeException e) {
            require(
                    e instanceof StorageFull full && component.equals(full.component()),
                    "launch ended with " + e);
        }
        require(pace.nanoTime() - startNs < 30 * SECOND, "launch took too long");
        if (emptied) {
            Files.delete(filler);
        }
        launch();
        resumes();
        engine.close();
    }

    /**
     * The file system takes no more writes, from one moment to the next: what fails first says so,
     * and nothing is acknowledged after. Or, for the control, something is.
     */
    private void readOnly(final String device, final boolean goesOn) throws Exception {
        launch();
        some();
        final long goal = last + SOME;
        await(30, "room for " + SOME, () -> append() && last >= goal);
        await(30, "SYNCED", () -> engine.watermark(Watermark.SYNCED) >= last);
        say(Watermark.SYNCED, last);
        final long sound = last;
        Files.writeString(Path.of("/sys/fs/ext4/" + device + "/trigger_fs_error"), "1");
        final long startNs = pace.nanoTime();
        await(
                1,
                "an error",
                () -> {
                    fails(this::append);
                    return !told.isEmpty();
                });
        System.out.println("told after us " + (pace.nanoTime() - startNs) / 1000 + ": " + told);
        final Throwable first = told.get(0);
        require(
                first instanceof JournalException && names(first, "journal")
                        || first instanceof StoreException
                                && (names(first, "rocks") || names(first, "lmdb")),
                "names no part: " + told);
        await(1, "end of the engine", () -> fails(this::append)); // a store may be the first
        final long synced = engine.watermark(Watermark.SYNCED);
        final long stored = engine.watermark(Watermark.STORED);
        for (int i = 0; i < TRIES; i++) {
            require(fails(this::append), "appends after " + told);
            require(fails(() -> engine.checkpoint(LOOK_NS)), "stores after " + told);
        }
        last = sound;
        readAll();
        fails(engine::close); // what it cannot cut back; the watermarks are what counts
        require(engine.watermark(Watermark.SYNCED) == synced, "SYNCED moved from " + synced);
        require(engine.watermark(Watermark.STORED) == stored, "STORED moved from " + stored);
        if (goesOn) {
            say(sound + SOME, claims.encode(sound + SOME));
            say(Watermark.SYNCED, sound + SOME);
        }
    }

    /** Whether that throws, what an engine throws that has failed. */
    private boolean fails(final Runnable attempt) {
        try {
            attempt.run();
            return false;
        } catch (final EngineException
                | JournalException
                | StoreException
                | UncheckedIOException e) {
            return true;
        }
    }

    /** By the path of a part, behind its name. */
    private boolean names(final Throwable error, final String part) {
        final String component =
                Map.of("journal", "journal", "rocks", "RocksDB store", "lmdb", "LMDB store")
                        .get(part);
        return error.getMessage().startsWith(component + " " + data.resolve(part));
    }

    /** Launched where nothing can be written: an error, that names the path, and no hang. */
    private void refused() {
        try {
            launch();
            throw new AssertionError("launched");
        } catch (final RuntimeException e) {
            require(e.getMessage().contains(data.toString()), "names no path: " + e);
            System.out.println("refused: " + e);
        }
    }

    private boolean append() {
        final long next = last + 1;
        final byte[] record = claims.encode(next);
        lastAnswer = appender.append(new UnsafeBuffer(record), 0, record.length);
        if (lastAnswer < 0) {
            return false;
        }
        require(lastAnswer == next, "a gap: " + lastAnswer + " for " + next);
        last = next;
        say(next, record);
        return true;
    }

    private void say(final long sequence, final byte[] record) {
        System.out.println(Ledger.line(home, sequence, record));
    }

    private void say(final Watermark watermark, final long sequence) {
        System.out.println(Ledger.line(watermark, home, sequence, 0));
    }

    private void some() {
        final long goal = last + SOME;
        await(30, "room for " + SOME, () -> append() && last >= goal);
        awaitCheckpoint(30);
        say(Watermark.STORED, last);
    }

    private void awaitCheckpoint(final int seconds) {
        final long startNs = pace.nanoTime();
        while (!engine.checkpoint(LOOK_NS)) {
            require(
                    pace.nanoTime() - startNs < seconds * SECOND,
                    "not stored: appended "
                            + last
                            + ", synced "
                            + engine.watermark(Watermark.SYNCED)
                            + ", readable "
                            + engine.watermark(Watermark.READABLE)
                            + ", stored "
                            + engine.watermark(Watermark.STORED)
                            + ", told "
                            + lastTold());
        }
    }

    private void awaitRefusal(final String component, final Runnable again) {
        awaitTold(error -> error instanceof StorageFull full && isOf(component, full), again);
    }

    /** Names the part, its place, and how much is free there, and not on another disk. */
    private boolean isOf(final String component, final StorageFull full) {
        final String folder =
                component.replace("RocksDB", "rocks").split(" ")[0].toLowerCase(Locale.ROOT);
        final Path medium = data.toAbsolutePath().resolve(folder);
        return component.equals(full.component())
                && full.path().startsWith(medium)
                && full.freeBytes() <= medium.toFile().getTotalSpace()
                && ((Throwable) full).getMessage().contains("free bytes");
    }

    /**
     * While a store is refused what it is given, again and again. A compaction that gives up may
     * make room.
     */
    private void storedStands(final Runnable again) {
        long stored = -1;
        for (int i = 0; i < REFILLS && stored != engine.watermark(Watermark.STORED); i++) {
            again.run();
            stored = engine.watermark(Watermark.STORED);
            final int goal = told.size() + REFUSALS;
            await(10, "refusals", () -> told.size() >= goal);
        }
        require(stored == engine.watermark(Watermark.STORED), "STORED moved from " + stored);
        require(stored < last, "all is stored");
    }

    /**
     * Appends until a part is refused room; the error comes within a second of the refusal. The
     * journal's is an answer; a store's is that nothing more is stored, though it is asked for.
     */
    private void awaitTold(final Predicate<Throwable> expected, final Runnable again) {
        final BooleanSupplier isTold =
                () -> told.stream().anyMatch(expected.or(StorageFull.class::isInstance));
        await(
                40,
                "refusal, told " + told,
                () -> {
                    again.run();
                    for (int i = 0; i < SOME && append(); i++) {
                        require(last > 0, "appended");
                    }
                    if (lastAnswer == Appender.STORAGE_FULL) {
                        await(1, "error of a refusal", isTold);
                    }
                    while (!isTold.getAsBoolean() && engine.watermark(Watermark.STORED) < last) {
                        awaitStoredOr(isTold);
                    }
                    return told.stream().anyMatch(expected);
                });
        System.out.println("told " + told.stream().filter(expected).findFirst().orElseThrow());
    }

    private void awaitStoredOr(final BooleanSupplier isTold) {
        final long stored = engine.watermark(Watermark.STORED);
        await(
                1,
                "error of a refusal",
                () ->
                        isTold.getAsBoolean()
                                || engine.checkpoint(LOOK_NS)
                                || engine.watermark(Watermark.STORED) > stored);
    }

    /** Blocks reserved before take some more; an engine that has them left need not resume. */
    private void awaitFullJournal() {
        await(20, "full journal", () -> !append() && lastAnswer == Appender.STORAGE_FULL);
    }

    private void resumes() {
        final long before = last;
        final long startNs = pace.nanoTime();
        await(resumeSeconds, "append after space returned, answer " + lastAnswer, this::append);
        require(last == before + 1, "a gap after " + before);
        awaitCheckpoint(resumeSeconds);
        final long ns = pace.nanoTime() - startNs;
        require(
                ns < resumeSeconds * SECOND,
                "ingest resumed after ns " + ns + ", told " + lastTold());
        System.out.println("resumed after ms " + ns / 1_000_000);
        some();
        readAll();
    }

    private Throwable lastTold() {
        return told.isEmpty() ? null : told.get(told.size() - 1);
    }

    /** All that is readable, each byte. */
    private void readAll() {
        final long readable = Math.min(engine.watermark(Watermark.READABLE), last);
        final long found;
        try (Reader reader = engine.newReader()) {
            found = NumberedClaims.read(reader, readable);
        }
        require(found == readable, "read " + found + " of " + readable);
    }

    private void await(final int seconds, final String what, final BooleanSupplier condition) {
        final long startNs = pace.nanoTime();
        while (!condition.getAsBoolean()) {
            require(pace.nanoTime() - startNs < seconds * SECOND, "no " + what);
            Thread.yield();
        }
    }

    private static void require(final boolean condition, final String what) {
        if (!condition) {
            throw new AssertionError(what);
        }
    }
}
