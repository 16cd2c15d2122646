package io.stemedb.engine.ingest;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * READABLE and STORED. The ingest thread releases the one after its memtable writes, the flush
 * thread the other after its commits; whoever acquires a value sees what it stands for.
 */
final class Watermarks {
    private static final VarHandle READABLE;
    private static final VarHandle STORED;

    static {
        try {
            READABLE =
                    MethodHandles.lookup().findVarHandle(Watermarks.class, "readable", long.class);
            STORED = MethodHandles.lookup().findVarHandle(Watermarks.class, "stored", long.class);
        } catch (final ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private long readable;
    private long stored;

    Watermarks(final long sequence) {
        readable = sequence;
        stored = sequence;
    }

    long readable() {
        return (long) READABLE.getAcquire(this);
    }

    void readable(final long sequence) {
        READABLE.setRelease(this, sequence);
    }

    long stored() {
        return (long) STORED.getAcquire(this);
    }

    void stored(final long sequence) {
        STORED.setRelease(this, sequence);
    }
}
