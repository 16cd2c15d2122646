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

    private static final long SEQUENCE_MAX = Long.MAX_VALUE >>> 8;
    private static final long NO_RECORD = -2;
    private static final int STEP = 4;

    /** Two pages. */
    private static final int MISPLACED_MAX = 8 << 10;

    private final UnsafeBuffer buffer = new UnsafeBuffer(0, 0);
    private String path = "";
    private long position;
    private long goodEnd;
    private long expected;

    /** Where the record delivered last stands, and how long its excerpt says it is. */
    private long lastPosition;

    private int lastLength;

    /** Length of the record that {@link #sequenceAt} found. */
    private int foundLength;

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
        lastLength = 0;
        expected = expectedSequence;
    }

    /** Forgets the mapping; call before it goes away. */
    void release() {
        buffer.wrap(0, 0);
        position = 0;
        goodEnd = 0;
        lastLength = 0;
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
                calls +=
                        deliver(
                                expected,
                                buffer.getInt((int) position + Excerpt.RECORD_LENGTH_OFFSET),
                                handler);
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
        if (expected == ANY_SEQUENCE
                || (frame & Excerpt.END_OF_SEGMENT) != 0
                || frame < Excerpt.RECORD_OFFSET) {
            return false;
        }
        final int index = (int) position;
        final int recordLength = buffer.getInt(index + Excerpt.RECORD_LENGTH_OFFSET);
        if (!Excerpt.isRecordLength(recordLength)
                || position + Excerpt.FRAME_LENGTH + frame > limit) {
            return false;
        }
        if (!isFramed(position)) {
            return false;
        }
        // the first record of a walk without expectations goes the slow way, which looks at the
        // next one too
        return buffer.getLong(index + Excerpt.SEQUENCE_OFFSET) == expected;
    }

    private int deliver(final long sequence, final int recordLength, final JournalHandler handler) {
        final int index = (int) position;
        lastPosition = position;
        lastLength = recordLength;
        position = excerptEnd(position, recordLength);
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
        final long end = goodEnd;
        if (lastLength > 0 && !isWhole(lastPosition, lastLength, limit)) {
            goodEnd =
                    lastPosition
                            + STEP; // its length may be wrong too: do not pass over what it hides
        }
        lastLength = 0;
        final long next = metadataEnd(goodEnd, limit);
        for (long candidate = goodEnd;
                candidate + Excerpt.RECORD_OFFSET + Limits.HEADER_LENGTH <= limit;
                candidate += STEP) {
            // where a record is due its sequence may be wrong; elsewhere it must speak for itself
            if (candidate == next || isPlausible(statedSequence(candidate), candidate)) {
                final long sequence = sequenceAt(candidate, candidate == next, limit);
                if (sequence != NO_RECORD
                        && (candidate == next && (expected == ANY_SEQUENCE || sequence == expected)
                                || !isMisplaced(sequence, candidate, limit))) {
                    return resumeAt(candidate, sequence, foundLength, next, handler);
                }
            }
        }
        goodEnd = end;
        if (!sealed) {
            position = end;
            return 0;
        }
        return tellUnreadableTail(metadataEnd(end, limit), limit, handler);
    }

    /**
     * Whether it is one of a few in a row with lower sequences behind them, at the head of a
     * segment, where nothing else bounds a gap: a block that was written to the wrong place must
     * not hide the others.
     */
    private boolean isMisplaced(final long sequence, final long candidate, final long limit) {
        if (goodEnd > 0) {
            return false;
        }
        long at = excerptEnd(candidate, foundLength);
        long following = sequence + 1;
        while (at + Excerpt.RECORD_OFFSET + Limits.HEADER_LENGTH <= limit) {
            final int length = buffer.getInt((int) at + Excerpt.RECORD_LENGTH_OFFSET);
            if (isWhole(at, length, limit)) {
                final long stated = statedSequence(at);
                if (stated < sequence && isPlausible(stated, at)) {
                    return true;
                }
                following = stated == following ? following + 1 : NO_RECORD;
                if (following != NO_RECORD && at - candidate > MISPLACED_MAX) {
                    return false;
                }
                at = excerptEnd(at, length);
            } else {
                following = NO_RECORD;
                at += STEP;
            }
        }
        return false;
    }

    /**
     * A whole frame where a record is due, and none can be read from there on: at least one is
     * lost.
     */
    private int tellUnreadableTail(
            final long next, final long limit, final JournalHandler handler) {
        position = limit;
        if (expected == ANY_SEQUENCE || next + Excerpt.FRAME_LENGTH > limit) {
            return 0;
        }
        final int frame = buffer.getInt((int) next);
        if (frame == 0 || (frame & Excerpt.NOT_COMPLETE) != 0) {
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

    /**
     * Sequence of the record at a position, if bytes of the right CRC are there; sets the length
     * found.
     */
    private long sequenceAt(final long candidate, final boolean due, final long limit) {
        foundLength = buffer.getInt((int) candidate + Excerpt.RECORD_LENGTH_OFFSET);
        if (!isWhole(candidate, foundLength, limit) && !(due && isWholeByFrame(candidate, limit))) {
            return NO_RECORD;
        }
        final int recordLength = foundLength;
        final long stated = statedSequence(candidate);
        final long following = following(excerptEnd(candidate, recordLength), limit);
        if (following == NO_RECORD) {
            return sequenceOfLast(stated, candidate, due);
        }
        if (following == stated + 1 && isPlausible(stated, candidate)) {
            return stated;
        }
        if (due && expected == ANY_SEQUENCE) {
            return sequenceOfFirst(stated, excerptEnd(candidate, recordLength), following, limit);
        }
        // the CRC does not cover the sequence: where the two disagree the one behind decides
        return due && isPlausible(following - 1, candidate) ? following - 1 : NO_RECORD;
    }

    /**
     * Nothing was expected, and the first two records disagree: the third decides, and without one
     * the smaller, as a bit turned over is mostly one of the many leading zeros.
     */
    private long sequenceOfFirst(
            final long stated, final long end, final long following, final long limit) {
        final long second = metadataEnd(end, limit);
        final int length = buffer.getInt((int) second + Excerpt.RECORD_LENGTH_OFFSET);
        final long third = following(excerptEnd(second, length), limit);
        if (third == stated + 2 || third != following + 1 && stated < following - 1) {
            return isPlausible(stated, 0) ? stated : NO_RECORD;
        }
        return isPlausible(following - 1, 0) ? following - 1 : stated;
    }

    /** The frame gives the length too, up to the padding. */
    private boolean isWholeByFrame(final long candidate, final long limit) {
        final int longest =
                buffer.getInt((int) candidate) + Excerpt.FRAME_LENGTH - Excerpt.RECORD_OFFSET;
        for (int padding = 0; padding < Excerpt.ALIGNMENT; padding++) {
            foundLength = longest - padding;
            if (isWhole(candidate, foundLength, limit)) {
                return true;
            }
        }
        return false;
    }

    private long sequenceOfLast(final long stated, final long candidate, final boolean due) {
        final boolean oneBit = Long.bitCount(stated ^ expected) == 1;
        if (isPlausible(stated, candidate) && !(due && goodEnd == 0 && oneBit)) {
            return stated;
        }
        // no byte is missing before it, so none of its sequences is
        return due && expected != ANY_SEQUENCE && (stated > expected || oneBit)
                ? expected
                : NO_RECORD;
    }

    /** Sequence of the whole record that stands right behind another, metadata apart. */
    private long following(final long end, final long limit) {
        final long at = metadataEnd(end, limit);
        if (at + Excerpt.RECORD_OFFSET + Limits.HEADER_LENGTH > limit || !isFramed(at)) {
            return NO_RECORD;
        }
        return isWhole(at, buffer.getInt((int) at + Excerpt.RECORD_LENGTH_OFFSET), limit)
                ? statedSequence(at)
                : NO_RECORD;
    }

    /**
     * Whether so many records can have been lost in the bytes before; none says how many segments
     * were.
     */
    private boolean isPlausible(final long sequence, final long candidate) {
        if (expected == ANY_SEQUENCE) {
            return sequence > 0 && sequence < SEQUENCE_MAX;
        }
        final long lost = sequence - expected;
        return lost >= 0
                && lost <= (goodEnd == 0 ? MAX_GAP : (candidate - goodEnd) / Excerpt.MIN_LENGTH);
    }

    private int resumeAt(
            final long candidate,
            final long sequence,
            final int recordLength,
            final long next,
            final JournalHandler handler) {
        final long from = Math.min(next, candidate); // behind metadata
        final long first = expected == ANY_SEQUENCE ? sequence : expected;
        position = candidate;
        if (candidate == next && sequence == first && isSound(candidate, sequence, recordLength)) {
            return deliver(sequence, recordLength, handler);
        }
        final String lost =
                sequence == first
                        ? "no record lost"
                        : "sequences " + first + "-" + (sequence - 1) + " are missing";
        final String where =
                candidate == next
                        ? "before record " + sequence
                        : "bytes " + next + "-" + (candidate + Excerpt.RECORD_OFFSET) + " damaged";
        handler.onDamage(
                first,
                sequence - 1,
                path + ": " + where + ", " + lost,
                buffer,
                (int) from,
                candidate == next ? 0 : (int) Math.min(candidate - from, Limits.RECORD_MAX));
        return 1 + deliver(sequence, recordLength, handler);
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
        return open && following(excerptEnd(at, recordLength), buffer.capacity()) == NO_RECORD;
    }

    private boolean isSound(final long at, final long sequence, final int recordLength) {
        // a record whose process was killed before Chronicle closed its frame is none the worse for
        // it
        return (isFramed(at) || isFrameOpen(at, recordLength))
                && statedSequence(at) == sequence
                && buffer.getInt((int) at + Excerpt.RECORD_LENGTH_OFFSET) == recordLength;
    }

    private long statedSequence(final long at) {
        return buffer.getLong((int) at + Excerpt.SEQUENCE_OFFSET);
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
        final long at = headEnd(limit);
        if (at + Excerpt.FRAME_LENGTH > limit) {
            return false;
        }
        final int frame = buffer.getInt((int) at);
        return frame != 0 && (frame & Excerpt.NOT_COMPLETE) == 0;
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

    /** Chronicle starts every excerpt at a multiple of 4. */
    private static long metadataEnd(final long at, final int frame) {
        return at + Excerpt.FRAME_LENGTH + (frame & Excerpt.LENGTH_MASK) + STEP - 1 & -STEP;
    }

    private boolean isWhole(final long at, final int recordLength, final long limit) {
        if (!Excerpt.isRecordLength(recordLength)
                || at + Excerpt.RECORD_OFFSET + recordLength > limit) {
            return false;
        }
        final int record = (int) at + Excerpt.RECORD_OFFSET;
        return RecordHeader.crc(buffer, record)
                == RecordHeader.computeCrc(buffer, record, recordLength);
    }
}
