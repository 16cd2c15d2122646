package io.stemedb.bench.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.bytes.MappedBytes;
import net.openhft.chronicle.queue.ExcerptAppender;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueue;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueueBuilder;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueueStore;
import net.openhft.chronicle.queue.rollcycles.SparseRollCycles;
import net.openhft.chronicle.wire.DocumentContext;
import net.openhft.posix.MAdviseFlag;
import net.openhft.posix.OpenFlag;
import net.openhft.posix.PosixAPI;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.SleepingIdleStrategy;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A bare Chronicle queue that takes excerpts in place: no sequence, no checksum, no force, no lock
 * of ours, nobody reading. Its blocks are reserved and touched ahead by a thread of its own, with
 * the same steps and pauses as the engine's. One file of one block: it does not roll.
 */
public final class RawChronicle implements AutoCloseable {
    private static final int PAGE = 4096;
    private static final int RESERVE_STEP = 4 << 20;
    private static final int PAGES_A_SLICE = 64;
    private static final IdleStrategy IDLE = new SleepingIdleStrategy(50_000);
    private static final int END_MARGIN = 1 << 20;

    static {
        // As the engine does: without these Chronicle starts threads of its own.
        setDefault("background.releaser", "false");
        setDefault("chronicle.disk.monitor.disable", "true");
        setDefault("chronicle.analytics.disable", "true");
    }

    private final int blockLength;
    private final long aheadLength;
    private final SingleChronicleQueue queue;
    private final ExcerptAppender appender;
    private final SingleChronicleQueueStore store;

    /** Ours alone: each call of {@code bytes()} makes another that has to be released. */
    private final MappedBytes mapped;

    private final UnsafeBuffer pages;
    private final UnsafeBuffer target = new UnsafeBuffer(0, 0);
    private final int fd;
    private final Thread toucher;
    private final AtomicLong position = new AtomicLong();
    private volatile long touched;
    private volatile boolean closed;

    /** What was read, so that reading is not optimised away. */
    private long sink;

    /**
     * Opens an empty queue.
     *
     * @param directory of the queue; made if missing
     * @param blockLength bytes of its one block
     * @param aheadLength bytes to keep touched ahead of the appender
     */
    public RawChronicle(final Path directory, final int blockLength, final long aheadLength) {
        this.blockLength = blockLength;
        this.aheadLength = aheadLength;
        queue =
                SingleChronicleQueueBuilder.single(directory.toFile())
                        .rollCycle(SparseRollCycles.LARGE_HOURLY_XSPARSE)
                        .timeProvider(() -> SparseRollCycles.LARGE_HOURLY_XSPARSE.lengthInMillis())
                        .blockSize((long) blockLength)
                        .checkInterrupts(false)
                        .build();
        appender = queue.createAppender();
        appender.singleThreadedCheckDisabled(true);
        store = queue.storeForCycle(queue.cycle(), 0, true, null);
        mapped = store.bytes();
        mapped.singleThreadedCheckDisabled(true);
        pages = new UnsafeBuffer(mapped.addressForRead(0), blockLength);
        PosixAPI.posix().madvise(pages.addressOffset(), blockLength, MAdviseFlag.MADV_RANDOM);
        fd = open(directory);
        toucher = new Thread(this::touch, "raw-chronicle-touch");
        toucher.start();
        append(new UnsafeBuffer(new byte[Long.BYTES]), 0, Long.BYTES);
    }

    private static void setDefault(final String property, final String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    private static int open(final Path directory) {
        try (DirectoryStream<Path> files =
                Files.newDirectoryStream(directory, "*" + SingleChronicleQueue.SUFFIX)) {
            final Path file = files.iterator().next();
            final int fd = PosixAPI.posix().open(file.toString(), OpenFlag.O_RDWR, 0);
            if (fd < 0) {
                throw new IllegalStateException(
                        file + ": cannot be opened, errno " + PosixAPI.posix().lastError());
            }
            return fd;
        } catch (final IOException e) {
            throw new UncheckedIOException(directory + ": cannot be listed", e);
        }
    }

    /**
     * Appends bytes in place.
     *
     * @param record buffer of the bytes
     * @param offset first of them
     * @param length how many
     */
    public void append(final DirectBuffer record, final int offset, final int length) {
        final long end;
        try (DocumentContext document = appender.writingDocument()) {
            final Bytes<?> bytes = document.wire().bytes();
            final long start = bytes.writePosition();
            target.wrap(bytes.addressForWrite(start), length);
            target.putBytes(0, record, offset, length);
            end = start + length;
            bytes.writePosition(end);
        }
        position.setRelease(end);
    }

    /**
     * Whether so many bytes, frames included, still fit.
     *
     * @param length bytes
     * @return false once a new queue is needed
     */
    public boolean hasRoom(final long length) {
        return position.getAcquire() + length < blockLength - END_MARGIN;
    }

    /** Waits until everything ahead of the appender is touched as far as it should be. */
    public void awaitTouched() {
        while (touched < Math.min(position.getAcquire() + aheadLength, blockLength)) {
            IDLE.idle();
        }
    }

    private void touch() {
        long reserved = 0;
        while (!closed) {
            final long end = Math.min(position.getAcquire() + aheadLength, blockLength);
            if (touched >= end) {
                IDLE.idle();
                continue;
            }
            if (touched >= reserved) {
                if (PosixAPI.posix().fallocate(fd, 0, reserved, RESERVE_STEP) != 0) {
                    throw new IllegalStateException(
                            "no room on the disk, errno " + PosixAPI.posix().lastError());
                }
                reserved += RESERVE_STEP;
            }
            touched = touchSlice(Math.min(end, reserved));
        }
    }

    private long touchSlice(final long end) {
        final long from = touched;
        final long stop = Math.min(end, from + (long) PAGES_A_SLICE * PAGE);
        for (long at = from; at < stop; at += PAGE) {
            sink += pages.getByteVolatile((int) at);
        }
        return stop;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        boolean interrupted = false;
        while (toucher.isAlive()) {
            try {
                toucher.join();
            } catch (final InterruptedException e) {
                interrupted = true;
            }
        }
        PosixAPI.posix().close(fd);
        appender.close();
        mapped.releaseLast();
        store.close();
        queue.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
