package io.stemedb.engine.journal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import net.openhft.chronicle.bytes.MappedBytes;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueueStore;
import net.openhft.posix.MAdviseFlag;
import net.openhft.posix.PosixAPI;
import org.agrona.CloseHelper;

/**
 * A segment of this process: one Chronicle cycle file, mapped as a whole, so that its addresses
 * stay good until it is closed.
 *
 * <p>The appending thread (whoever holds the append lock) publishes {@link #limit()}, {@link
 * #lastSequence()} and {@link #next()}; the preparing thread publishes {@link #ready()}; reading
 * and syncing threads follow.
 */
final class LiveSegment {
    private static final VarHandle LIMIT;
    private static final VarHandle LAST_SEQUENCE;
    private static final VarHandle READY;

    static {
        try {
            final MethodHandles.Lookup lookup = MethodHandles.lookup();
            LIMIT = lookup.findVarHandle(LiveSegment.class, "limit", long.class);
            LAST_SEQUENCE = lookup.findVarHandle(LiveSegment.class, "lastSequence", long.class);
            READY = lookup.findVarHandle(LiveSegment.class, "ready", long.class);
        } catch (final ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final long number;
    private final Path path;
    private final SingleChronicleQueueStore store;
    private final MappedBytes mapped;
    private final long address;
    private final int length;
    private final SyncFile syncFile;

    /** Guarded by the force lock. */
    private long unmapped;

    /** Published with the others: bytes of this life's records up to the last one. */
    private long lifeBytes;

    private long limit;
    private long lastSequence;
    private long ready;
    private volatile LiveSegment next;

    /**
     * Both set once, by the reading and by the syncing thread; the preparing thread then closes the
     * segment.
     */
    private volatile boolean read;

    private volatile boolean synced;

    LiveSegment(
            final long number,
            final Path path,
            final SingleChronicleQueueStore store,
            final SyncFile syncFile,
            final int length) {
        this.number = number;
        this.path = path;
        this.store = store;
        this.length = length;
        this.mapped = store.bytes();
        mapped.singleThreadedCheckDisabled(true);
        this.address = mapped.addressForRead(0);
        this.syncFile = syncFile;
    }

    long number() {
        return number;
    }

    Path path() {
        return path;
    }

    /** Address of byte 0 of the segment. */
    long address() {
        return address;
    }

    /** Bytes that records may fill. */
    int length() {
        return length;
    }

    SyncFile syncFile() {
        return syncFile;
    }

    /** End of the last published record. */
    long limit() {
        return (long) LIMIT.getAcquire(this);
    }

    /** Sequence of the last published record, 0 while there is none. */
    long lastSequence() {
        return (long) LAST_SEQUENCE.getAcquire(this);
    }

    /**
     * Bytes of this life's records up to the end of this segment. Once there is a {@link #next()}.
     */
    long lifeBytes() {
        return lifeBytes;
    }

    /** Appending thread: everything below {@code end}, up to {@code sequence}, is written. */
    void publish(final long sequence, final long end, final long newLifeBytes) {
        lifeBytes = newLifeBytes;
        LAST_SEQUENCE.setRelease(this, sequence);
        LIMIT.setRelease(this, end);
    }

    /** Bytes whose blocks are reserved and prepared: the appender stays below. */
    long ready() {
        return (long) READY.getAcquire(this);
    }

    void ready(final long bytes) {
        READY.setRelease(this, bytes);
    }

    /**
     * The segment after this one; once there is one, this one is sealed: limit and last sequence
     * are final.
     */
    LiveSegment next() {
        return next;
    }

    void next(final LiveSegment segment) {
        next = segment;
    }

    /**
     * Force lock held. Takes the finished pages out of the page table, all at once. The force that
     * follows would write-protect each of them by itself, which interrupts every core each time;
     * the bytes stay in the page cache, and who reads them again maps them again.
     */
    void unmapFinished() {
        final long end = limit() & -BlockPreparer.PAGE;
        if (end > unmapped) {
            // advice: if the kernel does not take it, the force is slower and nothing else
            PosixAPI.posix().madvise(address + unmapped, end - unmapped, MAdviseFlag.MADV_DONTNEED);
            unmapped = end;
        }
    }

    void markRead() {
        read = true;
    }

    /** A new reader starts at the oldest segment. */
    void markUnread() {
        read = false;
    }

    void markSynced() {
        synced = true;
    }

    boolean isDone() {
        return read && synced;
    }

    /** Bytes of the file, also of those behind what records may fill. */
    long fileLength() {
        try {
            return syncFile.length();
        } catch (final IOException e) {
            throw new UncheckedIOException(path + ": cannot be looked at: " + e, e);
        }
    }

    /** Unmaps. Nobody may hold an address of it any more. */
    void close() {
        CloseHelper.closeAll(this::closeSyncFile, mapped::releaseLast, store);
    }

    private void closeSyncFile() {
        try {
            syncFile.close();
        } catch (final IOException e) {
            throw new UncheckedIOException(path + ": cannot be closed: " + e, e);
        }
    }
}
