package io.stemedb.engine.memtable;

import java.security.SecureRandom;
import org.agrona.DirectBuffer;

/**
 * Where a key stands in the index: seeded folded multiplication. Epoch ids, the assertion hashes
 * named by votes and subjects are chosen by users, and bodies can be varied until a content hash
 * has a wanted prefix; without the seed nobody can choose keys that share a slot.
 *
 * <p>The seed is drawn once a process. Nothing that leaves the memtable depends on it: flushes are
 * sorted by key and walks follow arrival.
 */
final class KeyHasher {
    private final long seed0;
    private final long seed1;
    private final long seed2;
    private final long seed3;
    private final long seed4;

    KeyHasher(final long[] seeds) {
        seed0 = seeds[0];
        seed1 = seeds[1];
        seed2 = seeds[2];
        seed3 = seeds[3];
        seed4 = seeds[4];
    }

    static KeyHasher random() {
        return new KeyHasher(ProcessSeed.SEEDS);
    }

    /** Hash of a 32-byte key of the given kind. */
    long ofHash(final int kind, final DirectBuffer key, final int offset) {
        final long a = fold(key.getLong(offset) ^ seed0, key.getLong(offset + 8) ^ seed1 ^ kind);
        final long b = fold(key.getLong(offset + 16) ^ seed2, key.getLong(offset + 24) ^ seed3);
        return fold(a ^ seed4, b ^ seed0);
    }

    /** Hash of a key of any length; reads only the key. */
    long ofBytes(final int kind, final DirectBuffer key, final int offset, final int length) {
        final int end = offset + length;
        long state = seed4 ^ kind;
        long a = 0;
        long b = 0;
        if (length >= 16) {
            for (int i = offset; i < end - 16; i += 16) {
                state = fold(key.getLong(i) ^ seed0, key.getLong(i + 8) ^ state);
            }
            a = key.getLong(end - 16);
            b = key.getLong(end - 8);
        } else if (length >= 8) {
            a = key.getLong(offset);
            b = key.getLong(end - 8);
        } else if (length >= 4) {
            a = key.getInt(offset);
            b = key.getInt(end - 4);
        } else if (length > 0) {
            a = key.getByte(offset);
            b = ((long) key.getByte(offset + (length >> 1)) << 8) | (key.getByte(end - 1) & 0xFF);
        }
        return fold(fold(a ^ seed1, b ^ state) ^ seed2, length ^ seed3);
    }

    /** Both halves of the 128-bit product, so that every input bit reaches every output bit. */
    private static long fold(final long x, final long y) {
        return Math.multiplyHigh(x, y) ^ (x * y);
    }

    private static final class ProcessSeed {
        static final long[] SEEDS = new SecureRandom().longs(5).toArray();
    }
}
