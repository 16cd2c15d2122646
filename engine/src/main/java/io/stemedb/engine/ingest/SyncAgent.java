package io.stemedb.engine.ingest;

import io.stemedb.engine.journal.Journal;
import io.stemedb.engine.status.Counter;
import io.stemedb.engine.status.Counters;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.NanoClock;

/**
 * Forces the journal at intervals, when there is something to force. Only the force itself blocks;
 * it is counted.
 */
final class SyncAgent implements Agent {
    private final Journal journal;
    private final Counters counters;
    private final NanoClock clock;
    private final long intervalNs;
    private long lastNs;

    SyncAgent(final IngestParts parts) {
        journal = parts.journal();
        counters = parts.counters();
        clock = parts.config().nanoClock();
        intervalNs = parts.config().syncIntervalNs();
        lastNs = clock.nanoTime();
    }

    @Override
    public int doWork() {
        final long appended = journal.appended();
        counters.set(Counter.APPENDED, appended);
        counters.set(Counter.SYNCED, journal.synced());
        if (intervalNs == 0 || journal.synced() >= appended) {
            return 0;
        }
        final long sinceNs = clock.nanoTime() - lastNs;
        if (sinceNs >= 0 && sinceNs < intervalNs) { // a clock that was set back must not stop it
            return 0;
        }
        force(journal, appended, counters, clock);
        // From its end: a slow disk must not be forced all the time.
        lastNs = clock.nanoTime();
        return 1;
    }

    /** Forces and counts. The counters take several writers here: sync and flush threads. */
    static void force(
            final Journal journal,
            final long sequence,
            final Counters counters,
            final NanoClock clock) {
        final long startNs = clock.nanoTime();
        journal.sync(sequence);
        final long timeNs = clock.nanoTime() - startNs;
        counters.add(Counter.SYNCS, 1);
        counters.add(Counter.SYNC_TIME_NS, timeNs);
        counters.max(Counter.SYNC_TIME_MAX_NS, timeNs);
    }

    @Override
    public String roleName() {
        return "sync";
    }
}
