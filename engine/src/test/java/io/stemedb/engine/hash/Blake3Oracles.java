package io.stemedb.engine.hash;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.Random;
import org.bouncycastle.crypto.digests.Blake3Digest;

/** BLAKE3 as two others wrote it, who must agree before either is believed. */
final class Blake3Oracles {
    private Blake3Oracles() {}

    static byte[] hash(final byte[] bytes, final int offset, final int length) {
        final byte[] first = new byte[Blake3.HASH_LENGTH];
        final Blake3Digest digest = new Blake3Digest(Blake3.HASH_LENGTH * Byte.SIZE);
        digest.update(bytes, offset, length);
        digest.doFinal(first, 0);
        final byte[] second = new byte[Blake3.HASH_LENGTH];
        org.apache.commons.codec.digest.Blake3.initHash()
                .update(bytes, offset, length)
                .doFinalize(second);
        assertArrayEquals(first, second, () -> "the oracles differ at length " + length);
        return first;
    }

    static byte[] bytes(final long seed, final int length) {
        final byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    /** The input of the published vectors. */
    static byte[] vectorInput(final int length) {
        final byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i % 251);
        }
        return bytes;
    }
}
