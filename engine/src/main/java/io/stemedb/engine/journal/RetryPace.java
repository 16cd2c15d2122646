package io.stemedb.engine.journal;

import org.agrona.concurrent.NanoClock;

/**
 * How often something that is refused is tried again: soon, then less and less often, as each try
 * costs a number that is never given again.
 */
final class RetryPace {
    private static final long PAUSE_MIN_NS = 10_000_000;
    private static final long PAUSE_MAX_NS = 1_000_000_000;

    private final NanoClock clock;

    /** 0 while nothing is refused. */
    private long pauseNs;

    private long dueNs;

    RetryPace(final NanoClock clock) {
        this.clock = clock;
    }

    boolean isDue() {
        final long leftNs = pauseNs == 0 ? 0 : dueNs - clock.nanoTime();
        return leftNs <= 0 || leftNs > pauseNs; // more: the clock was set back
    }

    boolean isRefused() {
        return pauseNs != 0;
    }

    void refused() {
        pauseNs = Math.min(PAUSE_MAX_NS, Math.max(PAUSE_MIN_NS, 2 * pauseNs));
        dueNs = clock.nanoTime() + pauseNs;
    }

    void granted() {
        pauseNs = 0;
    }
}
