package io.stemedb.engine.journal;

import org.agrona.concurrent.NanoClock;

/**
 * What a {@link ChronicleJournal} can be told.
 *
 * @param segmentLength bytes of a segment before it rolls, a multiple of 4096
 * @param prepareAhead bytes to keep reserved and prepared ahead of the appender
 * @param backlogLimit bytes appended and not yet read, from which on append returns back-pressure
 * @param sequenceFloor sequences up to here were given out and made durable elsewhere: they are
 *     never given again
 * @param nanoClock paces retries while the disk is full
 */
public record JournalConfig(
        int segmentLength,
        long prepareAhead,
        long backlogLimit,
        long sequenceFloor,
        NanoClock nanoClock) {
    /** Smallest segment: the largest record must fit Chronicle's limit of a quarter of it. */
    public static final int SEGMENT_LENGTH_MIN = 2 << 20;

    /** Largest segment: addressed by an int, with room for the overlap. */
    public static final int SEGMENT_LENGTH_MAX = 1 << 30;

    /** Default length of a segment. */
    public static final int SEGMENT_LENGTH_DEFAULT = 256 << 20;

    /** Default bytes prepared ahead. */
    public static final long PREPARE_AHEAD_DEFAULT = 32 << 20;

    /** Default backlog. */
    public static final long BACKLOG_LIMIT_DEFAULT = 1L << 30;

    /**
     * Checks the ranges.
     *
     * @param segmentLength see the record
     * @param prepareAhead see the record
     * @param backlogLimit see the record
     * @param sequenceFloor see the record
     * @param nanoClock see the record
     */
    public JournalConfig {
        check("segmentLength", segmentLength, SEGMENT_LENGTH_MIN, SEGMENT_LENGTH_MAX);
        check("prepareAhead", prepareAhead, 1 << 20, SEGMENT_LENGTH_MAX);
        check("backlogLimit", backlogLimit, 1 << 20, Long.MAX_VALUE);
        check("sequenceFloor", sequenceFloor, 0, Long.MAX_VALUE >>> 8);
        if ((segmentLength & 4095) != 0) {
            throw new IllegalArgumentException(
                    "segmentLength: must be a multiple of 4096, is " + segmentLength);
        }
    }

    private static void check(
            final String field, final long value, final long min, final long max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(
                    field + ": must be " + min + " to " + max + ", is " + value);
        }
    }
}
