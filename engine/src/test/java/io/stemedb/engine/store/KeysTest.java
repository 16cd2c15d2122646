package io.stemedb.engine.store;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class KeysTest {
    private static final int AT = 3;
    private final UnsafeBuffer out = new UnsafeBuffer(new byte[Keys.STORE_MAX_LENGTH + AT]);

    @Test
    void writesEveryFamily() {
        final byte[] a = Entries.hash(1);
        final byte[] b = Entries.hash(2);
        final UnsafeBuffer hashes = new UnsafeBuffer(new byte[64]);
        hashes.putBytes(0, a);
        hashes.putBytes(32, b);
        final String hexA = HexFormat.of().formatHex(a);
        final String hexB = HexFormat.of().formatHex(b);

        assertEquals("483a" + hexA, written(Keys.assertion(out, AT, hashes, 0)));
        assertEquals(
                "563a" + hexA + "3a" + hexB, written(Keys.vote(out, AT, hashes, 0, hashes, 32)));
        assertEquals("563a" + hexB + "3a", written(Keys.votesPrefix(out, AT, hashes, 32)));
        assertEquals(
                "453a" + HexFormat.of().formatHex(hexA.getBytes(US_ASCII)),
                written(Keys.epoch(out, AT, hashes, 0)));
        assertEquals(
                "513a0102030405060708", written(Keys.quarantine(out, AT, 0x0102030405060708L)));
        final UnsafeBuffer subject = new UnsafeBuffer("xab/cy".getBytes(US_ASCII));
        assertEquals(
                "533a61622f63000000000000000005", written(Keys.subject(out, AT, subject, 1, 4, 5)));
        assertEquals("533a61622f6300", written(Keys.subjectPrefix(out, AT, subject, 1, 4)));
        assertEquals("533a6162", written(Keys.subjectsPrefix(out, AT, subject, 1, 2)));
        assertEquals("533a", written(Keys.subjectsPrefix(out, AT, subject, 1, 0)));
        for (final KeyFamily family : KeyFamily.values()) {
            assertEquals(2, Keys.family(out, AT, family));
            assertSame(family, KeyFamily.of(out.getByte(AT)));
        }
        assertNull(KeyFamily.of((byte) 'X'));
        assertNull(KeyFamily.of((byte) -1));
    }

    @Test
    void findsPartsAgain() {
        final UnsafeBuffer subject = new UnsafeBuffer(new byte[Keys.SUBJECT_MAX]);
        subject.setMemory(0, Keys.SUBJECT_MAX, (byte) 's');
        final int length = Keys.subject(out, AT, subject, 0, Keys.SUBJECT_MAX, -2);
        assertEquals(Keys.MAX_LENGTH, length);
        assertEquals(AT + 2, Keys.subjectOffset(AT));
        assertEquals(Keys.SUBJECT_MAX, Keys.subjectLength(length));
        assertEquals(-2, Keys.sequence(out, AT, length));
        assertEquals(77, Keys.sequence(out, AT, Keys.quarantine(out, AT, 77)));

        final UnsafeBuffer id = new UnsafeBuffer(Entries.hash(3));
        Keys.epoch(out, AT, id, 0);
        final UnsafeBuffer decoded = new UnsafeBuffer(new byte[Keys.HASH_LENGTH]);
        Keys.epochId(out, AT, decoded, 0);
        assertArrayEquals(id.byteArray(), decoded.byteArray());
        out.putByte(AT + 9, (byte) 'G');
        assertThrows(IllegalArgumentException.class, () -> Keys.epochId(out, AT, decoded, 0));

        Keys.vote(out, AT, id, 0, id, 0);
        assertEquals(0, KeyOrder.compare(id, 0, 32, out, Keys.assertionHashOffset(AT), 32));
        assertEquals(0, KeyOrder.compare(id, 0, 32, out, Keys.voteHashOffset(AT), 32));
    }

    @Test
    void refusesSubjectsOutOfRange() {
        final UnsafeBuffer subject = new UnsafeBuffer(new byte[300]);
        for (final int length : new int[] {0, -1, Keys.SUBJECT_MAX + 1}) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> Keys.subject(out, 0, subject, 0, length, 1),
                    () -> "length " + length);
        }
        assertThrows(
                IllegalArgumentException.class,
                () -> Keys.subjectsPrefix(out, 0, subject, 0, Keys.SUBJECT_MAX + 1));
    }

    @Test
    void comparesAsUnsignedBytes() {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        for (int i = 0; i < 20_000; i++) {
            final byte[] a = bytes(random);
            final byte[] b = random.nextInt(4) == 0 ? a.clone() : bytes(random);
            final UnsafeBuffer x = new UnsafeBuffer(a);
            final UnsafeBuffer y = new UnsafeBuffer(b);
            assertEquals(
                    Integer.signum(Arrays.compareUnsigned(a, b)),
                    Integer.signum(KeyOrder.compare(x, 0, a.length, y, 0, b.length)),
                    () -> "seed " + seed);
            final boolean starts =
                    a.length >= b.length && Arrays.equals(a, 0, b.length, b, 0, b.length);
            assertEquals(
                    starts,
                    KeyOrder.startsWith(x, 0, a.length, y, 0, b.length),
                    () -> "seed " + seed);
        }
    }

    @Test
    void successorIsTheLeastKeyAboveAPrefix() {
        final KeyBuffer key = new KeyBuffer();
        assertTrue(key.setSuccessor(new UnsafeBuffer(new byte[] {1, -1, -1}), 0, 3));
        assertEquals(1, key.length());
        assertEquals(2, key.buffer().getByte(0));
        assertTrue(key.setSuccessor(new UnsafeBuffer(new byte[] {1, 127}), 0, 2));
        assertEquals((byte) 128, key.buffer().getByte(1));
        assertFalse(key.setSuccessor(new UnsafeBuffer(new byte[] {-1, -1}), 0, 2));
    }

    /** Short, and of few values, so that common prefixes are frequent. */
    private static byte[] bytes(final Random random) {
        final byte[] bytes = new byte[random.nextInt(20)];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (random.nextInt(3) - 1);
        }
        return bytes;
    }

    private String written(final int length) {
        return HexFormat.of().formatHex(out.byteArray(), AT, AT + length);
    }
}
