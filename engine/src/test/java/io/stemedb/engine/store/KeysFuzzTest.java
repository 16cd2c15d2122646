package io.stemedb.engine.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.faults.Mutations;
import io.stemedb.engine.faults.Scale;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * P12: no two records share a key, no scan of one subject meets another, and a key of any bytes is
 * decoded or refused. Pairs of inputs differ by small damages, so that they nearly collide.
 */
@Tag("faults")
class KeysFuzzTest {
    private static final int INPUTS = 250_000;

    private final UnsafeBuffer a = new UnsafeBuffer(new byte[Keys.STORE_MAX_LENGTH]);
    private final UnsafeBuffer b = new UnsafeBuffer(new byte[Keys.STORE_MAX_LENGTH]);
    private final UnsafeBuffer id = new UnsafeBuffer(new byte[Keys.HASH_LENGTH]);

    /** Writes the key of an entry of the subject index; its length. */
    @FunctionalInterface
    private interface SubjectKey {
        int write(UnsafeBuffer key, UnsafeBuffer subject, int length, long sequence);
    }

    @Test
    void keysTellRecordsApart() {
        keysTellRecordsApart(
                (key, subject, length, sequence) ->
                        Keys.subject(key, 0, subject, 0, length, sequence),
                Scale.of(INPUTS));
    }

    /** The control: one whose subject runs into the sequence. */
    @Test
    void aKeyWithoutSeparatorIsCaught() {
        assertThrows(
                AssertionError.class,
                () ->
                        keysTellRecordsApart(
                                (key, subject, length, sequence) -> {
                                    final int prefix =
                                            Keys.subjectPrefix(key, 0, subject, 0, length) - 1;
                                    key.putLong(prefix, sequence, ByteOrder.BIG_ENDIAN);
                                    key.putByte(prefix + Long.BYTES, (byte) 0);
                                    return prefix + Long.BYTES + 1;
                                },
                                INPUTS / 100));
    }

    private void keysTellRecordsApart(final SubjectKey keys, final int inputs) {
        final long seed = Scale.seed();
        final SplittableRandom random = new SplittableRandom(seed);
        final Mutations mutations = new Mutations(random);
        int same = 0;
        for (int i = 0; i < inputs; i++) {
            final String at = Scale.again("KeysFuzzTest", seed) + " input " + i;
            final byte[] one = subject(random);
            byte[] two = mutations.mutate(one, subject(random));
            if (two.length > Keys.SUBJECT_MAX || random.nextInt(8) == 0) {
                two = one.clone();
            }
            withoutZeros(two);
            same += subjects(keys, one, two, random, at) ? 1 : 0;
            epochs(random, mutations, at);
        }
        assertTrue(same > inputs / 20, "equal subjects " + same);
    }

    private static byte[] subject(final SplittableRandom random) {
        final byte[] bytes = new byte[1 + random.nextInt(random.nextBoolean() ? 4 : 256)];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (1 + random.nextInt(random.nextBoolean() ? 2 : 255));
        }
        return bytes;
    }

    private static void withoutZeros(final byte[] bytes) {
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = bytes[i] == 0 ? 1 : bytes[i];
        }
    }

    private boolean subjects(
            final SubjectKey keys,
            final byte[] one,
            final byte[] two,
            final SplittableRandom random,
            final String at) {
        final long sequence = random.nextInt(3) == 0 ? random.nextLong() : random.nextInt(300);
        final long other = random.nextBoolean() ? sequence : sequence ^ 1L << random.nextInt(64);
        final UnsafeBuffer first = new UnsafeBuffer(one);
        final UnsafeBuffer second = new UnsafeBuffer(two);
        final int length = keys.write(a, first, one.length, sequence);
        final int otherLength = keys.write(b, second, two.length, other);
        final boolean equal = Arrays.equals(one, two);
        assertEquals(
                equal && sequence == other,
                KeyOrder.compare(a, 0, length, b, 0, otherLength) == 0,
                at);
        assertEquals(sequence, Keys.sequence(a, 0, length), at);
        assertEquals(one.length, Keys.subjectLength(length), at);
        if (equal) {
            assertEquals(
                    Integer.signum(Long.compareUnsigned(sequence, other)),
                    Integer.signum(KeyOrder.compare(a, 0, length, b, 0, otherLength)),
                    at);
        }
        final int prefix = Keys.subjectPrefix(b, 0, second, 0, two.length);
        assertEquals(equal, KeyOrder.startsWith(a, 0, length, b, 0, prefix), at);
        return equal;
    }

    /** A key that was altered is refused or is the key of what it decodes to. */
    private void epochs(final SplittableRandom random, final Mutations mutations, final String at) {
        for (int i = 0; i < Keys.HASH_LENGTH; i++) {
            id.putByte(i, (byte) random.nextInt(256));
        }
        final byte[] key = new byte[Keys.EPOCH_LENGTH];
        Keys.epoch(new UnsafeBuffer(key), 0, id, 0);
        final byte[] mutant = Arrays.copyOf(mutations.mutate(key, key), key.length);
        try {
            Keys.epochId(new UnsafeBuffer(mutant), 0, id, 0);
        } catch (final IllegalArgumentException e) {
            assertTrue(e.getMessage().contains("hex"), at);
            return;
        }
        Keys.epoch(a, 0, id, 0);
        assertEquals(
                0,
                KeyOrder.compare(
                        a,
                        Keys.PREFIX_LENGTH,
                        2 * Keys.HASH_LENGTH,
                        new UnsafeBuffer(mutant),
                        Keys.PREFIX_LENGTH,
                        2 * Keys.HASH_LENGTH),
                at);
    }
}
