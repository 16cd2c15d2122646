package io.stemedb.engine.journal;

import io.stemedb.codecs.RecordHeader;
import java.io.IOException;
import java.nio.file.Path;
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

    private final Path journal;
    private final OldestSegment stated;
    private final long synced;
    private final List<String> damage = new ArrayList<>();
    private final SegmentWalker walker = new SegmentWalker();
    private OldestSegment oldest;
    private long lastSequence;

    /**
     * A look that is still to come.
     *
     * @param journal its directory
     * @param stated what the file says about its begin
     * @param synced what the mark says about its end
     */
    TailScan(final Path journal, final OldestSegment stated, final long synced) {
        this.journal = journal;
        this.stated = stated;
        this.synced = synced;
    }

    /**
     * Removes segments that were trimmed or never appended to from the list and from the disk; sets
     * the first sequences of the others.
     *
     * @param sequenceFloor what the stores hold at most
     * @param storedSequence up to where all of them are complete
     */
    void scan(
            final List<SegmentFile> segments, final long sequenceFloor, final long storedSequence) {
        oldest = stated.orOlder(segments, storedSequence);
        findStart(segments);
        if (!segments.isEmpty()) {
            findEnd(segments);
            if (oldest.firstSequence() > 0) {
                // what was lost before the first record that can be read is damage, not trimmed
                segments.get(0).firstSequence(oldest.firstSequence());
            }
        }
        if (stated == OldestSegment.UNKNOWN) {
            damage.add(OldestSegment.file(journal) + ": altered, taken from the first record");
        }
        // the newest segment is never trimmed
        if (lastSequence < sequenceFloor) {
            damage.add(
                    journal
                            + ": sequences "
                            + (lastSequence + 1)
                            + "-"
                            + sequenceFloor
                            + " are missing at its end, the stores have them");
            lastSequence = sequenceFloor;
        }
        if (synced == SyncedMark.UNKNOWN) {
            damage.add(SyncedMark.file(journal) + ": altered, made anew");
        } else if (lastSequence < synced) {
            damage.add(journal + ": " + SyncedMark.missing(lastSequence, synced));
            lastSequence = synced;
        }
    }

    private void findStart(final List<SegmentFile> segments) {
        long after = 0;
        for (int i = segments.size() - 1; i >= 0; i--) {
            final SegmentFile segment = segments.get(i);
            if (segment.number() < oldest.number() || !findFirst(segment)) {
                segments.remove(i);
                delete(segment);
                continue;
            }
            if (segment.firstSequence() == 0) {
                segment.firstSequence(after); // none can be read: it starts there at most
            }
            after = segment.firstSequence();
        }
        lastSequence = Math.max(1, oldest.firstSequence()) - 1;
    }

    /**
     * Where the journal begins from now on. If all its segments are lost, it begins where it did:
     * what is missing stays to be told.
     *
     * @param segments what {@link #scan} left
     * @param number of the segment that comes next
     */
    OldestSegment oldest(final List<SegmentFile> segments, final long number) {
        if (!segments.isEmpty()) {
            return oldest.firstSequence() > 0 ? oldest : OldestSegment.of(segments.get(0));
        }
        return new OldestSegment(
                number, oldest.firstSequence() > 0 ? oldest.firstSequence() : lastSequence + 1);
    }

    /**
     * Finds the first record that can be read. Whether the segment stays: it has one, or bytes that
     * may have been one.
     */
    private boolean findFirst(final SegmentFile segment) {
        final int length = segment.map(walker, SegmentWalker.ANY_SEQUENCE);
        try {
            if (walker.walk(length, true, FromSequence.NOBODY, 1) > 0) {
                segment.firstSequence(walker.expected() - 1);
                return true;
            }
            // an append under way when its process died, or records torn by a loss of power
            return !segment.isZero(Math.min(walker.headEnd(length), length), length);
        } catch (final IOException e) {
            throw new JournalException(segment + ": cannot be read: " + e, e);
        } finally {
            walker.release();
            segment.unmap();
        }
    }

    /** Where nothing can be read in the last segment, the walk comes from those before. */
    private void findEnd(final List<SegmentFile> segments) {
        int from = segments.size();
        long expected;
        do {
            expected = walkAll(segments.get(--from), SegmentWalker.ANY_SEQUENCE);
        } while (expected == SegmentWalker.ANY_SEQUENCE && from > 0);
        if (expected == SegmentWalker.ANY_SEQUENCE) {
            expected = lastSequence + 1;
            from--;
        }
        for (int i = from + 1; i < segments.size(); i++) {
            segments.get(i).firstSequence(expected);
            expected = walkAll(segments.get(i), expected);
        }
        lastSequence = expected - 1;
    }

    /** Walks a segment to its end; returns the sequence expected behind it. */
    private long walkAll(final SegmentFile segment, final long expected) {
        final int length = segment.map(walker, expected);
        try {
            while (walker.walk(length, true, this, Integer.MAX_VALUE) > 0) {
                Thread.onSpinWait();
            }
            walker.tellLost(length, this);
            cut(segment, length, walker.goodEnd());
            return walker.expected();
        } finally {
            walker.release();
            segment.unmap();
        }
    }

    /** Of the journal, or of a store or the mark that knows what the journal has lost. */
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
        if (RecordHeader.crc(buffer, offset) != RecordHeader.computeCrc(buffer, offset, length)) {
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
        note(reason);
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
                        segment + ": cannot be cut back to " + keep + " bytes: " + e, e);
            }
        }
    }

    private void delete(final SegmentFile segment) {
        try {
            segment.delete();
        } catch (final IOException e) {
            note(segment + ": not needed, cannot be deleted: " + e);
        }
    }
}
