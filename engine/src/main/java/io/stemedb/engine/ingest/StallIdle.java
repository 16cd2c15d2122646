package io.stemedb.engine.ingest;

import java.util.function.BooleanSupplier;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.SleepingIdleStrategy;

/**
 * Idles as it was told, but gives the core away while ingest waits for a flush: what spins then
 * only takes it from the flush.
 */
final class StallIdle implements IdleStrategy {
    private static final long STALLED_NS = 20_000;

    private final IdleStrategy idle;
    private final IdleStrategy stalledIdle = new SleepingIdleStrategy(STALLED_NS);
    private final BooleanSupplier stalled;

    StallIdle(final IdleStrategy idle, final BooleanSupplier stalled) {
        this.idle = idle;
        this.stalled = stalled;
    }

    @Override
    public void idle(final int workCount) {
        if (workCount == 0 && stalled.getAsBoolean()) {
            stalledIdle.idle();
        } else {
            idle.idle(workCount);
        }
    }

    @Override
    public void idle() {
        idle.idle();
    }

    @Override
    public void reset() {
        idle.reset();
    }

    @Override
    public String alias() {
        return idle.alias();
    }
}
