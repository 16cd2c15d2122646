package io.stemedb.engine.faults.sim;

import io.stemedb.engine.ingest.SimAgents;
import io.stemedb.engine.journal.SimJournal;
import io.stemedb.engine.memtable.SimMemtable;
import io.stemedb.engine.store.SimKvStore;

/**
 * The order of the four watermarks after each step, that none goes back, what STORED stands for,
 * and that memory is bounded.
 */
final class WatermarkCheck {
    /** Of the journal, bytes. */
    static final long BACKLOG = 12_000;

    private final Truth truth;
    private final SimKvStore.Disk rocks;
    private final SimKvStore.Disk lmdb;
    private final Reached reached;

    /** The greatest that was ever published, over all lives. */
    private long stored;

    private long readable;
    private long synced;
    private long syncedAtFailure;
    private long storedAtFailure;

    WatermarkCheck(
            final Truth truth,
            final SimKvStore.Disk rocks,
            final SimKvStore.Disk lmdb,
            final Reached reached) {
        this.truth = truth;
        this.rocks = rocks;
        this.lmdb = lmdb;
        this.reached = reached;
    }

    void reset() {
        stored = 0;
        readable = 0;
        synced = 0;
    }

    /** What was published before must be in both stores, whatever happened since. */
    private void requireStored(final String when) {
        if (rocks.data().cursor() < stored || lmdb.data().cursor() < stored) {
            throw new Violation(
                    String.format(
                            "%s: STORED %d was published, cursors %d and %d",
                            when, stored, rocks.data().cursor(), lmdb.data().cursor()));
        }
    }

    /** A process has ended; it may have published more since the last look. */
    void ended(final SimAgents agents) {
        stored = Math.max(stored, agents.stored());
        truth.synced = Math.max(truth.synced, synced);
        requireStored("after the end of a process");
    }

    /** Another one has come up. */
    void opened(final SimJournal journal, final SimAgents agents) {
        requireStored("after a launch");
        if (agents.stored() < stored) {
            throw new Violation(
                    "launched with STORED " + agents.stored() + ", published was " + stored);
        }
        readable = agents.readable();
        stored = agents.stored();
        synced = journal.synced();
        syncedAtFailure = -1;
        storedAtFailure = -1;
    }

    void check(
            final SimJournal journal,
            final SimAgents agents,
            final SimMemtable memtable,
            final Schedule schedule) {
        final long nowReadable = agents.readable();
        final long nowStored = agents.stored();
        final long nowSynced = journal.synced();
        final long appended = journal.appended();
        if (nowStored > nowSynced
                || nowSynced > appended
                || nowStored > nowReadable
                || nowReadable > appended) {
            throw new Violation(
                    String.format(
                            "order: STORED %d SYNCED %d READABLE %d APPENDED %d",
                            nowStored, nowSynced, nowReadable, appended));
        }
        if (nowReadable < readable || nowStored < stored || nowSynced < synced) {
            throw new Violation("a watermark went back");
        }
        if (appended != truth.top) {
            throw new Violation("APPENDED " + appended + ", acknowledged " + truth.top);
        }
        if (journal.hasFailed()) {
            if (syncedAtFailure >= 0 && nowSynced != syncedAtFailure) {
                throw new Violation("SYNCED moved after a failed force");
            }
            syncedAtFailure = nowSynced;
        }
        if (agents.failure() != null) {
            if (storedAtFailure >= 0 && nowStored != storedAtFailure) {
                throw new Violation("STORED moved after the agents had ended");
            }
            storedAtFailure = nowStored;
        }
        readable = nowReadable;
        stored = nowStored;
        synced = nowSynced;
        truth.synced = Math.max(truth.synced, nowSynced);
        checkMemory(journal, memtable, schedule);
    }

    private void checkMemory(
            final SimJournal journal, final SimMemtable memtable, final Schedule schedule) {
        if (journal.backlog() > BACKLOG + 2_000) {
            throw new Violation("backlog of " + journal.backlog() + " bytes, limit " + BACKLOG);
        }
        final int generations = memtable.generations();
        if (generations > schedule.generations
                || memtable.mostRecords() > schedule.generationRecords) {
            throw new Violation(
                    String.format(
                            "memtables hold %d generations of up to %d records, limits %d and %d",
                            generations,
                            memtable.mostRecords(),
                            schedule.generations,
                            schedule.generationRecords));
        }
        if (generations == schedule.generations) {
            reached.fullMemtables++;
        }
    }
}
