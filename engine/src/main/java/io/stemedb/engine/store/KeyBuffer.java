package io.stemedb.engine.store;

import java.nio.ByteBuffer;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * One key in direct memory of our own, where native code can read it wherever the caller's bytes
 * are. For one thread at a time; for the rooms below the store room.
 */
public final class KeyBuffer {
    // The successor of a prefix is never longer than the prefix.
    private final ByteBuffer bytes = ByteBuffer.allocateDirect(Keys.STORE_MAX_LENGTH);
    private final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
    private int length;

    /** Creates an empty key. */
    public KeyBuffer() {}

    /**
     * The memory, from index 0 on.
     *
     * @return always the same buffer
     */
    public UnsafeBuffer buffer() {
        return buffer;
    }

    /**
     * Bytes of the key.
     *
     * @return 0 when there is none
     */
    public int length() {
        return length;
    }

    /**
     * The key as native calls take it.
     *
     * @return always the same buffer, from position 0 to the limit at the end of the key
     */
    public ByteBuffer bytes() {
        bytes.limit(length).position(0);
        return bytes;
    }

    /** Forgets the key. */
    public void clear() {
        length = 0;
    }

    /**
     * Copies a key.
     *
     * @param key buffer of the key
     * @param keyOffset its first byte
     * @param keyLength its bytes
     */
    public void set(final DirectBuffer key, final int keyOffset, final int keyLength) {
        checkLength(keyLength);
        buffer.putBytes(0, key, keyOffset, keyLength);
        length = keyLength;
    }

    /**
     * Copies the next key of a batch.
     *
     * @param key buffer of the key
     * @param keyOffset its first byte
     * @param keyLength its bytes
     * @throws IllegalArgumentException if it is not greater than the one before it, too long, empty
     *     or reserved
     */
    public void setNext(final DirectBuffer key, final int keyOffset, final int keyLength) {
        checkLength(keyLength);
        if (KeyOrder.isReserved(key, keyOffset)) {
            throw new IllegalArgumentException(
                    "key starts with a reserved byte: " + (key.getByte(keyOffset) & 0xFF));
        }
        if (length > 0 && KeyOrder.compare(key, keyOffset, keyLength, buffer, 0, length) <= 0) {
            throw new IllegalArgumentException("key is not greater than the one before it");
        }
        buffer.putBytes(0, key, keyOffset, keyLength);
        length = keyLength;
    }

    /**
     * Sets the least key greater than every key that starts with a prefix.
     *
     * @param prefix buffer of the prefix
     * @param prefixOffset its first byte
     * @param prefixLength its bytes
     * @return whether there is one; there is none after 0xff bytes only
     */
    public boolean setSuccessor(
            final DirectBuffer prefix, final int prefixOffset, final int prefixLength) {
        set(prefix, prefixOffset, prefixLength);
        while (length > 0) {
            final byte last = buffer.getByte(length - 1);
            if (last != (byte) 0xFF) {
                buffer.putByte(length - 1, (byte) (last + 1));
                return true;
            }
            length--;
        }
        return false;
    }

    private static void checkLength(final int keyLength) {
        if (keyLength < 1 || keyLength > Keys.STORE_MAX_LENGTH) {
            throw new IllegalArgumentException(
                    "key length not in [1, " + Keys.STORE_MAX_LENGTH + "]: " + keyLength);
        }
    }
}
