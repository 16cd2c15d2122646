package io.stemedb.engine.journal;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Walks the segments of earlier lives, then follows the appender. */
final class ChronicleJournalReader implements JournalReader, JournalHandler {
    private static final DirectBuffer NOTHING = new UnsafeBuffer(new byte[0]);

    private final ChronicleJournal journal;
    private final SpinLock readLock;
    private final SegmentWalker walker = new SegmentWalker();
    private final Deque<SegmentFile> old = new ArrayDeque<>();
    private final long fromSequence;
    private final FromSequence filter;
    private final long lifeFirstSequence;

    /** Mapped by us until it is walked; null once the walk is in this life's segments. */
    private SegmentFile walked;

    private int walkedLength;
    private LiveSegment live;
    private boolean inLife;
    private boolean sealed;
    private long readBytes;
    private long nextSequence;
    private boolean closed;

    /** The caller guards the lists. */
    ChronicleJournalReader(
            final ChronicleJournal journal,
            final SpinLock readLock,
            final List<SegmentFile> oldSegments,
            final LiveSegment firstLive,
            final long lifeFirstSequence,
            final long closedBytes,
            final long fromSequence) {
        this.journal = journal;
        this.readLock = readLock;
        this.live = firstLive;
        this.fromSequence = fromSequence;
        filter = new FromSequence(fromSequence);
        this.lifeFirstSequence = lifeFirstSequence;
        this.readBytes = closedBytes;
        final long oldest =
                oldSegments.isEmpty() ? lifeFirstSequence : oldSegments.get(0).firstSequence();
        if (fromSequence < oldest) {
            throw new JournalException(
                    "sequences "
                            + fromSequence
                            + "-"
                            + (oldest - 1)
                            + " are not in the journal any more, and a store needs them",
                    null);
        }
        for (int i = 0; i < oldSegments.size(); i++) {
            final boolean before =
                    i + 1 < oldSegments.size()
                            && oldSegments.get(i + 1).firstSequence() <= fromSequence;
            if (!before && fromSequence < lifeFirstSequence) {
                old.add(oldSegments.get(i));
            }
        }
        // A walk starts at the head of a segment; what comes before the first one asked for is
        // dropped.
        nextSequence =
                Math.min(
                        fromSequence,
                        old.isEmpty() ? lifeFirstSequence : old.peek().firstSequence());
    }

    @Override
    public int poll(final JournalHandler handler, final int limit) {
        readLock.lock();
        try {
            if (closed) {
                throw new JournalException("journal reader is closed", null);
            }
            journal.checkOpen();
            filter.to(handler);
            final int calls = inLife ? pollLife(limit) : pollOld(limit);
            if (handler.onPolled() && calls == 0 && limit > 0) {
                return advance();
            }
            return calls;
        } finally {
            readLock.unlock();
        }
    }

    private int pollOld(final int limit) {
        if (walked == null) {
            return 0;
        }
        int calls = walker.walk(walkedLength, true, this, limit);
        if (calls == 0 && limit > 0 && old.isEmpty() && walker.expected() < lifeFirstSequence) {
            calls = walker.tellLost(walkedLength, this);
        }
        nextSequence = walker.expected();
        return calls;
    }

    private int pollLife(final int limit) {
        sealed =
                live.next()
                        != null; // before the limit: once there is a next one, the limit is final
        final int calls = walker.walk(live.limit(), sealed, this, limit);
        nextSequence = walker.expected();
        if (calls > 0) {
            journal.readBytes(readBytes);
        }
        return calls;
    }

    /**
     * Nothing was left where the walk stands, and the handler holds nothing of it. Returns the
     * moves made.
     */
    private int advance() {
        if (inLife) {
            return sealed ? leave(live.next()) : 0;
        }
        if (walked != null) {
            walker.release();
            walked.unmap();
        }
        walked = old.poll();
        if (walked == null) {
            return enterLife();
        }
        walkedLength = walked.map(walker, nextSequence);
        return 1;
    }

    private int enterLife() {
        inLife = true;
        checkOrder(lifeFirstSequence);
        if (nextSequence < lifeFirstSequence) {
            final long first = nextSequence;
            nextSequence = lifeFirstSequence;
            onDamage(
                    first,
                    lifeFirstSequence - 1,
                    "the journal ends at sequence "
                            + (first - 1)
                            + ", sequences "
                            + first
                            + "-"
                            + (lifeFirstSequence - 1)
                            + " are missing",
                    NOTHING,
                    0,
                    0);
        }
        wrap(live);
        return 1;
    }

    private int leave(final LiveSegment next) {
        final long last = live.lastSequence();
        final long first = nextSequence;
        checkOrder(last + 1);
        if (first <= last) {
            nextSequence = last + 1;
            onDamage(
                    first,
                    last,
                    live.path() + ": sequences " + first + "-" + last + " cannot be read any more",
                    NOTHING,
                    0,
                    0);
        }
        wrap(next);
        readBytes = live.lifeBytes(); // also of what could not be read
        live.markRead();
        live = next;
        return 1;
    }

    private void checkOrder(final long first) {
        if (nextSequence > first) {
            throw new JournalException(
                    "a segment begins with sequence "
                            + first
                            + ", and the one before ended with "
                            + (nextSequence - 1),
                    null);
        }
    }

    private void wrap(final LiveSegment segment) {
        walker.wrap(
                segment.address(),
                segment.length(),
                segment.number(),
                segment.path().toString(),
                nextSequence);
    }

    @Override
    public void onRecord(
            final long sequence, final DirectBuffer buffer, final int offset, final int length) {
        if (inLife) {
            readBytes += length;
        }
        filter.onRecord(sequence, buffer, offset, length);
    }

    @Override
    public void onDamage(
            final long firstSequence,
            final long lastSequence,
            final String reason,
            final DirectBuffer buffer,
            final int offset,
            final int length) {
        filter.onDamage(firstSequence, lastSequence, reason, buffer, offset, length);
    }

    @Override
    public long nextSequence() {
        return Math.max(nextSequence, fromSequence);
    }

    @Override
    public void close() {
        readLock.lock();
        final boolean first = !closed;
        try {
            if (first) {
                closed = true;
                walker.release();
                if (walked != null) {
                    walked.unmap();
                }
            }
        } finally {
            readLock.unlock();
        }
        if (first) { // takes the prepare lock, under which a closing journal takes the read lock
            journal.readerClosed();
        }
    }
}
