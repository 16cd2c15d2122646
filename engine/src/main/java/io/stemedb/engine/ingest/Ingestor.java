package io.stemedb.engine.ingest;

import io.stemedb.engine.journal.Journal;
import io.stemedb.engine.journal.JournalReader;
import io.stemedb.engine.memtable.Memtable;
import io.stemedb.engine.status.Counter;
import io.stemedb.engine.status.Counters;
import io.stemedb.engine.store.KvReader;
import io.stemedb.engine.store.KvStore;
import io.stemedb.engine.store.StoreException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import java.util.function.Supplier;
import org.agrona.CloseHelper;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.BusySpinIdleStrategy;
import org.agrona.concurrent.CompositeAgent;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.SleepingIdleStrategy;
import org.agrona.concurrent.SystemNanoClock;

/**
 * Bridges a journal to a store: what is appended to the one becomes readable in memory, then
 * durable in the other.
 *
 * <p>Four agents do the work: ingest, sync, prepare and flush. They run on a thread each, all on
 * one, or on the caller's. The journal and the store stay the caller's: an ingestor closes neither.
 *
 * <pre>{@code
 * final Ingestor ingestor = new Ingestor(journal, store);
 * ingestor.start();
 * }</pre>
 */
public final class Ingestor implements AutoCloseable {
    private static final long BACKGROUND_IDLE_NS = 250_000;
    private static final int CLOSE_TIMEOUT_MS = 5_000;

    private final IngestParts parts;
    private final IngestAgent ingestAgent;
    private final FlushAgent flushAgent;
    private final List<Agent> agents = new ArrayList<>();
    private final List<AgentRunner> runners = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private CompositeAgent invoked;
    private volatile Throwable failure;
    private volatile StoreException lastRefusal;
    private volatile int refusals; // of ingest and flush thread: about right
    private boolean started;
    private volatile boolean closed;

    /**
     * An ingestor with default settings; errors go to the uncaught-exception handler of the thread
     * they happen on.
     *
     * @param journal where records come from
     * @param store where they go; its cursor says from where on
     */
    public Ingestor(final Journal journal, final KvStore store) {
        this(
                journal,
                store,
                new IngestConfig(
                        IngestConfig.GENERATION_COUNT_DEFAULT,
                        IngestConfig.GENERATION_RECORDS_DEFAULT,
                        IngestConfig.GENERATION_BYTES_DEFAULT,
                        1_000_000_000L,
                        1_000_000L,
                        Long.MAX_VALUE,
                        SystemNanoClock.INSTANCE),
                new Counters(),
                (first, last, reason) -> {},
                Ingestor::uncaught);
    }

    /**
     * An ingestor.
     *
     * @param journal where records come from
     * @param store where they go; its cursor says from where on
     * @param config settings
     * @param counters counters to keep
     * @param damageListener told of damage found in the journal, on the ingest thread
     * @param errorHandler told of errors, on the thread they happen on
     */
    public Ingestor(
            final Journal journal,
            final KvStore store,
            final IngestConfig config,
            final Counters counters,
            final DamageListener damageListener,
            final ErrorHandler errorHandler) {
        final long cursor = store.cursor();
        final Memtable memtable =
                new Memtable(
                        config.generationCount(),
                        config.generationRecords(),
                        config.generationBytes());
        memtable.start(cursor + 1);
        parts =
                new IngestParts(
                        journal,
                        store,
                        memtable,
                        new Watermarks(cursor),
                        counters,
                        config,
                        damageListener,
                        error -> {
                            counters.add(Counter.ERRORS, 1);
                            if (error instanceof StoreException refusal) {
                                refusals++;
                                lastRefusal = refusal;
                            }
                            errorHandler.onError(error);
                        });
        JournalReader reader = null;
        KvReader storeReader = null;
        boolean made = false;
        try {
            reader = journal.newReader(cursor + 1);
            storeReader = store.newReader();
            ingestAgent = new IngestAgent(parts, reader, storeReader);
            flushAgent = new FlushAgent(parts);
            made = true;
        } finally {
            if (!made) {
                CloseHelper.quietCloseAll(storeReader, reader, memtable);
            }
        }
        guard(ingestAgent);
        guard(new PrepareAgent(parts));
        guard(new SyncAgent(parts));
        guard(flushAgent);
    }

    private void guard(final Agent agent) {
        agents.add(
                new GuardedAgent(
                        agent,
                        parts.config().nanoClock(),
                        parts.errorHandler(),
                        this::failAgent,
                        () -> failure != null,
                        () -> closed));
    }

    private static void uncaught(final Throwable error) {
        final Thread thread = Thread.currentThread();
        thread.getUncaughtExceptionHandler().uncaughtException(thread, error);
    }

    /** Starts a thread for each agent: ingest spins, the others sleep between looks. */
    public void start() {
        startDedicated(
                new BusySpinIdleStrategy(),
                () -> new SleepingIdleStrategy(BACKGROUND_IDLE_NS),
                Thread::new);
    }

    /**
     * Starts a thread for each agent.
     *
     * @param ingestIdle how the ingest thread idles
     * @param backgroundIdle makes the idling of each other thread
     * @param threadFactory makes the threads; they are named by role
     */
    public void startDedicated(
            final IdleStrategy ingestIdle,
            final Supplier<IdleStrategy> backgroundIdle,
            final ThreadFactory threadFactory) {
        markStarted();
        for (final Agent agent : agents) {
            final IdleStrategy idle =
                    agent == agents.get(0)
                            ? new StallIdle(ingestIdle, ingestAgent::isStalled)
                            : backgroundIdle.get();
            run(agent, idle, threadFactory);
        }
    }

    /**
     * Starts one thread for all agents.
     *
     * @param idle how it idles
     * @param threadFactory makes the thread
     */
    public void startShared(final IdleStrategy idle, final ThreadFactory threadFactory) {
        markStarted();
        run(new CompositeAgent(agents), idle, threadFactory);
    }

    /** Starts no thread: from now on the caller turns the duty cycle with {@link #invoke()}. */
    public void startInvoked() {
        markStarted();
        invoked = new CompositeAgent(agents);
    }

    private void markStarted() {
        if (started || closed) {
            throw new IllegalStateException(
                    closed ? "ingestor is closed" : "ingestor was started before");
        }
        started = true;
    }

    private void run(
            final Agent agent, final IdleStrategy idle, final ThreadFactory threadFactory) {
        final AgentRunner runner = new AgentRunner(idle, parts.errorHandler(), null, agent);
        runners.add(runner);
        // not by AgentRunner.startOnThread, which gives the thread the bare name of the role
        final Thread thread = threadFactory.newThread(runner);
        thread.setName("stemedb-" + agent.roleName());
        threads.add(thread);
        thread.start();
    }

    /**
     * One duty cycle of all agents, after {@link #startInvoked()}. One thread at a time.
     *
     * @return amount of work done; 0 when there was none
     */
    public int invoke() {
        if (invoked == null) {
            throw new IllegalStateException("invoke without startInvoked");
        }
        try {
            return invoked.doWork();
        } catch (final Exception e) { // the guarded agents throw none
            throw new IllegalStateException(e);
        }
    }

    /**
     * Sequence up to which readers find records.
     *
     * @return from the store's cursor at start on
     */
    public long readable() {
        return parts.watermarks().readable();
    }

    /**
     * Sequence up to which the store is durable.
     *
     * @return from the store's cursor at start on
     */
    public long stored() {
        return parts.watermarks().stored();
    }

    /**
     * Records that are not in the store yet.
     *
     * @return the memtable; its readers must be closed before the ingestor
     */
    public Memtable memtable() {
        return parts.memtable();
    }

    /**
     * Asks for everything up to a sequence to be flushed soon. Any thread; {@link #stored()} tells
     * when it is.
     *
     * @param sequence a sequence that was appended
     */
    public void requestFlush(final long sequence) {
        ingestAgent.requestFlush(sequence);
    }

    /**
     * What ended the ingestor.
     *
     * @return null while it runs
     */
    public Throwable failure() {
        return failure;
    }

    /**
     * How often the store refused what it was given or asked, each time to be tried again.
     *
     * @return about that many, since start
     */
    public int refusals() {
        return refusals;
    }

    /**
     * The store's last refusal.
     *
     * @return null if there was none
     */
    public StoreException lastRefusal() {
        return lastRefusal;
    }

    /** Any agent: each one tells, and the first error is the one that is kept. */
    private void failAgent(final Throwable error) {
        end(error);
        parts.errorHandler().onError(error);
    }

    /**
     * Ends the ingestor, unless it has ended: its agents begin nothing more, and {@link #stored()}
     * stands. Any thread that learns of a failed journal before it tells anybody.
     *
     * @param error what failed; told to the error handler on the calling thread if it is the first
     */
    public void fail(final Throwable error) {
        if (end(error)) {
            parts.errorHandler().onError(error);
        }
    }

    private synchronized boolean end(final Throwable error) {
        if (failure != null) {
            return false;
        }
        parts.watermarks().end(); // before anybody can see the failure
        failure = error;
        return true;
    }

    /**
     * Whether the calling thread is one that this ingestor started.
     *
     * @return true on its threads
     */
    public boolean isOwnThread() {
        return threads.contains(Thread.currentThread());
    }

    /**
     * Whether the caller's duty cycle stands, on another thread that is alive, in the middle of a
     * flush: only that thread can go on with it or end it.
     *
     * @return true only after {@link #startInvoked()}
     */
    public boolean isFlushHeldByOtherThread() {
        return invoked != null && flushAgent.isHeldByOtherThread();
    }

    /**
     * Stops the agents and frees the memtable, once its readers are out. What is not stored yet
     * stays in the journal. Idempotent; not from one of its own threads.
     */
    @Override
    public void close() {
        if (isOwnThread()) {
            throw new IllegalStateException(
                    "close called on a thread of the engine itself: call it on one of yours");
        }
        if (closed) {
            return;
        }
        closed = true;
        for (final AgentRunner runner : runners) {
            runner.close(CLOSE_TIMEOUT_MS, this::slowToStop);
        }
        ingestAgent.close();
        flushAgent.close();
        parts.memtable().close();
    }

    private void slowToStop(final Thread thread) {
        parts.errorHandler()
                .onError(
                        new IllegalStateException(
                                thread.getName()
                                        + ": still busy after "
                                        + CLOSE_TIMEOUT_MS
                                        + " ms"));
    }
}
