package io.stemedb.engine.memtable;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.SplittableRandom;
import java.util.function.IntFunction;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** Keys that users choose do not find each other's slots. */
class KeyHasherTest {
    private static final int KEYS = 4_000;

    private static UnsafeBuffer key(final long w0, final long w1, final long w2, final long w3) {
        final UnsafeBuffer key = new UnsafeBuffer(new byte[32]);
        key.putLong(0, w0);
        key.putLong(8, w1);
        key.putLong(16, w2);
        key.putLong(24, w3);
        return key;
    }

    /** Longest search among epochs with these ids, and the mean one. */
    private static double[] probes(final IntFunction<UnsafeBuffer> ids, final KeyHasher hasher) {
        final TestRecords records = new TestRecords();
        try (Memtable memtable = new Memtable(2, KEYS, KEYS * 256, hasher, ReaderGate::new)) {
            final Generation generation = firstOf(memtable);
            for (int i = 0; i < KEYS; i++) {
                records.build(i, 0, new byte[0], 100);
                records.buffer.putBytes(TestRecords.OFFSET + TestRecords.HASH, ids.apply(i), 0, 32);
                assertTrue(records.putEpoch(memtable, i + 1));
            }
            long longest = 0;
            long sum = 0;
            for (int i = 0; i < KEYS; i++) {
                final UnsafeBuffer id = ids.apply(i);
                final int length =
                        generation.index.probeLength(
                                EntryDescriptor.EPOCH,
                                hasher.ofHash(EntryDescriptor.EPOCH, id, 0),
                                id,
                                32);
                longest = Math.max(longest, length);
                sum += length;
            }
            return new double[] {longest, (double) sum / KEYS};
        }
    }

    private static Generation firstOf(final Memtable memtable) {
        assertTrue(memtable.rotate());
        final Generation first = memtable.sealed();
        for (int i = 0; !memtable.release(first); i++) {
            assertTrue(i < 1000);
        }
        assertTrue(memtable.rotate());
        return first;
    }

    @Test
    void adversarialIdsDoNotMakeLongSearches() {
        final KeyHasher hasher = KeyHasher.random();
        final IntFunction<IntFunction<UnsafeBuffer>> shapes =
                shape ->
                        i -> {
                            final long high = (long) i << 40;
                            switch (shape) {
                                case 0:
                                    return key(i, 0, 0, 0);
                                case 1:
                                    return key(0, i, 0, 0);
                                case 2:
                                    return key(0, 0, i, 0);
                                case 3:
                                    return key(0, 0, 0, i);
                                case 4:
                                    return key(high, -1, -1, -1);
                                case 5:
                                    return key(-1, -1, -1, high << 12);
                                case 6:
                                    return key(i, i, i, i);
                                case 7:
                                    return key(i, -i, i, -i);
                                default:
                                    // aimed at a fixed mixer with no seed
                                    return key(i * 0x9E3779B97F4A7C15L, 0, ~i, 0);
                            }
                        };
        for (int shape = 0; shape < 9; shape++) {
            final double[] probes = probes(shapes.apply(shape), hasher);
            assertTrue(probes[0] < 24, "shape " + shape + " longest search " + probes[0]);
            assertTrue(probes[1] < 1.5, "shape " + shape + " mean search " + probes[1]);
        }
    }

    @Test
    void theCheckSeesKeysThatShareASlot() {
        // negative control: with seeds known to be 0, (0, x, 0, y) all fold to one value
        final KeyHasher known = new KeyHasher(new long[5]);
        final double[] probes = probes(i -> key(0, i, 0, i), known);
        assertTrue(probes[0] > 1000, "longest search " + probes[0]);
    }

    @Test
    void placementDiffersFromSeedToSeedAndKindToKind() {
        final SplittableRandom random = new SplittableRandom(1);
        final KeyHasher a = new KeyHasher(random.longs(5).toArray());
        final KeyHasher b = new KeyHasher(random.longs(5).toArray());
        final UnsafeBuffer key = key(1, 2, 3, 4);
        assertEquals(a.ofHash(1, key, 0), a.ofHash(1, key, 0));
        assertNotEquals(a.ofHash(1, key, 0), b.ofHash(1, key, 0));
        assertNotEquals(a.ofHash(1, key, 0), a.ofHash(2, key, 0));
        assertNotEquals(a.ofBytes(3, key, 0, 32), b.ofBytes(3, key, 0, 32));
    }

    @Test
    void everyByteAndTheLengthOfASubjectCountAndNothingElseIsRead() {
        final long seed = new Random().nextLong();
        final SplittableRandom random = new SplittableRandom(seed);
        final KeyHasher hasher = KeyHasher.random();
        for (int length = 0; length <= 260; length++) {
            final byte[] bytes = new byte[length];
            random.nextBytes(bytes);
            // the buffer ends with the key: a read past it fails its bounds check
            final UnsafeBuffer exact = new UnsafeBuffer(bytes);
            final long hash = hasher.ofBytes(3, exact, 0, length);
            final byte[] around = new byte[length + 14];
            random.nextBytes(around);
            System.arraycopy(bytes, 0, around, 5, length);
            assertEquals(hash, hasher.ofBytes(3, new UnsafeBuffer(around), 5, length));
            for (int i = 0; i < length; i++) {
                bytes[i] ^= (byte) (1 << random.nextInt(8));
                assertNotEquals(
                        hash,
                        hasher.ofBytes(3, exact, 0, length),
                        "seed " + seed + " length " + length + " byte " + i);
                bytes[i] = around[i + 5];
            }
            if (length > 0) {
                assertNotEquals(hash, hasher.ofBytes(3, exact, 0, length - 1));
            }
        }
    }
}
