package io.stemedb.engine;

import io.stemedb.engine.hash.Blake3;
import io.stemedb.engine.ingest.Ingestor;
import io.stemedb.engine.journal.Journal;
import io.stemedb.engine.journal.JournalException;
import io.stemedb.engine.platform.JvmFlags;
import io.stemedb.engine.status.Counters;
import io.stemedb.engine.store.StoreException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongConsumer;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SleepingIdleStrategy;

/**
 * The ingest engine on one data directory.
 *
 * <p>{@link #launch} returns when everything that is in the journal is readable. Appenders and
 * readers are made here, one for each thread that uses one. All methods of the engine itself may be
 * called from any thread.
 */
public final class Engine implements AutoCloseable {
    private static final long BACKGROUND_IDLE_NS = 250_000;
    private static final int SPINS = 2_000;

    /** About a second of a store's refusals, and launch gives up. */
    private static final int REFUSALS_MAX = 10;

    private final EngineContext context;
    private final EngineParts parts;
    private final Journal journal;
    private final Ingestor ingestor;
    private final NanoClock clock;
    private final Readers readers = new Readers("engine");
    private final AtomicBoolean invoking = new AtomicBoolean();
    private final AtomicBoolean closing = new AtomicBoolean();

    /** Inside {@link #invoke()}; whoever closes the engine looks at it. */
    private volatile Thread invokingThread;

    private volatile boolean closed;

    /** Set before anybody has the engine. */
    private OpeningReport openingReport;

    /** All is closed, and the directory is free. */
    private volatile boolean released;

    private Engine(final EngineContext context, final EngineParts parts) {
        this.context = context;
        this.parts = parts;
        journal = parts.journal();
        ingestor = parts.ingestor();
        clock = context.nanoClock();
    }

    /**
     * Opens the data directory, recovers what was not stored, and starts the agents.
     *
     * @param context settings, not to be changed any more
     * @return a running engine
     * @throws IllegalStateException naming the JVM flags that are missing
     * @throws IllegalArgumentException naming a setting that is out of range or differs from what
     *     the directory was made with
     * @throws io.stemedb.engine.platform.DirectoryInUseException naming who holds the directory
     * @throws io.stemedb.engine.journal.JournalException if the journal cannot be opened or lacks
     *     records that a store needs
     * @throws io.stemedb.engine.store.StoreException if a store cannot be opened, or does not take
     *     what is to be recovered and does not fit into memory
     */
    public static Engine launch(final EngineContext context) {
        JvmFlags.check();
        final EngineParts parts = EngineParts.open(context);
        final Engine engine = new Engine(context, parts);
        try {
            engine.start();
            engine.recover();
            engine.openingReport = parts.openingReport();
            return engine;
        } catch (final Throwable e) {
            engine.closing.set(true);
            engine.closed = true;
            try {
                parts.close();
            } catch (final RuntimeException suppressed) {
                e.addSuppressed(suppressed);
            }
            engine.released = true;
            throw e;
        }
    }

    private void start() {
        final IdleStrategy idle = context.ingestIdleStrategy();
        switch (context.threadingMode()) {
            case DEDICATED ->
                    ingestor.startDedicated(
                            idle,
                            () -> new SleepingIdleStrategy(BACKGROUND_IDLE_NS),
                            context.threadFactory());
            case SHARED -> ingestor.startShared(idle, context.threadFactory());
            case INVOKER -> ingestor.startInvoked();
            default -> throw new IllegalStateException("threadingMode: " + context.threadingMode());
        }
    }

    private void recover() {
        final IdleStrategy idle = waitStrategy();
        long reached = -1;
        int refusals = 0;
        while (ingestor.readable() < journal.appended()) {
            checkRunning();
            if (ingestor.readable() + ingestor.stored() != reached) {
                reached = ingestor.readable() + ingestor.stored();
                refusals = ingestor.refusals();
            } else if (ingestor.refusals() - refusals >= REFUSALS_MAX) {
                throw ingestor.lastRefusal(); // it would wait here until somebody makes room
            }
            waitOnce(idle);
        }
    }

    /**
     * An appender for one thread.
     *
     * @return a new appender
     */
    public Appender newAppender() {
        checkRunning();
        return new Appender(this, journal, context.durability() == Durability.SYNC);
    }

    /**
     * A reader for one thread; also of an engine that has failed.
     *
     * @return a new reader; close it when its thread is done
     */
    public Reader newReader() {
        if (closing.get()) {
            throw new EngineClosedException("engine");
        }
        try {
            return readers.add(new Reader(readers, ingestor.memtable(), parts.store()));
        } catch (final IllegalStateException | StoreException e) {
            if (closing.get()) {
                throw new EngineClosedException("engine");
            }
            throw e;
        }
    }

    /**
     * Where a watermark stands.
     *
     * @param watermark which
     * @return a sequence
     */
    public long watermark(final Watermark watermark) {
        return switch (watermark) {
            case APPENDED -> journal.appended();
            case SYNCED -> journal.synced();
            case READABLE -> ingestor.readable();
            case STORED -> ingestor.stored();
        };
    }

    /**
     * Waits for a watermark: spins, then yields, then sleeps in short steps. With {@link
     * ThreadingMode#INVOKER} it turns the duty cycle meanwhile; with {@link Durability#ASYNC} a
     * wait for SYNCED forces.
     *
     * @param watermark which
     * @param sequence what it should reach
     * @param timeoutNs how long to wait; 0 looks once
     * @return whether it has reached it
     * @throws IllegalArgumentException if the sequence is negative, as a back-pressure code is
     * @throws EngineFailedException if the engine has failed before it was reached
     * @throws EngineClosedException if the engine was closed before it was reached
     */
    public boolean await(final Watermark watermark, final long sequence, final long timeoutNs) {
        if (sequence < 0) {
            throw new IllegalArgumentException(
                    "sequence: at least 0, is " + sequence + ", as of an append that was refused");
        }
        if (watermark(watermark) >= sequence) {
            return true;
        }
        final long deadlineNs = clock.nanoTime() + timeoutNs;
        for (int spins = 0;
                spins < SPINS && context.threadingMode() != ThreadingMode.INVOKER;
                spins++) {
            if (watermark(watermark) >= sequence) {
                return true;
            }
            Thread.onSpinWait();
        }
        return awaitSlowly(watermark, sequence, deadlineNs);
    }

    private boolean awaitSlowly(
            final Watermark watermark, final long sequence, final long deadlineNs) {
        final IdleStrategy idle = waitStrategy();
        while (watermark(watermark) < sequence) {
            checkRunning();
            if (watermark == Watermark.SYNCED
                    && context.durability() == Durability.ASYNC
                    && sequence <= journal.appended()) {
                force(sequence);
                continue;
            }
            if (clock.nanoTime() - deadlineNs >= 0) {
                return false;
            }
            waitOnce(idle);
        }
        return true;
    }

    /** Nobody else does with ASYNC. */
    private void force(final long sequence) {
        try {
            journal.sync(sequence);
        } catch (final JournalException e) {
            throw explain(e);
        }
    }

    private void waitOnce(final IdleStrategy idle) {
        if (context.threadingMode() == ThreadingMode.INVOKER) {
            idle.idle(invoke());
        } else {
            idle.idle();
        }
    }

    private static IdleStrategy waitStrategy() {
        return new BackoffIdleStrategy(
                100, 100, TimeUnit.MICROSECONDS.toNanos(1), TimeUnit.MICROSECONDS.toNanos(50));
    }

    /**
     * Flushes everything appended so far to both stores.
     *
     * @param timeoutNs how long to wait
     * @return whether it was all stored in time
     * @throws EngineFailedException if the engine has failed
     * @throws EngineClosedException after close
     */
    public boolean checkpoint(final long timeoutNs) {
        checkRunning();
        final long sequence = journal.appended();
        ingestor.requestFlush(sequence);
        return await(Watermark.STORED, sequence, timeoutNs);
    }

    /**
     * Backs the directory up while the engine runs, as {@link Backups#backup}. Takes as long as it
     * takes to copy what changed and to verify it; appends, ingest and reads go on.
     *
     * @param target directory of the backup; made if missing
     * @param progress told bytes copied, then entries and records verified
     * @return what was done
     * @throws EngineException if the target holds something else or the copy is not sound
     * @throws EngineClosedException after close
     */
    public BackupReport backup(final Path target, final LongConsumer progress) {
        checkRunning();
        return Backup.write(context.directory(), target, parts.lmdb()::copyTo, progress);
    }

    /**
     * With {@link ThreadingMode#INVOKER}: one duty cycle of all agents. A call while another thread
     * is inside does nothing.
     *
     * @return amount of work done; 0 when there was none
     */
    public int invoke() {
        if (context.threadingMode() != ThreadingMode.INVOKER) {
            throw new IllegalStateException(
                    "invoke: threadingMode must be INVOKER, is " + context.threadingMode());
        }
        if (!invoking.compareAndSet(false, true)) {
            return 0;
        }
        invokingThread = Thread.currentThread();
        final boolean interrupted = Thread.interrupted(); // files close under an interrupted thread
        try {
            return closed ? 0 : ingestor.invoke();
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            invokingThread = null;
            invoking.set(false);
        }
    }

    /**
     * What was wrong with the directory when this engine opened it, what was done about it, and
     * what was not lost.
     *
     * @return the same report for as long as the engine lives
     */
    public OpeningReport openingReport() {
        return openingReport;
    }

    /**
     * Counters, which are also in the file {@code counters} of the data directory.
     *
     * @return live counters; not to be used after close
     */
    public Counters counters() {
        return parts.counters();
    }

    /**
     * Which BLAKE3 is used, and why.
     *
     * @return one line
     */
    public String hashImplementation() {
        return Blake3.description();
    }

    void checkRunning() {
        if (closing.get()) {
            throw new EngineClosedException("engine");
        }
        final Throwable failure = ingestor.failure();
        if (failure != null) {
            throw new EngineFailedException(failure);
        }
    }

    RuntimeException explain(final JournalException e) {
        if (closing.get()) {
            return new EngineClosedException("engine");
        }
        ingestor.fail(e); // the agents may not know yet, and whoever is told must see STORED stand
        return new EngineFailedException(e);
    }

    /**
     * Refuses appends, waits until what was appended is stored (at most the context's close
     * timeout; the journal keeps the rest), stops the agents, waits for readers to leave their
     * calls, and closes everything. Idempotent; from any thread but the engine's own, not from a
     * handler of its readers, and with {@link ThreadingMode#INVOKER} on the thread that invokes.
     *
     * @throws IllegalStateException from a thread or handler where it would wait for itself
     */
    @Override
    public void close() {
        if (ingestor.isOwnThread() || invokingThread == Thread.currentThread()) {
            throw new IllegalStateException(
                    "engine closed on one of its own threads: close it on one of yours");
        }
        readers.checkNotInside();
        if (ingestor.isFlushHeldByOtherThread()) {
            throw new IllegalStateException(
                    "engine closed while another thread is in a flush: close it on that one");
        }
        if (!closing.compareAndSet(false, true)) {
            awaitClosed();
            return;
        }
        // Files close under an interrupted thread, and waits do not wait.
        boolean interrupted = Thread.interrupted();
        try {
            drain();
        } finally {
            readers.close();
            while (!invoking.compareAndSet(false, true)) {
                Thread.onSpinWait();
            }
            closed = true;
            interrupted |= Thread.interrupted();
            try {
                parts.close();
            } finally {
                released = true;
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }

    private void awaitClosed() {
        final IdleStrategy idle = waitStrategy();
        while (!released) {
            idle.idle();
        }
    }

    private void drain() {
        final long deadlineNs = clock.nanoTime() + context.closeTimeoutNs();
        final long sequence = journal.appended();
        final IdleStrategy idle = waitStrategy();
        ingestor.requestFlush(sequence);
        while (ingestor.stored() < sequence
                && ingestor.failure() == null
                && clock.nanoTime() - deadlineNs < 0) {
            waitOnce(idle);
        }
    }
}
