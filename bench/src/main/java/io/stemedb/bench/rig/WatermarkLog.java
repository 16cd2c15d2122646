package io.stemedb.bench.rig;

import org.HdrHistogram.Histogram;

/**
 * When a watermark was seen to move, and where to. Written by the measuring thread while it
 * measures, evaluated afterwards, so that a watermark which moves by many records at once costs no
 * more to observe than any other.
 */
final class WatermarkLog {
    private final long[] timesNs;
    private final long[] sequences;
    private int count;
    private long last;

    WatermarkLog(final int capacity, final long before) {
        timesNs = new long[capacity];
        sequences = new long[capacity];
        last = before;
    }

    boolean hasMoved(final long sequence) {
        return sequence != last;
    }

    /** The clock was read after the watermark. */
    void moved(final long sequence, final long nowNs) {
        timesNs[count] = nowNs;
        sequences[count] = sequence;
        last = sequence;
        count++;
    }

    long last() {
        return last;
    }

    /**
     * Delays of all records of a schedule from {@code from} on, since they should have been sent.
     */
    Histogram delays(final Schedule schedule, final int from) {
        final Histogram histogram = Percentiles.newHistogram();
        int index = from;
        for (int i = 0; i < count; i++) {
            final int end = (int) Math.min(schedule.count(), schedule.indexAfter(sequences[i]));
            for (; index < end; index++) {
                histogram.recordValue(Math.max(0, timesNs[i] - schedule.intendedNs(index)));
            }
        }
        return histogram;
    }
}
