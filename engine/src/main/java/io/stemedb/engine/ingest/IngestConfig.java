package io.stemedb.engine.ingest;

import org.agrona.concurrent.NanoClock;

/**
 * What an {@link Ingestor} can be told.
 *
 * @param generationCount memtables in rotation, 2 or more
 * @param generationRecords records of one memtable
 * @param generationBytes bytes of one memtable, at least {@value #GENERATION_BYTES_MIN}
 * @param flushIntervalNs age of the oldest record in memory from which on it is flushed
 * @param syncIntervalNs time between forces of the journal in the background; 0 for none
 * @param retentionBytes journal to keep at least, below STORED; {@link Long#MAX_VALUE} keeps all
 * @param nanoClock source of the two intervals
 */
public record IngestConfig(
        int generationCount,
        int generationRecords,
        int generationBytes,
        long flushIntervalNs,
        long syncIntervalNs,
        long retentionBytes,
        NanoClock nanoClock) {

    /** The largest record must fit. */
    public static final int GENERATION_BYTES_MIN = 1 << 20;

    /** Default number of memtables. */
    public static final int GENERATION_COUNT_DEFAULT = 3;

    /** Default records of one memtable. */
    public static final int GENERATION_RECORDS_DEFAULT = 200_000;

    /** Default bytes of one memtable. */
    public static final int GENERATION_BYTES_DEFAULT = 80 << 20;

    /**
     * Checks the ranges.
     *
     * @param generationCount see the record
     * @param generationRecords see the record
     * @param generationBytes see the record
     * @param flushIntervalNs see the record
     * @param syncIntervalNs see the record
     * @param retentionBytes see the record
     * @param nanoClock see the record
     */
    public IngestConfig {
        check("generationCount", generationCount, 2, 16);
        check("generationRecords", generationRecords, 1, 1 << 24);
        check("generationBytes", generationBytes, GENERATION_BYTES_MIN, 1 << 30);
        check("flushIntervalNs", flushIntervalNs, 1, Long.MAX_VALUE);
        check("syncIntervalNs", syncIntervalNs, 0, Long.MAX_VALUE);
        check("retentionBytes", retentionBytes, 0, Long.MAX_VALUE);
    }

    private static void check(
            final String field, final long value, final long min, final long max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(
                    field + ": must be " + min + " to " + max + ", is " + value);
        }
    }
}
