package io.stemedb.engine.journal;

/**
 * Blocks, and then segments, made ready ahead of the appender. For whoever holds the journal's
 * prepare lock, but for what says otherwise.
 */
final class SegmentSupply {
    private final Life life;
    private final BlockPreparer preparer;
    private final long ahead;
    private final RetryPace pace;

    /** Made by the preparing thread, taken by the appender at a roll. */
    private volatile LiveSegment prepared;

    private volatile boolean full;

    SegmentSupply(final Life life, final JournalConfig config) {
        this.life = life;
        preparer = life.preparer();
        ahead = config.prepareAhead();
        pace = new RetryPace(config.nanoClock());
    }

    /** At open, on the opening thread: the first append must not find its blocks unprepared. */
    void prepareFirst(final LiveSegment segment) {
        final long enough =
                Math.min(segment.length(), Excerpt.HEADER_LENGTH_MAX + 4L * Excerpt.MAX_LENGTH);
        while (preparer.prepare(enough) > 0) {
            Thread.onSpinWait();
        }
    }

    /** Any thread: the segment to append to next; null while there is none. */
    LiveSegment next() {
        return prepared;
    }

    /** Append lock held: the appender has gone over to {@link #next()}. */
    void taken() {
        prepared = null;
    }

    /** Any thread: the storage has no room for the next block. */
    boolean isFull() {
        return full;
    }

    /**
     * Tells once what is refused, then tries again and again.
     *
     * @param appending the segment that is appended to now
     * @return work done
     */
    int prepare(final LiveSegment appending) {
        if (!pace.isDue()) {
            return 0;
        }
        try {
            final int work = prepareBlocks(appending);
            if (work > 0) {
                pace.granted();
                full = false;
            }
            return work;
        } catch (final JournalRefusedException e) {
            final boolean room = !(e instanceof JournalFullException);
            final boolean told = pace.isRefused() && full != room;
            pace.refused();
            full = !room;
            if (told) {
                return 0;
            }
            throw e;
        }
    }

    private int prepareBlocks(final LiveSegment appending) {
        final LiveSegment segment = preparer.segment();
        if (segment == appending || segment == prepared) {
            final long from = segment == appending ? segment.limit() : 0;
            final int pages = preparer.prepare(from + ahead);
            if (pages != 0) {
                return 1;
            }
        }
        if (segment == appending && preparer.isComplete() && prepared == null) {
            prepared = life.createSegment(appending.number() + 1);
            return 1;
        }
        return 0;
    }
}
