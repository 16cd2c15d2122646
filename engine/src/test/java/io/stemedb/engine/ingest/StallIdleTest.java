package io.stemedb.engine.ingest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.NoOpIdleStrategy;
import org.junit.jupiter.api.Test;

class StallIdleTest {
    private final AtomicInteger spins = new AtomicInteger();
    private final AtomicBoolean stalled = new AtomicBoolean();
    private final IdleStrategy idle = new StallIdle(new Counting(), stalled::get);

    @Test
    void spinsAsToldUnlessItWaitsForAFlush() {
        idle.idle(0);
        idle.idle(1);
        assertEquals(2, spins.get());
        stalled.set(true);
        idle.idle(0);
        assertEquals(2, spins.get(), "it kept its core from the flush");
        idle.idle(1);
        assertEquals(3, spins.get(), "there was work");
        stalled.set(false);
        idle.idle(0);
        assertEquals(4, spins.get());
    }

    private final class Counting implements IdleStrategy {
        @Override
        public void idle(final int workCount) {
            spins.incrementAndGet();
        }

        @Override
        public void idle() {
            spins.incrementAndGet();
        }

        @Override
        public void reset() {
            spins.set(0);
        }

        @Override
        public String alias() {
            return NoOpIdleStrategy.ALIAS;
        }
    }
}
