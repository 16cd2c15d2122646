package io.stemedb.engine.store;

/**
 * One ordered map of unique keys to values, compared as unsigned bytes, with a cursor that moves in
 * the same atomic step as the data.
 *
 * <p>One thread writes, through {@link #newBatch()}; any number of threads read, each through a
 * {@link KvReader} of its own. Every method throws {@link StoreClosedException} once the store is
 * closed, and {@link StoreException} when the store below fails.
 */
public interface KvStore extends AutoCloseable {

    /**
     * The journal sequence up to which this store is complete.
     *
     * @return 0 for a store that was never written
     */
    long cursor();

    /**
     * A reader for one thread.
     *
     * @return a new reader; close it when its thread is done
     */
    KvReader newReader();

    /**
     * Starts the next batch. At most one is open at a time, on the writing thread.
     *
     * @return an empty batch
     */
    KvBatch newBatch();

    /**
     * Returns once everything committed before is durable. Every room here commits durably, so this
     * is cheap.
     */
    void flush();

    /**
     * Reads everything the store keeps and checks it against the store's own checksums and
     * structure.
     *
     * @throws StoreException naming the file, if anything is damaged
     */
    void verify();

    /** Waits for reads under way, then closes. Idempotent; safe from any thread. */
    @Override
    void close();
}
