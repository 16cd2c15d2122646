package io.stemedb.engine.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * The segments that nobody appends to any more, oldest first: those of earlier lives, then those of
 * this one that were read and forced. For whoever holds the journal's prepare lock.
 */
final class OldSegments {
    private static final int CHUNK = 1 << 20;

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
     * <p>Where there is more than that, it is written over itself first: if a force of the earlier
     * life failed, the kernel takes those pages for written, and a force alone would succeed
     * without them.
     *
     * @param sequenceFloor what the stores hold
     * @param lastSequence last record of these segments
     */
    void force(final long sequenceFloor, final long lastSequence) throws IOException {
        for (int i = segments.size() - 1; i >= 0; i--) {
            if (lastSequence > sequenceFloor) {
                rewrite(segments.get(i).path());
            }
            try (SyncFile file = SyncFile.open(segments.get(i).path())) {
                file.force();
            }
            SyncFile.forceDirectory(segments.get(i).path().getParent());
            if (segments.get(i).firstSequence() <= sequenceFloor) {
                return;
            }
        }
    }

    private static void rewrite(final Path path) throws IOException {
        final ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
        try (FileChannel channel =
                FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            long position = 0;
            while (channel.read(chunk.clear(), position) > 0) {
                chunk.flip();
                while (chunk.hasRemaining()) {
                    position += channel.write(chunk, position);
                }
            }
        }
    }

    /**
     * Deletes from the oldest on, as {@link Journal#trim}.
     *
     * @param firstAfter first sequence behind the last of these
     */
    int trim(final long belowSequence, final long keepBytes, final long firstAfter)
            throws IOException {
        long bytes = 0;
        for (final SegmentFile segment : segments) {
            bytes += Files.size(segment.path());
        }
        int deleted = 0;
        while (!segments.isEmpty() && bytes > keepBytes) {
            final long nextFirst =
                    segments.size() > 1 ? segments.get(1).firstSequence() : firstAfter;
            if (nextFirst > belowSequence) {
                break;
            }
            final Path path = segments.remove(0).path();
            bytes -= Files.size(path);
            SegmentFiles.delete(path);
            deleted++;
        }
        if (deleted > 0) {
            SyncFile.forceDirectory(journal);
        }
        return deleted;
    }
}
