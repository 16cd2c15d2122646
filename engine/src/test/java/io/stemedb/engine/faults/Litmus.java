package io.stemedb.engine.faults;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.TestEngines;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import java.util.function.LongPredicate;
import java.util.function.LongSupplier;

/**
 * The litmus test of message passing, for one watermark: who acquires a value sees all that was
 * written, plainly, before it was released.
 */
public final class Litmus {
    private static final int SLOTS = 1 << 12;
    private static final long LEAST = 1_000;
    private static final long TIME_NS = Scale.of(10) * 1_000_000_000L;
    private static final long TIME_MAX_NS = Scale.of(240) * 1_000_000_000L;

    private final long[] payload = new long[SLOTS];
    private final AtomicLong missed = new AtomicLong();
    private final AtomicLong seen = new AtomicLong();
    private volatile long last;
    private final AtomicBoolean done = new AtomicBoolean();

    private Litmus() {}

    /**
     * Messages that a watermark stood for and that were not there.
     *
     * @param values to see before it is enough
     * @param release moves the watermark to a sequence
     * @param acquire loads the watermark
     * @param isThere asked by the acquiring thread of each value: a further message, if there is
     *     any
     * @param releaseFirst the control: it is written after the release
     */
    public static long missed(
            final long values,
            final LongConsumer release,
            final LongSupplier acquire,
            final LongPredicate isThere,
            final boolean releaseFirst)
            throws InterruptedException {
        final Litmus litmus = new Litmus();
        final TestEngines.Running reader =
                TestEngines.start("acquires", () -> litmus.read(acquire, isThere));
        final long least = Math.min(LEAST, values / 4);
        final long startNs = System.nanoTime();
        long sequence = 0;
        while (litmus.seen.get() < values
                && System.nanoTime() - startNs
                        < (litmus.seen.get() > least ? TIME_NS : TIME_MAX_NS)) {
            while (sequence - litmus.last > SLOTS && System.nanoTime() - startNs < TIME_MAX_NS) {
                Thread.yield(); // the reader has no core
            }
            sequence++;
            if (releaseFirst) {
                release.accept(sequence);
                Thread.onSpinWait();
            }
            litmus.payload[(int) sequence & SLOTS - 1] = sequence;
            if (!releaseFirst) {
                release.accept(sequence);
            }
        }
        litmus.done.set(true);
        reader.end();
        assertTrue(litmus.seen.get() > least, "values seen " + litmus.seen);
        return litmus.missed.get();
    }

    private void read(final LongSupplier acquire, final LongPredicate isThere) {
        while (!done.get()) {
            final long sequence = acquire.getAsLong();
            assertTrue(sequence >= last, "goes back");
            if (payload[(int) sequence & SLOTS - 1] < sequence || !isThere.test(sequence)) {
                missed.incrementAndGet();
            }
            if (sequence != last) {
                seen.incrementAndGet();
                last = sequence; // written by this thread only
            }
        }
    }
}
