package io.stemedb.engine.journal;

import io.stemedb.engine.platform.DirectWrite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * The segments that nobody appends to any more, oldest first: those of earlier lives, then those of
 * this one that were read and forced; and the file that says which is the oldest. For whoever holds
 * the journal's prepare lock, but for what says otherwise.
 */
final class OldSegments implements AutoCloseable {
    /** Deleting one takes some 10 ms of the thread that flushes, and perhaps does all else. */
    static final int SEGMENTS_A_TRIM = 4;

    private final List<SegmentFile> segments;

    /** Guarded by the trim lock. */
    private final OldestFile file;

    /** Guarded by the trim lock: no more of the journal, and not deleted yet. */
    private final List<SegmentFile> forgotten = new ArrayList<>(SEGMENTS_A_TRIM);

    /** Of all segments. Kept, as a look at each of them for each trim adds up. */
    private long bytes;

    OldSegments(final Path journal) throws IOException {
        segments = SegmentFiles.list(journal);
        file = OldestFile.open(journal);
    }

    List<SegmentFile> list() {
        return segments;
    }

    OldestFile file() {
        return file;
    }

    /** At open, once it is known what stays and how long it is. */
    void measure() throws IOException {
        for (final SegmentFile segment : segments) {
            segment.bytes(Files.size(segment.path()));
            bytes += segment.bytes();
        }
    }

    void add(final SegmentFile segment) {
        segments.add(segment);
        bytes += segment.bytes();
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
                DirectWrite.again(segment.path(), endOf(segment, sequenceFloor));
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
     * Forgets what a trim deletes next, from the oldest on, as {@link Journal#trim}.
     *
     * @param after the segment behind the last of these
     * @return where the journal begins then; null if nothing is to be forgotten
     */
    OldestSegment forget(
            final long belowSequence, final long keepBytes, final OldestSegment after) {
        final int most = SEGMENTS_A_TRIM - forgotten.size();
        int count = 0;
        OldestSegment kept = null;
        while (count < segments.size() && count < most && bytes > keepBytes) {
            final OldestSegment next =
                    count + 1 < segments.size() ? OldestSegment.of(segments.get(count + 1)) : after;
            if (next.firstSequence() > belowSequence) {
                break;
            }
            bytes -= segments.get(count).bytes();
            kept = next;
            count++;
        }
        final List<SegmentFile> chosen = segments.subList(0, count);
        forgotten.addAll(chosen);
        chosen.clear();
        return kept;
    }

    /**
     * Trim lock held. Deletes what was forgotten, once it is durable where the journal begins: if
     * that stops half way, the next call or the next open ends it. So nobody needs the deletion
     * itself to be durable.
     *
     * @throws JournalRefusedException if a segment cannot be deleted, which keeps none of the
     *     others; to be tried again
     */
    int deleteForgotten() {
        final int count = forgotten.size();
        JournalRefusedException refused = null;
        for (final Iterator<SegmentFile> rest = forgotten.iterator(); rest.hasNext(); ) {
            final SegmentFile segment = rest.next();
            try {
                segment.delete();
                rest.remove();
            } catch (final IOException e) {
                if (refused == null) {
                    refused =
                            new JournalRefusedException(
                                    "journal " + segment + ": cannot be deleted: " + e, e);
                } else {
                    refused.addSuppressed(e);
                }
            }
        }
        if (refused != null) {
            throw refused;
        }
        return count;
    }

    @Override
    public void close() {
        file.close();
    }
}
