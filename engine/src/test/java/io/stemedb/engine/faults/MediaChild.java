package io.stemedb.engine.faults;

import io.stemedb.codecs.AssertionView;
import io.stemedb.engine.Appender;
import io.stemedb.engine.Engine;
import io.stemedb.engine.EngineContext;
import io.stemedb.engine.Reader;
import io.stemedb.engine.TestEngines;
import io.stemedb.engine.Verification;
import io.stemedb.engine.Verifier;
import io.stemedb.engine.Watermark;
import io.stemedb.engine.journal.BareQueue;
import io.stemedb.engine.status.StorageFull;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * An engine on media that run full or turn read-only; says DONE when all was as promised.
 *
 * <p>All limits are of the machine's {@link Pace}: a checkpoint takes a dozen forces, and a force
 * takes a second while others write to the disk what they can.
 */
final class MediaChild {
    private static final int SUBJECTS = 20;
    private static final int SOME = 1_500;
    private static final int TEXT = 1_000;
    private static final int DISTINCT_TEXTS = 26;
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
    private static final long LOOK_NS = SECOND / 20;

    private final Path data;
    private final Pace pace;
    private final List<Throwable> told = new CopyOnWriteArrayList<>();
    private final EngineContext context;
    private int resumeSeconds = 10;
    private Engine engine;
    private Appender appender;
    private long last;
    private long lastAnswer;

    private MediaChild(final Path data, final Pace pace) {
        this.data = data;
        this.pace = pace;
        context =
                TestEngines.context(data)
                        .generationRecords(1_000)
                        .generationCount(2)
                        .closeTimeoutNs(SECOND)
                        .errorHandler(this::tell);
    }

    public static void main(final String[] arguments) {
        final Path data = Path.of(arguments[1]);
        try (Pace pace = new Pace(data.resolveSibling("pace"))) {
            run(new MediaChild(data, pace), arguments);
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

    private static void run(final MediaChild child, final String[] arguments) throws Exception {
        switch (arguments[0]) {
            case "fill" -> child.fill(Path.of(arguments[2]), arguments[3], true);
            case "stuck" -> {
                child.resumeSeconds = 2;
                child.fill(Path.of(arguments[2]), arguments[3], false);
            }
            case "bare" -> child.bare(Path.of(arguments[2]), false);
            case "bareAndTold" -> child.bare(Path.of(arguments[2]), true);
            case "limit" -> child.limit();
            case "descriptors" -> child.descriptors();
            case "backlog" -> child.backlog(Path.of(arguments[2]), arguments[3]);
            case "readonly" -> child.readOnly(arguments[2]);
            case "refused" -> child.refused();
            default -> throw new IllegalArgumentException(arguments[0]);
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

    /**
     * The disk of a part runs full under a running engine, and is emptied again; or, for the
     * control, is not, as for an engine that does not see that it is.
     */
    private void fill(final Path media, final String component, final boolean emptied)
            throws Exception {
        launch();
        some();
        final Path filler = media.resolve("filler");
        awaitRefusal(
                component,
                () -> {
                    fillUp(filler);
                });
        if ("journal".equals(component)) {
            awaitFullJournal();
        }
        readAll();
        if (emptied) {
            Files.delete(filler);
        }
        resumes();
        checkAfterRestart();
    }

    /** The control: a journal without reserved blocks meets the end of the disk in its map. */
    private void bare(final Path media, final boolean toldOnly) throws IOException {
        final BareQueue queue = new BareQueue(data.resolve("journal"));
        final byte[] record = new byte[TEXT];
        queue.append(++last, record);
        fillUp(media.resolve("filler"));
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

    /** LMDB reaches its limit. */
    private void limit() throws Exception {
        context.lmdbMapLimit(1 << 20);
        launch();
        awaitRefusal("LMDB store", () -> {});
        readAll();
        engine.close();
        context.lmdbMapLimit(1L << 30);
        launch();
        resumes();
        checkAfterRestart();
    }

    /** No descriptor is left for the next segment and the next SST. */
    private void descriptors() throws Exception {
        launch();
        loadClasses();
        some();
        final List<FileInputStream> taken = new ArrayList<>();
        awaitTold(
                error ->
                        error instanceof StorageFull full && "journal".equals(full.component())
                                || error.getMessage().contains("RocksDB store"),
                () -> take(taken));
        readAll();
        for (final FileInputStream one : taken) {
            one.close();
        }
        resumes();
        checkAfterRestart();
    }

    private static void take(final List<FileInputStream> taken) {
        try {
            while (true) {
                taken.add(new FileInputStream("/dev/null"));
            }
        } catch (final IOException e) {
            require(!taken.isEmpty(), "descriptors to take: " + e);
        }
    }

    /** A class that lies in a directory takes a descriptor when it is loaded; in a jar, none. */
    private static void loadClasses() throws Exception {
        final Path classes =
                Path.of(Engine.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        try (Stream<Path> files = Files.walk(classes)) {
            for (final Path file : files.toList()) {
                final String name = classes.relativize(file).toString();
                if (name.endsWith(".class") && !name.contains("/cli/")) {
                    Class.forName(
                            name.substring(0, name.length() - 6).replace(File.separatorChar, '.'));
                }
            }
        }
    }

    /** Launched again while a store is full and the journal holds more than memory takes. */
    private void backlog(final Path media, final String component) throws Exception {
        launch();
        some();
        final Path filler = media.resolve("filler");
        awaitRefusal(component, () -> fillUp(filler));
        final long beyondMemory = last + 4 * SOME;
        await(30, "room in the journal", () -> append() && last >= beyondMemory);
        engine.close();
        fillUp(filler);
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
        Files.delete(filler);
        launch();
        resumes();
        checkAfterRestart();
    }

    /** The file system takes no more writes, from one moment to the next. */
    private void readOnly(final String device) throws Exception {
        launch();
        some();
        final long synced = engine.watermark(Watermark.SYNCED);
        Files.writeString(Path.of("/sys/fs/ext4/" + device + "/trigger_fs_error"), "1");
        final long startNs = System.nanoTime();
        await(
                5,
                "an error",
                () -> {
                    tryAppend();
                    return !told.isEmpty();
                });
        System.out.println("told after " + (System.nanoTime() - startNs) / 1000 + " us: " + told);
        require(
                told.stream()
                        .anyMatch(
                                error ->
                                        error.getMessage().contains("journal")
                                                || error.getMessage().contains("store")),
                "names no part: " + told);
        last = synced;
        readAll();
        System.out.println("SYNCED " + synced);
        try {
            engine.close();
        } catch (final RuntimeException e) {
            System.out.println("close: " + e);
        }
    }

    private void tryAppend() {
        try {
            append();
        } catch (final RuntimeException e) {
            require(!told.isEmpty() || e.getMessage() != null, "append: " + e);
        }
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
        appender.assertion()
                .subject("s" + next % SUBJECTS)
                .predicate("p")
                .text(TestEngines.ofLength((char) ('a' + next % DISTINCT_TEXTS), TEXT))
                .confidence(1f)
                .timestamp(next);
        lastAnswer = appender.assertion().append();
        if (lastAnswer < 0) {
            return false;
        }
        require(lastAnswer == next, "a gap: " + lastAnswer + " for " + next);
        last = next;
        return true;
    }

    private void some() {
        final long goal = last + SOME;
        await(30, "room for " + SOME, () -> append() && last >= goal);
        awaitCheckpoint(30);
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
        awaitTold(
                error -> error instanceof StorageFull full && component.equals(full.component()),
                again);
        final StorageFull full =
                (StorageFull)
                        told.stream()
                                .filter(error -> error instanceof StorageFull)
                                .findFirst()
                                .orElseThrow();
        require(full.path().startsWith(data.toAbsolutePath()), "path " + full.path());
        require(full.freeBytes() >= 0, "free bytes " + full.freeBytes());
        require(((Throwable) full).getMessage().contains("free bytes"), "says no free bytes");
    }

    /**
     * Appends until a part is refused room; the error comes within a second of the refusal. The
     * journal's is an answer; a store's is that nothing more is stored, where a flush has a second.
     */
    private void awaitTold(final Predicate<Throwable> expected, final Runnable again) {
        await(
                40,
                "refusal, told " + told,
                () -> {
                    again.run();
                    for (int i = 0; i < SOME && append(); i++) {
                        require(last > 0, "appended");
                    }
                    if (lastAnswer == Appender.STORAGE_FULL) {
                        await(1, "error of a refusal", () -> !told.isEmpty());
                    }
                    while (told.isEmpty() && engine.watermark(Watermark.STORED) < last) {
                        awaitStoredOrTold();
                    }
                    return told.stream().anyMatch(expected);
                });
        System.out.println("told " + told.stream().filter(expected).findFirst().orElseThrow());
    }

    private void awaitStoredOrTold() {
        final long stored = engine.watermark(Watermark.STORED);
        await(
                2,
                "error of a refusal",
                () ->
                        !told.isEmpty()
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

    private void checkAfterRestart() {
        engine.close();
        launch();
        readAll();
        engine.close();
        final Verification verification = Verifier.verify(data, count -> {});
        require(verification.isSound(), "verify: " + verification.differences());
    }

    /** All that is readable, by subject; each byte. */
    private void readAll() {
        final long readable = Math.min(engine.watermark(Watermark.READABLE), last);
        final long[] found = {0};
        final AssertionView view = new AssertionView();
        try (Reader reader = engine.newReader()) {
            for (int subject = 0; subject < SUBJECTS; subject++) {
                reader.oldestFirst(
                        "s" + subject,
                        Integer.MAX_VALUE,
                        (sequence, hash, record, offset, length) -> {
                            if (sequence <= readable) {
                                view.wrap(record, offset, length);
                                require(view.timestamp() == sequence, "not " + sequence);
                                require(
                                        view.objectText()
                                                .equals(
                                                        TestEngines.ofLength(
                                                                (char)
                                                                        ('a'
                                                                                + sequence
                                                                                        % DISTINCT_TEXTS),
                                                                TEXT)),
                                        "text of " + sequence);
                                found[0]++;
                            }
                        });
            }
        }
        require(found[0] == readable, "read " + found[0] + " of " + readable);
    }

    private static void fillUp(final Path filler) {
        byte[] chunk = new byte[1 << 20];
        while (chunk.length > 0) {
            try (OutputStream out =
                    Files.newOutputStream(
                            filler, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
                while (true) {
                    out.write(chunk);
                }
            } catch (final IOException e) {
                chunk = new byte[chunk.length / 8];
            }
        }
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
