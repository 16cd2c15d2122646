package io.stemedb.engine.journal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The segments that nobody appends to any more, oldest first: those of earlier lives, then those of
 * this one that were read and forced. For whoever holds the journal's prepare lock.
 */
final class OldSegments {
    private final Path journal;
    private final List<SegmentFile> segments;

    OldSegments(final Path journal) {
        this.journal = journal;
        segments = SegmentFiles.list(journal);
    }

    List<SegmentFile> list() {
        return segments;
    }

    void add(final SegmentFile segment) {
        segments.add(segment);
    }

    /**
     * What an earlier life appended may be in memory only, and an acknowledgement of this one
     * covers all before it. What the stores hold was forced before.
     *
     * <p>If a force of that life failed, the kernel took its pages for clean, and forcing them
     * again writes nothing: so what is not known to be on disk is written again. That can only be
     * of the last life, as its own open did the same for those before.
     *
     * @param sequenceFloor what the stores hold
     * @param lastSequence last record of these segments
     */
    void force(final long sequenceFloor, final long lastSequence) throws IOException {
        final Path lastLife =
                segments.isEmpty() ? null : segments.get(segments.size() - 1).path().getParent();
        for (int i = segments.size() - 1; i >= 0; i--) {
            final SegmentFile segment = segments.get(i);
            if (lastSequence > sequenceFloor && segment.path().getParent().equals(lastLife)) {
                SyncFile.writeAgain(segment.path(), endOf(segment, sequenceFloor));
            }
            try (SyncFile file = SyncFile.open(segment.path())) {
                file.force();
            }
            SyncFile.forceDirectory(segment.path().getParent());
            if (segment.firstSequence() <= sequenceFloor) {
                return;
            }
        }
    }

    /**
     * Where in a segment the records up to a sequence end, or before that: the last step may go
     * over a gap, and deliver what comes behind it.
     */
    static long endOf(final SegmentFile segment, final long sequence) {
        if (segment.firstSequence() > sequence) {
            return 0;
        }
        final SegmentWalker walker = new SegmentWalker();
        final int length = segment.map(walker, segment.firstSequence());
        try {
            long end = 0;
            while (walker.expected() <= sequence) {
                end = walker.goodEnd();
                if (walker.walk(length, true, FromSequence.NOBODY, 1) == 0) {
                    break;
                }
            }
            return walker.expected() == sequence + 1 ? walker.goodEnd() : end;
        } finally {
            walker.release();
            segment.unmap();
        }
    }

    /**
     * Deletes from the oldest on, as {@link Journal#trim}. What is deleted is forgotten first: if
     * that stops half way, the next open ends it.
     *
     * @param after the segment behind the last of these
     */
    int trim(final long belowSequence, final long keepBytes, final OldestSegment after)
            throws IOException {
        long bytes = 0;
        for (final SegmentFile segment : segments) {
            bytes += Files.size(segment.path());
        }
        int count = 0;
        OldestSegment kept = null;
        while (count < segments.size() && bytes > keepBytes) {
            final OldestSegment next =
                    count + 1 < segments.size() ? OldestSegment.of(segments.get(count + 1)) : after;
            if (next.firstSequence() > belowSequence) {
                break;
            }
            bytes -= Files.size(segments.get(count).path());
            kept = next;
            count++;
        }
        if (count > 0) {
            kept.write(journal);
            for (int i = 0; i < count; i++) {
                segments.remove(0).delete();
            }
            SyncFile.forceDirectory(journal);
        }
        return count;
    }
}
