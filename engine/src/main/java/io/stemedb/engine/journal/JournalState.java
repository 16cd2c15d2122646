package io.stemedb.engine.journal;

import java.nio.file.Path;

/** Whether a journal is open, closed, or ended by an error, which is kept. */
final class JournalState {
    private final Path directory;
    private final SpinLock forceLock;
    private volatile boolean closed;

    /** Written under the force lock, once. */
    private volatile Throwable failure;

    JournalState(final Path directory, final SpinLock forceLock) {
        this.directory = directory;
        this.forceLock = forceLock;
    }

    void checkOpen() {
        if (closed) {
            throw new JournalException(directory + ": journal is closed", null);
        }
        if (failure != null) {
            throw new JournalException(
                    "journal " + directory + ": failed before: " + failure.getMessage(), failure);
        }
    }

    /**
     * Ends the journal, unless it has ended. A force under way ends first: who sees the failure
     * sees SYNCED stand. The caller holds none of the locks that come after that of the force.
     */
    void fail(final JournalException e) {
        forceLock.lock();
        try {
            failLocked(e);
        } finally {
            forceLock.unlock();
        }
    }

    /** Force lock held. What ended it first is what is told. */
    void failLocked(final JournalException e) {
        if (failure == null && !closed) {
            failure = e;
        }
    }

    boolean hasFailed() {
        return failure != null;
    }

    boolean isClosed() {
        return closed;
    }

    /** Force lock held. */
    void close() {
        closed = true;
    }
}
