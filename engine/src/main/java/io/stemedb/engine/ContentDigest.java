package io.stemedb.engine;

import io.stemedb.engine.hash.Blake3;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableDirectByteBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Sum modulo 2^256 of BLAKE3(key‖value) over a set of entries: the same for any order and any
 * placement.
 */
final class ContentDigest {
    private static final int WORDS = 4;

    private final Blake3 blake3 = Blake3.newInstance();
    private final ExpandableDirectByteBuffer entry = new ExpandableDirectByteBuffer(1024);
    private final UnsafeBuffer hash =
            new UnsafeBuffer(java.nio.ByteBuffer.allocateDirect(Blake3.HASH_LENGTH));
    private final long[] sum = new long[WORDS]; // most significant first

    void add(
            final DirectBuffer key,
            final int keyOffset,
            final int keyLength,
            final DirectBuffer value,
            final int valueOffset,
            final int valueLength) {
        entry.putBytes(0, key, keyOffset, keyLength);
        entry.putBytes(keyLength, value, valueOffset, valueLength);
        blake3.hash(entry, 0, keyLength + valueLength, hash, 0);
        addHash(hash);
    }

    /** Adds the 32 bytes of a hash, a number with its most significant byte first. */
    void addHash(final DirectBuffer addends) {
        long carry = 0;
        for (int word = WORDS - 1; word >= 0; word--) {
            final long addend = addends.getLong(word * Long.BYTES, java.nio.ByteOrder.BIG_ENDIAN);
            final long partial = sum[word] + addend;
            final long total = partial + carry;
            carry =
                    Long.compareUnsigned(partial, addend) < 0
                                    || Long.compareUnsigned(total, partial) < 0
                            ? 1
                            : 0;
            sum[word] = total;
        }
    }

    @Override
    public String toString() {
        return String.format("%016x%016x%016x%016x", sum[0], sum[1], sum[2], sum[3]);
    }
}
