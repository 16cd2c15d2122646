package io.stemedb.engine.journal;

/** Delivers the records of a {@link Journal} in order. One thread. */
public interface JournalReader extends AutoCloseable {

    /**
     * Delivers what is there, up to a limit.
     *
     * @param handler called for each record or damage
     * @param limit most calls to make
     * @return calls made; 0 when the reader has caught up
     */
    int poll(JournalHandler handler, int limit);

    /**
     * The sequence that the next call will deliver.
     *
     * @return from 1
     */
    long nextSequence();

    /** Frees what the reader holds. Idempotent. */
    @Override
    void close();
}
