package io.stemedb.engine.store;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.IdleStrategy;

/**
 * Stands before every native call of a store, so that none is under way, and none begins, while the
 * store is closed or its memory map moves: a native library called then ends the process.
 *
 * <p>Every user of the store (a reader, a batch) goes through a {@link Pass} of its own: one store
 * and one load of memory nobody else writes while nothing is being closed, no lock. For the rooms
 * below the store room.
 */
public final class Gate {
    private static final int OPEN = 0;
    private static final int PAUSED = 1;
    private static final int CLOSED = 2;
    private static final int SPINS = 100;
    private static final int YIELDS = 100;
    private static final long PARK_NS = 50_000;

    private final String store;
    // Held through a whole pause or close; never by whoever is inside a pass.
    private final ReentrantLock transition = new ReentrantLock();
    private final List<Pass> passes = new ArrayList<>(); // guarded by itself
    private volatile int status = OPEN;

    /**
     * Creates an open gate.
     *
     * @param store name and path of the store, for messages
     */
    public Gate(final String store) {
        this.store = store;
    }

    /**
     * Throws if the gate was closed.
     *
     * @throws StoreClosedException if the gate was closed
     */
    public void check() {
        if (status == CLOSED) {
            throw new StoreClosedException(store);
        }
    }

    /**
     * A pass for one user.
     *
     * @param release frees what the user holds of the store; called once, when nobody is inside the
     *     pass: by {@link Pass#close()} or, on the closing thread, by {@link #close()}
     * @return the pass; {@link Pass#close()} it when its user is done
     */
    public Pass newPass(final Runnable release) {
        return newPass(release, () -> {});
    }

    /**
     * A pass for one user that lets others look after what it holds while it is idle.
     *
     * @param release as above
     * @param tend called on the thread of {@link #tendIdle()} while nobody is inside the pass; the
     *     user waits meanwhile if it wants in
     * @return the pass; {@link Pass#close()} it when its user is done
     */
    public Pass newPass(final Runnable release, final Runnable tend) {
        final Pass pass = new Pass(this, release, tend);
        synchronized (passes) {
            check();
            passes.add(pass);
        }
        return pass;
    }

    /**
     * Runs an action while nobody is inside a pass; who wants to enter waits, unless it is inside
     * another one, for which this waits.
     *
     * @param action to run
     * @throws StoreClosedException if the gate was closed
     * @throws StoreRetryException if the calling thread is itself inside
     */
    public void whileIdle(final Runnable action) {
        if (isInside(Thread.currentThread())) {
            throw new StoreRetryException(
                    store + ": waits until a handler of its own has returned", null);
        }
        transition.lock();
        try {
            check();
            status = PAUSED;
            try {
                awaitIdle();
                action.run();
            } finally {
                status = OPEN;
            }
        } finally {
            transition.unlock();
        }
    }

    /** Looks after what users hold who are outside at this moment. */
    public void tendIdle() {
        synchronized (passes) {
            for (final Pass pass : passes) {
                pass.tendIfIdle();
            }
        }
    }

    /** For the action of {@link #whileIdle}: looks after what every user holds. */
    public void tendAll() {
        synchronized (passes) {
            for (final Pass pass : passes) {
                while (!pass.tendIfIdle()) { // it asks to enter, and is about to be told to wait
                    Thread.onSpinWait();
                }
            }
        }
    }

    /**
     * Closes the gate, waits until nobody is inside, and releases what the users hold. A second
     * caller waits for the first.
     *
     * @return whether this call closed it; false if it was closed before
     * @throws IllegalStateException if the calling thread is itself inside
     */
    public boolean close() {
        checkOutside();
        transition.lock();
        try {
            if (status == CLOSED) {
                return false;
            }
            status = CLOSED;
            awaitIdle();
            synchronized (passes) {
                for (final Pass pass : passes) {
                    pass.release();
                }
                passes.clear();
            }
            return true;
        } finally {
            transition.unlock();
        }
    }

    private void checkOutside() {
        if (isInside(Thread.currentThread())) {
            throw new IllegalStateException(store + " closed from inside a handler of its own");
        }
    }

    private boolean isInside(final Thread thread) {
        synchronized (passes) {
            for (final Pass pass : passes) {
                if (pass.isInside(thread)) {
                    return true;
                }
            }
            return false;
        }
    }

    private void awaitIdle() {
        // Snapshots, not the list: who is inside may still want to make or close a pass.
        final Pass[] current;
        synchronized (passes) {
            current = passes.toArray(new Pass[0]);
        }
        final IdleStrategy waiting = newIdleStrategy();
        for (final Pass pass : current) {
            waiting.reset();
            while (pass.isBusy()) {
                waiting.idle();
            }
        }
    }

    private static IdleStrategy newIdleStrategy() {
        return new BackoffIdleStrategy(SPINS, YIELDS, PARK_NS, PARK_NS);
    }

    /** The way of one user through the gate. For one thread at a time. */
    public static final class Pass {
        private static final int IDLE = 0;
        private static final int INSIDE_OR_ASKING = 1;
        private static final int TENDED = 2;
        private static final VarHandle BUSY;
        private static final VarHandle INSIDE;

        static {
            try {
                final MethodHandles.Lookup lookup = MethodHandles.lookup();
                BUSY = lookup.findVarHandle(Pass.class, "busy", int.class);
                INSIDE = lookup.findVarHandle(Pass.class, "inside", Thread.class);
            } catch (final ReflectiveOperationException e) {
                throw new ExceptionInInitializerError(e);
            }
        }

        private final Gate gate;
        private final Runnable release;
        private final Runnable tend;
        private final IdleStrategy waiting = newIdleStrategy(); // of the thread that enters
        private volatile int busy;
        private volatile Thread inside;
        private int depth; // of the thread inside
        private boolean released; // guarded by gate.passes
        private volatile boolean closed;

        Pass(final Gate gate, final Runnable release, final Runnable tend) {
            this.gate = gate;
            this.release = release;
            this.tend = tend;
        }

        /**
         * Enters. Whoever is inside may enter again; each needs an {@link #exit()}.
         *
         * @throws StoreClosedException if the gate or the pass was closed
         */
        public void enter() {
            if (depth > 0) {
                depth++;
                return;
            }
            if (!tryEnter(false)) {
                waiting.reset();
                do {
                    waiting.idle();
                    // a handler that reads more: a pause waits for it, and it must not wait for
                    // that
                } while (!tryEnter(gate.status == PAUSED && gate.isInside(Thread.currentThread())));
            }
        }

        private boolean tryEnter(final boolean nested) {
            // Before the load of status, and in this order for all: closing must see us.
            if (!BUSY.compareAndSet(this, IDLE, INSIDE_OR_ASKING)) {
                return false;
            }
            final int now = gate.status;
            if ((now == OPEN || now == PAUSED && nested) && !closed) {
                depth = 1;
                // Read only by the thread itself, and by others only to tell it from them.
                INSIDE.setOpaque(this, Thread.currentThread());
                return true;
            }
            BUSY.setRelease(this, IDLE);
            if (now == CLOSED || closed) {
                throw new StoreClosedException(
                        now == CLOSED ? gate.store : "reader or batch of " + gate.store);
            }
            return false;
        }

        /** Leaves. */
        public void exit() {
            if (--depth == 0) {
                INSIDE.setOpaque(this, null);
                BUSY.setRelease(this, IDLE);
            }
        }

        /**
         * Whether the calling thread entered and did not leave yet.
         *
         * @return how often it entered
         */
        public int depth() {
            return depth;
        }

        /**
         * Gives the pass back and releases what its user holds. Idempotent, also after the gate was
         * closed.
         *
         * @throws IllegalStateException if called from inside
         */
        public void close() {
            if (isInside(Thread.currentThread())) {
                throw new IllegalStateException(
                        "reader or batch of " + gate.store + " closed from inside its handler");
            }
            closed = true;
            synchronized (gate.passes) {
                if (gate.passes.remove(this)) {
                    release();
                }
            }
        }

        private void release() {
            if (!released) {
                released = true;
                release.run();
            }
        }

        private boolean tendIfIdle() {
            if (!BUSY.compareAndSet(this, IDLE, TENDED)) {
                return false;
            }
            try {
                tend.run();
            } finally {
                BUSY.setRelease(this, IDLE);
            }
            return true;
        }

        private boolean isBusy() {
            return (int) BUSY.getVolatile(this) != IDLE;
        }

        private boolean isInside(final Thread thread) {
            return INSIDE.getOpaque(this) == thread;
        }
    }
}
