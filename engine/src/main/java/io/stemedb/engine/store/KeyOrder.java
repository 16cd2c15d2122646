package io.stemedb.engine.store;

import static java.nio.ByteOrder.BIG_ENDIAN;

import org.agrona.DirectBuffer;

/**
 * How keys compare: as unsigned bytes, a prefix before what it starts. For the rooms below the
 * store room.
 */
public final class KeyOrder {
    private KeyOrder() {}

    /**
     * Compares two keys.
     *
     * @param a buffer of the first key
     * @param aOffset its first byte
     * @param aLength its bytes
     * @param b buffer of the second key
     * @param bOffset its first byte
     * @param bLength its bytes
     * @return below 0, 0 or above 0 as the first is less than, equal to or greater than the second
     */
    public static int compare(
            final DirectBuffer a,
            final int aOffset,
            final int aLength,
            final DirectBuffer b,
            final int bOffset,
            final int bLength) {
        final int common = Math.min(aLength, bLength);
        int i = 0;
        for (final int words = common & ~7; i < words; i += Long.BYTES) {
            final long x = a.getLong(aOffset + i, BIG_ENDIAN);
            final long y = b.getLong(bOffset + i, BIG_ENDIAN);
            if (x != y) {
                return Long.compareUnsigned(x, y);
            }
        }
        for (; i < common; i++) {
            final int difference =
                    (a.getByte(aOffset + i) & 0xFF) - (b.getByte(bOffset + i) & 0xFF);
            if (difference != 0) {
                return difference;
            }
        }
        return aLength - bLength;
    }

    /**
     * Whether a key starts with a prefix.
     *
     * @param key buffer of the key
     * @param keyOffset its first byte
     * @param keyLength its bytes
     * @param prefix buffer of the prefix
     * @param prefixOffset its first byte
     * @param prefixLength its bytes
     * @return whether it does
     */
    public static boolean startsWith(
            final DirectBuffer key,
            final int keyOffset,
            final int keyLength,
            final DirectBuffer prefix,
            final int prefixOffset,
            final int prefixLength) {
        return keyLength >= prefixLength
                && compare(key, keyOffset, prefixLength, prefix, prefixOffset, prefixLength) == 0;
    }

    /**
     * Whether a key or prefix lies in what stores keep about themselves, or beyond: no reader sees
     * that, and no batch takes it.
     *
     * @param key buffer of the key
     * @param keyOffset its first byte
     * @return whether it does
     */
    public static boolean isReserved(final DirectBuffer key, final int keyOffset) {
        return (key.getByte(keyOffset) & 0xFF) >= Keys.META_PREFIX;
    }
}
