package io.stemedb.engine.journal;

import net.openhft.chronicle.core.time.TimeProvider;

/**
 * The time that Chronicle sees: it stands still within a segment and moves by one cycle when we
 * roll. The wall clock has no part in it.
 */
final class SegmentClock implements TimeProvider {
    private volatile long number;

    SegmentClock(final long number) {
        this.number = number;
    }

    void roll(final long toNumber) {
        number = toNumber;
    }

    @Override
    public long currentTimeMillis() {
        return number * SegmentFiles.ROLL_CYCLE.lengthInMillis();
    }
}
