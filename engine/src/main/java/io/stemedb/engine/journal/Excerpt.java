package io.stemedb.engine.journal;

import io.stemedb.codecs.Limits;

/**
 * Bytes of one excerpt in a segment file. All numbers are little-endian.
 *
 * <pre>
 *   0        4              8            16         24                     24 + recordLength
 *   +--------+--------------+------------+----------+----------------------+---------+
 *   | frame  | recordLength | sequence   | seal     | record               | zeros   |
 *   | u32    | u32          | u64        | u64      | header, body         | 0 to 7  |
 *   +--------+--------------+------------+----------+----------------------+---------+
 * </pre>
 *
 * <p>The frame is Chronicle's: length of what follows, bit 31 "not complete", bit 30 "metadata".
 * Zeros pad so that the next excerpt starts at a multiple of 8, and with it its record. Chronicle
 * aligns to 4 only, so the first record of a segment may stand at a multiple of 4.
 *
 * <p>The seal binds what the record's own checksum does not cover: its sequence, its length, that
 * checksum, and the place where it was written. So a block that a disk put somewhere else, or an
 * old one that it gave back, is no excerpt, and a sequence needs no neighbours to be believed. It
 * is written last, so a record that is copied in part is none either.
 */
final class Excerpt {
    static final int FRAME_LENGTH = 4;
    static final int RECORD_LENGTH_OFFSET = 4;
    static final int SEQUENCE_OFFSET = 8;
    static final int SEAL_OFFSET = 16;
    static final int RECORD_OFFSET = 24;
    static final int ALIGNMENT = 8;

    /**
     * Odd, so that a change of one of the four always changes the seal: the golden ratio's and
     * others whose bits look random.
     */
    private static final long SEQUENCE_FACTOR = 0x9E37_79B9_7F4A_7C15L;

    private static final long PLACE_FACTOR = 0xC2B2_AE3D_27D4_EB4FL;
    private static final long RECORD_FACTOR = 0x1656_67B1_9E37_79F9L;

    /** Zeros are not sealed. */
    private static final long SEAL_OF_NOTHING = 0x27D4_EB2F_1656_67C5L;

    static final int NOT_COMPLETE = 0x8000_0000;
    static final int METADATA = 0x4000_0000;
    static final int LENGTH_MASK = 0x3FFF_FFFF;
    static final int END_OF_SEGMENT = NOT_COMPLETE | METADATA;

    /** Chronicle's header and the two index pages of an empty segment are smaller. */
    static final int HEADER_LENGTH_MAX = 64 << 10;

    /** Room that stays free at the end of a segment: the end-of-segment frame. */
    private static final int END_MARGIN = 64;

    /** Bytes of the largest excerpt. */
    static final int MAX_LENGTH = RECORD_OFFSET + Limits.RECORD_MAX + ALIGNMENT;

    /** Bytes of the smallest excerpt. */
    static final int MIN_LENGTH = RECORD_OFFSET + Limits.HEADER_LENGTH;

    private Excerpt() {}

    /** Zeros after a record, for an excerpt whose frame stands at a position. */
    static int padding(final long position, final int recordLength) {
        return (int) -(position + RECORD_OFFSET + recordLength) & (ALIGNMENT - 1);
    }

    /**
     * Seal of an excerpt.
     *
     * @param segment number of its segment
     * @param position of its frame in the segment
     * @param crc checksum in the record's header
     */
    static long seal(
            final long segment,
            final long position,
            final long sequence,
            final int recordLength,
            final int crc) {
        return SEAL_OF_NOTHING
                + sequence * SEQUENCE_FACTOR
                + (segment << 32 | position) * PLACE_FACTOR
                + ((long) recordLength << 32 | crc & 0xFFFF_FFFFL) * RECORD_FACTOR;
    }

    static boolean isRecordLength(final int length) {
        return length >= Limits.HEADER_LENGTH && length <= Limits.RECORD_MAX;
    }

    static void checkRecordLength(final int length) {
        if (!isRecordLength(length)) {
            throw new IllegalArgumentException(
                    "length: a record has "
                            + Limits.HEADER_LENGTH
                            + " to "
                            + Limits.RECORD_MAX
                            + " bytes, is "
                            + length);
        }
    }

    /**
     * Where the excerpt of a record ends at most, and the frame that may end the segment after it.
     *
     * @param limit end of what is in the segment; 0 in an empty one
     */
    static long endAtMost(final long limit, final int recordLength) {
        return Math.max(limit, HEADER_LENGTH_MAX)
                + RECORD_OFFSET
                + recordLength
                + ALIGNMENT
                + END_MARGIN;
    }
}
