package io.stemedb.engine.journal;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * Up to where the journal was SYNCED: the file {@code synced}, written after each force and before
 * anybody is told of it. So records that are lost at the journal's end, where no record behind them
 * shows the gap, are told, and their sequences are not given again.
 *
 * <pre>
 *   0          8        12
 *   +----------+--------+
 *   | sequence | crc32c |     little-endian
 *   | u64      | u32    |
 *   +----------+--------+
 * </pre>
 *
 * <p>It is not forced itself: after a loss of power it says as much as the kernel had written of
 * it, or less than the journal has, never more. A backup goes without it.
 *
 * <p>Not a channel, as an interrupt of a caller's thread would close one. For whoever holds the
 * journal's force lock.
 */
final class SyncedMark implements AutoCloseable {
    /** The file is damaged. */
    static final long UNKNOWN = -1;

    static final String NAME = "synced";

    private static final int CRC_OFFSET = Long.BYTES;
    private static final int LENGTH = CRC_OFFSET + Integer.BYTES;

    private final Path path;
    private final RandomAccessFile file;
    private final byte[] bytes = new byte[LENGTH];
    private final ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    private final CRC32C crc = new CRC32C();

    private SyncedMark(final Path path) throws IOException {
        this.path = path;
        file = new RandomAccessFile(path.toFile(), "rw");
    }

    /** Opens the mark for writing, with its block on the disk, so that no write needs room. */
    static SyncedMark open(final Path journal, final long sequence) {
        final Path path = file(journal);
        try {
            final SyncedMark mark = new SyncedMark(path);
            try {
                mark.write(sequence);
                mark.file.setLength(LENGTH); // it may have been altered
                mark.file.getFD().sync();
                return mark;
            } catch (final IOException e) {
                mark.close();
                throw e;
            }
        } catch (final IOException e) {
            throw Shortage.refusal(path, "cannot be written", e);
        }
    }

    /**
     * Reads the mark.
     *
     * @return its sequence; 0 if there is none, {@link #UNKNOWN} if it was altered
     */
    static long read(final Path journal) {
        final Path path = file(journal);
        final byte[] found;
        try {
            found = Files.readAllBytes(path);
        } catch (final NoSuchFileException e) {
            return 0;
        } catch (final IOException e) {
            throw new JournalException(path + ": cannot be read: " + e, e);
        }
        if (Arrays.equals(found, new byte[found.length])) {
            return 0; // made, and not written before the process or the machine ended
        }
        final ByteBuffer buffer = ByteBuffer.wrap(found).order(ByteOrder.LITTLE_ENDIAN);
        return found.length == LENGTH && buffer.getInt(CRC_OFFSET) == crc(new CRC32C(), found)
                ? buffer.getLong(0)
                : UNKNOWN;
    }

    Path path() {
        return path;
    }

    /** Twelve bytes in one sector, in place: a kill or a disk leaves the old ones or these. */
    void write(final long sequence) throws IOException {
        buffer.putLong(0, sequence);
        buffer.putInt(CRC_OFFSET, crc(crc, bytes));
        file.seek(0);
        file.write(bytes, 0, LENGTH);
    }

    /** What to say where the journal ends before its mark. */
    static String missing(final long last, final long synced) {
        return "sequences "
                + (last + 1)
                + "-"
                + synced
                + " are missing at its end, and were SYNCED";
    }

    static Path file(final Path journal) {
        return journal.resolve(NAME);
    }

    private static int crc(final CRC32C crc, final byte[] bytes) {
        crc.reset();
        crc.update(bytes, 0, CRC_OFFSET);
        return (int) crc.getValue();
    }

    @Override
    public void close() {
        try {
            file.close();
        } catch (final IOException e) {
            throw new JournalException(path + ": cannot be closed: " + e, e);
        }
    }
}
