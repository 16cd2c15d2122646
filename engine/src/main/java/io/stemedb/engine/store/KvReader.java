package io.stemedb.engine.store;

import org.agrona.DirectBuffer;

/**
 * Reads one {@link KvStore}. For one thread at a time; allocation-free once warm.
 *
 * <p>A handler of a scan may call {@link #get} on the same reader, and a handler of a get may scan;
 * any other call on the reader from inside its handler is an {@link IllegalStateException}.
 *
 * <p>Each operation sees whole batches; of a store that is open to write, all that were committed
 * when it began, and so never less than one before it.
 */
public interface KvReader extends AutoCloseable {

    /**
     * Looks a key up.
     *
     * @param key buffer of the key
     * @param keyOffset first byte of the key
     * @param keyLength bytes of the key
     * @param handler called with the entry if there is one; its buffers are valid only during the
     *     call
     * @return whether there is such a key
     */
    boolean get(DirectBuffer key, int keyOffset, int keyLength, KvHandler handler);

    /**
     * Visits, ascending, the entries whose key starts with a prefix and is not below a start key.
     *
     * @param prefix buffer of the prefix
     * @param prefixOffset first byte of the prefix
     * @param prefixLength bytes of the prefix, 1 or more: its first byte picks a family
     * @param from buffer of the start key, which itself starts with the prefix; null to start at
     *     the first
     * @param fromOffset first byte of the start key
     * @param fromLength bytes of the start key
     * @param handler called for each entry until it returns false; sees one state of the store
     */
    void scanForward(
            DirectBuffer prefix,
            int prefixOffset,
            int prefixLength,
            DirectBuffer from,
            int fromOffset,
            int fromLength,
            KvHandler handler);

    /**
     * Visits, descending, the entries whose key starts with a prefix and is below a bound.
     *
     * @param prefix buffer of the prefix
     * @param prefixOffset first byte of the prefix
     * @param prefixLength bytes of the prefix, 1 or more: its first byte picks a family
     * @param below buffer of the exclusive bound, which itself starts with the prefix; null to
     *     start at the last
     * @param belowOffset first byte of the bound
     * @param belowLength bytes of the bound
     * @param handler called for each entry until it returns false; sees one state of the store
     */
    void scanBackward(
            DirectBuffer prefix,
            int prefixOffset,
            int prefixLength,
            DirectBuffer below,
            int belowOffset,
            int belowLength,
            KvHandler handler);

    /**
     * Frees what the reader holds. Idempotent, also after the store was closed; call it on the
     * reader's own thread.
     */
    @Override
    void close();
}
