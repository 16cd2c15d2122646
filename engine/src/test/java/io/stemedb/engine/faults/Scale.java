package io.stemedb.engine.faults;

import java.util.concurrent.ThreadLocalRandom;

/** Counts and seeds of the fault suites. */
public final class Scale {
    private static final int SCALE = Integer.getInteger("io.stemedb.faults.scale", 1);
    private static final String SEED = "io.stemedb.faults.seed";

    private Scale() {}

    /** So many, times the multiplier of a nightly build. */
    public static int of(final int count) {
        return count * SCALE;
    }

    /** Whether one seed is to be played again. */
    public static boolean isReplay() {
        return Long.getLong(SEED) != null;
    }

    /** A new seed, or the one to be played again. */
    public static long seed() {
        return Long.getLong(SEED, ThreadLocalRandom.current().nextLong());
    }

    /** How to play a seed again, for messages. */
    public static String again(final String test, final long seed) {
        return "seed "
                + seed
                + "; again: mvn -B test -Pfaults -pl codecs,engine -Dtest="
                + test
                + " -Dsurefire.failIfNoSpecifiedTests=false -D"
                + SEED
                + "="
                + seed;
    }
}
