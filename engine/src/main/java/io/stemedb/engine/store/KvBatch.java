package io.stemedb.engine.store;

import org.agrona.DirectBuffer;

/**
 * Puts that become visible and durable together with a cursor, or not at all. For the writing
 * thread.
 *
 * <p>A {@link StoreException} from {@link #put} or {@link #commit} means that nothing of the batch
 * was stored: close it, and make it again once the cause is gone (at once for a {@link
 * StoreRetryException}).
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
     * @throws IllegalArgumentException if the key is not greater than the one before it, out of
     *     range, or starts with a byte of 0x7e ({@code ~}) or greater, which stores keep for
     *     themselves
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
     * @param cursor journal sequence; one below the store's present cursor leaves that where it is,
     *     so that a batch may be done again in a store that already has it
     */
    void commit(long cursor);

    /** Discards what was not committed. Idempotent. */
    @Override
    void close();
}
