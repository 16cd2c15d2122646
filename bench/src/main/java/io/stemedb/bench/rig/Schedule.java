package io.stemedb.bench.rig;

/**
 * When each record should be sent. Record {@code index} gets sequence {@code firstSequence +
 * index}, as sequences are dense and nobody else appends.
 *
 * @param startNs when record 0 should be sent
 * @param firstSequence sequence of record 0
 * @param ratePerSecond records a second
 * @param count records
 */
record Schedule(long startNs, long firstSequence, int ratePerSecond, int count) {
    long intendedNs(final int index) {
        return startNs + index * 1_000_000_000L / ratePerSecond;
    }

    long lastSequence() {
        return firstSequence + count - 1;
    }

    /** Index of the first record that a watermark does not cover yet. */
    long indexAfter(final long sequence) {
        return sequence - firstSequence + 1;
    }
}
