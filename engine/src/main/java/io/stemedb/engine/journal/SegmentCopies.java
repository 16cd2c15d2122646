package io.stemedb.engine.journal;

import io.stemedb.codecs.RecordHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * What a backup and a repair need to know of the files of a journal. Its owner, if there is one,
 * may append meanwhile.
 */
public final class SegmentCopies {
    /** Bytes of an excerpt before its record. */
    public static final int EXCERPT_HEAD = Excerpt.RECORD_OFFSET;

    private static final int CHUNK = 1 << 20;

    private SegmentCopies() {}

    /**
     * A segment to copy.
     *
     * @param path its file
     * @param length bytes that matter: behind them there is nothing, or what is appended later
     * @param isFinal whether nothing will ever be written to it again
     */
    public record Segment(Path path, long length, boolean isFinal) {}

    /**
     * The files of a journal: its segments, oldest first, with all records appended before the
     * call, all but the last final, as the appender is past them; then the one that says where it
     * begins. To be copied in this order.
     *
     * @param journal directory of the journal
     * @return segments that hold a record, and {@code oldest}
     * @throws JournalException if a file cannot be read, as when it was trimmed meanwhile
     */
    public static List<Segment> list(final Path journal) {
        final List<Segment> found = new ArrayList<>();
        try (JournalTail tail = JournalTail.open(journal, 1)) {
            final List<Path> paths = tail.segments();
            for (int i = 0; i < paths.size(); i++) {
                final Path path = paths.get(i);
                final boolean last = i + 1 == paths.size();
                final long sound = last ? tail.soundLength(path) : 0;
                found.add(new Segment(path, sound > 0 ? sound : writtenLength(path), !last));
            }
            final Path oldest = OldestSegment.file(journal);
            if (Files.exists(oldest)) {
                found.add(new Segment(oldest, OldestSegment.LENGTH, false));
            }
        } catch (final IOException e) {
            throw new JournalException(journal + ": cannot be read: " + e, e);
        }
        return found;
    }

    /** Up to the last byte that is not zero; the record it belongs to may end in zeros. */
    private static long writtenLength(final Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            final ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
            final long size = channel.size();
            long end = size;
            while (end > 0) {
                final long from = Math.max(0, end - CHUNK);
                chunk.clear().limit((int) (end - from));
                while (chunk.hasRemaining() && channel.read(chunk, from + chunk.position()) >= 0) {
                    Thread.onSpinWait();
                }
                for (int i = chunk.position() - 1; i >= 0; i--) {
                    if (chunk.get(i) != 0) {
                        return Math.min(size, from + i + Excerpt.MAX_LENGTH);
                    }
                }
                end = from;
            }
            return 0;
        }
    }

    /**
     * A record to put back into a segment.
     *
     * @param position where its excerpt starts
     * @param sequence its sequence
     * @param record its bytes, header first
     */
    public record Patch(long position, long sequence, byte[] record) {}

    /**
     * Bytes that the excerpt of a record takes.
     *
     * @param position where it starts
     * @param recordLength bytes of the record
     * @return bytes with head and padding
     */
    public static int excerptLength(final long position, final int recordLength) {
        return Excerpt.RECORD_OFFSET + recordLength + Excerpt.padding(position, recordLength);
    }

    /**
     * Puts records back into a segment that nobody has open: into a copy beside it, which is forced
     * and then takes its name.
     *
     * @param segment its file
     * @param patches what to write
     * @throws IOException if that fails; the segment is then as it was
     */
    public static void rewrite(final Path segment, final List<Patch> patches) throws IOException {
        final Path copy = segment.resolveSibling(segment.getFileName() + ".repair");
        Files.copy(
                segment,
                copy,
                StandardCopyOption.REPLACE_EXISTING,
                StandardCopyOption.COPY_ATTRIBUTES);
        try (FileChannel channel = FileChannel.open(copy, StandardOpenOption.WRITE)) {
            for (final Patch patch : patches) {
                final ByteBuffer bytes = excerpt(SegmentFiles.number(segment), patch);
                while (bytes.hasRemaining()) {
                    channel.write(bytes, patch.position() + bytes.position());
                }
            }
            channel.force(true);
        }
        Files.move(copy, segment, StandardCopyOption.ATOMIC_MOVE);
        SyncFile.forceDirectory(segment.getParent());
    }

    private static ByteBuffer excerpt(final long segment, final Patch patch) {
        final int length = patch.record().length;
        final int whole = excerptLength(patch.position(), length);
        return ByteBuffer.allocate(whole)
                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                .putInt(0, whole - Excerpt.FRAME_LENGTH)
                .putInt(Excerpt.RECORD_LENGTH_OFFSET, length)
                .putLong(Excerpt.SEQUENCE_OFFSET, patch.sequence())
                .putLong(
                        Excerpt.SEAL_OFFSET,
                        Excerpt.seal(
                                segment,
                                patch.position(),
                                patch.sequence(),
                                length,
                                RecordHeader.crc(new UnsafeBuffer(patch.record()), 0)))
                .put(Excerpt.RECORD_OFFSET, patch.record());
    }

    /** Whether a record is lost; what lost none hides nothing behind it. */
    static final class Soundness implements JournalHandler {
        private boolean damaged;

        boolean isSound() {
            return !damaged;
        }

        @Override
        public void onRecord(
                final long sequence,
                final DirectBuffer buffer,
                final int offset,
                final int length) {
            // counted by the walker's position
        }

        @Override
        public void onDamage(
                final long firstSequence,
                final long lastSequence,
                final String reason,
                final DirectBuffer buffer,
                final int offset,
                final int length) {
            damaged |= lastSequence >= firstSequence;
        }
    }
}
