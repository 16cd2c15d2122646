package io.stemedb.engine;

import io.stemedb.engine.ingest.IngestConfig;
import io.stemedb.engine.journal.JournalConfig;
import io.stemedb.engine.store.SubjectIndex;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.ThreadFactory;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.BusySpinIdleStrategy;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemNanoClock;

/**
 * Settings of an engine, in the order of a record's way through it. Only the directory must be set.
 * A context is read once, by {@link Engine#launch}.
 */
public final class EngineContext {
    private Path directory;

    private int segmentLength;
    private long prepareAhead = JournalConfig.PREPARE_AHEAD_DEFAULT;
    private long backlogLimit = JournalConfig.BACKLOG_LIMIT_DEFAULT;
    private Durability durability = Durability.GROUP;
    private long syncIntervalNs = 1_000_000;
    private long retentionBytes = Long.MAX_VALUE;

    private int generationCount = IngestConfig.GENERATION_COUNT_DEFAULT;
    private int generationRecords = IngestConfig.GENERATION_RECORDS_DEFAULT;
    private int generationBytes = IngestConfig.GENERATION_BYTES_DEFAULT;
    private long flushIntervalNs = 1_000_000_000;

    private SubjectIndex subjectIndex;
    private long lmdbMapLimit = 1L << 40;

    private ThreadingMode threadingMode = ThreadingMode.DEDICATED;
    private IdleStrategy ingestIdleStrategy = new BusySpinIdleStrategy();
    private ThreadFactory threadFactory = Thread::new;
    private ErrorHandler errorHandler;
    private NanoClock nanoClock = SystemNanoClock.INSTANCE;
    private long closeTimeoutNs = 30_000_000_000L;

    /** A context with defaults. */
    public EngineContext() {}

    /**
     * The data directory; made with mode 0700 if missing. Everything the engine writes is in it.
     *
     * @param value path
     * @return this
     */
    public EngineContext directory(final Path value) {
        directory = value;
        return this;
    }

    Path directory() {
        if (directory == null) {
            throw new IllegalArgumentException("directory: must be set");
        }
        return directory;
    }

    /**
     * Length of a journal segment. Fixed when the directory is made.
     *
     * @param bytes 2 MiB to 1 GiB, a multiple of 4096; default 256 MiB
     * @return this
     */
    public EngineContext segmentLength(final int bytes) {
        segmentLength = bytes;
        return this;
    }

    int segmentLength() {
        return segmentLength;
    }

    /**
     * Journal to keep reserved on disk and prepared in memory ahead of the appenders: at least what
     * arrives during the longest pause of the prepare thread.
     *
     * @param bytes 1 MiB to 1 GiB; default 32 MiB
     * @return this
     */
    public EngineContext prepareAhead(final long bytes) {
        prepareAhead = bytes;
        return this;
    }

    /**
     * Records appended and not yet taken by ingest, from which on append returns {@link
     * Appender#BACK_PRESSURED}.
     *
     * @param bytes at least 1 MiB; default 1 GiB
     * @return this
     */
    public EngineContext backlogLimit(final long bytes) {
        backlogLimit = bytes;
        return this;
    }

    JournalConfig journalConfig(final int segment, final long sequenceFloor) {
        return new JournalConfig(segment, prepareAhead, backlogLimit, sequenceFloor, nanoClock);
    }

    /**
     * When appended records are made durable.
     *
     * @param value default {@link Durability#GROUP}
     * @return this
     */
    public EngineContext durability(final Durability value) {
        durability = Objects.requireNonNull(value, "durability");
        return this;
    }

    Durability durability() {
        return durability;
    }

    /**
     * Time between forces with {@link Durability#GROUP}.
     *
     * @param ns default 1 ms
     * @return this
     */
    public EngineContext syncIntervalNs(final long ns) {
        syncIntervalNs = ns;
        return this;
    }

    /**
     * Journal to keep at least; older segments go once their records are STORED.
     *
     * @param bytes default: all of it
     * @return this
     */
    public EngineContext retentionBytes(final long bytes) {
        retentionBytes = bytes;
        return this;
    }

    /**
     * Memory for records that are not in the stores yet: this many memtables, all allocated at
     * launch.
     *
     * @param count 2 to 16; default 3
     * @return this
     */
    public EngineContext generationCount(final int count) {
        generationCount = count;
        return this;
    }

    /**
     * Records of one memtable; when it is full it is flushed.
     *
     * @param records default 200,000
     * @return this
     */
    public EngineContext generationRecords(final int records) {
        generationRecords = records;
        return this;
    }

    /**
     * Bytes of one memtable; when it is full it is flushed.
     *
     * @param bytes at least 1 MiB; default 80 MiB
     * @return this
     */
    public EngineContext generationBytes(final int bytes) {
        generationBytes = bytes;
        return this;
    }

    /**
     * Age of the oldest record in memory from which on it is flushed.
     *
     * @param ns default 1 s
     * @return this
     */
    public EngineContext flushIntervalNs(final long ns) {
        flushIntervalNs = ns;
        return this;
    }

    IngestConfig ingestConfig() {
        return new IngestConfig(
                generationCount,
                generationRecords,
                generationBytes,
                flushIntervalNs,
                durability == Durability.ASYNC ? 0 : syncIntervalNs,
                retentionBytes,
                nanoClock);
    }

    /**
     * Store of the subject index. Fixed when the directory is made.
     *
     * @param value default {@link SubjectIndex#LMDB}
     * @return this
     */
    public EngineContext subjectIndex(final SubjectIndex value) {
        subjectIndex = value;
        return this;
    }

    SubjectIndex subjectIndex() {
        return subjectIndex;
    }

    /**
     * Size that the LMDB file may grow to. Only address space is taken for it.
     *
     * @param bytes default 1 TiB
     * @return this
     */
    public EngineContext lmdbMapLimit(final long bytes) {
        lmdbMapLimit = bytes;
        return this;
    }

    long lmdbMapLimit() {
        return lmdbMapLimit;
    }

    /**
     * On which threads the agents run.
     *
     * @param value default {@link ThreadingMode#DEDICATED}
     * @return this
     */
    public EngineContext threadingMode(final ThreadingMode value) {
        threadingMode = Objects.requireNonNull(value, "threadingMode");
        return this;
    }

    ThreadingMode threadingMode() {
        return threadingMode;
    }

    /**
     * How the ingest thread, or the one thread of {@link ThreadingMode#SHARED}, idles.
     *
     * @param value default: busy spin
     * @return this
     */
    public EngineContext ingestIdleStrategy(final IdleStrategy value) {
        ingestIdleStrategy = Objects.requireNonNull(value, "ingestIdleStrategy");
        return this;
    }

    IdleStrategy ingestIdleStrategy() {
        return ingestIdleStrategy;
    }

    /**
     * Makes the engine's threads; the engine names them.
     *
     * @param value default: plain threads
     * @return this
     */
    public EngineContext threadFactory(final ThreadFactory value) {
        threadFactory = Objects.requireNonNull(value, "threadFactory");
        return this;
    }

    ThreadFactory threadFactory() {
        return threadFactory;
    }

    /**
     * Told of errors and of damage found, on the thread where they happen.
     *
     * @param value default: the uncaught-exception handler of that thread
     * @return this
     */
    public EngineContext errorHandler(final ErrorHandler value) {
        errorHandler = value;
        return this;
    }

    ErrorHandler errorHandler() {
        return errorHandler != null
                ? errorHandler
                : error -> {
                    final Thread thread = Thread.currentThread();
                    thread.getUncaughtExceptionHandler().uncaughtException(thread, error);
                };
    }

    /**
     * Source of time for intervals and waits. Nothing that is written depends on it.
     *
     * @param value default: the system's monotonic clock
     * @return this
     */
    public EngineContext nanoClock(final NanoClock value) {
        nanoClock = Objects.requireNonNull(value, "nanoClock");
        return this;
    }

    NanoClock nanoClock() {
        return nanoClock;
    }

    /**
     * How long close waits for everything appended to be stored. What is not by then stays in the
     * journal.
     *
     * @param ns default 30 s
     * @return this
     */
    public EngineContext closeTimeoutNs(final long ns) {
        closeTimeoutNs = ns;
        return this;
    }

    long closeTimeoutNs() {
        return closeTimeoutNs;
    }
}
