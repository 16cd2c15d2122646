package io.stemedb.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.stemedb.codecs.InvalidRecordException;
import java.math.BigInteger;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.bouncycastle.crypto.digests.Blake3Digest;
import org.junit.jupiter.api.Test;

/** {@link ContentDigest} and {@link ContentHasher} against Bouncy Castle and java.math. */
class ContentDigestTest {
    private static final BigInteger MODULUS = BigInteger.ONE.shiftLeft(256);
    private static final int HASH = 32;
    private static final int SHIFT = 5;

    private final long seed = TestEngines.newSeed();
    private final Random random = new Random(seed);

    private static String hex(final BigInteger sum) {
        return String.format("%064x", sum);
    }

    private byte[] bytes(final int length) {
        final byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    @Test
    void aDigestOfNothingIsZero() {
        assertEquals("0".repeat(64), new ContentDigest().toString());
    }

    @Test
    void itIsTheSumOfTheHashesOfKeysAndValues() {
        final ContentDigest digest = new ContentDigest();
        BigInteger sum = BigInteger.ZERO;
        for (int i = 0; i < 2_000; i++) {
            final byte[] key = bytes(SHIFT + random.nextInt(100));
            final byte[] value = bytes(SHIFT + random.nextInt(i % 100 == 0 ? 70_000 : 300));
            final Blake3Digest blake3 = new Blake3Digest(HASH * Byte.SIZE);
            blake3.update(key, SHIFT, key.length - SHIFT);
            blake3.update(value, SHIFT, value.length - SHIFT);
            final byte[] hash = new byte[HASH];
            blake3.doFinal(hash, 0);
            sum = sum.add(new BigInteger(1, hash)).mod(MODULUS);
            digest.add(
                    new UnsafeBuffer(key),
                    SHIFT,
                    key.length - SHIFT,
                    new UnsafeBuffer(value),
                    SHIFT,
                    value.length - SHIFT);
            assertEquals(hex(sum), digest.toString(), "seed " + seed + ", entry " + i);
        }
    }

    /** Words of all ones and of zeros, which no hash has: a carry goes through each of them. */
    @Test
    void carriesGoThroughEveryWord() {
        final ContentDigest digest = new ContentDigest();
        BigInteger sum = BigInteger.ZERO;
        for (int i = 0; i < 20_000; i++) {
            final byte[] addend = new byte[HASH];
            final UnsafeBuffer buffer = new UnsafeBuffer(addend);
            for (int word = 0; word < HASH; word += Long.BYTES) {
                buffer.putLong(
                        word,
                        switch (random.nextInt(4)) {
                            case 0 -> 0;
                            case 1 -> -1;
                            case 2 -> Long.reverseBytes(1);
                            default -> random.nextLong();
                        });
            }
            sum = sum.add(new BigInteger(1, addend)).mod(MODULUS);
            digest.addHash(buffer);
            assertEquals(hex(sum), digest.toString(), "seed " + seed + ", addend " + i);
        }
    }

    @Test
    void oneMoreThanTheLargestIsZero() {
        for (int bit = 0; bit < HASH * Byte.SIZE; bit++) {
            final ContentDigest digest = new ContentDigest();
            final BigInteger one = BigInteger.ONE.shiftLeft(bit);
            digest.addHash(buffer(MODULUS.subtract(one)));
            digest.addHash(buffer(one));
            assertEquals("0".repeat(64), digest.toString(), "bit " + bit);
        }
    }

    private static UnsafeBuffer buffer(final BigInteger number) {
        final byte[] bytes = number.toByteArray();
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[HASH]);
        final int length = Math.min(HASH, bytes.length);
        buffer.putBytes(HASH - length, bytes, bytes.length - length, length);
        return buffer;
    }

    @Test
    void aContentHashIsThatOfTheBody() {
        final ContentHasher hasher = new ContentHasher();
        final RecordMix mix = new RecordMix(random, 30);
        for (int i = 0; i < 3_000; i++) {
            final byte[] record = mix.next();
            final byte[] shifted = new byte[record.length + SHIFT];
            System.arraycopy(record, 0, shifted, SHIFT, record.length);
            final byte[] hash = new byte[HASH + SHIFT];
            hasher.hash(
                    new UnsafeBuffer(shifted), SHIFT, record.length, new UnsafeBuffer(hash), SHIFT);
            assertArrayEquals(
                    TestEngines.hashOf(record),
                    java.util.Arrays.copyOfRange(hash, SHIFT, hash.length),
                    "seed " + seed + ", record " + i);
        }
    }

    @Test
    void whatIsNoRecordHasNoContentHash() {
        final byte[] record = new RecordMix(random, 30).next();
        record[record.length - 1] ^= 1;
        assertThrows(
                InvalidRecordException.class,
                () ->
                        new ContentHasher()
                                .hash(
                                        new UnsafeBuffer(record),
                                        0,
                                        record.length,
                                        new UnsafeBuffer(new byte[HASH]),
                                        0));
    }
}
