package io.stemedb.engine.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * Where a journal begins: the file {@code oldest}, made durable before anything is trimmed. So a
 * segment that is not there was either trimmed or lost, and it is known which.
 *
 * <pre>
 *   0        8               16       20
 *   +--------+---------------+--------+
 *   | number | firstSequence | crc32c |     little-endian
 *   | u64    | u64           | u32    |
 *   +--------+---------------+--------+
 * </pre>
 *
 * @param number of the oldest segment that was kept
 * @param firstSequence of its first record
 */
record OldestSegment(long number, long firstSequence) {
    /** Nothing was ever trimmed. */
    static final OldestSegment FIRST = new OldestSegment(0, 1);

    /** The file is damaged: the journal begins with the first record that can be read. */
    static final OldestSegment UNKNOWN = new OldestSegment(0, 0);

    private static final String FILE = "oldest";
    private static final int CRC_OFFSET = 16;
    static final int LENGTH = 20;

    static OldestSegment of(final SegmentFile segment) {
        return new OldestSegment(segment.number(), segment.firstSequence());
    }

    /**
     * A trim deletes what the stores hold. Where they hold less by now, they were deleted or are
     * copies from before, and need whatever segments are still there: then the journal begins with
     * the first record that can be read.
     */
    OldestSegment orOlder(final List<SegmentFile> segments, final long storedSequence) {
        return firstSequence - 1 > storedSequence
                        && !segments.isEmpty()
                        && segments.get(0).number() < number
                ? new OldestSegment(segments.get(0).number(), 0)
                : this;
    }

    static OldestSegment read(final Path journal) {
        final byte[] bytes;
        try {
            bytes = Files.readAllBytes(file(journal));
        } catch (final NoSuchFileException e) {
            return FIRST;
        } catch (final IOException e) {
            throw new JournalException(file(journal) + ": cannot be read: " + e, e);
        }
        final ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        if (Arrays.equals(bytes, new byte[bytes.length])) {
            return FIRST; // made, and not written before the process or the machine ended
        }
        return bytes.length == LENGTH && buffer.getInt(CRC_OFFSET) == crc(bytes)
                ? new OldestSegment(buffer.getLong(0), buffer.getLong(Long.BYTES))
                : UNKNOWN;
    }

    /**
     * A trim stopped, perhaps as this could not be forced: then the disk does not have it, and the
     * kernel takes it for written.
     */
    void forceBeforeDeletes(final List<SegmentFile> segments, final OldestFile file)
            throws IOException {
        if (!segments.isEmpty() && segments.get(0).number() < number) {
            file.write(this);
        }
    }

    /** Writes what is no longer as it was stated, or is in no file yet. */
    void replace(final OldestSegment stated, final OldestFile file) throws IOException {
        if (!equals(stated) || file.isNew()) {
            file.write(this);
        }
    }

    /** As the file has it. */
    byte[] bytes() {
        final byte[] bytes = new byte[LENGTH];
        final ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        buffer.putLong(number).putLong(firstSequence).putInt(crc(bytes));
        return bytes;
    }

    static Path file(final Path journal) {
        return journal.resolve(FILE);
    }

    private static int crc(final byte[] bytes) {
        final CRC32C crc = new CRC32C();
        crc.update(bytes, 0, CRC_OFFSET);
        return (int) crc.getValue();
    }
}
