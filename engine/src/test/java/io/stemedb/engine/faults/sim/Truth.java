package io.stemedb.engine.faults.sim;

import io.stemedb.engine.journal.SimDisk;
import java.util.Arrays;

/**
 * What was appended, as those who appended it know: which record has which sequence, what may have
 * been lost to damage, and what was reported lost.
 */
final class Truth {
    private static final int CAPACITY = 4096;

    final Pool pool;
    final int[] records = new int[CAPACITY];

    /** Its bytes were torn, turned over, or never whole: it may be lost, but not silently. */
    final boolean[] hurt = new boolean[CAPACITY];

    final boolean[] reported = new boolean[CAPACITY];

    /** Newest sequence that was given out and is still in the journal. */
    long top;

    /** Everything up to here must survive a loss of power. */
    long synced;

    /** Whether anything was hurt. */
    boolean damaged;

    /** Record of an append that has not returned, or -1. */
    int inFlight;

    /** An append that did not return has taken effect, at least in part, behind the top. */
    private boolean pending;

    private long lastTop;

    Truth(final Pool pool) {
        this.pool = pool;
        reset();
    }

    void reset() {
        final int used = (int) Math.max(lastTop, top) + 2;
        Arrays.fill(hurt, 0, used, false);
        Arrays.fill(reported, 0, used, false);
        top = 0;
        lastTop = 0;
        synced = 0;
        damaged = false;
        inFlight = -1;
        pending = false;
    }

    boolean isFull() {
        return top > CAPACITY - 64;
    }

    void appended(final long sequence, final int record) {
        if (sequence != top + 1) {
            throw new Violation("append gave sequence " + sequence + " after " + top);
        }
        put(sequence, record);
        top = sequence;
        lastTop = Math.max(lastTop, top);
    }

    private void put(final long sequence, final int record) {
        records[(int) sequence] = record;
        hurt[(int) sequence] = false;
        reported[(int) sequence] = false;
    }

    void hurt(final long sequence) {
        hurt[(int) sequence] = true;
        damaged = true;
    }

    boolean isIntact(final SimDisk disk, final long sequence) {
        final int record = records[(int) sequence];
        return disk.isIntact(sequence, pool.records[record], pool.bytes[record].length);
    }

    /**
     * A process has ended: an append that was under way may have taken effect, and what was not
     * synced may be lost if the machine went off.
     */
    void processEnded(final SimDisk disk, final boolean powerLost) {
        if (inFlight >= 0) {
            put(top + 1, inFlight);
            inFlight = -1;
            pending = true;
            lastTop = Math.max(lastTop, top + 1);
            if (!isIntact(disk, top + 1)) {
                hurt(top + 1);
            }
        }
        if (powerLost) {
            damaged = true; // if only between the records
            boolean torn = false; // what stands behind it may be lost with it
            for (long s = synced + 1; s <= top + (pending ? 1 : 0); s++) {
                torn |= !isIntact(disk, s);
                if (torn) {
                    hurt(s);
                }
            }
        }
    }

    /** A journal was opened on what was left, and says where it ends. */
    void opened(final SimDisk disk, final long appended, final long atLeast) {
        for (long s = appended + 1; s <= atLeast; s++) {
            if (!hurt[(int) s]) {
                throw new Violation("sequence " + s + " lost, the journal ends at " + appended);
            }
        }
        if (appended > top + (pending ? 1 : 0)) {
            throw new Violation("journal ends at " + appended + ", beyond what was given: " + top);
        }
        for (long s = 1; s <= appended; s++) {
            if (!hurt[(int) s] && disk.isThere(s) && !isIntact(disk, s)) {
                throw new Violation("sequence " + s + " is not what was appended");
            }
        }
        for (long s = appended + 1; s <= lastTop; s++) {
            hurt[(int) s] = false;
            reported[(int) s] = false;
        }
        top = appended;
        pending = false;
        synced = appended;
    }

    /** What is known, for the message of a failure. */
    String state(final SimDisk disk) {
        final StringBuilder text = new StringBuilder("top " + top + " synced " + synced + " hurt");
        for (int s = 1; s <= lastTop; s++) {
            if (hurt[s]) {
                text.append(' ').append(s).append(isIntact(disk, s) ? "(intact)" : "");
            }
        }
        return text + " pending " + pending + disk.layout(lastTop);
    }

    void reported(final long first, final long last, final String reason) {
        for (long s = first; s <= last; s++) {
            if (s > top) {
                throw new Violation("reported lost: " + s + " of " + top + ": " + reason);
            }
            if (!hurt[(int) s] && Pool.kind(records[(int) s]) != Pool.Kind.INVALID) {
                throw new Violation("sound record " + s + " reported lost: " + reason);
            }
            reported[(int) s] = true;
        }
        if (last < first && !damaged) {
            throw new Violation("damage reported where there is none: " + reason);
        }
    }
}
