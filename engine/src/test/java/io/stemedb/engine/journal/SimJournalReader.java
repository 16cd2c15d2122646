package io.stemedb.engine.journal;

import io.stemedb.engine.faults.sim.Mutant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** {@link ChronicleJournalReader} on a {@link SimJournal}: the same moves. */
final class SimJournalReader implements JournalReader, JournalHandler {
    /** What a handler may hold at once: a batch, and damage that came with its last record. */
    private static final int HELD_MAX = 33;

    private static final DirectBuffer NOTHING = new UnsafeBuffer(new byte[0]);

    private final SimJournal journal;
    private final SegmentWalker walker = new SegmentWalker();
    private final Deque<SegmentFile> old = new ArrayDeque<>();
    private final long fromSequence;
    private final FromSequence filter;
    private final long lifeFirstSequence;
    private JournalHandler handler;
    private SegmentFile walked;
    private int walkedLength;
    private SimSegment live;
    private boolean inLife;
    private boolean sealed;
    private long staleLimit;
    private long readBytes;
    private long nextSequence;
    private int held;
    private boolean closed;

    SimJournalReader(
            final SimJournal journal,
            final List<SegmentFile> oldSegments,
            final SimSegment firstLive,
            final long lifeFirstSequence,
            final long fromSequence) {
        this.journal = journal;
        this.live = firstLive;
        this.fromSequence = fromSequence;
        filter = new FromSequence(fromSequence);
        this.lifeFirstSequence = lifeFirstSequence;
        final long oldest =
                oldSegments.isEmpty() ? lifeFirstSequence : oldSegments.get(0).firstSequence();
        if (fromSequence < oldest) {
            throw new JournalException(
                    "sequences " + fromSequence + "-" + (oldest - 1) + " are not there any more",
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
        nextSequence =
                old.isEmpty()
                        ? Math.min(fromSequence, lifeFirstSequence)
                        : old.peek().firstSequence();
    }

    @Override
    public int poll(final JournalHandler to, final int asked) {
        journal.chaos.point();
        if (closed) {
            throw new JournalException("journal reader is closed", null);
        }
        journal.checkOpen();
        handler = to;
        filter.to(this);
        int limit = asked;
        if (journal.chaos.once(journal.chaos.shortReads)) {
            limit = asked == 0 ? 0 : journal.chaos.random.nextInt(asked);
        }
        if (journal.chaos.mutant == Mutant.OVER_DELIVERED) {
            limit += 30;
        }
        final int calls = inLife ? pollLife(limit) : pollOld(limit);
        if (to.onPolled()) {
            held = 0;
            if (calls == 0 && limit > 0) {
                return advance();
            }
        }
        return calls;
    }

    private int pollOld(final int limit) {
        if (walked == null) {
            return 0;
        }
        int calls = walker.walk(walkedLength, true, filter, limit);
        if (calls == 0 && limit > 0 && old.isEmpty() && walker.expected() < lifeFirstSequence) {
            calls = walker.tellLost(walkedLength, filter);
        }
        nextSequence = walker.expected();
        return calls;
    }

    private int pollLife(final int limit) {
        final boolean stale = journal.chaos.once(journal.chaos.shortReads);
        sealed = live.next != null && !stale;
        if (!stale) {
            staleLimit = live.limit;
        }
        final int calls = walker.walk(staleLimit, sealed, filter, limit);
        nextSequence = walker.expected();
        if (calls > 0) {
            journal.readBytes = readBytes;
        }
        return calls;
    }

    private int advance() {
        if (inLife) {
            return sealed ? leave(live.next) : 0;
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
        if (nextSequence < lifeFirstSequence) {
            final long first = nextSequence;
            nextSequence = lifeFirstSequence;
            filter.onDamage(
                    first,
                    lifeFirstSequence - 1,
                    "the journal ends at sequence " + (first - 1),
                    NOTHING,
                    0,
                    0);
        }
        wrap(live);
        return 1;
    }

    private void wrap(final SimSegment segment) {
        walker.wrap(
                segment.cache.addressOffset(),
                segment.blocks(),
                segment.number(),
                segment.path().toString(),
                nextSequence);
        staleLimit = 0;
    }

    private int leave(final SimSegment next) {
        final long last = live.lastSequence;
        final long first = nextSequence;
        if (first <= last) {
            nextSequence = last + 1;
            filter.onDamage(first, last, live.path() + ": cannot be read any more", NOTHING, 0, 0);
        }
        wrap(next);
        live.read = true;
        live = next;
        return 1;
    }

    @Override
    public void onRecord(
            final long sequence, final DirectBuffer buffer, final int offset, final int length) {
        if (inLife) {
            readBytes += length;
        }
        if (journal.chaos.mutant == Mutant.RECORD_SWALLOWED
                && journal.chaos.random.nextInt(16) == 0) {
            return;
        }
        hold();
        handler.onRecord(sequence, buffer, offset, length);
    }

    @Override
    public void onDamage(
            final long firstSequence,
            final long lastSequence,
            final String reason,
            final DirectBuffer buffer,
            final int offset,
            final int length) {
        if (journal.chaos.mutant == Mutant.DAMAGE_HIDDEN) {
            return;
        }
        if (lastSequence >= firstSequence) {
            hold();
        }
        handler.onDamage(firstSequence, lastSequence, reason, buffer, offset, length);
    }

    private void hold() {
        if (++held > HELD_MAX) {
            throw new AssertionError("ingest holds " + held + " records, limit " + HELD_MAX);
        }
    }

    @Override
    public long nextSequence() {
        return Math.max(nextSequence, fromSequence);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            journal.readerClosed();
            walker.release();
        }
    }
}
