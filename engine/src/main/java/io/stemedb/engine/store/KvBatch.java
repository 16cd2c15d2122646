package io.stemedb.engine.store;

import org.agrona.DirectBuffer;

/**
 * Puts that become visible and durable together with a cursor, or not at all. For the writing
 * thread.
 */
public interface KvBatch extends AutoCloseable {

    /**
     * Adds an entry; an existing value under the key is replaced when the batch commits. The bytes
     * are copied or consumed before this returns.
     *
     * @param key buffer of the key
     * @param keyOffset first byte of the key
     * @param keyLength bytes of the key, 1 to 511; each key must be greater than the one before it
     * @param value buffer of the value
     * @param valueOffset first byte of the value
     * @param valueLength bytes of the value, 0 or more
     * @throws IllegalArgumentException if the key is not greater than the one before it, or out of
     *     range
     */
    void put(
            DirectBuffer key,
            int keyOffset,
            int keyLength,
            DirectBuffer value,
            int valueOffset,
            int valueLength);

    /**
     * Commits durably; the store's cursor is then {@code cursor}. The batch is finished whether
     * this returns or throws.
     *
     * @param cursor journal sequence, not below the store's present cursor
     */
    void commit(long cursor);

    /** Discards what was not committed. Idempotent. */
    @Override
    void close();
}
