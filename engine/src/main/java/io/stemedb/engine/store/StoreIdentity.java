package io.stemedb.engine.store;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * Which engine a store belongs to; written when the store is created, checked whenever it is
 * opened.
 *
 * @param engineIdHigh upper half of the engine id
 * @param engineIdLow lower half of the engine id
 * @param formatVersion version of the formats of keys and values
 */
public record StoreIdentity(long engineIdHigh, long engineIdLow, int formatVersion) {
    /** Bytes of an encoded identity. */
    public static final int LENGTH = 2 * Long.BYTES + Integer.BYTES;

    /**
     * Writes the identity.
     *
     * @param buffer to write into
     * @param offset first byte to write
     * @return bytes written
     */
    public int encode(final MutableDirectBuffer buffer, final int offset) {
        buffer.putLong(offset, engineIdHigh, LITTLE_ENDIAN);
        buffer.putLong(offset + Long.BYTES, engineIdLow, LITTLE_ENDIAN);
        buffer.putInt(offset + 2 * Long.BYTES, formatVersion, LITTLE_ENDIAN);
        return LENGTH;
    }

    /**
     * Compares with what a store holds.
     *
     * @param store name and path of the store
     * @param buffer of the encoded identity found there
     * @param offset its first byte
     * @param length its bytes
     * @throws StoreIdentityException if it is another one
     */
    public void check(
            final String store, final DirectBuffer buffer, final int offset, final int length) {
        if (length != LENGTH) {
            throw new StoreIdentityException(
                    store + ": identity of " + length + " bytes, not " + LENGTH, null);
        }
        final StoreIdentity found =
                new StoreIdentity(
                        buffer.getLong(offset, LITTLE_ENDIAN),
                        buffer.getLong(offset + Long.BYTES, LITTLE_ENDIAN),
                        buffer.getInt(offset + 2 * Long.BYTES, LITTLE_ENDIAN));
        if (!equals(found)) {
            throw new StoreIdentityException(
                    store + " belongs to engine " + found + ", opened as engine " + this, found);
        }
    }

    @Override
    public String toString() {
        return String.format("%016x%016x", engineIdHigh, engineIdLow) + " format " + formatVersion;
    }
}
