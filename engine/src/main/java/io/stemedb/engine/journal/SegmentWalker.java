package io.stemedb.engine.journal;

import io.stemedb.codecs.Limits;
import io.stemedb.codecs.RecordHeader;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Walks the excerpts of one mapped segment. The one decoder of the journal: ingest behind a running
 * appender, recovery, snapshots and verification all come through here.
 *
 * <p>An excerpt is believed if its seal is right. Behind a sealed one the next is due, and if one
 * of its own fields was altered, the others and the frame still tell what it was. Else the walker
 * looks for the next sealed one; what it passed over is reported with its bounds. The checksum over
 * a record's body is for whoever takes the record. It never reads outside [0, limit).
 */
final class SegmentWalker {
    /** Accepts whatever sequence the first sealed record of the segment has. */
    static final long ANY_SEQUENCE = -1;

    /**
     * Before a segment so many records can be missing: nine years at a million a second. What says
     * more is noise, and leaves sequences for many more of its kind.
     */
    private static final long MAX_GAP = 1L << 48;

    private static final long SEQUENCE_MAX = Long.MAX_VALUE >>> 8;

    /** Chronicle starts every excerpt at a multiple of 4. */
    private static final int STEP = 4;

    private final UnsafeBuffer buffer = new UnsafeBuffer(0, 0);
    private String path = "";
    private long number;
    private long position;
    private long goodEnd;
    private long expected;

    /** Nothing was found behind the last good record, and nothing will be added. */
    private boolean ended;

    /** Of the record that was found last. */
    private long foundSequence;

    private int foundLength;

    /** Starts at the head of a segment mapped at an address; nothing is read yet. */
    void wrap(
            final long address,
            final int length,
            final long segmentNumber,
            final String segmentPath,
            final long expectedSequence) {
        buffer.wrap(address, length);
        number = segmentNumber;
        path = segmentPath;
        position = 0;
        goodEnd = 0;
        ended = false;
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
        while (calls < max && !ended && position + Excerpt.MIN_LENGTH <= limit) {
            final int frame = buffer.getInt((int) position);
            // the first of a walk without expectations goes the slow way: what was taken for
            // metadata before it may have been a record
            if (isFramed(position) && isSealed(position, limit) && foundSequence == expected) {
                calls += deliver(position, foundSequence, foundLength, handler);
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
        if (calls < max && !ended && sealed && position > goodEnd) {
            // metadata that reaches over the limit may be a record with a bit turned over
            calls += resume(limit, true, handler);
        }
        return calls;
    }

    private int deliver(
            final long at,
            final long sequence,
            final int recordLength,
            final JournalHandler handler) {
        position = excerptEnd(at, recordLength);
        goodEnd = position;
        expected = sequence + 1;
        handler.onRecord(sequence, buffer, (int) at + Excerpt.RECORD_OFFSET, recordLength);
        return 1;
    }

    /**
     * Finds the next record after {@link #goodEnd}; reports what lies between. Returns the calls
     * made, 0 if none.
     */
    private int resume(final long limit, final boolean sealed, final JournalHandler handler) {
        final long next = metadataEnd(goodEnd, limit);
        for (long candidate = goodEnd; candidate + Excerpt.MIN_LENGTH <= limit; candidate += STEP) {
            if (isSealed(candidate, limit) && isPlausible(foundSequence, candidate)
                    || candidate == next && isDue(candidate, limit)) {
                return resumeAt(candidate, foundSequence, foundLength, next, handler);
            }
        }
        ended = sealed;
        position = goodEnd;
        return 0;
    }

    /**
     * Whether so many records can have been lost in the bytes before; at a segment's head none says
     * how many segments were. The seal is no secret: what looks like an excerpt inside a record
     * must not use up all sequences.
     */
    private boolean isPlausible(final long sequence, final long candidate) {
        if (expected == ANY_SEQUENCE) {
            return sequence > 0 && sequence < SEQUENCE_MAX;
        }
        final long lost = sequence - expected;
        return lost >= 0
                && lost <= (goodEnd == 0 ? MAX_GAP : (candidate - goodEnd) / Excerpt.MIN_LENGTH);
    }

    /** Whether the seal is right; sets what was found. */
    private boolean isSealed(final long at, final long limit) {
        foundLength = buffer.getInt((int) at + Excerpt.RECORD_LENGTH_OFFSET);
        foundSequence = statedSequence(at);
        return isInside(at, foundLength, limit)
                && statedSeal(at) == seal(at, foundSequence, foundLength);
    }

    /**
     * Whether the record that is due here is here, with one field altered: the sequence, the seal,
     * the length, or its own checksum; sets what was found. No byte is missing before it, so its
     * sequence is known.
     */
    private boolean isDue(final long at, final long limit) {
        if (expected == ANY_SEQUENCE) {
            return false;
        }
        final int length = buffer.getInt((int) at + Excerpt.RECORD_LENGTH_OFFSET);
        if (isInside(at, length, limit)
                && (statedSeal(at) == seal(at, expected, length)
                        || statedSequence(at) == expected
                                && isFramed(at)
                                && isWholeOrSealed(at, length))) {
            foundSequence = expected;
            foundLength = length;
            return true;
        }
        final int longest = buffer.getInt((int) at) + Excerpt.FRAME_LENGTH - Excerpt.RECORD_OFFSET;
        for (int padding = 0; padding < Excerpt.ALIGNMENT; padding++) {
            if (isInside(at, longest - padding, limit)
                    && statedSeal(at) == seal(at, expected, longest - padding)) {
                foundSequence = expected;
                foundLength = longest - padding;
                return true;
            }
        }
        return false;
    }

    /**
     * At the end of a journal's last segment: a whole frame where a record is due, and none can be
     * read from there on, so at least one is lost. In the segments before, the sequence behind says
     * what is.
     *
     * @return calls made
     */
    int tellLost(final long limit, final JournalHandler handler) {
        final long next = metadataEnd(goodEnd, limit);
        if (expected == ANY_SEQUENCE || !isFrameDue(next, limit)) {
            return 0;
        }
        final long lost = expected++;
        goodEnd = limit;
        handler.onDamage(
                lost,
                lost,
                path + ": bytes from " + next + " on damaged, sequence " + lost + " is missing",
                buffer,
                (int) next,
                (int) Math.min(limit - next, Limits.RECORD_MAX));
        return 1;
    }

    private int resumeAt(
            final long candidate,
            final long sequence,
            final int recordLength,
            final long next,
            final JournalHandler handler) {
        final long first = expected == ANY_SEQUENCE ? sequence : expected;
        if (candidate == next && sequence == first && isSound(candidate, sequence, recordLength)) {
            return deliver(candidate, sequence, recordLength, handler);
        }
        final long from = candidate < next ? metadataOver(candidate) : next; // behind metadata
        final String lost =
                sequence == first
                        ? expected == ANY_SEQUENCE ? "before the first found" : "no record lost"
                        : "sequences " + first + "-" + (sequence - 1) + " are missing";
        final String where =
                candidate == next
                        ? "before record " + sequence
                        : "bytes " + from + "-" + (candidate + Excerpt.RECORD_OFFSET) + " damaged";
        handler.onDamage(
                first,
                sequence - 1,
                path + ": " + where + ", " + lost,
                buffer,
                (int) from,
                candidate == next ? 0 : (int) Math.min(candidate - from, Limits.RECORD_MAX));
        return 1 + deliver(candidate, sequence, recordLength, handler);
    }

    /**
     * A record whose process was killed before Chronicle closed its frame is none the worse for it.
     */
    private boolean isSound(final long at, final long sequence, final int recordLength) {
        return (isFramed(at) || isFrameOpen(at, recordLength))
                && statedSequence(at) == sequence
                && buffer.getInt((int) at + Excerpt.RECORD_LENGTH_OFFSET) == recordLength
                && statedSeal(at) == seal(at, sequence, recordLength);
    }

    /** As Chronicle leaves it until it closes: empty, or not complete; and nothing behind. */
    private boolean isFrameOpen(final long at, final int recordLength) {
        final int frame = buffer.getInt((int) at);
        final int whole =
                Excerpt.RECORD_OFFSET
                        - Excerpt.FRAME_LENGTH
                        + recordLength
                        + Excerpt.padding(at, recordLength);
        final boolean open =
                frame == 0
                        || (frame & Excerpt.END_OF_SEGMENT) == Excerpt.NOT_COMPLETE
                                && (frame & Excerpt.LENGTH_MASK) != whole;
        final long end = metadataEnd(excerptEnd(at, recordLength), buffer.capacity());
        return open
                && (end + Excerpt.MIN_LENGTH > buffer.capacity()
                        || !isSealed(end, buffer.capacity()));
    }

    private long statedSequence(final long at) {
        return buffer.getLong((int) at + Excerpt.SEQUENCE_OFFSET);
    }

    private long statedSeal(final long at) {
        return buffer.getLong((int) at + Excerpt.SEAL_OFFSET);
    }

    /** What the seal at a position must be. */
    private long seal(final long at, final long sequence, final int recordLength) {
        final int crc = RecordHeader.crc(buffer, (int) at + Excerpt.RECORD_OFFSET);
        return Excerpt.seal(number, at, sequence, recordLength, crc);
    }

    private static long excerptEnd(final long at, final int recordLength) {
        final long end = at + Excerpt.RECORD_OFFSET + recordLength;
        return end + (-end & Excerpt.ALIGNMENT - 1);
    }

    private boolean isFramed(final long at) {
        final int frame = buffer.getInt((int) at);
        final int recordLength = buffer.getInt((int) at + Excerpt.RECORD_LENGTH_OFFSET);
        final int padding = frame + Excerpt.FRAME_LENGTH - Excerpt.RECORD_OFFSET - recordLength;
        return padding == Excerpt.padding(at, recordLength);
    }

    /** Where the first record of a segment is due. */
    long headEnd(final long limit) {
        return metadataEnd(0, limit);
    }

    /** Whether, where the first record is due, a frame says that one was written. */
    boolean isFrameDue(final long limit) {
        return isFrameDue(headEnd(limit), limit);
    }

    private boolean isFrameDue(final long at, final long limit) {
        if (at + Excerpt.FRAME_LENGTH > limit) {
            return false;
        }
        final int frame = buffer.getInt((int) at);
        return frame != 0 && (frame & Excerpt.NOT_COMPLETE) == 0;
    }

    /**
     * Where the metadata starts that, as it says, reaches over a record: the record itself, if that
     * was taken for metadata.
     */
    private long metadataOver(final long record) {
        long at = goodEnd;
        for (long end = at; end <= record; end = metadataEnd(at, buffer.getInt((int) at))) {
            at = end;
        }
        return at;
    }

    /** Where the metadata that starts at a position ends, if it is metadata. */
    private long metadataEnd(final long from, final long limit) {
        long at = from;
        while (at + Excerpt.FRAME_LENGTH <= limit) {
            final int frame = buffer.getInt((int) at);
            if ((frame & Excerpt.END_OF_SEGMENT) != Excerpt.METADATA
                    || metadataEnd(at, frame) > limit) {
                return at;
            }
            at = metadataEnd(at, frame);
        }
        return at;
    }

    private static long metadataEnd(final long at, final int frame) {
        return at + Excerpt.FRAME_LENGTH + (frame & Excerpt.LENGTH_MASK) + STEP - 1 & -STEP;
    }

    /** Whether a record of such a length would end below the limit. */
    private static boolean isInside(final long at, final int recordLength, final long limit) {
        return Excerpt.isRecordLength(recordLength)
                && at + Excerpt.RECORD_OFFSET + recordLength <= limit;
    }

    /**
     * Whether the seal is right for the body, or for a body whose own checksum is right a byte of
     * the seal was altered. A seal that is wrong in more is that of another record, of whose bytes
     * a disk put some here.
     */
    private boolean isWholeOrSealed(final long at, final int recordLength) {
        final int record = (int) at + Excerpt.RECORD_OFFSET;
        final int crc = RecordHeader.computeCrc(buffer, record, recordLength);
        final long altered = statedSeal(at) ^ Excerpt.seal(number, at, expected, recordLength, crc);
        final long oneByte = 0xFFL << (Long.numberOfTrailingZeros(altered) & -Byte.SIZE);
        return altered == 0 || RecordHeader.crc(buffer, record) == crc && (altered & ~oneByte) == 0;
    }
}
