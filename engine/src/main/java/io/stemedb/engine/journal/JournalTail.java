package io.stemedb.engine.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.function.Consumer;
import org.agrona.BufferUtil;

/**
 * Reads the files of a journal without opening it, from a sequence to the present end. Where the
 * journal may have an owner, each segment is read into memory of our own: its owner may cut a file
 * back while we look, and a mapping would not survive that. Whoever holds the directory's lock maps
 * the files instead.
 *
 * <p>One thread. Of a journal that is being appended to it sees a beginning, up to some moment of
 * the reading.
 */
public final class JournalTail implements JournalReader {
    private static final int CHUNK = 1 << 20;

    /** Where the first record of a sound segment ends, and the one behind it. */
    private static final int HEAD = CHUNK;

    /** So many zeros in a row are taken for blocks that are reserved and not written yet. */
    private static final int ZEROS_END = 8 * CHUNK;

    private final List<SegmentFile> segments;
    private final long fromSequence;
    private final boolean mapped;
    private final SegmentWalker walker = new SegmentWalker();
    private final FromSequence filter;
    private ByteBuffer image = ByteBuffer.allocateDirect(0);
    private int imageLength;
    private int next;
    private boolean loaded;

    /** Of the segment looked at last: no record can be read, and a frame says there was one. */
    private boolean isDamaged;

    private long nextSequence;
    private long oldestSequence;
    private boolean isStartKnown;
    private long synced;

    private JournalTail(
            final List<SegmentFile> segments, final long fromSequence, final boolean mapped) {
        this.segments = segments;
        this.mapped = mapped;
        this.fromSequence = fromSequence;
        filter = new FromSequence(fromSequence);
    }

    /**
     * Opens the files of a journal.
     *
     * @param directory directory of the journal
     * @param fromSequence first record to deliver; older ones are skipped
     * @return a reader
     */
    public static JournalTail open(final Path directory, final long fromSequence) {
        return open(directory, fromSequence, Long.MAX_VALUE);
    }

    /**
     * Opens the files of a journal.
     *
     * @param directory directory of the journal
     * @param fromSequence first record to deliver; older ones are skipped
     * @param storedSequence up to where all stores are complete: one that needs more gets what a
     *     trim that stopped has left
     * @return a reader
     */
    public static JournalTail open(
            final Path directory, final long fromSequence, final long storedSequence) {
        return open(directory, fromSequence, storedSequence, false);
    }

    /**
     * Opens the files of a journal that nobody else may open meanwhile.
     *
     * @param directory directory of the journal; the caller holds the lock of the data directory
     * @param storedSequence up to where all stores are complete, as in {@link #open(Path, long,
     *     long)}
     * @return a reader of all records
     */
    public static JournalTail openLocked(final Path directory, final long storedSequence) {
        return open(directory, 1, storedSequence, true);
    }

    private static JournalTail open(
            final Path directory,
            final long fromSequence,
            final long storedSequence,
            final boolean mapped) {
        final JournalTail tail =
                new JournalTail(SegmentFiles.list(directory), fromSequence, mapped);
        tail.findStart(
                OldestSegment.read(directory), // after the list: what was trimmed since
                storedSequence);
        tail.synced = SyncedMark.read(directory);
        return tail;
    }

    /**
     * Drops segments that were trimmed or have no record and, from the front, those that end before
     * the first record asked for.
     */
    private void findStart(final OldestSegment stated, final long storedSequence) {
        final OldestSegment oldest = stated.orOlder(segments, storedSequence);
        segments.removeIf(segment -> segment.number() < oldest.number());
        isStartKnown = stated != OldestSegment.UNKNOWN;
        boolean all = oldest.firstSequence() > 0;
        for (int i = segments.size() - 1; i >= 0; i--) {
            final SegmentFile segment = segments.get(i);
            final long first = firstSequence(segment);
            segment.firstSequence(first);
            if (first == 0 && !isDamaged) {
                segments.remove(i);
            } else if (first > 0) {
                oldestSequence = first;
                if (first <= fromSequence) {
                    all &= i == 0;
                    segments.subList(0, i).clear();
                    break;
                }
            }
        }
        unload();
        if (all) {
            oldestSequence = oldest.firstSequence();
        }
        if (segments.isEmpty()) {
            nextSequence = fromSequence;
            return;
        }
        if (all) {
            segments.get(0).firstSequence(oldestSequence);
        }
        final long first = segments.get(0).firstSequence();
        nextSequence = first == 0 ? fromSequence : first;
    }

    /** Sequence of the first record, 0 if there is none; the head of the segment mostly tells. */
    private long firstSequence(final SegmentFile segment) {
        load(segment, SegmentWalker.ANY_SEQUENCE, HEAD);
        walker.walk(imageLength, true, FromSequence.NOBODY, 1);
        if (walker.expected() == SegmentWalker.ANY_SEQUENCE && imageLength == HEAD) {
            load(segment, SegmentWalker.ANY_SEQUENCE, Integer.MAX_VALUE);
            walker.walk(imageLength, true, FromSequence.NOBODY, 1);
        }
        final boolean none = walker.expected() == SegmentWalker.ANY_SEQUENCE;
        isDamaged = none && walker.isFrameDue(imageLength);
        walker.release();
        segment.unmap();
        return none ? 0 : walker.expected() - 1;
    }

    /**
     * The segment that is being read.
     *
     * @return its file; null before the first
     */
    public Path segment() {
        return next == 0 ? null : segments.get(next - 1).path();
    }

    /**
     * The segments that hold a record from the one asked for on, oldest first.
     *
     * @return their files
     */
    List<Path> segments() {
        return segments.stream().map(SegmentFile::path).toList();
    }

    /**
     * Where the last record of a segment ends that is whole now; 0 if one before it is lost. Not
     * while polling.
     */
    long soundLength(final Path path) {
        final SegmentCopies.Soundness soundness = new SegmentCopies.Soundness();
        for (final SegmentFile segment : segments) {
            if (segment.path().equals(path)) {
                load(segment, SegmentWalker.ANY_SEQUENCE, Integer.MAX_VALUE);
                while (walker.walk(imageLength, true, soundness, Integer.MAX_VALUE) > 0) {
                    Thread.onSpinWait();
                }
                walker.tellLost(imageLength, soundness);
            }
        }
        final long end = walker.goodEnd();
        unload();
        return soundness.isSound() ? end : 0;
    }

    /**
     * The oldest record that was found.
     *
     * @return its sequence; above the one asked for if older records are gone; in a journal without
     *     a record that of the first it will have, or 0 if that is not known
     */
    public long oldestSequence() {
        return oldestSequence;
    }

    /**
     * Whether the file that says where the journal begins is sound.
     *
     * @return false if it was altered: the oldest record that can be read is taken for the first
     */
    public boolean isStartKnown() {
        return isStartKnown;
    }

    /**
     * Up to where the journal has said that it was SYNCED; it may have been further.
     *
     * @return sequence; 0 if that is not known
     */
    public long syncedSequence() {
        return Math.max(0, synced);
    }

    /**
     * Compares the end that was reached with the one that was SYNCED, for whoever keeps its owner
     * out. Once all records have been polled.
     *
     * @param findings told what is missing, or that it cannot be known
     */
    public void findLostEnd(final Consumer<String> findings) {
        final long last = Math.max(nextSequence, oldestSequence) - 1;
        if (synced == SyncedMark.UNKNOWN) {
            findings.accept(SyncedMark.NAME + ": altered, the next launch makes it anew");
        } else if (last < synced) {
            findings.accept(SyncedMark.missing(last, synced));
        }
    }

    @Override
    public int poll(final JournalHandler handler, final int limit) {
        filter.to(handler);
        int calls = 0;
        if (loaded) {
            calls = walker.walk(imageLength, true, filter, limit);
            if (calls == 0 && limit > 0 && next == segments.size()) {
                calls = walker.tellLost(imageLength, filter);
            }
            nextSequence = walker.expected();
        }
        if (handler.onPolled() && calls == 0 && limit > 0 && next < segments.size()) {
            if (next > 0) {
                segments.get(next - 1).unmap();
            }
            load(segments.get(next++), nextSequence, Integer.MAX_VALUE);
            loaded = true;
            return 1;
        }
        return calls;
    }

    private void load(final SegmentFile segment, final long expectedSequence, final int most) {
        if (mapped) {
            imageLength = segment.map(walker, expectedSequence);
        } else {
            read(segment, expectedSequence, most);
        }
    }

    private void read(final SegmentFile segment, final long expectedSequence, final int most) {
        try (FileChannel channel = FileChannel.open(segment.path(), StandardOpenOption.READ)) {
            final int size =
                    (int) Math.min(channel.size(), Math.min(most, Integer.MAX_VALUE - CHUNK));
            ensureCapacity(size);
            image.clear().limit(size);
            int end = 0;
            int zeros = 0;
            while (end < size && zeros < ZEROS_END) {
                image.limit(Math.min(end + CHUNK, size));
                while (image.hasRemaining()) {
                    if (channel.read(image) < 0) {
                        image.limit(image.position()); // cut back meanwhile
                    }
                }
                zeros = isZero(end, image.position()) ? zeros + image.position() - end : 0;
                if (image.position() == end) {
                    break;
                }
                end = image.position();
            }
            imageLength = end;
            walker.wrap(
                    BufferUtil.address(image),
                    end,
                    segment.number(),
                    segment.path().toString(),
                    expectedSequence);
        } catch (final IOException e) {
            throw new JournalException(segment + ": cannot be read: " + e, e);
        }
    }

    private void ensureCapacity(final int size) {
        if (image.capacity() < size) {
            walker.release();
            BufferUtil.free(image);
            image = ByteBuffer.allocateDirect(size);
        }
    }

    private boolean isZero(final int from, final int to) {
        for (int i = from; i + Long.BYTES <= to; i += Long.BYTES) {
            if (image.getLong(i) != 0) {
                return false;
            }
        }
        return true;
    }

    @Override
    public long nextSequence() {
        return Math.max(nextSequence, fromSequence);
    }

    private void unload() {
        loaded = false;
        walker.release();
        for (final SegmentFile segment : segments) {
            segment.unmap();
        }
    }

    @Override
    public void close() {
        unload();
        next = segments.size();
        BufferUtil.free(image);
        image = ByteBuffer.allocateDirect(0);
    }
}
