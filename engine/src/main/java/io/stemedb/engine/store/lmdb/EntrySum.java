package io.stemedb.engine.store.lmdb;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import org.agrona.DirectBuffer;

/**
 * The check of a store's content that LMDB lacks: each entry's key and value give 64 bits, and the
 * sum over all entries, in whatever order, is kept in the store and moves with each transaction. A
 * bit that turned over anywhere in an entry, and an entry that is gone, change it.
 */
final class EntrySum {
    private static final long START = 0x2545F4914F6CDD1DL;
    private static final long FACTOR = 0x9E3779B97F4A7C15L;
    private static final int SHIFT = 29;

    private EntrySum() {}

    /** One entry. */
    static long of(
            final DirectBuffer key,
            final int keyOffset,
            final int keyLength,
            final DirectBuffer value,
            final int valueOffset,
            final int valueLength) {
        return of(ofKey(key, keyOffset, keyLength), value, valueOffset, valueLength);
    }

    /** The key's part, where many values have one key. */
    static long ofKey(final DirectBuffer key, final int offset, final int length) {
        return mix(START ^ length, key, offset, length);
    }

    static long of(final long ofKey, final DirectBuffer value, final int offset, final int length) {
        final long sum = mix(ofKey * FACTOR ^ length, value, offset, length);
        return (sum ^ sum >>> 32) * FACTOR;
    }

    /** Each step can be undone, so no single change is lost in it. */
    private static long mix(
            final long start, final DirectBuffer bytes, final int offset, final int length) {
        long sum = start;
        int i = 0;
        for (; i + Long.BYTES <= length; i += Long.BYTES) {
            sum = (sum ^ bytes.getLong(offset + i, LITTLE_ENDIAN)) * FACTOR;
            sum ^= sum >>> SHIFT;
        }
        for (; i < length; i++) {
            sum = (sum ^ bytes.getByte(offset + i) & 0xFF) * FACTOR;
            sum ^= sum >>> SHIFT;
        }
        return sum;
    }
}
