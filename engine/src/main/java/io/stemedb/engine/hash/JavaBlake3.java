package io.stemedb.engine.hash;

import static java.lang.Integer.rotateRight;

import java.nio.ByteOrder;
import java.util.Arrays;
import org.agrona.BufferUtil;
import org.agrona.UnsafeApi;

/**
 * BLAKE3 in Java, for platforms without the native library. Written from the same paper as
 * src/main/c/blake3.c ("BLAKE3: one function, fast everywhere"; section numbers are its), and of
 * the same shape: compare them function by function.
 *
 * <p>Memory is named as by Unsafe: a byte[] and an offset that counts from its header, or null and
 * an address. Words are little-endian.
 */
final class JavaBlake3 extends Blake3 {
    static final String NAME = "java";

    private static final int BLOCK_LENGTH = 64;
    private static final int CHUNK_LENGTH = 1024;

    /**
     * A length of 63 bits is at most 2^53 chunks: one value for each bit of their count, and one.
     */
    private static final int STACK_DEPTH = 55;

    private static final long ARRAY_BASE = BufferUtil.ARRAY_BASE_OFFSET;
    private static final boolean REVERSE = ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN;

    /** Section 2.2, table of flags: where in the tree a compression stands. */
    private static final int CHUNK_START = 1;

    private static final int CHUNK_END = 2;
    private static final int PARENT = 4;
    private static final int ROOT = 8;

    /** Section 2.2, table of constants. */
    private static final int IV0 = 0x6a09e667;

    private static final int IV1 = 0xbb67ae85;
    private static final int IV2 = 0x3c6ef372;
    private static final int IV3 = 0xa54ff53a;
    private static final int IV4 = 0x510e527f;
    private static final int IV5 = 0x9b05688c;
    private static final int IV6 = 0x1f83d9ab;
    private static final int IV7 = 0x5be0cd19;

    /** The chaining value under way. */
    private final int[] cv = new int[8];

    /**
     * The last block of a chunk, padded with zeros: bytes behind the range are not ours to read.
     */
    private final byte[] block = new byte[BLOCK_LENGTH];

    /**
     * Chaining values of complete subtrees, as bytes, so that two neighbours are a parent's block.
     */
    private final byte[] stack = new byte[STACK_DEPTH * HASH_LENGTH];

    @Override
    public String implementation() {
        return NAME;
    }

    @Override
    void digest(final long address, final long length, final long outAddress) {
        digestMemory(null, address, length, null, outAddress);
    }

    @Override
    void digest(
            final byte[] in,
            final long inPosition,
            final long length,
            final byte[] out,
            final long outPosition) {
        digestMemory(
                in,
                in == null ? inPosition : ARRAY_BASE + inPosition,
                length,
                out,
                out == null ? outPosition : ARRAY_BASE + outPosition);
    }

    @Override
    void digestBatch(final long descriptorsAddress, final int count) {
        for (int i = 0; i < count; i++) {
            final long descriptor = descriptorsAddress + (long) i * DESCRIPTOR_LENGTH;
            digestMemory(
                    null,
                    UnsafeApi.getLong(descriptor),
                    UnsafeApi.getLong(descriptor + Long.BYTES),
                    null,
                    UnsafeApi.getLong(descriptor + 2 * Long.BYTES));
        }
    }

    /**
     * Section 5.1.2: the stack holds the roots of the complete subtrees on the left, the largest at
     * the bottom. After n chunks as many merges are due as n has trailing zero bits. The last chunk
     * stays outside, as only the very last compression may carry the root flag.
     */
    private void digestMemory(
            final byte[] in,
            final long inOffset,
            final long length,
            final byte[] out,
            final long outOffset) {
        if (length <= CHUNK_LENGTH) {
            hashChunk(in, inOffset, (int) length, 0, ROOT);
            storeCv(out, outOffset);
            return;
        }
        int depth = 0;
        long chunks = 0;
        long position = inOffset;
        long remaining = length;
        for (; remaining > CHUNK_LENGTH; remaining -= CHUNK_LENGTH) {
            hashChunk(in, position, CHUNK_LENGTH, chunks, 0);
            position += CHUNK_LENGTH;
            chunks++;
            push(depth++);
            for (int merges = Long.numberOfTrailingZeros(chunks); merges > 0; merges--) {
                depth -= 2;
                hashParent(depth, 0);
                push(depth++);
            }
        }
        hashChunk(in, position, (int) remaining, chunks, 0);
        for (int left = depth - 1; left >= 0; left--) {
            push(left + 1);
            hashParent(left, left == 0 ? ROOT : 0);
        }
        storeCv(out, outOffset);
    }

    /** Section 2.4: one chunk of at most CHUNK_LENGTH bytes; an empty one has one empty block. */
    private void hashChunk(
            final byte[] base,
            final long offset,
            final int length,
            final long counter,
            final int root) {
        start();
        int flags = CHUNK_START;
        int done = 0;
        for (; length - done > BLOCK_LENGTH; done += BLOCK_LENGTH) {
            compress(cv, base, offset + done, counter, BLOCK_LENGTH, flags);
            flags = 0;
        }
        final int rest = length - done;
        flags |= CHUNK_END | root;
        if (rest == BLOCK_LENGTH) {
            compress(cv, base, offset + done, counter, BLOCK_LENGTH, flags);
        } else {
            UnsafeApi.copyMemory(base, offset + done, block, ARRAY_BASE, rest);
            Arrays.fill(block, rest, BLOCK_LENGTH, (byte) 0);
            compress(cv, block, ARRAY_BASE, counter, rest, flags);
        }
    }

    /** Section 2.5: a parent's block is its children's chaining values, left then right. */
    private void hashParent(final int left, final int root) {
        start();
        final long children = ARRAY_BASE + (long) left * HASH_LENGTH;
        compress(cv, stack, children, 0, BLOCK_LENGTH, PARENT | root);
    }

    private void push(final int depth) {
        storeCv(stack, ARRAY_BASE + (long) depth * HASH_LENGTH);
    }

    private void start() {
        cv[0] = IV0;
        cv[1] = IV1;
        cv[2] = IV2;
        cv[3] = IV3;
        cv[4] = IV4;
        cv[5] = IV5;
        cv[6] = IV6;
        cv[7] = IV7;
    }

    private void storeCv(final byte[] base, final long offset) {
        for (int i = 0; i < 8; i++) {
            final int word = REVERSE ? Integer.reverseBytes(cv[i]) : cv[i];
            UnsafeApi.putInt(base, offset + i * Integer.BYTES, word);
        }
    }

    private static int word(final byte[] base, final long offset, final int index) {
        final int word = UnsafeApi.getInt(base, offset + index * Integer.BYTES);
        return REVERSE ? Integer.reverseBytes(word) : word;
    }

    /**
     * Section 2.2, with the output truncated to a chaining value, in place. All seven rounds are
     * written out, with state and message in locals: the message words are named where the
     * permutation of each round puts them, rather than moved. Two lines are one quarter round, one
     * for each of its two message words. The method stays below the 8,000 bytecodes up to which the
     * JVM compiles; a test holds it there.
     */
    private static void compress(
            final int[] cv,
            final byte[] base,
            final long offset,
            final long counter,
            final int blockLength,
            final int flags) {
        final int m0 = word(base, offset, 0);
        final int m1 = word(base, offset, 1);
        final int m2 = word(base, offset, 2);
        final int m3 = word(base, offset, 3);
        final int m4 = word(base, offset, 4);
        final int m5 = word(base, offset, 5);
        final int m6 = word(base, offset, 6);
        final int m7 = word(base, offset, 7);
        final int m8 = word(base, offset, 8);
        final int m9 = word(base, offset, 9);
        final int m10 = word(base, offset, 10);
        final int m11 = word(base, offset, 11);
        final int m12 = word(base, offset, 12);
        final int m13 = word(base, offset, 13);
        final int m14 = word(base, offset, 14);
        final int m15 = word(base, offset, 15);
        int v0 = cv[0];
        int v1 = cv[1];
        int v2 = cv[2];
        int v3 = cv[3];
        int v4 = cv[4];
        int v5 = cv[5];
        int v6 = cv[6];
        int v7 = cv[7];
        int v8 = IV0;
        int v9 = IV1;
        int v10 = IV2;
        int v11 = IV3;
        int v12 = (int) counter;
        int v13 = (int) (counter >>> 32);
        int v14 = blockLength;
        int v15 = flags;
        // round 1: columns, then diagonals
        v4 = rotateRight(v4 ^ (v8 += (v12 = rotateRight(v12 ^ (v0 += v4 + m0), 16))), 12);
        v4 = rotateRight(v4 ^ (v8 += (v12 = rotateRight(v12 ^ (v0 += v4 + m1), 8))), 7);
        v5 = rotateRight(v5 ^ (v9 += (v13 = rotateRight(v13 ^ (v1 += v5 + m2), 16))), 12);
        v5 = rotateRight(v5 ^ (v9 += (v13 = rotateRight(v13 ^ (v1 += v5 + m3), 8))), 7);
        v6 = rotateRight(v6 ^ (v10 += (v14 = rotateRight(v14 ^ (v2 += v6 + m4), 16))), 12);
        v6 = rotateRight(v6 ^ (v10 += (v14 = rotateRight(v14 ^ (v2 += v6 + m5), 8))), 7);
        v7 = rotateRight(v7 ^ (v11 += (v15 = rotateRight(v15 ^ (v3 += v7 + m6), 16))), 12);
        v7 = rotateRight(v7 ^ (v11 += (v15 = rotateRight(v15 ^ (v3 += v7 + m7), 8))), 7);
        v5 = rotateRight(v5 ^ (v10 += (v15 = rotateRight(v15 ^ (v0 += v5 + m8), 16))), 12);
        v5 = rotateRight(v5 ^ (v10 += (v15 = rotateRight(v15 ^ (v0 += v5 + m9), 8))), 7);
        v6 = rotateRight(v6 ^ (v11 += (v12 = rotateRight(v12 ^ (v1 += v6 + m10), 16))), 12);
        v6 = rotateRight(v6 ^ (v11 += (v12 = rotateRight(v12 ^ (v1 += v6 + m11), 8))), 7);
        v7 = rotateRight(v7 ^ (v8 += (v13 = rotateRight(v13 ^ (v2 += v7 + m12), 16))), 12);
        v7 = rotateRight(v7 ^ (v8 += (v13 = rotateRight(v13 ^ (v2 += v7 + m13), 8))), 7);
        v4 = rotateRight(v4 ^ (v9 += (v14 = rotateRight(v14 ^ (v3 += v4 + m14), 16))), 12);
        v4 = rotateRight(v4 ^ (v9 += (v14 = rotateRight(v14 ^ (v3 += v4 + m15), 8))), 7);
        // round 2: columns, then diagonals
        v4 = rotateRight(v4 ^ (v8 += (v12 = rotateRight(v12 ^ (v0 += v4 + m2), 16))), 12);
        v4 = rotateRight(v4 ^ (v8 += (v12 = rotateRight(v12 ^ (v0 += v4 + m6), 8))), 7);
        v5 = rotateRight(v5 ^ (v9 += (v13 = rotateRight(v13 ^ (v1 += v5 + m3), 16))), 12);
        v5 = rotateRight(v5 ^ (v9 += (v13 = rotateRight(v13 ^ (v1 += v5 + m10), 8))), 7);
        v6 = rotateRight(v6 ^ (v10 += (v14 = rotateRight(v14 ^ (v2 += v6 + m7), 16))), 12);
        v6 = rotateRight(v6 ^ (v10 += (v14 = rotateRight(v14 ^ (v2 += v6 + m0), 8))), 7);
        v7 = rotateRight(v7 ^ (v11 += (v15 = rotateRight(v15 ^ (v3 += v7 + m4), 16))), 12);
        v7 = rotateRight(v7 ^ (v11 += (v15 = rotateRight(v15 ^ (v3 += v7 + m13), 8))), 7);
        v5 = rotateRight(v5 ^ (v10 += (v15 = rotateRight(v15 ^ (v0 += v5 + m1), 16))), 12);
        v5 = rotateRight(v5 ^ (v10 += (v15 = rotateRight(v15 ^ (v0 += v5 + m11), 8))), 7);
        v6 = rotateRight(v6 ^ (v11 += (v12 = rotateRight(v12 ^ (v1 += v6 + m12), 16))), 12);
        v6 = rotateRight(v6 ^ (v11 += (v12 = rotateRight(v12 ^ (v1 += v6 + m5), 8))), 7);
        v7 = rotateRight(v7 ^ (v8 += (v13 = rotateRight(v13 ^ (v2 += v7 + m9), 16))), 12);
        v7 = rotateRight(v7 ^ (v8 += (v13 = rotateRight(v13 ^ (v2 += v7 + m14), 8))), 7);
        v4 = rotateRight(v4 ^ (v9 += (v14 = rotateRight(v14 ^ (v3 += v4 + m15), 16))), 12);
        v4 = rotateRight(v4 ^ (v9 += (v14 = rotateRight(v14 ^ (v3 += v4 + m8), 8))), 7);
        // round 3: columns, then diagonals
        v4 = rotateRight(v4 ^ (v8 += (v12 = rotateRight(v12 ^ (v0 += v4 + m3), 16))), 12);
        v4 = rotateRight(v4 ^ (v8 += (v12 = rotateRight(v12 ^ (v0 += v4 + m4), 8))), 7);
        v5 = rotateRight(v5 ^ (v9 += (v13 = rotateRight(v13 ^ (v1 += v5 + m10), 16))), 12);
        v5 = rotateRight(v5 ^ (v9 += (v13 = rotateRight(v13 ^ (v1 += v5 + m12), 8))), 7);
        v6 = rotateRight(v6 ^ (v10 += (v14 = rotateRight(v14 ^ (v2 += v6 + m13), 16))), 12);
        v6 = rotateRight(v6 ^ (v10 += (v14 = rotateRight(v14 ^ (v2 += v6 + m2), 8))), 7);
        v7 = rotateRight(v7 ^ (v11 += (v15 = rotateRight(v15 ^ (v3 += v7 + m7), 16))), 12);
        v7 = rotateRight(v7 ^ (v11 += (v15 = rotateRight(v15 ^ (v3 += v7 + m14), 8))), 7);
        v5 = rotateRight(v5 ^ (v10 += (v15 = rotateRight(v15 ^ (v0 += v5 + m6), 16))), 12);
        v5 = rotateRight(v5 ^ (v10 += (v15 = rotateRight(v15 ^ (v0 += v5 + m5), 8))), 7);
        v6 = rotateRight(v6 ^ (v11 += (v12 = rotateRight(v12 ^ (v1 += v6 + m9), 16))), 12);
        v6 = rotateRight(v6 ^ (v11 += (v12 = rotateRight(v12 ^ (v1 += v6 + m0), 8))), 7);
        v7 = rotateRight(v7 ^ (v8 += (v13 = rotateRight(v13 ^ (v2 += v7 + m11), 16))), 12);
        v7 = rotateRight(v7 ^ (v8 += (v13 = rotateRight(v13 ^ (v2 += v7 + m15), 8))), 7);
        v4 = rotateRight(v4 ^ (v9 += (v14 = rotateRight(v14 ^ (v3 += v4 + m8), 16))), 12);
        v4 = rotateRight(v4 ^ (v9 += (v14 = rotateRight(v14 ^ (v3 += v4 + m1), 8))), 7);
        // round 4: columns, then diagonals
        v4 = rotateRight(v4 ^ (v8 += (v12 = rotateRight(v12 ^ (v0 += v4 + m10), 16))), 12);
        v4 = rotateRight(v4 ^ (v8 += (v12 = rotateRight(v12 ^ (v0 += v4 + m7), 8))), 7);
        v5 = rotateRight(v5 ^ (v9 += (v13 = rotateRight(v13 ^ (v1 += v5 + m12), 16))), 12);
        v5 = rotateRight(v5 ^ (v9 += (v13 = rotateRight(v13 ^ (v1 += v5 + m9), 8))), 7);
        v6 = rotateRight(v6 ^ (v10 += (v14 = rotateRight(v14 ^ (v2 += v6 + m14), 16))), 12);
        v6 = rotateRight(v6 ^ (v10 += (v14 = rotateRight(v14 ^ (v2 += v6 + m3), 8))), 7);
        v7 = rotateRight(v7 ^ (v11 += (v15 = rotateRight(v15 ^ (v3 += v7 + m13), 16))), 12);
        v7 = rotateRight(v7 ^ (v11 += (v15 = rotateRight(v15 ^ (v3 += v7 + m15), 8))), 7);
        v5 = rotateRight(v5 ^ (v10 += (v15 = rotateRight(v15 ^ (v0 += v5 + m4), 16))), 12);
        v5 = rotateRight(v5 ^ (v10 += (v15 = rotateRight(v15 ^ (v0 += v5 + m0), 8))), 7);
        v6 = rotateRight(v6 ^ (v11 += (v12 = rotateRight(v12 ^ (v1 += v6 + m11), 16))), 12);
        v6 = rotateRight(v6 ^ (v11 += (v12 = rotateRight(v12 ^ (v1 += v6 + m2), 8))), 7);
        v7 = rotateRight(v7 ^ (v8 += (v13 = rotateRight(v13 ^ (v2 += v7 + m5), 16))), 12);
        v7 = rotateRight(v7 ^ (v8 += (v13 = rotateRight(v13 ^ (v2 += v7 + m8), 8))), 7);
        v4 = rotateRight(v4 ^ (v9 += (v14 = rotateRight(v14 ^ (v3 += v4 + m1), 16))), 12);
        v4 = rotateRight(v4 ^ (v9 += (v14 = rotateRight(v14 ^ (v3 += v4 + m6), 8))), 7);
        // round 5: columns, then diagonals
        v4 = rotateRight(v4 ^ (v8 += (v12 = rotateRight(v12 ^ (v0 += v4 + m12), 16))), 12);
        v4 = rotateRight(v4 ^ (v8 += (v12 = rotateRight(v12 ^ (v0 += v4 + m13), 8))), 7);
        v5 = rotateRight(v5 ^ (v9 += (v13 = rotateRight(v13 ^ (v1 += v5 + m9), 16))), 12);
        v5 = rotateRight(v5 ^ (v9 += (v13 = rotateRight(v13 ^ (v1 += v5 + m11), 8))), 7);
        v6 = rotateRight(v6 ^ (v10 += (v14 = rotateRight(v14 ^ (v2 += v6 + m15), 16))), 12);
        v6 = rotateRight(v6 ^ (v10 += (v14 = rotateRight(v14 ^ (v2 += v6 + m10), 8))), 7);
        v7 = rotateRight(v7 ^ (v11 += (v15 = rotateRight(v15 ^ (v3 += v7 + m14), 16))), 12);
        v7 = rotateRight(v7 ^ (v11 += (v15 = rotateRight(v15 ^ (v3 += v7 + m8), 8))), 7);
        v5 = rotateRight(v5 ^ (v10 += (v15 = rotateRight(v15 ^ (v0 += v5 + m7), 16))), 12);
        v5 = rotateRight(v5 ^ (v10 += (v15 = rotateRight(v15 ^ (v0 += v5 + m2), 8))), 7);
        v6 = rotateRight(v6 ^ (v11 += (v12 = rotateRight(v12 ^ (v1 += v6 + m5), 16))), 12);
        v6 = rotateRight(v6 ^ (v11 += (v12 = rotateRight(v12 ^ (v1 += v6 + m3), 8))), 7);
        v7 = rotateRight(v7 ^ (v8 += (v13 = rotateRight(v13 ^ (v2 += v7 + m0), 16))), 12);
        v7 = rotateRight(v7 ^ (v8 += (v13 = rotateRight(v13 ^ (v2 += v7 + m1), 8))), 7);
        v4 = rotateRight(v4 ^ (v9 += (v14 = rotateRight(v14 ^ (v3 += v4 + m6), 16))), 12);
        v4 = rotateRight(v4 ^ (v9 += (v14 = rotateRight(v14 ^ (v3 += v4 + m4), 8))), 7);
        // round 6: columns, then diagonals
        v4 = rotateRight(v4 ^ (v8 += (v12 = rotateRight(v12 ^ (v0 += v4 + m9), 16))), 12);
        v4 = rotateRight(v4 ^ (v8 += (v12 = rotateRight(v12 ^ (v0 += v4 + m14), 8))), 7);
        v5 = rotateRight(v5 ^ (v9 += (v13 = rotateRight(v13 ^ (v1 += v5 + m11), 16))), 12);
        v5 = rotateRight(v5 ^ (v9 += (v13 = rotateRight(v13 ^ (v1 += v5 + m5), 8))), 7);
        v6 = rotateRight(v6 ^ (v10 += (v14 = rotateRight(v14 ^ (v2 += v6 + m8), 16))), 12);
        v6 = rotateRight(v6 ^ (v10 += (v14 = rotateRight(v14 ^ (v2 += v6 + m12), 8))), 7);
        v7 = rotateRight(v7 ^ (v11 += (v15 = rotateRight(v15 ^ (v3 += v7 + m15), 16))), 12);
        v7 = rotateRight(v7 ^ (v11 += (v15 = rotateRight(v15 ^ (v3 += v7 + m1), 8))), 7);
        v5 = rotateRight(v5 ^ (v10 += (v15 = rotateRight(v15 ^ (v0 += v5 + m13), 16))), 12);
        v5 = rotateRight(v5 ^ (v10 += (v15 = rotateRight(v15 ^ (v0 += v5 + m3), 8))), 7);
        v6 = rotateRight(v6 ^ (v11 += (v12 = rotateRight(v12 ^ (v1 += v6 + m0), 16))), 12);
        v6 = rotateRight(v6 ^ (v11 += (v12 = rotateRight(v12 ^ (v1 += v6 + m10), 8))), 7);
        v7 = rotateRight(v7 ^ (v8 += (v13 = rotateRight(v13 ^ (v2 += v7 + m2), 16))), 12);
        v7 = rotateRight(v7 ^ (v8 += (v13 = rotateRight(v13 ^ (v2 += v7 + m6), 8))), 7);
        v4 = rotateRight(v4 ^ (v9 += (v14 = rotateRight(v14 ^ (v3 += v4 + m4), 16))), 12);
        v4 = rotateRight(v4 ^ (v9 += (v14 = rotateRight(v14 ^ (v3 += v4 + m7), 8))), 7);
        // round 7: columns, then diagonals
        v4 = rotateRight(v4 ^ (v8 += (v12 = rotateRight(v12 ^ (v0 += v4 + m11), 16))), 12);
        v4 = rotateRight(v4 ^ (v8 += (v12 = rotateRight(v12 ^ (v0 += v4 + m15), 8))), 7);
        v5 = rotateRight(v5 ^ (v9 += (v13 = rotateRight(v13 ^ (v1 += v5 + m5), 16))), 12);
        v5 = rotateRight(v5 ^ (v9 += (v13 = rotateRight(v13 ^ (v1 += v5 + m0), 8))), 7);
        v6 = rotateRight(v6 ^ (v10 += (v14 = rotateRight(v14 ^ (v2 += v6 + m1), 16))), 12);
        v6 = rotateRight(v6 ^ (v10 += (v14 = rotateRight(v14 ^ (v2 += v6 + m9), 8))), 7);
        v7 = rotateRight(v7 ^ (v11 += (v15 = rotateRight(v15 ^ (v3 += v7 + m8), 16))), 12);
        v7 = rotateRight(v7 ^ (v11 += (v15 = rotateRight(v15 ^ (v3 += v7 + m6), 8))), 7);
        v5 = rotateRight(v5 ^ (v10 += (v15 = rotateRight(v15 ^ (v0 += v5 + m14), 16))), 12);
        v5 = rotateRight(v5 ^ (v10 += (v15 = rotateRight(v15 ^ (v0 += v5 + m10), 8))), 7);
        v6 = rotateRight(v6 ^ (v11 += (v12 = rotateRight(v12 ^ (v1 += v6 + m2), 16))), 12);
        v6 = rotateRight(v6 ^ (v11 += (v12 = rotateRight(v12 ^ (v1 += v6 + m12), 8))), 7);
        v7 = rotateRight(v7 ^ (v8 += (v13 = rotateRight(v13 ^ (v2 += v7 + m3), 16))), 12);
        v7 = rotateRight(v7 ^ (v8 += (v13 = rotateRight(v13 ^ (v2 += v7 + m4), 8))), 7);
        v4 = rotateRight(v4 ^ (v9 += (v14 = rotateRight(v14 ^ (v3 += v4 + m7), 16))), 12);
        v4 = rotateRight(v4 ^ (v9 += (v14 = rotateRight(v14 ^ (v3 += v4 + m13), 8))), 7);
        cv[0] = v0 ^ v8;
        cv[1] = v1 ^ v9;
        cv[2] = v2 ^ v10;
        cv[3] = v3 ^ v11;
        cv[4] = v4 ^ v12;
        cv[5] = v5 ^ v13;
        cv[6] = v6 ^ v14;
        cv[7] = v7 ^ v15;
    }
}
