package io.stemedb.engine.faults.sim;

import java.util.SplittableRandom;
import java.util.function.IntConsumer;

/**
 * What goes wrong in one simulated schedule, and when. Everything random comes from one generator,
 * so that a seed says all.
 */
public final class Chaos {
    /** The simulated process is gone: nothing of it may do anything any more. */
    public static final class Crash extends Error {
        private static final long serialVersionUID = 1L;

        private Crash() {
            super("simulated end of the process", null, false, false);
        }
    }

    private static final Crash CRASH = new Crash();
    private static final int NEVER = -1;

    /** Source of every choice. */
    public SplittableRandom random = new SplittableRandom(0);

    /** The defect that is put in; {@link Mutant#NONE} for the real thing. */
    public Mutant mutant = Mutant.NONE;

    /** The journal's disk has no room for a further block. */
    public boolean journalFull;

    /** The next force of the journal fails. */
    public boolean forceFails;

    /** The next append takes effect and fails. */
    public boolean appendBreaks;

    /** The next append rolls, if a segment is ready. */
    public boolean rollNext;

    /** One read of the journal in so many is short or stale; 0 for none. */
    public int shortReads;

    /** One call of a store in so many fails; 0 for none. First RocksDB's, then LMDB's. */
    public final int[] storeFaults = new int[2];

    /** Steps for which one of the next calls of a store stands still; 0 for none. As above. */
    public final int[] storeStalls = new int[2];

    /** What everybody else does meanwhile: so many steps. */
    public IntConsumer whileStalled = steps -> {};

    private boolean dead;
    private int crashIn = NEVER;

    /** As for a new seed. */
    public void reset(final long seed, final Mutant defect) {
        random = new SplittableRandom(seed);
        mutant = defect;
        calm();
        revive();
    }

    /** Faults stop; what has gone wrong stays so. */
    public void calm() {
        journalFull = false;
        forceFails = false;
        appendBreaks = false;
        rollNext = false;
        shortReads = 0;
        storeFaults[0] = 0;
        storeFaults[1] = 0;
        storeStalls[0] = 0;
        storeStalls[1] = 0;
        crashIn = NEVER;
    }

    /** A new process. */
    public void revive() {
        dead = false;
        crashIn = NEVER;
    }

    /** The process ends at the n-th point from here. */
    public void crashIn(final int points) {
        crashIn = points;
    }

    /** The process ends now. */
    public void kill() {
        dead = true;
    }

    /** Whether the process has ended. */
    public boolean isDead() {
        return dead;
    }

    /** A step of a fake, before or after which a process may end. */
    public void point() {
        if (dead) {
            throw CRASH;
        }
        if (crashIn != NEVER && crashIn-- == 0) {
            dead = true;
            throw CRASH;
        }
    }

    /** True once in so many; never for 0. */
    public boolean once(final int in) {
        return in > 0 && random.nextInt(in) == 0;
    }

    /** A call of a store that may stand still. */
    public void mayStall(final int store) {
        if (storeStalls[store] > 0 && random.nextInt(4) == 0) {
            final int steps = storeStalls[store];
            storeStalls[store] = 0;
            whileStalled.accept(steps);
            point();
        }
    }

    /** Takes a fault that happens once. */
    public boolean takeForceFailure() {
        final boolean taken = forceFails;
        forceFails = false;
        return taken;
    }

    /** Takes a fault that happens once. */
    public boolean takeAppendBreak() {
        final boolean taken = appendBreaks;
        appendBreaks = false;
        return taken;
    }

    /** Takes a roll that was asked for. */
    public boolean takeRoll() {
        final boolean taken = rollNext;
        rollNext = false;
        return taken;
    }
}
