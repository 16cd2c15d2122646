package io.stemedb.engine.journal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.agrona.BufferUtil;
import org.agrona.IoUtil;

/**
 * A segment that no process writes any more, mapped read-only while it is read. One thread at a
 * time. Open to be extended by the tests' simulated disk.
 *
 * <p>Its file may end in blocks that were reserved and never written; {@link SegmentFiles} cuts
 * those off once it has seen that they are zero.
 */
class SegmentFile {
    private static final ByteBuffer UNMAPPED = ByteBuffer.allocateDirect(0);

    private final Path path;
    private final long number;
    private ByteBuffer mapping = UNMAPPED;

    /** Sequence of the first record, 0 if there is none; set by the scan at open. */
    private long firstSequence;

    /** Length of the file, once it is known what stays of it. */
    private long bytes;

    SegmentFile(final Path path, final long number) {
        this.path = path;
        this.number = number;
    }

    Path path() {
        return path;
    }

    long number() {
        return number;
    }

    long firstSequence() {
        return firstSequence;
    }

    void firstSequence(final long sequence) {
        firstSequence = sequence;
    }

    long bytes() {
        return bytes;
    }

    void bytes(final long length) {
        bytes = length;
    }

    /**
     * Points a walker at the head of the segment. Returns the bytes mapped, the limit of the walk.
     */
    int map(final SegmentWalker walker, final long expectedSequence) {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            final long size = channel.size();
            if (size > Integer.MAX_VALUE) {
                throw new JournalException(
                        path + ": segment of " + size + " bytes, limit " + Integer.MAX_VALUE, null);
            }
            unmap();
            if (size > 0) {
                final MappedByteBuffer mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, size);
                mapping = mapped;
                walker.wrap(
                        BufferUtil.address(mapped),
                        (int) size,
                        number,
                        path.toString(),
                        expectedSequence);
            } else {
                walker.wrap(0, 0, number, path.toString(), expectedSequence);
            }
            return (int) size;
        } catch (final IOException e) {
            throw new UncheckedIOException(path + ": cannot be mapped: " + e, e);
        }
    }

    /** Whether bytes [from, to) are zero. */
    boolean isZero(final long from, final long to) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            return SegmentFiles.isZero(channel, from, to);
        }
    }

    /** Cuts the file back to a length. */
    void cut(final long length) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            channel.truncate(length);
        }
    }

    /** Deletes the file and, when it was the last of its life, the directory. */
    void delete() throws IOException {
        SegmentFiles.delete(path);
    }

    void unmap() {
        if (mapping instanceof MappedByteBuffer mapped) {
            IoUtil.unmap(mapped);
            mapping = UNMAPPED;
        }
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
