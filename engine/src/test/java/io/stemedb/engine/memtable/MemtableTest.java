package io.stemedb.engine.memtable;

import static io.stemedb.engine.memtable.TestRecords.utf8;
import static io.stemedb.engine.memtable.TestRecords.wrap;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Each operation on its own. */
class MemtableTest {
    private static final byte[] SUBJECT = utf8("BTCUSD@bitstamp");
    private static final byte[] NONE = {};

    private final TestRecords records = new TestRecords();
    private final Memtable memtable = new Memtable(3, 100, 32 * 1024);
    private final MemtableReader reader = memtable.newReader();

    @AfterEach
    void close() {
        reader.exit();
        memtable.close();
    }

    private void putAssertion(final long sequence, final long id, final byte[] subject) {
        assertTrue(records.build(id, 0, subject, 200).putAssertion(memtable, sequence));
    }

    private void putVote(final long sequence, final long id, final long assertionId) {
        assertTrue(records.build(id, assertionId, NONE, 120).putVote(memtable, sequence));
    }

    private static boolean release(final Memtable memtable, final Generation generation) {
        for (int i = 0; i < 10_000; i++) {
            if (memtable.release(generation)) {
                return true;
            }
        }
        return false;
    }

    private List<Long> newestFirst(final byte[] subject) {
        final List<Long> sequences = new ArrayList<>();
        for (boolean more = reader.seekNewest(wrap(subject), 0, subject.length);
                more;
                more = reader.older()) {
            sequences.add(reader.sequence());
        }
        return sequences;
    }

    private List<Long> oldestFirst(final byte[] subject) {
        final List<Long> sequences = new ArrayList<>();
        for (boolean more = reader.seekOldest(wrap(subject), 0, subject.length);
                more;
                more = reader.newer()) {
            sequences.add(reader.sequence());
        }
        return sequences;
    }

    private List<Long> votes(final long assertionId) {
        final List<Long> sequences = new ArrayList<>();
        for (boolean more = reader.firstVote(wrap(TestRecords.hash(assertionId)), 0);
                more;
                more = reader.nextVote()) {
            sequences.add(reader.sequence());
        }
        return sequences;
    }

    private List<String> subjects(final String prefix, final int limit) {
        final List<String> found = new ArrayList<>();
        reader.subjects(
                wrap(utf8(prefix)),
                0,
                utf8(prefix).length,
                (buffer, offset, length) -> {
                    found.add(buffer.getStringWithoutLengthUtf8(offset, length));
                    return found.size() < limit;
                });
        return found;
    }

    @Test
    void anAssertionIsFoundByItsHashWithAllItsParts() {
        putAssertion(1, 77, SUBJECT);
        final byte[] record = records.bytes();
        reader.enter();
        assertTrue(reader.findAssertion(wrap(TestRecords.hash(77)), 0));
        assertEquals(EntryKind.ASSERTION, reader.kind());
        assertEquals(1, reader.sequence());
        assertEquals(0, reader.recordOffset() % 8);
        assertEquals(0, (reader.buffer().addressOffset() + reader.recordOffset()) % 8);
        assertArrayEquals(
                record,
                TestRecords.copy(reader.buffer(), reader.recordOffset(), reader.recordLength()));
        assertTrue(TestRecords.isHash(77, reader.buffer(), reader.hashOffset()));
        assertArrayEquals(
                SUBJECT,
                TestRecords.copy(reader.buffer(), reader.subjectOffset(), reader.subjectLength()));
        assertFalse(reader.findAssertion(wrap(TestRecords.hash(78)), 0));
        assertThrows(IllegalStateException.class, reader::sequence);
    }

    @Test
    void oneHashInTwoFamiliesIsTwoEntries() {
        putAssertion(1, 5, SUBJECT);
        reader.enter();
        assertFalse(reader.findVote(wrap(TestRecords.hash(5)), 0));
        assertFalse(reader.findEpoch(wrap(TestRecords.hash(5)), 0));
        putVote(2, 5, 5);
        assertTrue(records.build(9, 5, NONE, 60).putEpoch(memtable, 3));
        assertTrue(reader.findAssertion(wrap(TestRecords.hash(5)), 0));
        assertEquals(1, reader.sequence());
        assertTrue(reader.findVote(wrap(TestRecords.hash(5)), 0));
        assertEquals(2, reader.sequence());
        assertTrue(reader.findEpoch(wrap(TestRecords.hash(5)), 0));
        assertEquals(3, reader.sequence());
    }

    @Test
    void claimsOfASubjectAreWalkedBothWaysAcrossGenerations() {
        final byte[] longer = utf8("BTCUSD@bitstamp2");
        for (int i = 1; i <= 9; i++) {
            putAssertion(i, i, i % 3 == 0 ? longer : SUBJECT);
            if (i == 4 || i == 6) {
                assertTrue(memtable.rotate());
            }
        }
        reader.enter();
        assertEquals(List.of(8L, 7L, 5L, 4L, 2L, 1L), newestFirst(SUBJECT));
        assertEquals(List.of(1L, 2L, 4L, 5L, 7L, 8L), oldestFirst(SUBJECT));
        assertEquals(List.of(9L, 6L, 3L), newestFirst(longer));
        assertEquals(List.of(), newestFirst(utf8("BTCUSD")));
        assertFalse(reader.older());
        assertFalse(reader.newer());
    }

    @Test
    void theSameAssertionAgainIsOneRecordAtTwoPlaces() {
        putAssertion(1, 50, SUBJECT);
        putAssertion(2, 51, SUBJECT);
        final int position = memtable.activeRecords();
        putAssertion(3, 50, SUBJECT);
        assertEquals(position + 1, memtable.activeRecords());
        reader.enter();
        assertEquals(List.of(3L, 2L, 1L), newestFirst(SUBJECT));
        assertTrue(reader.seekNewest(wrap(SUBJECT), 0, SUBJECT.length));
        final int recordOffset = reader.recordOffset();
        assertTrue(TestRecords.isHash(50, reader.buffer(), reader.hashOffset()));
        assertFalse(reader.isRepeatedLater());
        assertTrue(reader.older());
        assertFalse(reader.isRepeatedLater());
        assertTrue(reader.older());
        assertEquals(recordOffset, reader.recordOffset());
        assertTrue(reader.isRepeatedLater());
        assertTrue(reader.walkHolds(wrap(TestRecords.hash(51)), 0));
        assertFalse(reader.walkHolds(wrap(TestRecords.hash(52)), 0));
    }

    @Test
    void aWalkKnowsNothingOfPlacesAfterItWasSought() {
        putAssertion(1, 50, SUBJECT);
        assertTrue(memtable.rotate());
        putAssertion(2, 51, SUBJECT);
        reader.enter();
        assertTrue(reader.seekOldest(wrap(SUBJECT), 0, SUBJECT.length));
        putAssertion(3, 50, SUBJECT);
        putAssertion(4, 51, SUBJECT);
        putAssertion(5, 52, SUBJECT);
        assertFalse(reader.isRepeatedLater());
        assertTrue(reader.newer());
        assertEquals(2, reader.sequence());
        assertFalse(reader.isRepeatedLater());
        assertFalse(reader.walkHolds(wrap(TestRecords.hash(52)), 0));
        assertFalse(reader.newer());
        assertEquals(List.of(1L, 2L, 3L, 4L, 5L), oldestFirst(SUBJECT));
        assertTrue(reader.seekOldest(wrap(SUBJECT), 0, SUBJECT.length));
        assertTrue(reader.isRepeatedLater());
    }

    @Test
    void lookupsDoNotDisturbAWalk() {
        putAssertion(1, 1, SUBJECT);
        putAssertion(2, 2, SUBJECT);
        reader.enter();
        assertTrue(reader.seekNewest(wrap(SUBJECT), 0, SUBJECT.length));
        assertFalse(reader.findAssertion(wrap(TestRecords.hash(9)), 0));
        assertTrue(reader.findAssertion(wrap(TestRecords.hash(2)), 0));
        assertTrue(reader.older());
        assertEquals(1, reader.sequence());
    }

    @Test
    void votesAreYieldedOnceInOrderOfArrivalBeforeTheirAssertionToo() {
        putVote(1, 100, 7);
        putVote(2, 101, 8);
        putVote(3, 100, 7);
        assertEquals(2, memtable.activeRecords());
        assertTrue(memtable.rotate());
        putVote(4, 102, 7);
        putVote(5, 100, 7);
        reader.enter();
        assertEquals(List.of(1L, 4L), votes(7));
        assertEquals(List.of(2L), votes(8));
        assertEquals(List.of(), votes(9));
        assertTrue(reader.firstVote(wrap(TestRecords.hash(8)), 0));
        assertTrue(TestRecords.isHash(8, reader.buffer(), reader.assertionHashOffset()));
        assertTrue(TestRecords.isHash(101, reader.buffer(), reader.hashOffset()));
    }

    @Test
    void anEpochIsFoundByReaderAndIngestInAnyLiveGeneration() {
        assertTrue(records.build(1, 70, NONE, 90).putEpoch(memtable, 1));
        assertTrue(records.build(1, 70, NONE, 90).putEpoch(memtable, 2));
        assertEquals(1, memtable.activeRecords());
        assertTrue(memtable.rotate());
        final EntryView view = new EntryView();
        assertTrue(memtable.findEpoch(wrap(TestRecords.hash(70)), 0, view));
        assertEquals(1, view.sequence());
        assertNull(TestRecords.defect(view.buffer(), view.recordOffset(), view.recordLength()));
        assertFalse(memtable.findEpoch(wrap(TestRecords.hash(71)), 0, view));
        reader.enter();
        assertTrue(reader.findEpoch(wrap(TestRecords.hash(70)), 0));
        assertThrows(IllegalStateException.class, reader::subjectOffset);
    }

    @Test
    void subjectsAreDistinctAscendingAndFiltered() {
        final String[] names = {"b", "a", "ab", "abc", "aé", "a", "b", "B", "ab"};
        for (int i = 0; i < names.length; i++) {
            putAssertion(i + 1, i + 1, utf8(names[i]));
            if (i == 4) {
                assertTrue(memtable.rotate());
            }
        }
        reader.enter();
        assertEquals(List.of("B", "a", "ab", "abc", "aé", "b"), subjects("", 100));
        assertEquals(List.of("a", "ab", "abc", "aé"), subjects("a", 100));
        assertEquals(List.of("ab", "abc"), subjects("ab", 100));
        assertEquals(List.of("B", "a"), subjects("", 2));
        assertEquals(List.of(), subjects("c", 2));
    }

    @Test
    void rangesOfGenerationsFollowEachOther() {
        memtable.start(1000);
        reader.enter();
        assertEquals(1000, reader.firstSequence());
        reader.exit();
        assertEquals(0, memtable.activeFirstSequence());
        putAssertion(1000, 1, SUBJECT);
        assertEquals(1000, memtable.activeFirstSequence());
        memtable.advance(1010);
        assertThrows(IllegalArgumentException.class, () -> memtable.advance(1009));
        assertThrows(IllegalArgumentException.class, () -> putAssertion(1010, 2, SUBJECT));
        assertThrows(IllegalStateException.class, () -> memtable.start(1));
        assertNull(memtable.sealed());
        assertTrue(memtable.rotate());
        final Generation first = memtable.sealed();
        assertEquals(1000, first.firstSequence());
        assertEquals(1010, first.lastSequence());
        assertEquals(1, first.recordCount());
        assertEquals(0, memtable.activeFirstSequence());
        memtable.advance(1020);
        assertEquals(1011, memtable.activeFirstSequence());
        assertTrue(memtable.rotate());
        assertSame(first, memtable.sealed());
        reader.enter();
        assertEquals(1000, reader.firstSequence());
        reader.exit();
        assertTrue(release(memtable, first));
        assertEquals(1011, memtable.sealed().firstSequence());
        assertEquals(1020, memtable.sealed().lastSequence());
        assertEquals(0, memtable.sealed().recordCount());
        reader.enter();
        assertEquals(1011, reader.firstSequence());
    }

    @Test
    void aPinnedGenerationIsNotReusedAndOneThatNobodySawIs() {
        putAssertion(1, 1, SUBJECT);
        reader.enter();
        assertTrue(memtable.rotate());
        putAssertion(2, 2, SUBJECT);
        assertTrue(memtable.rotate());
        putAssertion(3, 3, SUBJECT);
        assertFalse(memtable.rotate());
        assertEquals(1, memtable.activeRecords());
        final Generation first = memtable.sealed();
        assertFalse(release(memtable, first));
        // Entered before the second was linked: sees the first only, and holds nothing else.
        assertEquals(List.of(1L), newestFirst(SUBJECT));
        final Generation second = memtable.sealed();
        assertEquals(2, second.firstSequence());
        try (MemtableReader late = memtable.newReader()) {
            late.enter();
            assertEquals(2, late.firstSequence());
            assertFalse(late.findAssertion(wrap(TestRecords.hash(1)), 0));
            late.exit();
        }
        reader.exit();
        assertTrue(release(memtable, first));
        assertTrue(memtable.rotate());
        assertThrows(IllegalStateException.class, () -> memtable.release(first));
        assertTrue(release(memtable, second));
        reader.enter();
        assertEquals(List.of(3L), newestFirst(SUBJECT));
    }

    @Test
    void onlyTheOldestSealedGenerationCanBeReleased() {
        assertTrue(memtable.rotate());
        final Generation first = memtable.sealed();
        putAssertion(1, 1, SUBJECT);
        assertTrue(memtable.rotate());
        assertTrue(release(memtable, first));
        final Generation second = memtable.sealed();
        assertThrows(IllegalStateException.class, () -> memtable.release(first));
        assertTrue(release(memtable, second));
        assertNull(memtable.sealed());
    }

    @Test
    void aPutWithoutRoomChangesNothing() {
        try (Memtable small = new Memtable(2, 3, 2048);
                MemtableReader smallReader = small.newReader()) {
            for (int i = 1; i <= 3; i++) {
                assertTrue(records.build(i, 0, SUBJECT, 100).putAssertion(small, i));
            }
            assertFalse(records.build(4, 0, SUBJECT, 100).putAssertion(small, 4));
            assertFalse(records.build(1, 0, SUBJECT, 100).putAssertion(small, 4));
            assertFalse(records.build(4, 9, SUBJECT, 100).putVote(small, 4));
            assertFalse(records.build(4, 9, SUBJECT, 100).putEpoch(small, 4));
            assertEquals(3, small.activeRecords());
            assertTrue(small.rotate());
            assertTrue(records.build(5, 0, SUBJECT, 1000).putAssertion(small, 5));
            assertFalse(records.build(6, 0, SUBJECT, 1000).putAssertion(small, 6));
            assertFalse(records.build(6, 0, SUBJECT, 1000).putVote(small, 6));
            assertEquals(1, small.activeRecords());
            smallReader.enter();
            assertFalse(smallReader.findAssertion(wrap(TestRecords.hash(6)), 0));
            assertFalse(smallReader.firstVote(wrap(TestRecords.hash(0)), 0));
            smallReader.exit();
            assertFalse(small.rotate());
        }
    }

    @Test
    void aRecordThatNoGenerationCanHoldIsRefusedByNumber() {
        try (Memtable small = new Memtable(2, 10, 512)) {
            final IllegalArgumentException e =
                    assertThrows(
                            IllegalArgumentException.class,
                            () -> records.build(1, 0, SUBJECT, 500).putAssertion(small, 1));
            assertTrue(e.getMessage().contains("limit=512"), e.getMessage());
            // 40 + 32 + 504 for the record, 40 + 16 for its subject
            assertTrue(e.getMessage().contains("value=632"), e.getMessage());
            // fits to the last byte: 40 + 32 + 384 and 40 + 16
            assertTrue(records.build(1, 0, SUBJECT, 384).putAssertion(small, 1));
            assertFalse(records.build(2, 3, NONE, 48).putEpoch(small, 2));
        }
    }

    @Test
    void quarantineIsKeptForTheFlushAlone() {
        final UnsafeBuffer reason = wrap(utf8("bad crc"));
        assertTrue(memtable.putQuarantine(1, reason, 4, 3, wrap(new byte[] {1, 2, 3}), 1, 2));
        assertTrue(memtable.putQuarantine(2, reason, 0, 0, wrap(NONE), 0, 0));
        assertEquals(2, memtable.activeRecords());
        assertTrue(memtable.rotate());
        final SortedEntries sorted = new SortedEntries(100);
        sorted.begin(memtable.sealed());
        assertThrows(IllegalStateException.class, sorted::next);
        assertTrue(sorted.sort(1) > 0);
        assertThrows(IllegalStateException.class, sorted::next);
        while (sorted.sort(1) > 0) {
            Thread.onSpinWait();
        }
        assertTrue(sorted.next());
        assertEquals(EntryKind.QUARANTINE, sorted.kind());
        assertEquals(1, sorted.sequence());
        assertArrayEquals(
                utf8("crc"),
                TestRecords.copy(sorted.buffer(), sorted.reasonOffset(), sorted.reasonLength()));
        assertArrayEquals(
                new byte[] {2, 3},
                TestRecords.copy(sorted.buffer(), sorted.recordOffset(), sorted.recordLength()));
        assertTrue(sorted.next());
        assertEquals(2, sorted.sequence());
        assertEquals(0, sorted.reasonLength());
        assertFalse(sorted.next());
        assertFalse(sorted.next());
    }

    @Test
    void offsetsOutsideTheirBuffersAreRefusedAndChangeNothing() {
        final UnsafeBuffer record = wrap(new byte[100]);
        final UnsafeBuffer hash = wrap(new byte[32]);
        final List<Executable> calls =
                List.of(
                        () -> memtable.putAssertion(1, hash, 1, record, 0, 100, 10, 5),
                        () -> memtable.putAssertion(1, hash, 0, record, 1, 100, 10, 5),
                        () -> memtable.putAssertion(1, hash, 0, record, 0, -1, 10, 5),
                        () -> memtable.putAssertion(1, hash, 0, record, 0, 100, 96, 5),
                        () -> memtable.putAssertion(1, hash, 0, record, 0, 100, -1, 5),
                        () -> memtable.putAssertion(1, hash, 0, record, 0, 100, 10, -5),
                        () -> memtable.putVote(1, hash, 1, record, 0, 100, 10),
                        () -> memtable.putVote(1, hash, 0, record, 0, 101, 10),
                        () -> memtable.putVote(1, hash, 0, record, 0, 100, 69),
                        () -> memtable.putEpoch(1, record, 0, 101, 10),
                        () -> memtable.putEpoch(1, record, 0, 100, 69),
                        () -> memtable.putQuarantine(1, hash, 30, 3, record, 0, 100),
                        () -> memtable.putQuarantine(1, hash, 0, 32, record, 90, 11));
        for (int i = 0; i < calls.size(); i++) {
            assertThrows(IndexOutOfBoundsException.class, calls.get(i), "call " + i);
        }
        putAssertion(1, 1, SUBJECT);
        assertTrue(memtable.rotate());
        final SortedEntries sorted = new SortedEntries(100);
        sorted.begin(memtable.sealed());
        while (sorted.sort(100) > 0) {
            Thread.onSpinWait();
        }
        assertTrue(sorted.next());
        assertTrue(TestRecords.isHash(1, sorted.buffer(), sorted.hashOffset()));
        assertTrue(sorted.next());
        assertEquals(EntryKind.SUBJECT, sorted.kind());
        assertFalse(sorted.next());
    }

    @Test
    void settingsOutOfRangeAreRefusedByName() {
        for (final Object[] bad :
                new Object[][] {
                    {"generationCount", 1, 10, 1024},
                    {"generationCount", 17, 10, 1024},
                    {"recordCapacity", 2, 0, 1024},
                    {"recordCapacity", 2, (1 << 24) + 1, 1024},
                    {"byteCapacity", 2, 10, 255},
                    {"byteCapacity", 2, 10, Integer.MAX_VALUE - 16}
                }) {
            final IllegalArgumentException e =
                    assertThrows(
                            IllegalArgumentException.class,
                            () -> new Memtable((int) bad[1], (int) bad[2], (int) bad[3]));
            assertTrue(e.getMessage().startsWith((String) bad[0]), e.getMessage());
        }
    }
}
