package io.stemedb.engine.journal;

import io.stemedb.codecs.RecordHeader;
import io.stemedb.engine.faults.sim.Chaos;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The journal directory under a {@link SimJournal}: it outlives the simulated processes, and knows
 * of each sequence where its excerpt was put.
 */
public final class SimDisk {
    private final int segmentLength;

    private final ArrayDeque<ByteBuffer> free = new ArrayDeque<>();
    private final List<SimSegment> segments = new ArrayList<>();

    /** Files that were deleted; until the directory is forced they may come back. */
    private final List<SimSegment> deleted = new ArrayList<>();

    /** Written in place, forced, never torn. */
    OldestSegment oldest = OldestSegment.FIRST;

    /** Segments that were ever trimmed. */
    long trimmed;

    /** Deleted files that a power loss brought back, ever. */
    private long filesBack;

    /** Unused segments that a launch found behind used ones, ever. */
    private long unusedFound;

    private SimSegment[] places = new SimSegment[256];
    private int[] positions = new int[256];

    /** A disk whose segments have so many bytes, a multiple of 512. */
    public SimDisk(final int segmentLength) {
        this.segmentLength = segmentLength;
    }

    /** An empty disk; its memory is used again. */
    public void reset() {
        while (!segments.isEmpty()) {
            remove(segments.get(segments.size() - 1));
        }
        forget();
        oldest = OldestSegment.FIRST;
        Arrays.fill(places, null);
    }

    /** Segments that were ever trimmed, by whomever. */
    public long trimmed() {
        return trimmed;
    }

    /** As it says. */
    public long filesBack() {
        return filesBack;
    }

    /** As it says. */
    public long unusedFound() {
        return unusedFound;
    }

    /** Segments by number. */
    List<SegmentFile> list() {
        segments.sort(Comparator.comparingLong(SimSegment::number));
        boolean used = false;
        for (final SimSegment segment : segments) {
            unusedFound += used && segment.limit == 0 ? 1 : 0;
            used |= segment.limit > 0;
            segment.firstSequence(0);
        }
        return new ArrayList<>(segments);
    }

    SimSegment create(final long number) {
        ByteBuffer memory = free.poll();
        if (memory == null) {
            memory = ByteBuffer.allocateDirect(2 * segmentLength);
        }
        final SimSegment segment = new SimSegment(this, number, memory, segmentLength);
        segment.cache.setMemory(0, segmentLength, (byte) 0);
        segment.durable.setMemory(0, segmentLength, (byte) 0);
        segments.add(segment);
        return segment;
    }

    void remove(final SimSegment segment) {
        segments.remove(segment);
        deleted.add(segment);
    }

    private void forget() {
        for (final SimSegment segment : deleted) {
            free.add(segment.cache.byteBuffer());
        }
        deleted.clear();
    }

    void forceDirectory(final Chaos chaos) {
        chaos.point();
        for (final SimSegment segment : segments) {
            segment.entryDurable = true;
        }
        forget();
    }

    void placed(final long sequence, final SimSegment segment, final int position) {
        final int index = (int) sequence;
        if (index >= places.length) {
            places = Arrays.copyOf(places, 2 * index);
            positions = Arrays.copyOf(positions, 2 * index);
        }
        places[index] = segment;
        positions[index] = position;
    }

    /** The kernel writes some of what is dirty. */
    public void writeBack(final SplittableRandom random) {
        for (final SimSegment segment : segments) {
            segment.writeBack(random);
        }
    }

    /** The machine goes off and on again. */
    public void powerLoss(final SplittableRandom random) {
        for (int i = deleted.size() - 1; i >= 0; i--) {
            if (random.nextBoolean()) {
                segments.add(deleted.remove(i));
                filesBack++;
            }
        }
        for (int i = segments.size() - 1; i >= 0; i--) {
            final SimSegment segment = segments.get(i);
            if (!segment.powerLoss(random)) {
                remove(segment);
            }
        }
        forget();
    }

    /** Whether the file with the excerpt of a sequence is there. */
    public boolean isThere(final long sequence) {
        return sequence < places.length
                && places[(int) sequence] != null
                && segments.contains(places[(int) sequence]);
    }

    /** Whether all of an excerpt but its frame and padding is as it was written. */
    public boolean isIntact(final long sequence, final DirectBuffer record, final int length) {
        if (!isThere(sequence)) {
            return false;
        }
        final UnsafeBuffer cache = places[(int) sequence].cache;
        final int at = positions[(int) sequence];
        if (places[(int) sequence].fileLength < at + Excerpt.RECORD_OFFSET + length
                || cache.getInt(at + Excerpt.RECORD_LENGTH_OFFSET) != length
                || cache.getLong(at + Excerpt.SEQUENCE_OFFSET) != sequence
                || cache.getLong(at + Excerpt.SEAL_OFFSET) != seal(sequence, record, length)) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (cache.getByte(at + Excerpt.RECORD_OFFSET + i) != record.getByte(i)) {
                return false;
            }
        }
        return true;
    }

    private long seal(final long sequence, final DirectBuffer record, final int length) {
        return Excerpt.seal(
                places[(int) sequence].number(),
                positions[(int) sequence],
                sequence,
                length,
                RecordHeader.crc(record, 0));
    }

    /** Where everything is, for the message of a failure. */
    public String layout(final long top) {
        final StringBuilder text = new StringBuilder();
        for (final SimSegment segment : segments) {
            text.append("\n").append(segment.path()).append(" first ");
            text.append(segment.firstSequence()).append(" of ").append(segment.fileLength);
            for (int s = 1; s <= top && s < places.length; s++) {
                if (places[s] == segment) {
                    text.append(' ').append(s).append('@').append(positions[s]);
                }
            }
        }
        return text.toString();
    }

    /** Turns one bit of an excerpt over, if that is the first in its segment. Whether it did. */
    public boolean flip(
            final long sequence, final int recordLength, final SplittableRandom random) {
        final SimSegment segment = places[(int) sequence];
        if (segment.flipped) {
            return false;
        }
        segment.flipped = true;
        final int length = Excerpt.RECORD_OFFSET + recordLength;
        segment.flip(positions[(int) sequence] + random.nextInt(length), random.nextInt(8));
        return true;
    }
}
