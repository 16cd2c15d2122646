package io.stemedb.engine.memtable;

import java.util.concurrent.TimeUnit;

/**
 * The race of {@link MemtableRaceTest} again and again, in a JVM of its own. With "reckless" memory
 * is used again under readers, with "closed" it is given back under them.
 */
public final class MemtableRaceChild {
    private static final int PUTS = 150_000;

    /** They fit without a flush. */
    private static final int CLOSED_PUTS = 800;

    private MemtableRaceChild() {}

    public static void main(final String[] arguments) throws InterruptedException {
        final long endNs =
                System.nanoTime() + TimeUnit.SECONDS.toNanos(Integer.parseInt(arguments[0]));
        final boolean reckless = arguments.length > 1;
        final boolean closed = reckless && arguments[1].equals("closed");
        long visits = 0;
        long recycled = 0;
        while (reckless || System.nanoTime() - endNs < 0) { // until it is caught
            final MemtableRaceTest.Rig rig =
                    new MemtableRaceTest.Rig(
                            closed ? CLOSED_PUTS : PUTS,
                            reckless ? MemtableRaceTest.RecklessGate::new : ReaderGate::new);
            final Throwable failure = closed ? rig.close(2) : rig.run(2);
            if (failure != null) {
                throw new AssertionError(failure);
            }
            visits += rig.visits;
            recycled += rig.recycled;
        }
        System.out.println("RACED " + visits + ' ' + recycled);
    }
}
