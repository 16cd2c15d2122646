package io.stemedb.engine.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.agrona.BufferUtil;

/**
 * Reads the files of a journal without opening it, from a sequence to the present end. Each segment
 * is read into memory of our own: its owner, if there is one, may cut a file back while we look,
 * and a mapping would not survive that.
 *
 * <p>One thread. Of a journal that is being appended to it sees a beginning, up to some moment of
 * the reading.
 */
public final class JournalTail implements JournalReader {
    private static final int CHUNK = 1 << 20;

    /** So many zeros in a row are taken for blocks that are reserved and not written yet. */
    private static final int ZEROS_END = 8 * CHUNK;

    private final List<SegmentFile> segments;
    private final long fromSequence;
    private final SegmentWalker walker = new SegmentWalker();
    private final FromSequence filter;
    private ByteBuffer image = ByteBuffer.allocateDirect(0);
    private int next;
    private boolean loaded;
    private long nextSequence;
    private long oldestSequence;

    private JournalTail(final List<SegmentFile> segments, final long fromSequence) {
        this.segments = segments;
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
        final JournalTail tail = new JournalTail(SegmentFiles.list(directory), fromSequence);
        tail.findStart();
        return tail;
    }

    /**
     * Drops segments without a record and, from the front, those that end before the first record
     * asked for.
     */
    private void findStart() {
        for (int i = segments.size() - 1; i >= 0; i--) {
            final SegmentFile segment = segments.get(i);
            load(segment, SegmentWalker.ANY_SEQUENCE);
            walker.walk(image.limit(), true, FromSequence.NOBODY, 1);
            final long first =
                    walker.expected() == SegmentWalker.ANY_SEQUENCE ? 0 : walker.expected() - 1;
            if (first == 0) {
                segments.remove(i);
            } else {
                segment.firstSequence(first);
                oldestSequence = first;
                if (first <= fromSequence) {
                    segments.subList(0, i).clear();
                    break;
                }
            }
        }
        loaded = false;
        nextSequence = segments.isEmpty() ? fromSequence : segments.get(0).firstSequence();
    }

    /**
     * The oldest record that was found.
     *
     * @return its sequence; above the one asked for if older records are gone; 0 in an empty
     *     journal
     */
    public long oldestSequence() {
        return oldestSequence;
    }

    @Override
    public int poll(final JournalHandler handler, final int limit) {
        filter.to(handler);
        int calls = 0;
        if (loaded) {
            calls = walker.walk(image.limit(), true, filter, limit);
            nextSequence = walker.expected();
        }
        if (handler.onPolled() && calls == 0 && limit > 0 && next < segments.size()) {
            load(segments.get(next++), nextSequence);
            loaded = true;
            return 1;
        }
        return calls;
    }

    private void load(final SegmentFile segment, final long expectedSequence) {
        try (FileChannel channel = FileChannel.open(segment.path(), StandardOpenOption.READ)) {
            final int size = (int) Math.min(channel.size(), Integer.MAX_VALUE - CHUNK);
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
            image.limit(end);
            walker.wrap(
                    BufferUtil.address(image),
                    image.limit(),
                    segment.path().toString(),
                    expectedSequence);
        } catch (final IOException e) {
            throw new JournalException(segment + ": cannot be read", e);
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

    @Override
    public void close() {
        loaded = false;
        next = segments.size();
        walker.release();
        BufferUtil.free(image);
        image = ByteBuffer.allocateDirect(0);
    }
}
