package io.stemedb.engine.cli;

import org.HdrHistogram.Histogram;

/**
 * When a watermark was seen to move, kept in memory taken beforehand; turned into latencies only
 * when the run is over, so that a jump over 100,000 records costs the run no more than a step. For
 * one thread.
 */
final class WatermarkLog {

    private static final int SIGNIFICANT_DIGITS = 3;

    private final long[] watermarks;
    private final long[] seenNs;
    private int count;
    private long last;

    /**
     * For at most {@code capacity} records, the first of them with the sequence after {@code
     * before}.
     */
    WatermarkLog(final int capacity, final long before) {
        watermarks = new long[capacity];
        seenNs = new long[capacity];
        last = before;
    }

    /** Takes what the watermark was at a time; each record moves it at most once. */
    void observe(final long watermark, final long nowNs) {
        if (watermark > last && count < watermarks.length) {
            last = watermark;
            watermarks[count] = watermark;
            seenNs[count] = nowNs;
            count++;
        }
    }

    boolean hasReached(final long sequence) {
        return last >= sequence;
    }

    /**
     * From the time each record was due until the watermark was first seen at or past it.
     *
     * @param firstSequence of the record that was due at {@code dueNs[0]}
     * @param dueNs of each record, in order
     */
    Histogram latencies(final long firstSequence, final long[] dueNs, final int recordCount) {
        final Histogram histogram = newHistogram();
        int record = 0;
        for (int i = 0; i < count; i++) {
            while (record < recordCount && firstSequence + record <= watermarks[i]) {
                histogram.recordValue(Math.max(0, seenNs[i] - dueNs[record]));
                record++;
            }
        }
        return histogram;
    }

    static Histogram newHistogram() {
        return new Histogram(SIGNIFICANT_DIGITS);
    }
}
