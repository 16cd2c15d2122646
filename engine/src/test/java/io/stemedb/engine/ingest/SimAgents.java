package io.stemedb.engine.ingest;

import io.stemedb.engine.Overridden;
import io.stemedb.engine.faults.sim.Mutant;
import io.stemedb.engine.journal.Journal;
import io.stemedb.engine.memtable.Memtable;
import io.stemedb.engine.status.Counters;
import io.stemedb.engine.store.KvBatch;
import io.stemedb.engine.store.KvStore;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.Agent;

/**
 * The four agents of an {@link Ingestor}, guarded as there, each to be turned by itself. The
 * memtable may be smaller than a configuration allows.
 */
public final class SimAgents implements AutoCloseable {
    /** Agents to turn. */
    public static final int AGENTS = 4;

    private final Journal journal;
    private final Memtable memtable;
    private final Mutant mutant;
    private final Watermarks watermarks;
    private final IngestAgent ingestAgent;
    private final FlushAgent flushAgent;
    private final Agent[] agents;
    private Throwable failure;

    /**
     * As {@link Ingestor}, over the same parts; the flush may be given another view of the journal
     * and other settings.
     */
    public SimAgents(
            final Journal journal,
            final Journal flushJournal,
            final KvStore store,
            final Memtable memtable,
            final IngestConfig config,
            final IngestConfig flushConfig,
            final Counters counters,
            final DamageListener damageListener,
            final ErrorHandler errorHandler,
            final Mutant mutant) {
        this.journal = journal;
        this.memtable = memtable;
        this.mutant = mutant;
        final long cursor = store.cursor();
        memtable.start(cursor + 1);
        watermarks = new Watermarks(cursor);
        final IngestParts parts =
                new IngestParts(
                        journal,
                        store,
                        memtable,
                        watermarks,
                        counters,
                        config,
                        damageListener,
                        errorHandler);
        final IngestParts flushParts =
                new IngestParts(
                        flushJournal,
                        mutant == Mutant.STORED_BEFORE_COMMIT ? storedFirst(store) : store,
                        memtable,
                        watermarks,
                        counters,
                        flushConfig,
                        damageListener,
                        errorHandler);
        ingestAgent = new IngestAgent(parts, journal.newReader(cursor + 1), store.newReader());
        flushAgent = new FlushAgent(flushParts);
        agents =
                new Agent[] {
                    guard(ingestAgent, parts),
                    guard(new PrepareAgent(parts), parts),
                    guard(new SyncAgent(parts), parts),
                    guard(flushAgent, flushParts)
                };
    }

    private Agent guard(final Agent agent, final IngestParts parts) {
        return new GuardedAgent(
                agent,
                parts.config().nanoClock(),
                parts.errorHandler(),
                this::end,
                () -> failure != null,
                () -> false);
    }

    private KvStore storedFirst(final KvStore store) {
        return Overridden.method(
                KvStore.class,
                store,
                "newBatch",
                none -> {
                    final KvBatch batch = store.newBatch();
                    return Overridden.method(
                            KvBatch.class,
                            batch,
                            "commit",
                            arguments -> {
                                watermarks.stored((long) arguments[0]);
                                batch.commit((long) arguments[0]);
                                return null;
                            });
                });
    }

    /** As {@link Ingestor}. */
    private void end(final Throwable error) {
        failure = error;
        if (mutant != Mutant.STORED_AFTER_END) {
            watermarks.end();
        }
    }

    /** One duty cycle of one agent: 0 ingest, 1 prepare, 2 sync, 3 flush. */
    public int turn(final int agent) {
        try {
            final int work = agents[agent].doWork();
            if (mutant == Mutant.READABLE_EARLY && failure == null) {
                watermarks.readable(journal.appended());
            }
            return work;
        } catch (final Exception e) { // the guarded agents throw none
            throw new IllegalStateException(e);
        }
    }

    /** What ended the agents, or null. */
    public Throwable failure() {
        return failure;
    }

    /** The watermark. */
    public long readable() {
        return watermarks.readable();
    }

    /** The watermark. */
    public long stored() {
        return watermarks.stored();
    }

    /** As {@link Ingestor#requestFlush}. */
    public void requestFlush(final long sequence) {
        ingestAgent.requestFlush(sequence);
    }

    @Override
    public void close() {
        ingestAgent.close();
        flushAgent.close();
        memtable.close();
    }
}
