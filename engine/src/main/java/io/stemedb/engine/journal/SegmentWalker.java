package io.stemedb.engine.journal;

import io.stemedb.codecs.Limits;
import io.stemedb.codecs.RecordHeader;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Walks the excerpts of one mapped segment. The one decoder of the journal: ingest behind a running
 * appender, recovery, snapshots and verification all come through here.
 *
 * <p>A frame is believed only if its lengths fit each other and its sequence is the expected one.
 * Where that fails, the walker looks, from the end of the last good record on, for the next bytes
 * that are a record by length, sequence and CRC; what it passed over is reported with its bounds.
 * It never reads outside [0, limit).
 */
final class SegmentWalker {
    /** Accepts whatever sequence the first record of the segment has. */
    static final long ANY_SEQUENCE = -1;

    /** Sequences further ahead than this are taken for noise, not for a gap. */
    private static final long MAX_GAP = 1L << 32;

    private static final int STEP = 4;

    private final UnsafeBuffer buffer = new UnsafeBuffer(0, 0);
    private String path = "";
    private long position;
    private long goodEnd;
    private long expected;

    /** Starts at the head of a segment mapped at an address; nothing is read yet. */
    void wrap(
            final long address,
            final int length,
            final String segmentPath,
            final long expectedSequence) {
        buffer.wrap(address, length);
        path = segmentPath;
        position = 0;
        goodEnd = 0;
        expected = expectedSequence;
    }

    /** Forgets the mapping; call before it goes away. */
    void release() {
        buffer.wrap(0, 0);
        position = 0;
        goodEnd = 0;
    }

    /**
     * Sequence the next record should have; {@link #ANY_SEQUENCE} before the first where none was
     * expected.
     */
    long expected() {
        return expected;
    }

    /** End of the last good record. */
    long goodEnd() {
        return goodEnd;
    }

    /**
     * Delivers records.
     *
     * @param limit bytes of the segment that may hold records: what the appender published, or the
     *     whole file
     * @param sealed whether nothing will be added below the limit any more
     * @return calls made; fewer than max means that the limit was reached, or no record follows
     */
    int walk(final long limit, final boolean sealed, final JournalHandler handler, final int max) {
        int calls = 0;
        while (calls < max && position + Excerpt.RECORD_OFFSET <= limit) {
            final int frame = buffer.getInt((int) position);
            if (isRecord(frame, limit)) {
                calls += deliver(handler);
            } else if ((frame & Excerpt.END_OF_SEGMENT) == Excerpt.METADATA
                    && metadataEnd(position, frame) <= limit) {
                position = metadataEnd(position, frame);
            } else {
                final int found = resume(limit, sealed, handler);
                if (found == 0) {
                    return calls;
                }
                calls += found;
            }
        }
        if (calls < max && sealed && goodEnd < limit && position > goodEnd) {
            // metadata that reaches over the limit may be a record with a bit turned over
            calls += resume(limit, true, handler);
        }
        return calls;
    }

    private boolean isRecord(final int frame, final long limit) {
        if ((frame & Excerpt.END_OF_SEGMENT) != 0 || frame < Excerpt.RECORD_OFFSET) {
            return false;
        }
        final int index = (int) position;
        final int recordLength = buffer.getInt(index + Excerpt.RECORD_LENGTH_OFFSET);
        if (!Excerpt.isRecordLength(recordLength)
                || position + Excerpt.FRAME_LENGTH + frame > limit) {
            return false;
        }
        final int padding = frame + Excerpt.FRAME_LENGTH - Excerpt.RECORD_OFFSET - recordLength;
        if (padding < 0 || padding >= Excerpt.ALIGNMENT) {
            return false;
        }
        final long sequence = buffer.getLong(index + Excerpt.SEQUENCE_OFFSET);
        return expected == ANY_SEQUENCE
                ? isWhole(index, recordLength, sequence)
                : sequence == expected;
    }

    private int deliver(final JournalHandler handler) {
        final int index = (int) position;
        final int recordLength = buffer.getInt(index + Excerpt.RECORD_LENGTH_OFFSET);
        final long sequence = buffer.getLong(index + Excerpt.SEQUENCE_OFFSET);
        final long end = position + Excerpt.RECORD_OFFSET + recordLength;
        position = end + (-end & Excerpt.ALIGNMENT - 1);
        goodEnd = position;
        expected = sequence + 1;
        handler.onRecord(sequence, buffer, index + Excerpt.RECORD_OFFSET, recordLength);
        return 1;
    }

    /**
     * Finds the next record after {@link #goodEnd}; reports what lies between. Returns the calls
     * made, 0 if none.
     */
    private int resume(final long limit, final boolean sealed, final JournalHandler handler) {
        final long from = goodEnd;
        for (long candidate = from;
                candidate + Excerpt.RECORD_OFFSET + Limits.HEADER_LENGTH <= limit;
                candidate += STEP) {
            final int index = (int) candidate;
            final long sequence = buffer.getLong(index + Excerpt.SEQUENCE_OFFSET);
            final boolean plausible =
                    expected == ANY_SEQUENCE
                            ? sequence > 0 && sequence < Long.MAX_VALUE >>> 8
                            : sequence - expected >= 0 && sequence - expected < MAX_GAP;
            if (plausible) {
                final int recordLength = buffer.getInt(index + Excerpt.RECORD_LENGTH_OFFSET);
                if (Excerpt.isRecordLength(recordLength)
                        && candidate + Excerpt.RECORD_OFFSET + recordLength <= limit
                        && isWhole(index, recordLength, sequence)) {
                    return resumeAt(candidate, sequence, from, handler);
                }
            }
        }
        if (!sealed) {
            position = goodEnd;
        }
        return 0;
    }

    private int resumeAt(
            final long candidate,
            final long sequence,
            final long from,
            final JournalHandler handler) {
        position = candidate;
        final long first = expected == ANY_SEQUENCE ? sequence : expected;
        if (first == sequence && isMetadata(from, candidate) && isFramed(candidate)) {
            return deliver(handler);
        }
        if (isMetadata(from, candidate)) {
            handler.onDamage(
                    first,
                    sequence - 1,
                    path
                            + ": sequences "
                            + first
                            + "-"
                            + (sequence - 1)
                            + " are missing before "
                            + sequence,
                    buffer,
                    (int) from,
                    0);
            return 1 + deliver(handler);
        }
        final int length = (int) Math.min(candidate - from, Limits.RECORD_MAX);
        final String lost =
                first == sequence
                        ? "no record lost"
                        : "sequences " + first + "-" + (sequence - 1) + " lost";
        handler.onDamage(
                first,
                sequence - 1,
                path
                        + ": bytes "
                        + from
                        + "-"
                        + (candidate - 1 + Excerpt.FRAME_LENGTH)
                        + " damaged, "
                        + lost,
                buffer,
                (int) from,
                length);
        return 1 + deliver(handler);
    }

    private boolean isFramed(final long at) {
        final int frame = buffer.getInt((int) at);
        final int recordLength = buffer.getInt((int) at + Excerpt.RECORD_LENGTH_OFFSET);
        final int padding = frame + Excerpt.FRAME_LENGTH - Excerpt.RECORD_OFFSET - recordLength;
        return padding >= 0 && padding < Excerpt.ALIGNMENT;
    }

    private boolean isMetadata(final long from, final long to) {
        long at = from;
        while (at < to) {
            final int frame = buffer.getInt((int) at);
            if ((frame & Excerpt.END_OF_SEGMENT) != Excerpt.METADATA) {
                return false;
            }
            at = metadataEnd(at, frame);
        }
        return at == to;
    }

    /** Chronicle starts every excerpt at a multiple of 4. */
    private static long metadataEnd(final long at, final int frame) {
        return at + Excerpt.FRAME_LENGTH + (frame & Excerpt.LENGTH_MASK) + STEP - 1 & -STEP;
    }

    private boolean isWhole(final int index, final int recordLength, final long sequence) {
        final int record = index + Excerpt.RECORD_OFFSET;
        return sequence > 0
                && RecordHeader.crc(buffer, record)
                        == RecordHeader.computeCrc(buffer, record, recordLength);
    }
}
