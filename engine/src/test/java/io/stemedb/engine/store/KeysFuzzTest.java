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

    /** The real ones, each of which a control may replace. */
    private static class Writers {
        int subject(final UnsafeBuffer key, final UnsafeBuffer subject, final long sequence) {
            return Keys.subject(key, 0, subject, 0, subject.capacity(), sequence);
        }

        int subjectPrefix(final UnsafeBuffer key, final UnsafeBuffer subject) {
            return Keys.subjectPrefix(key, 0, subject, 0, subject.capacity());
        }

        int assertion(final UnsafeBuffer key, final UnsafeBuffer hash) {
            return Keys.assertion(key, 0, hash, 0);
        }

        int vote(final UnsafeBuffer key, final UnsafeBuffer on, final UnsafeBuffer hash) {
            return Keys.vote(key, 0, on, 0, hash, 0);
        }

        int quarantine(final UnsafeBuffer key, final long sequence) {
            return Keys.quarantine(key, 0, sequence);
        }
    }

    @Test
    void keysTellRecordsApart() {
        keysTellRecordsApart(new Writers(), Scale.of(INPUTS), true);
    }

    /** A key that lacks something does not read back either: collisions must be caught without. */
    private void isCaught(final Writers writers, final String what, final boolean readsBack) {
        final AssertionError caught =
                assertThrows(
                        AssertionError.class,
                        () -> keysTellRecordsApart(writers, INPUTS / 25, readsBack));
        assertTrue(caught.getMessage().startsWith(what + ": "), caught::getMessage);
    }

    /** The control: a scan of one subject meets those that it is the beginning of. */
    @Test
    void aKeyWithoutSeparatorIsCaught() {
        isCaught(
                new Writers() {
                    @Override
                    int subject(
                            final UnsafeBuffer key,
                            final UnsafeBuffer subject,
                            final long sequence) {
                        final int prefix = subjectPrefix(key, subject);
                        key.putLong(prefix, sequence, ByteOrder.BIG_ENDIAN);
                        return prefix + Long.BYTES;
                    }

                    @Override
                    int subjectPrefix(final UnsafeBuffer key, final UnsafeBuffer subject) {
                        key.putByte(0, (byte) 'S');
                        key.putByte(1, (byte) ':');
                        key.putByte(2, (byte) 0); // where it separates nothing
                        key.putBytes(3, subject, 0, subject.capacity());
                        return 3 + subject.capacity();
                    }
                },
                "scan",
                true);
    }

    /** The control: the last byte of a subject is lost. */
    @Test
    void subjectsThatCollideAreCaught() {
        isCaught(
                new Writers() {
                    @Override
                    int subject(
                            final UnsafeBuffer key,
                            final UnsafeBuffer subject,
                            final long sequence) {
                        final int length = super.subject(key, subject, sequence);
                        key.putByte(length - Long.BYTES - 2, (byte) 1);
                        return length;
                    }
                },
                "subjects",
                false);
    }

    /** The control: the last byte of a hash is lost. */
    @Test
    void assertionsThatCollideAreCaught() {
        isCaught(
                new Writers() {
                    @Override
                    int assertion(final UnsafeBuffer key, final UnsafeBuffer hash) {
                        final int length = super.assertion(key, hash);
                        key.putByte(length - 1, (byte) 0);
                        return length;
                    }
                },
                "assertions",
                false);
    }

    /** The control: a vote's key does not say on which assertion. */
    @Test
    void votesThatCollideAreCaught() {
        isCaught(
                new Writers() {
                    @Override
                    int vote(
                            final UnsafeBuffer key,
                            final UnsafeBuffer on,
                            final UnsafeBuffer hash) {
                        return super.vote(key, hash, hash);
                    }
                },
                "votes",
                false);
    }

    /** The control: a sequence of 32 bits. */
    private static final class ShortSequence extends Writers {
        @Override
        int quarantine(final UnsafeBuffer key, final long sequence) {
            return super.quarantine(key, (int) sequence);
        }
    }

    @Test
    void quarantinedRecordsThatCollideAreCaught() {
        isCaught(new ShortSequence(), "quarantined", false);
    }

    /** The control: another sequence for each, and never its own. */
    @Test
    void whatDoesNotReadBackIsCaught() {
        isCaught(
                new Writers() {
                    @Override
                    int quarantine(final UnsafeBuffer key, final long sequence) {
                        return super.quarantine(key, ~sequence);
                    }
                },
                "quarantined reads back",
                true);
    }

    private void keysTellRecordsApart(
            final Writers writers, final int inputs, final boolean readsBack) {
        final long seed = Scale.seed();
        final SplittableRandom random = new SplittableRandom(seed);
        final Mutations mutations = new Mutations(random);
        int same = 0;
        int sameHashes = 0;
        for (int i = 0; i < inputs; i++) {
            final String at = ": " + Scale.again("KeysFuzzTest", seed) + " input " + i;
            final byte[] one = subject(random);
            byte[] two = mutations.mutate(one, subject(random));
            if (two.length > Keys.SUBJECT_MAX || random.nextInt(8) == 0) {
                two = one.clone();
            }
            withoutZeros(two);
            same += subjects(writers, one, two, random, readsBack, at) ? 1 : 0;
            sameHashes += hashes(writers, random, mutations, readsBack, at) ? 1 : 0;
            quarantined(writers, random, readsBack, at);
            epochs(random, mutations, at);
        }
        assertTrue(same > inputs / 20, "equal subjects " + same);
        assertTrue(sameHashes > inputs / 20, "equal hashes " + sameHashes);
    }

    private static UnsafeBuffer hash(final SplittableRandom random) {
        final byte[] bytes = new byte[Keys.HASH_LENGTH];
        random.nextBytes(bytes);
        return new UnsafeBuffer(bytes);
    }

    /** The same, or another by little. */
    private static UnsafeBuffer near(
            final UnsafeBuffer hash, final SplittableRandom random, final Mutations mutations) {
        final byte[] bytes = hash.byteArray();
        return new UnsafeBuffer(
                random.nextInt(3) == 0
                        ? bytes.clone()
                        : Arrays.copyOf(mutations.mutate(bytes, bytes), Keys.HASH_LENGTH));
    }

    private boolean isOneKey(final int length, final int otherLength) {
        return KeyOrder.compare(a, 0, length, b, 0, otherLength) == 0;
    }

    /** Assertions and votes by their hashes. Whether two assertions were the same. */
    private boolean hashes(
            final Writers writers,
            final SplittableRandom random,
            final Mutations mutations,
            final boolean readsBack,
            final String at) {
        final UnsafeBuffer one = hash(random);
        final UnsafeBuffer two = near(one, random, mutations);
        final boolean same = one.equals(two);
        int length = writers.assertion(a, one);
        assertEquals(same, isOneKey(length, writers.assertion(b, two)), "assertions" + at);
        if (readsBack) {
            assertEquals(Keys.ASSERTION_LENGTH, length, "assertion" + at);
            assertEquals(one, part(Keys.assertionHashOffset(0)), "assertion reads back" + at);
        }

        final UnsafeBuffer vote = hash(random);
        final UnsafeBuffer otherVote = near(vote, random, mutations);
        length = writers.vote(a, one, vote);
        assertEquals(
                same && vote.equals(otherVote),
                isOneKey(length, writers.vote(b, two, otherVote)),
                "votes" + at);
        if (readsBack) {
            assertEquals(Keys.VOTE_LENGTH, length, "vote" + at);
            assertEquals(one, part(Keys.assertionHashOffset(0)), "vote reads back" + at);
            assertEquals(vote, part(Keys.voteHashOffset(0)), "vote reads back" + at);
            final int prefix = Keys.votesPrefix(b, 0, two, 0);
            assertEquals(same, KeyOrder.startsWith(a, 0, length, b, 0, prefix), "votes' scan" + at);
        }
        return same;
    }

    private UnsafeBuffer part(final int offset) {
        return new UnsafeBuffer(a, offset, Keys.HASH_LENGTH);
    }

    private void quarantined(
            final Writers writers,
            final SplittableRandom random,
            final boolean readsBack,
            final String at) {
        final long sequence = random.nextBoolean() ? random.nextLong() : random.nextInt(300);
        final long other = random.nextBoolean() ? sequence : sequence ^ 1L << random.nextInt(64);
        final int length = writers.quarantine(a, sequence);
        final int otherLength = writers.quarantine(b, other);
        assertEquals(sequence == other, isOneKey(length, otherLength), "quarantined" + at);
        if (readsBack) {
            assertEquals(sequence, Keys.sequence(a, 0, length), "quarantined reads back" + at);
            assertEquals(
                    Integer.signum(Long.compareUnsigned(sequence, other)),
                    Integer.signum(KeyOrder.compare(a, 0, length, b, 0, otherLength)),
                    "order of quarantined" + at);
        }
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
            final Writers writers,
            final byte[] one,
            final byte[] two,
            final SplittableRandom random,
            final boolean readsBack,
            final String at) {
        final long sequence = random.nextInt(3) == 0 ? random.nextLong() : random.nextInt(300);
        final long other = random.nextBoolean() ? sequence : sequence ^ 1L << random.nextInt(64);
        final UnsafeBuffer first = new UnsafeBuffer(one);
        final UnsafeBuffer second = new UnsafeBuffer(two);
        final int length = writers.subject(a, first, sequence);
        final int otherLength = writers.subject(b, second, other);
        final boolean equal = Arrays.equals(one, two);
        assertEquals(equal && sequence == other, isOneKey(length, otherLength), "subjects" + at);
        if (!readsBack) {
            return equal;
        }
        assertEquals(sequence, Keys.sequence(a, 0, length), "sequence" + at);
        assertEquals(one.length, Keys.subjectLength(length), "length" + at);
        if (equal) {
            assertEquals(
                    Integer.signum(Long.compareUnsigned(sequence, other)),
                    Integer.signum(KeyOrder.compare(a, 0, length, b, 0, otherLength)),
                    at);
        }
        final int prefix = writers.subjectPrefix(b, second);
        assertEquals(equal, KeyOrder.startsWith(a, 0, length, b, 0, prefix), "scan" + at);
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
