package io.stemedb.engine.journal;

import io.stemedb.codecs.RecordHeader;
import io.stemedb.engine.faults.sim.Chaos;
import io.stemedb.engine.faults.sim.Mutant;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * {@link ChronicleJournal} with a {@link SimDisk} in place of Chronicle and the file system: the
 * same order of steps, on one thread, each of which may be the last of the process. The scan at
 * open and the walk through the segments are the real ones.
 */
public final class SimJournal implements Journal {
    private static final int END_MARGIN = 8;
    private static final int BLOCK = 2048;
    private static final int HEAD_MAX = 64;
    private static final int INDEX_PAGE = 16;

    final SimDisk disk;
    final Chaos chaos;
    private final long backlogLimit;
    private final List<SegmentFile> oldSegments;
    private SimSegment current;
    private SimSegment prepared;
    private SimSegment preparing;
    private SimSegment syncing;
    private SimSegment oldestMapped;
    private long oldestMappedFirstSequence;
    private SimJournalReader reader;
    private long appended;
    private long synced;
    private long appendedBytes;
    long readBytes;
    private boolean storageFull;
    private boolean closed;
    private Throwable failure;

    /** Opens: scans what earlier lives left, then starts a new one behind it. */
    public SimJournal(
            final SimDisk disk,
            final Chaos chaos,
            final long backlogLimit,
            final long sequenceFloor,
            final long storedSequence) {
        this.disk = disk;
        this.chaos = chaos;
        this.backlogLimit = backlogLimit;
        oldSegments = disk.list();
        final long number =
                oldSegments.isEmpty() ? 1 : oldSegments.get(oldSegments.size() - 1).number() + 1;
        final TailScan scan = new TailScan(Path.of("simulated journal"), disk.oldest, 0);
        scan.scan(oldSegments, sequenceFloor, storedSequence);
        chaos.point();
        appended = scan.lastSequence();
        oldestMappedFirstSequence = appended + 1;
        try {
            forceOld(sequenceFloor);
        } catch (final IOException e) {
            throw new JournalException("simulated journal: cannot be opened", e);
        }
        synced = appended;
        disk.oldest = scan.oldest(oldSegments, number);
        chaos.point();
        current = createSegment(number);
        if (current == null) {
            throw new JournalException("simulated journal: no room for a segment", null);
        }
        current.ready = 2 * BLOCK;
        syncing = current;
        oldestMapped = current;
        disk.forceDirectory(chaos);
    }

    /** As {@link OldSegments#force}. */
    private void forceOld(final long sequenceFloor) throws IOException {
        if (chaos.mutant == Mutant.OPEN_WITHOUT_FORCE) {
            return;
        }
        for (int i = oldSegments.size() - 1; i >= 0; i--) {
            final SimSegment segment = (SimSegment) oldSegments.get(i);
            if (appended > sequenceFloor && chaos.mutant != Mutant.OPEN_WITHOUT_REWRITE) {
                segment.rewrite();
            }
            segment.force(chaos);
            disk.forceDirectory(chaos);
            if (segment.firstSequence() <= sequenceFloor) {
                return;
            }
        }
    }

    private SimSegment createSegment(final long number) {
        if (chaos.journalFull) {
            return null;
        }
        final SimSegment segment = disk.create(number);
        final int head = 16 + 4 * chaos.random.nextInt((HEAD_MAX - 16) / 4);
        segment.cache.putInt(0, Excerpt.METADATA | head - Excerpt.FRAME_LENGTH);
        segment.cache.setMemory(Excerpt.FRAME_LENGTH, head - Excerpt.FRAME_LENGTH, (byte) 0x55);
        segment.touched(0, head);
        segment.position = head;
        preparing = segment;
        chaos.point();
        return segment;
    }

    @Override
    public long append(final DirectBuffer record, final int offset, final int length) {
        chaos.point();
        Excerpt.checkRecordLength(length);
        checkOpen();
        SimSegment segment = current;
        final boolean roll = chaos.takeRoll() && segment.limit > 0 && prepared != null;
        if (roll || end(segment, length) > segment.blocks()) {
            final SimSegment next = prepared;
            if (next == null || end(next, length) > next.ready) {
                return storageFull ? STORAGE_FULL : BACK_PRESSURED;
            }
            roll(segment, next);
            segment = next;
        }
        if (end(segment, length) > segment.ready) {
            return storageFull ? STORAGE_FULL : BACK_PRESSURED;
        }
        if (backlog() > backlogLimit && chaos.mutant != Mutant.BACKLOG_UNBOUNDED) {
            return BACK_PRESSURED;
        }
        return write(segment, record, offset, length);
    }

    private static long end(final SimSegment segment, final int length) {
        return segment.position
                + INDEX_PAGE
                + Excerpt.RECORD_OFFSET
                + length
                + Excerpt.ALIGNMENT
                + END_MARGIN;
    }

    private void roll(final SimSegment segment, final SimSegment next) {
        prepared = null;
        segment.cache.putInt(segment.position, Excerpt.END_OF_SEGMENT);
        segment.touched(segment.position, Excerpt.FRAME_LENGTH);
        chaos.point();
        segment.next = next;
        current = next;
        if (chaos.mutant == Mutant.SEQUENCE_SKIPPED) {
            appended++;
        }
    }

    private long write(
            final SimSegment segment,
            final DirectBuffer record,
            final int offset,
            final int length) {
        final UnsafeBuffer cache = segment.cache;
        if (chaos.random.nextInt(16) == 0) { // an index page of Chronicle's
            cache.putInt(segment.position, Excerpt.METADATA | 12);
            cache.setMemory(segment.position + Excerpt.FRAME_LENGTH, 12, (byte) 0x33);
            segment.touched(segment.position, INDEX_PAGE);
            segment.position += INDEX_PAGE;
        }
        final long sequence = appended + 1;
        final int at = segment.position;
        final int padding = Excerpt.padding(at, length);
        final int end = at + Excerpt.RECORD_OFFSET + length + padding;
        disk.placed(sequence, segment, at);
        segment.touched(at, end - at);
        cache.putInt(at, chaos.random.nextBoolean() ? 0 : Excerpt.NOT_COMPLETE);
        cache.putInt(at + Excerpt.RECORD_LENGTH_OFFSET, length);
        cache.putLong(at + Excerpt.SEQUENCE_OFFSET, sequence);
        chaos.point();
        cache.putBytes(at + Excerpt.RECORD_OFFSET, record, offset, length / 2);
        chaos.point();
        cache.putBytes(
                at + Excerpt.RECORD_OFFSET + length / 2,
                record,
                offset + length / 2,
                length - length / 2);
        cache.setMemory(end - padding, padding, (byte) 0);
        chaos.point();
        cache.putLong(
                at + Excerpt.SEAL_OFFSET,
                Excerpt.seal(
                        segment.number(), at, sequence, length, RecordHeader.crc(record, offset)));
        chaos.point();
        if (chaos.takeAppendBreak()) {
            failure = new JournalException("simulated journal: an append did not end well", null);
            if (chaos.random.nextBoolean()) {
                cache.putInt(at, end - at - Excerpt.FRAME_LENGTH);
            }
            throw new JournalException("simulated failure of an append that took effect", null);
        }
        cache.putInt(at, end - at - Excerpt.FRAME_LENGTH);
        appendedBytes += length;
        appended = sequence;
        segment.position = end;
        segment.lastSequence = sequence;
        segment.limit = end;
        chaos.point();
        return sequence;
    }

    @Override
    public long appended() {
        return appended;
    }

    @Override
    public long synced() {
        return synced;
    }

    /** Bytes appended and not yet read. */
    public long backlog() {
        return appendedBytes - readBytes;
    }

    /** Whether nothing is acknowledged any more. */
    public boolean hasFailed() {
        return failure != null;
    }

    /** Whether the last look for blocks found none. */
    public boolean isStorageFull() {
        return storageFull;
    }

    @Override
    public void sync(final long sequence) {
        while (synced < sequence) {
            checkOpen();
            force();
        }
    }

    private void force() {
        final long target = appended;
        SimSegment segment = syncing;
        try {
            while (true) {
                final SimSegment next = segment.next;
                if (chaos.mutant == Mutant.SYNCED_BEFORE_FORCE) {
                    synced = target;
                }
                forceFile(segment);
                synced = next == null ? target : Math.max(synced, segment.lastSequence);
                if (next == null) {
                    return;
                }
                if (chaos.mutant != Mutant.DIRECTORY_NOT_FORCED) {
                    disk.forceDirectory(chaos);
                }
                segment.synced = true;
                segment = next;
                syncing = next;
            }
        } catch (final IOException e) {
            failure = e;
            throw new JournalException(
                    segment.path() + ": force failed, nothing is acknowledged any more", e);
        }
    }

    private void forceFile(final SimSegment segment) throws IOException {
        try {
            segment.force(chaos);
        } catch (final IOException e) {
            if (chaos.mutant != Mutant.FORCE_RETRIED) {
                throw e;
            }
            segment.force(chaos);
        }
    }

    @Override
    public JournalReader newReader(final long fromSequence) {
        chaos.point();
        checkOpen();
        if (reader != null) {
            throw new IllegalStateException("a reader is open, and a journal has one at a time");
        }
        reader =
                new SimJournalReader(
                        this, oldSegments, oldestMapped, oldestMappedFirstSequence, fromSequence);
        for (SimSegment segment = oldestMapped; segment != null; segment = segment.next) {
            segment.read = false;
        }
        return reader;
    }

    void readerClosed() {
        reader = null;
    }

    @Override
    public int prepare() {
        chaos.point();
        checkOpen();
        return closeDone() + prepareBlocks();
    }

    private int prepareBlocks() {
        final SimSegment segment = preparing;
        if (segment.ready < segment.blocks()) {
            storageFull = chaos.journalFull;
            if (!storageFull) {
                segment.ready = Math.min(segment.blocks(), segment.ready + BLOCK);
            }
            return 1;
        }
        if (segment == current && prepared == null) {
            final SimSegment next = createSegment(current.number() + 1);
            storageFull = next == null;
            prepared = next;
            return 1;
        }
        return 0;
    }

    private int closeDone() {
        int work = 0;
        while (oldestMapped != current && oldestMapped.read && oldestMapped.synced) {
            final SimSegment done = oldestMapped;
            oldestMapped = done.next;
            done.firstSequence(oldestMappedFirstSequence);
            oldSegments.add(done);
            oldestMappedFirstSequence = done.lastSequence + 1;
            work++;
        }
        return work;
    }

    @Override
    public int trim(final long belowSequence, final long keepBytes) {
        chaos.point();
        checkOpen();
        long bytes = 0;
        for (final SegmentFile segment : oldSegments) {
            bytes += ((SimSegment) segment).fileLength;
        }
        int count = 0;
        while (count < Math.min(oldSegments.size(), OldSegments.SEGMENTS_A_TRIM)
                && bytes > keepBytes) {
            final OldestSegment next =
                    count + 1 < oldSegments.size()
                            ? OldestSegment.of(oldSegments.get(count + 1))
                            : new OldestSegment(oldestMapped.number(), oldestMappedFirstSequence);
            if (next.firstSequence() > belowSequence && chaos.mutant != Mutant.TRIM_UNREAD) {
                break;
            }
            bytes -= ((SimSegment) oldSegments.get(count)).fileLength;
            disk.oldest = next;
            count++;
        }
        chaos.point();
        for (int i = 0; i < count; i++) {
            ((SimSegment) oldSegments.remove(0)).delete();
            disk.trimmed++;
            chaos.point();
        }
        return count;
    }

    void checkOpen() {
        if (closed) {
            throw new JournalException("simulated journal is closed", null);
        }
        if (failure != null) {
            throw new JournalException("simulated journal failed before", failure);
        }
    }

    @Override
    public void close() {
        if (closed || chaos.isDead()) {
            return;
        }
        try {
            if (failure == null) {
                force();
            }
        } finally {
            closed = true;
            if (failure == null) {
                giveBack();
            }
        }
    }

    /** As {@link SegmentFiles#giveBack}. */
    private void giveBack() {
        if (prepared != null) {
            prepared.delete();
            chaos.point();
        }
        if (current.limit == 0) {
            current.delete();
        } else {
            current.cut(Math.min(current.fileLength, current.limit + Excerpt.ALIGNMENT));
        }
        disk.forceDirectory(chaos);
    }
}
