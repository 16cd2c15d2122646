package io.stemedb.engine.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import net.openhft.posix.MAdviseFlag;
import net.openhft.posix.OpenFlag;
import net.openhft.posix.PosixAPI;
import net.openhft.posix.WhenceFlag;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Reserves the blocks of a segment on disk and brings their pages into memory, a slice at a time,
 * ahead of the appender. A block that the disk cannot give is a refusal here; without it, it would
 * be a SIGBUS in append. Pages are read and stay clean until a record touches them, so a force
 * writes little more than the records.
 */
final class BlockPreparer {
    static final int PAGE = 4096;
    private static final int RESERVE_STEP = 4 << 20;
    private static final int PAGES_A_SLICE = 64;
    private static final int AHEAD = 256 << 10;
    private static final int ZEROS = 64 << 10;

    private static final int ATTEMPTS = 100;

    /** FALLOC_FL_KEEP_SIZE. */
    private static final int KEEP_SIZE = 1;

    // errno of Linux
    private static final int EINTR = 4;
    private static final int EFBIG = 27;
    private static final int ENOSYS = 38;
    private static final int EOPNOTSUPP = 95;

    private final PosixAPI posix = PosixAPI.posix();

    private final UnsafeBuffer pages = new UnsafeBuffer(0, 0);

    /** Made when the file system turns out to have no fallocate. */
    private ByteBuffer zeros;

    private LiveSegment segment;
    private Path file;
    private int fd = -1;
    private long reserved;
    private long touched;
    private long sink;

    /**
     * Creates a file with its first blocks reserved, before anything maps it.
     *
     * @throws JournalFullException when the disk has no room
     */
    void create(final Path newFile) throws IOException {
        open(newFile);
        reserved = 0;
        reserve(0, RESERVE_STEP, 0);
        reserved = RESERVE_STEP;
    }

    /**
     * Makes an empty file that has blocks behind its end: whoever maps it and lets it grow meets no
     * full disk.
     *
     * @throws JournalFullException when the disk has no room
     */
    void reserveAhead(final Path newFile) throws IOException {
        open(newFile);
        try {
            reserve(0, AHEAD, KEEP_SIZE);
        } finally {
            closeFile();
        }
    }

    private void open(final Path newFile) throws IOException {
        closeFile();
        Files.createFile(
                newFile,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        file = newFile;
        fd = posix.open(newFile.toString(), OpenFlag.O_RDWR, 0);
        if (fd < 0) {
            throw new IOException(newFile + ": " + posix.strerror(posix.lastError()));
        }
    }

    /**
     * Takes over the segment that was made of the file created last. Its header is written and
     * stays untouched.
     */
    void segment(final LiveSegment created, final long headerEnd) {
        segment = created;
        pages.wrap(created.address(), created.length());
        posix.madvise(created.address(), created.length(), MAdviseFlag.MADV_RANDOM);
        touched = (headerEnd + PAGE - 1) & -PAGE;
    }

    LiveSegment segment() {
        return segment;
    }

    boolean isComplete() {
        return touched >= segment.length();
    }

    /**
     * Prepares the next slice, at most up to a position.
     *
     * @return pages touched; 0 when there is nothing to do
     * @throws JournalFullException when the disk has no room
     */
    int prepare(final long upTo) {
        final long end = Math.min(upTo, segment.length());
        if (touched >= end) {
            return 0;
        }
        if (touched >= reserved) {
            final int step = (int) Math.min(RESERVE_STEP, segment.length() - reserved);
            reserve(reserved, step, 0);
            reserved += step;
        }
        final long stop = Math.min(Math.min(end, reserved), touched + (long) PAGES_A_SLICE * PAGE);
        int count = 0;
        for (; touched < stop; touched += PAGE, count++) {
            sink += pages.getByteVolatile((int) touched);
        }
        segment.ready(Math.min(touched, segment.length()));
        return count;
    }

    /** Without fallocate, as on some file systems, zeros are written instead. */
    private void reserve(final long offset, final long length, final int mode) {
        int error = zeros == null ? fallocate(offset, length, mode) : EOPNOTSUPP;
        if (error == EOPNOTSUPP || error == ENOSYS) {
            if (zeros == null) {
                zeros = ByteBuffer.allocateDirect(ZEROS);
            }
            error = mode == KEEP_SIZE ? probe(length) : writeZeros(offset, length);
        }
        if (error == Shortage.ENOSPC || error == Shortage.EDQUOT) {
            throw new JournalFullException(
                    file, "no room for " + length + " bytes", posix.strerror(error), null);
        }
        if (error != 0) {
            throw new JournalException(
                    "journal " + file + ": blocks cannot be reserved: " + posix.strerror(error),
                    null);
        }
    }

    /**
     * The library has ways of its own to go on after a failure, which hide the error; it has none
     * when the size is to be kept.
     */
    private int fallocate(final long offset, final long length, final int mode) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            if (posix.fallocate(fd, mode, offset, length) == 0) {
                return 0;
            }
            if (posix.fallocate(fd, KEEP_SIZE, offset, length) != 0 && posix.lastError() != EINTR) {
                return posix.lastError();
            }
        }
        return EFBIG; // blocks are there, and the file may not grow to them
    }

    private int writeZeros(final long offset, final long length) {
        posix.lseek(fd, offset, WhenceFlag.SEEK_SET);
        for (long left = length; left > 0; ) {
            final long written =
                    posix.write(fd, BufferUtil.address(zeros), Math.min(left, zeros.capacity()));
            if (written > 0) {
                left -= written;
            } else if (posix.lastError() != EINTR) {
                return posix.lastError();
            }
        }
        return 0;
    }

    /** Blocks cannot be kept behind the end: at least there is room for them now. */
    private int probe(final long length) {
        final int error = writeZeros(0, length);
        return posix.ftruncate(fd, 0) == 0 ? error : posix.lastError();
    }

    void closeFile() {
        if (fd >= 0) {
            posix.close(fd);
            fd = -1;
        }
    }
}
