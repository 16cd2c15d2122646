package io.stemedb.engine.memtable;

import static io.stemedb.engine.memtable.TestRecords.utf8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.IntFunction;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** The order of a flush, on shapes of input that make sorting hard. */
class SortedEntriesTest {
    private static final int COUNT = 5_000;

    private final TestRecords records = new TestRecords();
    private final UnsafeBuffer hash = new UnsafeBuffer(new byte[32]);
    private final long seed = new Random().nextLong();
    private final SplittableRandom random = new SplittableRandom(seed);

    /** Steps that sorting took. */
    private long sort(final SortedEntries sorted, final Memtable memtable, final int limit) {
        assertTrue(memtable.rotate());
        sorted.begin(memtable.sealed());
        long steps = 0;
        for (int done = 1; done > 0; ) {
            done = sorted.sort(limit);
            // a short range is finished in one go: 24 keys, of at most 37 words each
            assertTrue(done <= limit + 24 * 37, "seed " + seed + " slice of " + done);
            steps += done;
        }
        assertEquals(0, sorted.sort(limit));
        return steps;
    }

    private void putSubjects(final IntFunction<byte[]> subject, final int limit) {
        final TreeMap<byte[], Long> expected = new TreeMap<>(Arrays::compareUnsigned);
        try (Memtable memtable = new Memtable(2, COUNT, COUNT * 700)) {
            for (int i = 0; i < COUNT; i++) {
                final byte[] name = subject.apply(i);
                assertTrue(records.build(i, 0, name, 60).putAssertion(memtable, i + 1));
                expected.put(
                        ModelTable.key(
                                3, ModelTable.escaped(name), new byte[2], ModelTable.number(i + 1)),
                        (long) i);
            }
            final SortedEntries sorted = new SortedEntries(COUNT);
            final long steps = sort(sorted, memtable, limit);
            assertTrue(steps < 100L * COUNT, "seed " + seed + " steps a record " + steps / COUNT);
            for (int i = 0; i < COUNT; i++) {
                assertTrue(sorted.next());
                assertEquals(EntryKind.ASSERTION, sorted.kind());
            }
            for (final long id : expected.values()) {
                assertTrue(sorted.next());
                assertEquals(EntryKind.SUBJECT, sorted.kind());
                assertEquals(id + 1, sorted.sequence(), "seed " + seed);
                assertTrue(TestRecords.isHash(id, sorted.buffer(), sorted.hashOffset()));
            }
            assertFalse(sorted.next());
        }
    }

    @Test
    void oneSubjectForAll() {
        putSubjects(i -> utf8("one"), 333);
    }

    @Test
    void aSubjectForEach() {
        putSubjects(i -> utf8(Long.toHexString(TestRecords.mix(i))), 1);
    }

    @Test
    void longCommonPrefix() {
        final String prefix = "a".repeat(240);
        putSubjects(i -> utf8(prefix + (i * 7919 % COUNT)), 1_000_000);
    }

    @Test
    void eachSubjectAPrefixOfTheNext() {
        putSubjects(i -> new byte[i % 256], 100);
    }

    @Test
    void subjectsThatDifferInOneBitFarBehind() {
        putSubjects(
                i -> {
                    final byte[] name = new byte[250];
                    name[249 - i % 5 * 40] = (byte) (1 << (i % 8));
                    return name;
                },
                77);
    }

    @Test
    void bytesCompareUnsigned() {
        putSubjects(i -> new byte[] {(byte) (i >> 8), (byte) i}, 50);
    }

    private void putVotes(final IntFunction<byte[]> assertion, final IntFunction<byte[]> voteHash) {
        final TreeMap<byte[], Long> expected = new TreeMap<>(Arrays::compareUnsigned);
        try (Memtable memtable = new Memtable(2, COUNT, COUNT * 300)) {
            for (int i = 0; i < COUNT; i++) {
                records.build(i, 0, new byte[0], 60);
                records.buffer.putBytes(TestRecords.OFFSET + TestRecords.HASH, assertion.apply(i));
                hash.putBytes(0, voteHash.apply(i));
                assertTrue(
                        memtable.putVote(
                                i + 1,
                                hash,
                                0,
                                records.buffer,
                                TestRecords.OFFSET,
                                records.length,
                                TestRecords.OFFSET + TestRecords.HASH));
                expected.putIfAbsent(
                        ModelTable.key(4, assertion.apply(i), voteHash.apply(i)), (long) i);
            }
            final SortedEntries sorted = new SortedEntries(COUNT);
            final long steps = sort(sorted, memtable, 250);
            assertTrue(steps < 100L * COUNT, "seed " + seed + " steps a record " + steps / COUNT);
            for (final var entry : expected.entrySet()) {
                assertTrue(sorted.next());
                assertEquals(EntryKind.VOTE, sorted.kind());
                assertEquals(
                        ModelTable.hex(entry.getKey()),
                        ModelTable.hex(
                                ModelTable.key(
                                        4,
                                        TestRecords.copy(
                                                sorted.buffer(), sorted.assertionHashOffset(), 32),
                                        TestRecords.copy(
                                                sorted.buffer(), sorted.hashOffset(), 32))),
                        "seed " + seed);
                assertEquals(entry.getValue() + 1, sorted.sequence(), "seed " + seed);
            }
            assertFalse(sorted.next());
        }
    }

    @Test
    void allVotesOnOneAssertion() {
        putVotes(i -> new byte[32], TestRecords::hash);
    }

    @Test
    void aVoteOnEach() {
        putVotes(i -> TestRecords.hash(-i), TestRecords::hash);
    }

    @Test
    void votedAssertionsThatDifferInTheLastByteAlone() {
        putVotes(
                i -> {
                    final byte[] id = new byte[32];
                    id[31] = (byte) i;
                    return id;
                },
                TestRecords::hash);
    }

    @Test
    void voteHashesWithACommonStart() {
        // 3,000 numbers for 5,000 votes: some votes come again, on the same assertion
        final int[] numbers = random.ints(COUNT, 0, 3_000).toArray();
        putVotes(
                i -> TestRecords.hash(numbers[i] % 3),
                i -> {
                    final byte[] own = new byte[32];
                    Arrays.fill(own, 0, 30, (byte) -1);
                    own[30] = (byte) (numbers[i] >> 8);
                    own[31] = (byte) numbers[i];
                    return own;
                });
    }

    @Test
    void theOrderDoesNotDependOnTheSeedOfTheIndex() {
        final SplittableRandom seeds = new SplittableRandom(seed);
        List<String> first = null;
        for (int i = 0; i < 3; i++) {
            try (Memtable memtable =
                    new Memtable(
                            2,
                            300,
                            300_000,
                            new KeyHasher(seeds.longs(5).toArray()),
                            ReaderGate::new)) {
                for (int j = 1; j <= 300; j++) {
                    if (j % 5 == 0) {
                        assertTrue(records.build(j, j % 7, new byte[0], 80).putVote(memtable, j));
                    } else {
                        assertTrue(
                                records.build(j, 0, utf8("s" + j % 13), 80)
                                        .putAssertion(memtable, j));
                    }
                }
                final SortedEntries sorted = new SortedEntries(300);
                sort(sorted, memtable, 1000);
                final List<String> lines = ModelTable.lines(sorted);
                assertEquals(540, lines.size());
                assertEquals(first == null ? lines : first, lines, "seed " + seed);
                first = lines;
            }
        }
    }

    @Test
    void misuseIsRefused() {
        try (Memtable memtable = new Memtable(2, 10, 4096)) {
            final SortedEntries sorted = new SortedEntries(1);
            assertThrows(IllegalStateException.class, () -> sorted.sort(1));
            assertThrows(IllegalStateException.class, sorted::next);
            assertTrue(records.build(1, 0, utf8("s"), 60).putAssertion(memtable, 1));
            assertTrue(records.build(2, 0, utf8("s"), 60).putAssertion(memtable, 2));
            assertTrue(memtable.rotate());
            final Generation sealed = memtable.sealed();
            final IllegalArgumentException e =
                    assertThrows(IllegalArgumentException.class, () -> sorted.begin(sealed));
            assertTrue(e.getMessage().contains("limit=1 value=2"), e.getMessage());
            final SortedEntries larger = new SortedEntries(2);
            larger.begin(sealed);
            assertThrows(IllegalArgumentException.class, () -> larger.sort(0));
            assertTrue(memtable.release(sealed));
            assertThrows(IllegalStateException.class, () -> larger.begin(sealed));
        }
    }
}
