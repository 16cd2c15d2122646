package io.stemedb.engine.journal;

import io.stemedb.codecs.RecordHeader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;

/**
 * The look at the files of earlier lives before anything else opens them: where each segment
 * starts, where the journal ends, what is damaged in the last segment. Reads mapped files only;
 * gives reserved blocks that were never written back to the disk.
 */
final class TailScan implements JournalHandler {
    /** A segment is cut back when it would free at least this much. */
    private static final int CUT_FROM = 64 << 10;

    private static final int DAMAGE_MAX = 100;

    /** So many records of a segment outvote one whose sequence was altered. */
    private static final int VOTES = 3;

    /** Number of the first segment of a data directory. */
    static final long FIRST_NUMBER = 1;

    private final List<String> damage = new ArrayList<>();
    private final SegmentWalker walker = new SegmentWalker();
    private boolean checkRecords;
    private int recordOffset;

    /** Most records that can have been lost before the first good one of the oldest segment. */
    private long lostAtHead;

    private boolean damaged;
    private long lastSequence;
    private long records;

    /**
     * Removes segments that were never appended to from the list and from the disk; sets the first
     * sequences of the others.
     */
    void scan(final List<SegmentFile> segments) {
        for (int i = segments.size() - 1; i >= 0; i--) {
            final SegmentFile segment = segments.get(i);
            final long after = i + 1 < segments.size() ? segments.get(i + 1).firstSequence() : 0;
            // the first of all, and records behind it: what it held is damaged, not unused
            final boolean heldFirst = segment.number() == FIRST_NUMBER && after > 1;
            if (!findFirst(segment, heldFirst)) {
                segments.remove(i);
            } else if (segment.firstSequence() == 0 && after != 0) {
                segment.firstSequence(heldFirst ? 1 : after); // holds none that can be read
            }
        }
        if (!segments.isEmpty()) {
            findEnd(segments);
            // what was lost before the oldest record that can be read is damage, not trimmed
            final SegmentFile oldest = segments.get(0);
            oldest.firstSequence(Math.max(1, oldest.firstSequence() - lostAtHead));
        }
    }

    /** Sequence that the first record of a segment must have, if that is known. */
    private static long firstExpected(final SegmentFile segment) {
        return segment.number() == FIRST_NUMBER ? 1 : SegmentWalker.ANY_SEQUENCE;
    }

    /** Whether the segment stays: it has a record, or bytes that may have been one. */
    private boolean findFirst(final SegmentFile segment, final boolean heldRecords) {
        final int length = segment.map(walker, firstExpected(segment));
        final long unused;
        try {
            checkRecords = false;
            damaged = false;
            if (walker.walk(length, true, this, 1) > 0) {
                segment.firstSequence(
                        segment.number() == FIRST_NUMBER
                                ? 1 // nothing was ever trimmed; what is missing there is a gap
                                : walker.expected() - 1);
                final long before = recordOffset - Excerpt.RECORD_OFFSET - walker.headEnd(length);
                lostAtHead = damaged ? Math.max(0, before) / Excerpt.MIN_LENGTH : 0;
                return true;
            }
            if (heldRecords || walker.isFrameDue(length)) {
                lostAtHead = length / Excerpt.MIN_LENGTH;
                return true;
            }
            unused = walker.headEnd(length);
        } finally {
            walker.release();
            segment.unmap();
        }
        removeUnused(segment, unused, length);
        return false;
    }

    /**
     * A last segment with few records, or with none that can be read, does not say by itself where
     * the journal ends: then the walk comes from segments before.
     */
    private void findEnd(final List<SegmentFile> segments) {
        int from = segments.size();
        long expected;
        do {
            from--;
            damage.clear();
            expected = walkAll(segments.get(from), firstExpected(segments.get(from)));
        } while (records < VOTES && from > 0);
        if (expected == SegmentWalker.ANY_SEQUENCE && segments.size() == 1) {
            expected = walkAll(segments.get(from), 1);
        }
        for (int i = from + 1; i < segments.size(); i++) {
            if (expected != SegmentWalker.ANY_SEQUENCE) {
                segments.get(i).firstSequence(expected); // what it says of itself may be wrong
            }
            expected = walkAll(segments.get(i), expected);
        }
        final SegmentFile last = segments.get(segments.size() - 1);
        if (last.firstSequence() == 0 || last.firstSequence() >= expected) {
            last.firstSequence(Math.max(1, expected - Math.max(1, records)));
        }
        lastSequence = expected - 1;
    }

    /** Walks a segment to its end; returns the sequence expected behind it. */
    private long walkAll(final SegmentFile segment, final long expected) {
        final int length = segment.map(walker, expected);
        try {
            checkRecords = true;
            records = 0;
            while (walker.walk(length, true, this, Integer.MAX_VALUE) > 0) {
                Thread.onSpinWait();
            }
            cut(segment, length, walker.goodEnd());
            return walker.expected();
        } finally {
            walker.release();
            segment.unmap();
        }
    }

    long lastSequence() {
        return lastSequence;
    }

    /** What was found, for the one who opens; the first {@value #DAMAGE_MAX} findings. */
    List<String> damage() {
        return damage;
    }

    @Override
    public void onRecord(
            final long sequence, final DirectBuffer buffer, final int offset, final int length) {
        records++;
        recordOffset = offset;
        if (checkRecords
                && RecordHeader.crc(buffer, offset)
                        != RecordHeader.computeCrc(buffer, offset, length)) {
            note("record " + sequence + ": CRC is wrong");
        }
    }

    @Override
    public void onDamage(
            final long firstSequence,
            final long lastLost,
            final String reason,
            final DirectBuffer buffer,
            final int offset,
            final int length) {
        damaged = true;
        if (checkRecords) {
            note(reason);
        }
    }

    private void note(final String finding) {
        if (damage.size() < DAMAGE_MAX) {
            damage.add(finding);
        }
    }

    private static void cut(final SegmentFile segment, final int length, final long goodEnd) {
        final long keep = Math.min(length, goodEnd + Excerpt.ALIGNMENT);
        if (length - keep >= CUT_FROM) {
            try {
                if (segment.isZero(keep, length)) {
                    segment.cut(keep);
                }
            } catch (final IOException e) {
                throw new JournalException(
                        segment + ": cannot be cut back to " + keep + " bytes", e);
            }
        }
    }

    /** A segment that was prepared and never appended to is deleted; one with other bytes stays. */
    private void removeUnused(final SegmentFile segment, final long from, final int length) {
        try {
            if (!segment.isZero(Math.min(from, length), length)) {
                // an append under way when its process died, or records torn by a loss of power
                lostAtHead += length / Excerpt.MIN_LENGTH;
                return;
            }
        } catch (final IOException e) {
            throw new JournalException(segment + ": cannot be read", e);
        }
        try {
            segment.delete();
        } catch (final IOException e) {
            note(segment + ": empty, cannot be deleted: " + e);
        }
    }
}
