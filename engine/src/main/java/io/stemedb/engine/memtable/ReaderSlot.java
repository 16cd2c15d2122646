package io.stemedb.engine.memtable;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** Keeps the pin away from what precedes it in memory. */
abstract class ReaderSlotLeftPad {
    long l00, l01, l02, l03, l04, l05, l06, l07, l08, l09, l10, l11, l12, l13, l14, l15;
}

/** What one reader publishes: written by its thread, read by the flush thread. */
abstract class ReaderSlotFields extends ReaderSlotLeftPad {
    long pin = ReaderSlot.IDLE;
    Thread owner;
}

/**
 * One reader's place in the {@link ReaderGate}, alone on its cache lines: two readers never write
 * to the same line, and the flush thread disturbs a reader only when it looks.
 */
final class ReaderSlot extends ReaderSlotFields {
    /** Pin of a reader that is outside; above every version. */
    static final long IDLE = Long.MAX_VALUE;

    private static final VarHandle PIN;

    long r00, r01, r02, r03, r04, r05, r06, r07, r08, r09, r10, r11, r12, r13, r14, r15;

    static {
        try {
            PIN = MethodHandles.lookup().findVarHandle(ReaderSlot.class, "pin", long.class);
        } catch (final ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Reader thread. A volatile store: ordered before the reader's next volatile load. */
    void pin(final long version) {
        final Thread current = Thread.currentThread();
        if (owner != current) {
            owner = current;
        }
        PIN.setVolatile(this, version);
    }

    /** Reader thread. A release store: all its reads of pinned memory are done before it. */
    void unpin() {
        PIN.setRelease(this, IDLE);
    }

    /** Any thread. */
    long pinned() {
        return (long) PIN.getVolatile(this);
    }

    /** Whether this thread itself is inside. */
    boolean isHeldBy(final Thread thread) {
        return pinned() != IDLE && owner == thread;
    }

    /**
     * Flush thread: whether this reader can see nothing that was unlinked at the version. A thread
     * that died inside sees nothing any more either.
     */
    boolean hasPassed(final long version) {
        if (pinned() >= version) {
            return true;
        }
        final Thread thread = owner;
        return !thread.isAlive() && owner == thread && pinned() < version;
    }
}
