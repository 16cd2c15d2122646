package io.stemedb.engine;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The open readers of one engine or snapshot, and what they may know of it. */
final class Readers {
    private final Set<Reader> open = ConcurrentHashMap.newKeySet();
    private final String owner;
    private volatile boolean closed;

    Readers(final String owner) {
        this.owner = owner;
    }

    Reader add(final Reader reader) {
        open.add(reader);
        return reader;
    }

    void remove(final Reader reader) {
        open.remove(reader);
    }

    void checkOpen() {
        if (closed) {
            throw new EngineClosedException(owner);
        }
    }

    RuntimeException closed(final IllegalStateException e) {
        return closed ? new EngineClosedException(owner) : e;
    }

    /**
     * Refuses readers from now on; throws if the calling thread is inside one: it would wait for
     * itself.
     */
    void close() {
        checkNotInside();
        closed = true;
    }

    void checkNotInside() {
        final Thread self = Thread.currentThread();
        for (final Reader reader : open) {
            if (reader.isInside(self)) {
                throw new IllegalStateException(
                        owner + " closed by a handler of one of its readers: close it after");
            }
        }
    }
}
