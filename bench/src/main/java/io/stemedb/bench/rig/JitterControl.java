package io.stemedb.bench.rig;

import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * What the machine takes from threads that only spin: a control for every latency measured beside
 * it. Two threads look at the clock all the time; a gap between two looks is time that the rig
 * could not have had either.
 */
final class JitterControl {
    private static final int THREADS = 2;
    private static final long GAP_NS = 1_000;

    private final Histogram gaps = new Histogram(60_000_000_000L, 3);
    private long lostNs;
    private long spunNs;

    private JitterControl() {}

    static JitterControl run(final long durationNs) {
        final JitterControl control = new JitterControl();
        final List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            final Thread thread = new Thread(() -> control.spin(durationNs), "jitter-" + i);
            threads.add(thread);
            thread.start();
        }
        for (final Thread thread : threads) {
            try {
                thread.join();
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while spinning", e);
            }
        }
        return control;
    }

    private void spin(final long durationNs) {
        final Histogram own = new Histogram(60_000_000_000L, 3);
        final long startNs = System.nanoTime();
        long lastNs = startNs;
        long lost = 0;
        while (lastNs - startNs < durationNs) {
            final long nowNs = System.nanoTime();
            final long gapNs = nowNs - lastNs;
            if (gapNs > GAP_NS) {
                own.recordValue(gapNs);
                lost += gapNs;
            }
            lastNs = nowNs;
        }
        synchronized (this) {
            gaps.add(own);
            lostNs += lost;
            spunNs += lastNs - startNs;
        }
    }

    /** Gaps longer than this, a second and core. */
    double gapsPerSecond(final long longerThanNs) {
        final long count =
                gaps.getCountBetweenValues(longerThanNs, gaps.getHighestTrackableValue());
        return count * 1e9 / spunNs;
    }

    double lostPercent() {
        return 100.0 * lostNs / spunNs;
    }

    double maxUs() {
        return gaps.getMaxValue() / 1e3;
    }
}
