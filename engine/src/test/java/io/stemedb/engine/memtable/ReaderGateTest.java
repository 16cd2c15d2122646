package io.stemedb.engine.memtable;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The protocol between a reader that enters and a flush thread that unlinks. */
@Timeout(900) // only for what hangs
class ReaderGateTest {
    private static final int ROUNDS = 100_000;

    private final List<Generation> made = new ArrayList<>();
    private final Generation first = generation();
    private final Generation second = generation();

    private Generation generation() {
        final Generation generation = new Generation(KeyHasher.random(), 1, 256);
        made.add(generation);
        return generation;
    }

    @AfterEach
    void free() {
        made.forEach(Generation::free);
    }

    /**
     * Does something else just after a reader that enters has loaded the list for the n-th time.
     */
    private static final class SteppedGate extends ReaderGate {
        Runnable afterFirst = () -> {};
        Runnable afterSecond = () -> {};
        int loads;

        SteppedGate(final Generation first) {
            super(first);
        }

        @Override
        LiveGenerations live() {
            final LiveGenerations loaded = super.live();
            loads++;
            if (loads == 1) {
                afterFirst.run();
            } else if (loads == 2) {
                afterSecond.run();
            }
            return loaded;
        }
    }

    @Test
    void aGenerationThatIsRecycledBeforeThePinIsNotSeen() {
        final SteppedGate gate = new SteppedGate(first);
        gate.link(second);
        final ReaderSlot slot = gate.register();
        gate.afterFirst = () -> assertTrue(gate.allPassed(gate.unlinkOldest()), "slot is idle");
        assertArrayEquals(new Generation[] {second}, gate.enter(slot).newestFirst);
        assertEquals(2, gate.loads);
    }

    @Test
    void aGenerationThatIsUnlinkedAfterThePinWaitsForTheExit() {
        final SteppedGate gate = new SteppedGate(first);
        gate.link(second);
        final ReaderSlot slot = gate.register();
        final long[] version = new long[1];
        gate.afterSecond = () -> version[0] = gate.unlinkOldest();
        assertArrayEquals(new Generation[] {second, first}, gate.enter(slot).newestFirst);
        assertFalse(gate.allPassed(version[0]));
        slot.unpin();
        assertTrue(gate.allPassed(version[0]));
    }

    @Test
    void aReaderThatEntersAfterTheUnlinkHoldsNothingBack() {
        final ReaderGate gate = new ReaderGate(first);
        gate.link(second);
        final ReaderSlot slot = gate.register();
        final long version = gate.unlinkOldest();
        assertSame(second, gate.enter(slot).oldest());
        assertTrue(gate.allPassed(version));
        gate.link(first);
        assertFalse(gate.allPassed(gate.unlinkOldest()));
    }

    @Test
    void whoeverEntersAGateBeingShutIsOutsideOrRefused() {
        final SteppedGate gate = new SteppedGate(first);
        final ReaderSlot slot = gate.register();
        gate.afterFirst = () -> assertTrue(gate.allPassed(gate.shut()));
        assertThrows(IllegalStateException.class, () -> gate.enter(slot));
        assertEquals(ReaderSlot.IDLE, slot.pinned());
        assertThrows(IllegalStateException.class, gate::register);
        assertThrows(IllegalStateException.class, () -> gate.link(second));
        assertThrows(IllegalStateException.class, gate::unlinkOldest);
        assertEquals(gate.shut(), gate.shut());
    }

    @Test
    void anUnregisteredSlotHoldsNothing() {
        final ReaderGate gate = new ReaderGate(first);
        gate.link(second);
        final ReaderSlot slot = gate.register();
        final ReaderSlot other = gate.register();
        gate.enter(slot);
        final long version = gate.unlinkOldest();
        gate.unregister(other);
        assertFalse(gate.allPassed(version));
        assertTrue(gate.isHeldBy(Thread.currentThread()));
        gate.unregister(slot);
        assertTrue(gate.allPassed(version));
    }

    /** Nothing but the protocol, as fast as it goes: the store of a pin must not be passed. */
    @Test
    void whatAReaderHoldsIsNeverGivenAway() throws InterruptedException {
        final ReaderGate gate = new ReaderGate(first);
        final AtomicReference<String> failure = new AtomicReference<>();
        final AtomicBoolean done = new AtomicBoolean();
        final long[] entries = new long[2];
        final CountDownLatch reading = new CountDownLatch(2);
        final List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            final int number = i;
            final ReaderSlot slot = gate.register();
            threads.add(
                    new Thread(
                            () -> {
                                while (failure.get() == null && !done.get()) {
                                    final LiveGenerations live = gate.enter(slot);
                                    for (final Generation generation : live.newestFirst) {
                                        if (generation.region.getInt(0) != 0) {
                                            failure.set("reader holds what was given away");
                                        }
                                    }
                                    slot.unpin();
                                    if (entries[number]++ == 0) {
                                        reading.countDown();
                                    }
                                }
                            }));
        }
        threads.forEach(Thread::start);
        reading.await();
        Generation spare = second;
        for (int i = 0; i < ROUNDS && failure.get() == null; i++) {
            spare.region.putInt(0, 0);
            gate.link(spare);
            final Generation oldest = gate.live().oldest();
            final long version = gate.unlinkOldest();
            while (!gate.allPassed(version)) {
                Thread.onSpinWait();
            }
            oldest.region.putInt(0, 1);
            spare = oldest;
        }
        done.set(true);
        for (final Thread thread : threads) {
            thread.join();
        }
        assertNull(failure.get());
        assertTrue(entries[0] > 0 && entries[1] > 0);
    }
}
