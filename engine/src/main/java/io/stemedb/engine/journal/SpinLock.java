package io.stemedb.engine.journal;

import java.util.concurrent.atomic.AtomicReference;

/**
 * A lock that allocates nothing, also when contended. Spins a little, then yields: on a machine
 * with few cores the holder may be waiting for ours.
 */
final class SpinLock {
    private static final int SPINS = 64;

    private final AtomicReference<Thread> owner = new AtomicReference<>();

    void lock() {
        final Thread self = Thread.currentThread();
        if (!owner.compareAndSet(null, self)) {
            lockSlowly(self);
        }
    }

    private void lockSlowly(final Thread self) {
        if (owner.getPlain() == self) {
            throw new IllegalStateException("journal used from inside one of its own handlers");
        }
        int spins = 0;
        while (!owner.compareAndSet(null, self)) {
            if (++spins < SPINS) {
                Thread.onSpinWait();
            } else {
                Thread.yield();
            }
        }
    }

    void checkNotHeld() {
        if (owner.getPlain() == Thread.currentThread()) {
            throw new IllegalStateException("journal used from inside one of its own handlers");
        }
    }

    boolean tryLock() {
        return owner.compareAndSet(null, Thread.currentThread());
    }

    void unlock() {
        owner.setRelease(null);
    }
}
