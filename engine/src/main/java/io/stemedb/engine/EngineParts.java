package io.stemedb.engine;

import io.stemedb.engine.hash.Blake3;
import io.stemedb.engine.ingest.Ingestor;
import io.stemedb.engine.journal.ChronicleJournal;
import io.stemedb.engine.journal.JournalConfig;
import io.stemedb.engine.journal.JournalException;
import io.stemedb.engine.platform.DirectoryLock;
import io.stemedb.engine.platform.Manifest;
import io.stemedb.engine.platform.ManifestException;
import io.stemedb.engine.status.Counter;
import io.stemedb.engine.status.Counters;
import io.stemedb.engine.store.HybridStore;
import io.stemedb.engine.store.KvStore;
import io.stemedb.engine.store.StoreIdentity;
import io.stemedb.engine.store.SubjectIndex;
import io.stemedb.engine.store.lmdb.LmdbKvStore;
import io.stemedb.engine.store.rocks.RocksKvStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.agrona.ErrorHandler;

/**
 * What an engine is made of, opened in order and closed in the reverse: lock, manifest, stores,
 * journal, ingestor. The stores come before the journal, since their cursors are the floor of its
 * sequences; the journal closes before the stores' lock goes, and after the flush that waits for
 * its SYNCED.
 */
final class EngineParts implements AutoCloseable {
    static final String JOURNAL = "journal";
    static final String ROCKS = "rocks";
    static final String LMDB = "lmdb";
    static final String NATIVE = "native";
    private static final String COUNTERS = "counters";
    private static final Set<PosixFilePermission> OWNER_ONLY =
            PosixFilePermissions.fromString("rwx------");

    /** What a launch may leave that ended early. */
    private static final Set<String> BEFORE_MANIFEST = Set.of("lock", "manifest.new");

    private static final AtomicBoolean SAID = new AtomicBoolean();

    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private final OpeningReport.Builder opening = new OpeningReport.Builder();
    private long replayedFrom;
    private Counters counters;
    private LmdbKvStore lmdb;
    private KvStore store;
    private ChronicleJournal journal;
    private Ingestor ingestor;

    private EngineParts() {}

    static EngineParts open(final EngineContext context) {
        final EngineParts parts = new EngineParts();
        try {
            parts.openAll(context);
            return parts;
        } catch (final Throwable e) {
            try {
                parts.close();
            } catch (final RuntimeException suppressed) {
                e.addSuppressed(suppressed);
            }
            throw e;
        }
    }

    private void openAll(final EngineContext context) {
        final Path directory = context.directory();
        final ErrorHandler errors = context.errorHandler();
        checkOurs(directory);
        createDirectory(directory);
        opened(DirectoryLock.acquire(directory));
        final boolean known = Manifest.read(directory) != null;
        final boolean used = known && Files.isDirectory(directory.resolve(JOURNAL));
        if (known && Stream.of(JOURNAL, ROCKS, LMDB).allMatch(part -> isEmpty(directory, part))) {
            opening.found(
                    directory
                            + ": holds a manifest, and neither journal nor stores: a first launch"
                            + " was cut short, or all that was there is lost");
        }
        final Manifest manifest = manifest(directory, context);
        loadBlake3(directory.resolve(NATIVE));
        counters = Counters.map(directory.resolve(COUNTERS));
        final StoreIdentity identity = identity(manifest);
        if (used && isMissing(directory.resolve(ROCKS), "CURRENT")) {
            opening.missingStore("RocksDB");
        }
        if (used && isMissing(directory.resolve(LMDB), "data.mdb")) {
            opening.missingStore("LMDB");
        }
        final KvStore rocks =
                opened(
                        RocksKvStore.open(
                                directory.resolve(ROCKS), identity, directory.resolve(NATIVE)));
        lmdb =
                opened(
                        LmdbKvStore.open(
                                directory.resolve(LMDB),
                                identity,
                                context.lmdbMapLimit(),
                                directory.resolve(NATIVE)));
        store = opened(new HybridStore(rocks, lmdb, subjectIndex(manifest)));
        final long floor = Math.max(rocks.cursor(), lmdb.cursor());
        journal =
                opened(
                        ChronicleJournal.open(
                                directory.resolve(JOURNAL),
                                context.journalConfig(manifest.segmentLength(), floor),
                                store.cursor()));
        for (final String damage : journal.damage()) {
            opening.found(damage);
            errors.onError(new JournalException(damage, null));
        }
        ingestor = opened(ingestor(context));
        replayedFrom = store.cursor();
    }

    private Ingestor ingestor(final EngineContext context) {
        final ErrorHandler errors = context.errorHandler();
        try {
            return new Ingestor(
                    journal,
                    store,
                    context.ingestConfig(),
                    counters,
                    (first, last, reason) -> {
                        opening.found(reason);
                        errors.onError(new JournalException(reason, null));
                    },
                    errors);
        } catch (final OutOfMemoryError e) {
            throw new EngineException(
                    "memory: "
                            + context.ingestConfig().generationCount()
                            + " generations of "
                            + context.ingestConfig().generationBytes()
                            + " bytes do not fit, see -XX:MaxDirectMemorySize: "
                            + e.getMessage(),
                    e);
        }
    }

    /** Once all is readable. */
    OpeningReport openingReport() {
        return opening.build(
                journal.appended(),
                journal.appended() - replayedFrom,
                counters.get(Counter.MISSING),
                counters.get(Counter.QUARANTINED));
    }

    private static boolean isEmpty(final Path directory, final String part) {
        final Path path = directory.resolve(part);
        return !Files.isDirectory(path) || entries(path).isEmpty();
    }

    private static boolean isMissing(final Path store, final String file) {
        return store.resolve(file).toFile().length() == 0; // nor is it there if it is empty
    }

    /**
     * Says once for each JVM when there is no native library: hashing then takes about twice as
     * long.
     */
    private static void loadBlake3(final Path natives) {
        Blake3.load(natives);
        if ("java".equals(Blake3.newInstance().implementation())
                && SAID.compareAndSet(false, true)) {
            System.getLogger(Engine.class.getName())
                    .log(System.Logger.Level.INFO, "BLAKE3: " + Blake3.description());
        }
    }

    private <T extends AutoCloseable> T opened(final T part) {
        opened.push(part);
        return part;
    }

    /**
     * A new engine is made only where nothing is, and an engine that lost its manifest is not given
     * another identity: its stores would be foreign to it.
     */
    static void checkOurs(final Path directory) {
        if (!Files.isDirectory(directory) || Manifest.read(directory) != null) {
            return;
        }
        try {
            for (final Path entry : entries(directory)) {
                checkOurs(directory, entry);
            }
        } catch (final ManifestException | EngineException e) {
            if (Manifest.read(directory) == null) {
                throw e;
            } // else another process has just made it, and the lock tells
        }
    }

    private static void checkOurs(final Path directory, final Path entry) {
        final String name = entry.getFileName().toString();
        final boolean libraries = NATIVE.equals(name); // may be a link out of a noexec disk
        final boolean store = Set.of(JOURNAL, ROCKS, LMDB).contains(name);
        final boolean empty = // as where a disk is mounted
                (store || libraries) && Files.isDirectory(entry) && entries(entry).isEmpty();
        if (empty || libraries && Files.isSymbolicLink(entry) || BEFORE_MANIFEST.contains(name)) {
            return;
        }
        if (store && Files.isDirectory(entry)) {
            throw new ManifestException(
                    directory
                            + ": manifest: missing beside "
                            + name
                            + ": put it back from a backup, or have the command repair"
                            + " make it anew: it holds the engine's id, and the stores do");
        }
        throw new EngineException(
                directory + ": holds " + name + " and is no data directory of an engine", null);
    }

    /** But for what a new file system holds. */
    private static List<Path> entries(final Path directory) {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.filter(entry -> !entry.endsWith("lost+found")).toList();
        } catch (final IOException e) {
            throw new UncheckedIOException(directory + ": cannot be listed: " + e, e);
        }
    }

    private static void createDirectory(final Path directory) {
        try {
            if (!Files.isDirectory(directory)) {
                Files.createDirectories(
                        directory, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
                FileCopies.force(directory.toAbsolutePath().getParent()); // its name is durable
            } else if (!Files.getPosixFilePermissions(directory).equals(OWNER_ONLY)) {
                Files.setPosixFilePermissions(directory, OWNER_ONLY);
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(
                    directory + ": cannot be made, or not accessible to its owner only: " + e, e);
        }
    }

    private static Manifest manifest(final Path directory, final EngineContext context) {
        final Manifest known = Manifest.read(directory);
        if (known != null) {
            if (!ChronicleJournal.ROLL_CYCLE_NAME.equals(known.rollCycle())) {
                throw new ManifestException(
                        directory
                                + ": manifest: rollCycle: this version has "
                                + ChronicleJournal.ROLL_CYCLE_NAME
                                + ", is "
                                + known.rollCycle());
            }
            check(
                    "segmentLength",
                    context.segmentLength(),
                    known.segmentLength(),
                    context.segmentLength() == 0
                            || known.segmentLength() == Manifest.UNKNOWN_LENGTH);
            check(
                    "subjectIndex",
                    context.subjectIndex(),
                    subjectIndex(known),
                    context.subjectIndex() == null);
            return known.segmentLength() == Manifest.UNKNOWN_LENGTH
                    ? withLength(known, context)
                    : known;
        }
        final Manifest made =
                new Manifest(
                        UUID.randomUUID(),
                        Manifest.FORMAT,
                        ChronicleJournal.ROLL_CYCLE_NAME,
                        segmentLength(context),
                        (context.subjectIndex() == null
                                        ? SubjectIndex.LMDB
                                        : context.subjectIndex())
                                .name());
        context.journalConfig(
                made.segmentLength(), 0); // checks the length before it is fixed for ever
        made.write(directory);
        return made;
    }

    private static int segmentLength(final EngineContext context) {
        return context.segmentLength() == 0
                ? JournalConfig.SEGMENT_LENGTH_DEFAULT
                : context.segmentLength();
    }

    /** A launch that names the length fixes it; another one leaves that to the next. */
    private static Manifest withLength(final Manifest known, final EngineContext context) {
        final Manifest made =
                new Manifest(
                        known.engineId(),
                        known.format(),
                        known.rollCycle(),
                        segmentLength(context),
                        known.subjectIndex());
        context.journalConfig(made.segmentLength(), 0); // as below
        if (context.segmentLength() != 0) {
            made.write(context.directory());
        }
        return made;
    }

    private static void check(
            final String field, final Object asked, final Object fixed, final boolean unset) {
        if (!unset && !asked.equals(fixed)) {
            throw new IllegalArgumentException(
                    field
                            + ": the directory was made with "
                            + fixed
                            + ", and it cannot be changed to "
                            + asked);
        }
    }

    static StoreIdentity identity(final Manifest manifest) {
        return new StoreIdentity(
                manifest.engineId().getMostSignificantBits(),
                manifest.engineId().getLeastSignificantBits(),
                manifest.format());
    }

    static SubjectIndex subjectIndex(final Manifest manifest) {
        return SubjectIndex.valueOf(manifest.subjectIndex());
    }

    Counters counters() {
        return counters;
    }

    KvStore store() {
        return store;
    }

    LmdbKvStore lmdb() {
        return lmdb;
    }

    ChronicleJournal journal() {
        return journal;
    }

    Ingestor ingestor() {
        return ingestor;
    }

    /** Closes all that was opened, the last first; one that fails keeps none of the others open. */
    @Override
    public void close() {
        RuntimeException failure = null;
        while (!opened.isEmpty()) {
            try {
                opened.pop().close();
            } catch (final Exception e) {
                final RuntimeException wrapped =
                        e instanceof RuntimeException
                                ? (RuntimeException) e
                                : new EngineException("close: " + e, e);
                if (failure == null) {
                    failure = wrapped;
                } else {
                    failure.addSuppressed(wrapped);
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
