package io.stemedb.engine.ingest;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * READABLE and STORED. The ingest thread releases the one after its memtable writes, the flush
 * thread the other after its commits; whoever acquires a value sees what it stands for.
 *
 * <p>STORED is an acknowledgement: once the ingestor has failed it stands, also if a commit that
 * was under way then ends well.
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
    private boolean ended;

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

    synchronized void stored(final long sequence) {
        if (!ended) {
            STORED.setRelease(this, sequence);
        }
    }

    /** Any thread: STORED does not move after this has returned. */
    synchronized void end() {
        ended = true;
    }
}
