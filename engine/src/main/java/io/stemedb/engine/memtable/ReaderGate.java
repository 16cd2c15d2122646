package io.stemedb.engine.memtable;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Phases readers out of memory that is about to be used again, without ever making them wait.
 *
 * <p>Memory order. A reader stores its pin (volatile), then loads the list (volatile). The flush
 * thread stores the list without the generation (volatile), then loads every pin (volatile).
 * Volatile accesses have one total order that all threads agree on, so of the two store-then-load
 * pairs at least one load sees the other side's store (on x86 that is the fence between the store
 * and the load on both sides):
 *
 * <ul>
 *   <li>the flush thread sees the pin: it is older than the unlinking, and the memory is left alone
 *       until the reader stores its exit (release, paired with the volatile load of the pin: the
 *       reader's loads happened before the clearing); or
 *   <li>the flush thread sees the slot idle, or its pin before this one: then the reader's pin
 *       comes later in the order, its load of the list later still, and it gets a list without the
 *       generation; or
 *   <li>the flush thread sees a pin at or above the version of the unlinking: the reader had loaded
 *       that version from a list without the generation, and its second load of the list cannot go
 *       back.
 * </ul>
 *
 * A pin may be older than the list the reader then gets; that only keeps memory longer.
 */
class ReaderGate {
    private final AtomicReference<LiveGenerations> live;
    private volatile ReaderSlot[] slots = {};

    ReaderGate(final Generation first) {
        live = new AtomicReference<>(LiveGenerations.of(first));
    }

    /** The state of affairs; for a reader only once it is pinned. */
    LiveGenerations live() {
        return live.get();
    }

    /** Reader thread: pins, then takes what is live. */
    final LiveGenerations enter(final ReaderSlot slot) {
        slot.pin(live().version);
        final LiveGenerations snapshot = live();
        if (snapshot.closed) {
            slot.unpin();
            throw closed();
        }
        return snapshot;
    }

    /** Ingest thread: readers that enter from now on see this generation first. */
    final void link(final Generation generation) {
        LiveGenerations current;
        do {
            current = open();
        } while (!live.compareAndSet(current, current.withNewest(generation)));
    }

    /** Flush thread: readers that enter from the returned version on do not see the oldest. */
    final long unlinkOldest() {
        LiveGenerations current;
        LiveGenerations next;
        do {
            current = open();
            next = current.withoutOldest();
        } while (!live.compareAndSet(current, next));
        return next.version;
    }

    /** Readers that enter from now on are refused; returns the version that says so. */
    final long shut() {
        LiveGenerations current;
        LiveGenerations next;
        do {
            current = live.get();
            if (current.closed) {
                return current.version;
            }
            next = current.close();
        } while (!live.compareAndSet(current, next));
        return next.version;
    }

    /** Whether no reader can see what was unlinked at the version. Never waits. */
    boolean allPassed(final long version) {
        for (final ReaderSlot slot : slots) {
            if (!slot.hasPassed(version)) {
                return false;
            }
        }
        return true;
    }

    final boolean isHeldBy(final Thread thread) {
        for (final ReaderSlot slot : slots) {
            if (slot.isHeldBy(thread)) {
                return true;
            }
        }
        return false;
    }

    final synchronized ReaderSlot register() {
        open();
        final ReaderSlot slot = new ReaderSlot();
        final ReaderSlot[] next = Arrays.copyOf(slots, slots.length + 1);
        next[slots.length] = slot;
        slots = next;
        return slot;
    }

    final synchronized void unregister(final ReaderSlot slot) {
        slots = Arrays.stream(slots).filter(s -> s != slot).toArray(ReaderSlot[]::new);
    }

    private LiveGenerations open() {
        final LiveGenerations current = live.get();
        if (current.closed) {
            throw closed();
        }
        return current;
    }

    static IllegalStateException closed() {
        return new IllegalStateException("memtable is closed");
    }
}
