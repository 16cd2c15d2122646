package io.stemedb.engine.journal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import net.openhft.posix.MAdviseFlag;
import net.openhft.posix.OpenFlag;
import net.openhft.posix.PosixAPI;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Reserves the blocks of a segment on disk and brings their pages into memory, a slice at a time,
 * ahead of the appender. A block that the disk cannot give is a refusal here; without it, it would
 * be a SIGBUS in append.
 */
final class BlockPreparer {
    static final int PAGE = 4096;
    private static final int RESERVE_STEP = 4 << 20;
    private static final int PAGES_A_SLICE = 64;

    private final UnsafeBuffer pages = new UnsafeBuffer(0, 0);
    private final BlockPreparation preparation;
    private LiveSegment segment;
    private int fd = -1;
    private long reserved;
    private long touched;
    private long sink;

    BlockPreparer(final BlockPreparation preparation) {
        this.preparation = preparation;
    }

    /**
     * Creates a file with its first blocks reserved, before anything maps it.
     *
     * @return bytes reserved; 0 when the disk has no room
     */
    long create(final Path file) throws IOException {
        closeFile();
        Files.createFile(
                file,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        fd = PosixAPI.posix().open(file.toString(), OpenFlag.O_RDWR, 0);
        if (fd < 0) {
            throw new JournalException(
                    file + ": cannot be opened, errno " + PosixAPI.posix().lastError(), null);
        }
        reserved = reserve(0, RESERVE_STEP) ? RESERVE_STEP : 0;
        return reserved;
    }

    /**
     * Takes over the segment that was made of the file created last. Its header is written and
     * stays untouched.
     */
    void segment(final LiveSegment created, final long headerEnd) {
        segment = created;
        pages.wrap(created.address(), created.length());
        if (preparation == BlockPreparation.LATENCY) {
            PosixAPI.posix().madvise(created.address(), created.length(), MAdviseFlag.MADV_RANDOM);
        }
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
     * @return pages touched; 0 when there is nothing to do; -1 when the disk has no room
     */
    int prepare(final long upTo) {
        final long end = Math.min(upTo, segment.length());
        if (touched >= end) {
            return 0;
        }
        if (touched >= reserved) {
            final int step = (int) Math.min(RESERVE_STEP, segment.length() - reserved);
            if (!reserve(reserved, step)) {
                return -1;
            }
            reserved += step;
        }
        final long stop = Math.min(Math.min(end, reserved), touched + (long) PAGES_A_SLICE * PAGE);
        int count = 0;
        for (; touched < stop; touched += PAGE, count++) {
            if (preparation == BlockPreparation.THROUGHPUT) {
                pages.putLong((int) touched, 0);
            } else {
                sink += pages.getByteVolatile((int) touched);
            }
        }
        segment.ready(Math.min(touched, segment.length()));
        return count;
    }

    private boolean reserve(final long offset, final long length) {
        return PosixAPI.posix().fallocate(fd, 0, offset, length) == 0;
    }

    void closeFile() {
        if (fd >= 0) {
            PosixAPI.posix().close(fd);
            fd = -1;
        }
    }
}
