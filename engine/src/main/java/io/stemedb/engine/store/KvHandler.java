package io.stemedb.engine.store;

import org.agrona.DirectBuffer;

/** Receives entries of a {@link KvReader}. */
@FunctionalInterface
public interface KvHandler {

    /**
     * One entry. The buffers belong to the store and are valid only during the call, on the calling
     * thread.
     *
     * @param key buffer of the key
     * @param keyOffset first byte of the key
     * @param keyLength bytes of the key
     * @param value buffer of the value
     * @param valueOffset first byte of the value
     * @param valueLength bytes of the value
     * @return whether to go on with a scan
     */
    boolean onEntry(
            DirectBuffer key,
            int keyOffset,
            int keyLength,
            DirectBuffer value,
            int valueOffset,
            int valueLength);
}
