package io.stemedb.engine.journal;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;

/**
 * The journal on Chronicle Queue, with what Chronicle does not give: durability by our own
 * fdatasync, dense sequences, blocks reserved ahead, segments that roll by size and never by the
 * wall clock, and one life of the queue per open.
 *
 * <p>Locks: trim (whoever trims), append (callers), force (whoever syncs), prepare (the preparing
 * thread), read (the reading thread). Close takes them all in this order; a trim and an append that
 * fails take one more, else each is taken alone. Whoever opens a journal holds the lock of its data
 * directory.
 */
public final class ChronicleJournal implements Journal {
    /** Chronicle's name of the roll cycle, for the manifest. */
    public static final String ROLL_CYCLE_NAME = "LARGE_HOURLY_XSPARSE";

    private static final VarHandle APPENDED;
    private static final VarHandle SYNCED;
    private static final VarHandle READ_BYTES;

    static {
        ChronicleSettings.apply();
        try {
            final MethodHandles.Lookup lookup = MethodHandles.lookup();
            APPENDED = lookup.findVarHandle(ChronicleJournal.class, "appended", long.class);
            SYNCED = lookup.findVarHandle(ChronicleJournal.class, "synced", long.class);
            READ_BYTES = lookup.findVarHandle(ChronicleJournal.class, "readBytes", long.class);
        } catch (final ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Path directory;
    private final JournalConfig config;
    private final OldSegments oldSegments;
    private final List<String> damage;
    private final Life life;
    private final ExcerptWriter writer;
    private final SegmentSupply supply;
    private final SpinLock trimLock = new SpinLock();
    private final SpinLock appendLock = new SpinLock();
    private final SpinLock forceLock = new SpinLock();
    private final SpinLock prepareLock = new SpinLock();
    private final SpinLock readLock = new SpinLock();
    private final JournalState state;

    /** Guarded by the append lock, read by the preparing thread. */
    private volatile LiveSegment current;

    /** Guarded by the force lock. */
    private LiveSegment syncing;

    private final SyncedMark mark;

    /** Guarded by the prepare lock: the oldest mapped segment of this life, and what is before. */
    private LiveSegment oldestMapped;

    private long oldestMappedFirstSequence;
    private long closedBytes;

    /** Guarded by the prepare lock. Its segments stay mapped, so there can be only one. */
    private ChronicleJournalReader reader;

    private long appended;
    private long synced;
    private long appendedBytes;
    private long readBytes;

    private ChronicleJournal(
            final Path directory, final JournalConfig config, final long storedSequence)
            throws IOException {
        this.directory = directory;
        this.config = config;
        state = new JournalState(directory, forceLock);
        Files.createDirectories(directory);
        oldSegments = new OldSegments(directory);
        Life made = null;
        LiveSegment first = null;
        SyncedMark opened = null;
        try {
            final List<SegmentFile> segments = oldSegments.list();
            final long number = SegmentFiles.nextNumber(directory, segments);
            final OldestSegment stated = OldestSegment.read(directory);
            stated.forceBeforeDeletes(segments, oldSegments.file());
            final TailScan scan = new TailScan(directory, stated, SyncedMark.read(directory));
            scan.scan(segments, config.sequenceFloor(), storedSequence);
            damage = scan.damage();
            appended = scan.lastSequence();
            oldestMappedFirstSequence = appended + 1;
            oldSegments.force(config.sequenceFloor(), appended);
            oldSegments.measure();
            scan.oldest(segments, number).replace(stated, oldSegments.file());
            synced = appended;
            made = new Life(directory, number, config);
            opened = SyncedMark.open(directory, synced);
            supply = new SegmentSupply(made, config);
            first = made.createSegment(number);
            supply.prepareFirst(first);
            writer = new ExcerptWriter(made.queue());
            made.forceNames();
            SyncFile.forceDirectory(directory);
            SyncFile.forceDirectory(directory.toAbsolutePath().getParent());
        } catch (final Throwable e) {
            if (made != null) {
                made.discard(first, opened, e);
            }
            CloseHelper.close(e::addSuppressed, oldSegments);
            throw e;
        }
        life = made;
        mark = opened;
        current = first;
        syncing = first;
        oldestMapped = first;
    }

    /**
     * Opens a journal: scans what earlier lives left, then starts a new life behind it.
     *
     * @param directory directory of the journal, made if missing; the caller holds the lock of the
     *     data directory
     * @param config settings
     * @return an open journal
     * @throws JournalFullException if the disk has no room
     * @throws JournalException if the files cannot be a journal's
     */
    public static ChronicleJournal open(final Path directory, final JournalConfig config) {
        return open(directory, config, config.sequenceFloor());
    }

    /**
     * Opens a journal as {@link #open(Path, JournalConfig)} for stores that are not equally far.
     *
     * @param directory directory of the journal
     * @param config settings
     * @param storedSequence up to where all stores are complete, at most the floor: one that needs
     *     more gets what a trim that stopped has left
     * @return an open journal
     */
    public static ChronicleJournal open(
            final Path directory, final JournalConfig config, final long storedSequence) {
        try {
            return new ChronicleJournal(directory, config, storedSequence);
        } catch (final IOException e) {
            throw new JournalException(directory + ": cannot be opened as a journal: " + e, e);
        }
    }

    /**
     * What the scan at open found damaged.
     *
     * @return one line a finding; empty for a sound journal
     */
    public List<String> damage() {
        return List.copyOf(damage);
    }

    @Override
    public long append(final DirectBuffer record, final int offset, final int length) {
        Excerpt.checkRecordLength(length);
        final boolean interrupted =
                Thread.interrupted(); // Chronicle closes its files under an interrupted thread
        appendLock.lock();
        try {
            checkOpen();
            LiveSegment segment = current;
            long end = Excerpt.endAtMost(segment.limit(), length);
            if (end > segment.length()) {
                final LiveSegment next = supply.next();
                if (next == null) {
                    return notReady();
                }
                end = Excerpt.endAtMost(next.limit(), length);
                if (end > next.ready()) {
                    return notReady();
                }
                roll(segment, next);
                segment = next;
            }
            if (end > segment.ready()) {
                return notReady();
            }
            if (appendedBytes - (long) READ_BYTES.getAcquire(this) > config.backlogLimit()) {
                return BACK_PRESSURED;
            }
            return write(segment, record, offset, length);
        } finally {
            appendLock.unlock();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private long notReady() {
        return supply.isFull() ? STORAGE_FULL : BACK_PRESSURED;
    }

    private long write(
            final LiveSegment segment,
            final DirectBuffer record,
            final int offset,
            final int length) {
        final long sequence = appended + 1;
        final long end;
        try {
            end = writer.write(segment, sequence, record, offset, length);
        } finally {
            if (writer.isBroken()) {
                state.fail(new JournalException(directory + ": an append did not end well", null));
            }
        }
        appendedBytes += length;
        // before ingest can see it: READABLE is never above APPENDED
        APPENDED.setRelease(this, sequence);
        segment.publish(sequence, end, appendedBytes);
        return sequence;
    }

    /**
     * The next document that the appender opens writes the end-of-segment frame here and starts the
     * next file.
     */
    private void roll(final LiveSegment segment, final LiveSegment next) {
        supply.taken();
        life.roll(next.number());
        segment.next(next);
        current = next;
    }

    @Override
    public long appended() {
        return (long) APPENDED.getAcquire(this);
    }

    @Override
    public long synced() {
        return (long) SYNCED.getAcquire(this);
    }

    @Override
    public void sync(final long sequence) {
        if (sequence > appended()) {
            checkOpen();
            throw new IllegalArgumentException(
                    "sequence: at most APPENDED, " + appended() + ", is " + sequence);
        }
        while (synced() < sequence) {
            checkOpen();
            if (forceLock.tryLock()) {
                try {
                    if (synced() < sequence) {
                        force();
                    }
                } finally {
                    forceLock.unlock();
                }
            } else {
                Thread.yield();
            }
        }
    }

    /**
     * Force lock held. A failed force is never retried: what the kernel dropped would be taken for
     * written.
     */
    private void force() {
        checkOpen();
        final long target = appended();
        LiveSegment segment = syncing;
        Path forced = segment.path();
        try {
            while (true) {
                final LiveSegment next = segment.next();
                segment.unmapFinished();
                forced = segment.path();
                segment.syncFile().force();
                // more than the target may be in a segment that was rolled meanwhile: never back
                final long done = Math.max(synced, next == null ? target : segment.lastSequence());
                forced = mark.path();
                mark.write(done);
                SYNCED.setRelease(this, done);
                if (next == null) {
                    return;
                }
                forced = life.directory();
                life.forceNames();
                segment.markSynced();
                segment = next;
                syncing = next;
            }
        } catch (final IOException e) {
            final JournalException failed =
                    new JournalException(
                            "journal %s: force failed, nothing is acknowledged any more: %s"
                                    .formatted(forced, e.getMessage()),
                            e);
            state.failLocked(failed);
            throw failed;
        }
    }

    @Override
    public JournalReader newReader(final long fromSequence) {
        checkOpen();
        prepareLock.lock();
        try {
            if (reader != null) {
                throw new IllegalStateException(
                        directory + ": a reader is open, and a journal has one at a time");
            }
            reader =
                    new ChronicleJournalReader(
                            this,
                            readLock,
                            oldSegments.list(),
                            oldestMapped,
                            oldestMappedFirstSequence,
                            closedBytes,
                            fromSequence);
            for (LiveSegment segment = oldestMapped; segment != null; segment = segment.next()) {
                segment.markUnread();
            }
            return reader;
        } finally {
            prepareLock.unlock();
        }
    }

    /** Reading thread. */
    void readerClosed() {
        prepareLock.lock();
        reader = null;
        prepareLock.unlock();
    }

    /** Reading thread: bytes of this life's records read so far. */
    void readBytes(final long bytes) {
        READ_BYTES.setRelease(this, bytes);
    }

    @Override
    public int prepare() {
        final JournalException failed;
        prepareLock.lock();
        try {
            checkOpen();
            return closeDone() + supply.prepare(current);
        } catch (final JournalRefusedException e) {
            throw e;
        } catch (final JournalException e) {
            failed = e;
        } finally {
            prepareLock.unlock();
        }
        state.fail(failed);
        throw failed;
    }

    /**
     * Prepare lock held. Unmapping is slow, so neither the reading nor the appending thread does
     * it.
     */
    private int closeDone() {
        int work = 0;
        while (oldestMapped != current && oldestMapped.isDone()) {
            final LiveSegment done = oldestMapped;
            final SegmentFile file = new SegmentFile(done.path(), done.number());
            file.bytes(done.fileLength());
            file.firstSequence(oldestMappedFirstSequence);
            oldestMapped = done.next();
            closedBytes = done.lifeBytes();
            oldestMappedFirstSequence = done.lastSequence() + 1;
            oldSegments.add(file);
            done.close();
            work++;
        }
        return work;
    }

    @Override
    public int trim(final long belowSequence, final long keepBytes) {
        trimLock.lock();
        try {
            final OldestSegment oldest = forget(belowSequence, keepBytes);
            if (oldest != null) {
                oldSegments.file().write(oldest);
            }
            return oldSegments.deleteForgotten();
        } catch (final IOException e) {
            final JournalException failed =
                    new JournalException("journal " + directory + ": cannot be trimmed: " + e, e);
            state.fail(failed);
            throw failed;
        } finally {
            trimLock.unlock();
        }
    }

    private OldestSegment forget(final long belowSequence, final long keepBytes) {
        prepareLock.lock();
        try {
            checkOpen();
            return oldSegments.forget(
                    belowSequence,
                    keepBytes,
                    new OldestSegment(oldestMapped.number(), oldestMappedFirstSequence));
        } finally {
            prepareLock.unlock();
        }
    }

    void checkOpen() {
        state.checkOpen();
    }

    @Override
    public void close() {
        readLock.checkNotHeld();
        final boolean interrupted = Thread.interrupted(); // as in append
        trimLock.lock();
        appendLock.lock();
        forceLock.lock();
        prepareLock.lock();
        readLock.lock();
        try {
            if (!state.isClosed()) {
                closeLocked();
            }
        } finally {
            readLock.unlock();
            prepareLock.unlock();
            forceLock.unlock();
            appendLock.unlock();
            trimLock.unlock();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** One part that does not close keeps none of the others open; the first error is thrown. */
    private void closeLocked() {
        final List<AutoCloseable> parts = new ArrayList<>();
        if (!state.hasFailed()) {
            parts.add(this::force);
        }
        parts.add(state::close);
        for (LiveSegment segment = oldestMapped; segment != null; segment = segment.next()) {
            parts.add(segment::close);
        }
        final LiveSegment unused = supply.next();
        parts.add(unused == null ? null : unused::close);
        parts.addAll(List.of(writer::close, mark, life::close, oldSegments));
        parts.add(
                () -> {
                    if (!state.hasFailed()) { // else the next open looks at its files as they are
                        SegmentFiles.giveBack(directory, current, unused);
                    }
                });
        CloseHelper.closeAll(parts);
    }
}
