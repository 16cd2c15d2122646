package io.stemedb.engine.ingest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.TestEngines;
import io.stemedb.engine.faults.Scale;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The memory order of the watermarks, as a litmus test of message passing: who acquires a value
 * sees all that was written, plainly, before it was released.
 */
@Tag("faults")
class WatermarkOrderTest {
    private static final int SLOTS = 1 << 12;
    private static final long VALUES = 300_000;
    private static final long LEAST = 1_000;
    private static final long TIME_NS = 10_000_000_000L;

    /** Messages that a watermark stood for and that were not there. */
    private static long missed(
            final LongConsumer release, final LongSupplier acquire, final boolean releaseFirst)
            throws InterruptedException {
        final long values = Scale.of(1) * VALUES;
        final long[] payload = new long[SLOTS];
        final AtomicLong missed = new AtomicLong();
        final AtomicLong seen = new AtomicLong();
        final AtomicBoolean done = new AtomicBoolean();
        final TestEngines.Running reader =
                TestEngines.start(
                        "acquires",
                        () -> {
                            long last = 0;
                            while (!done.get()) {
                                final long sequence = acquire.getAsLong();
                                assertTrue(sequence >= last, "goes back");
                                if (payload[(int) sequence & SLOTS - 1] < sequence) {
                                    missed.incrementAndGet();
                                }
                                if (sequence != last) {
                                    seen.incrementAndGet();
                                    last = sequence;
                                }
                            }
                        });
        final long endNs = System.nanoTime() + TIME_NS;
        long sequence = 0;
        while (seen.get() < values && System.nanoTime() - endNs < 0 || seen.get() <= LEAST) {
            sequence++;
            if (releaseFirst) {
                release.accept(sequence);
                Thread.onSpinWait();
            }
            payload[(int) sequence & SLOTS - 1] = sequence;
            if (!releaseFirst) {
                release.accept(sequence);
            }
        }
        done.set(true);
        reader.end();
        assertTrue(seen.get() > LEAST, "values seen " + seen);
        return missed.get();
    }

    @Test
    void readableComesAfterWhatItStandsFor() throws InterruptedException {
        final Watermarks watermarks = new Watermarks(0);
        assertEquals(0, missed(watermarks::readable, watermarks::readable, false));
    }

    @Test
    void storedComesAfterWhatItStandsFor() throws InterruptedException {
        final Watermarks watermarks = new Watermarks(0);
        assertEquals(0, missed(watermarks::stored, watermarks::stored, false));
    }

    /** The control: released before it is written. */
    @Test
    void theWrongOrderIsCaught() throws InterruptedException {
        final Watermarks watermarks = new Watermarks(0);
        assertTrue(missed(watermarks::readable, watermarks::readable, true) > 0);
    }
}
