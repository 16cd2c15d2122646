package io.stemedb.engine.store;

import static io.stemedb.engine.store.Entries.backward;
import static io.stemedb.engine.store.Entries.commit;
import static io.stemedb.engine.store.Entries.forward;
import static io.stemedb.engine.store.Entries.get;
import static io.stemedb.engine.store.Entries.hash;
import static io.stemedb.engine.store.Entries.key;
import static io.stemedb.engine.store.Entries.map;
import static io.stemedb.engine.store.Entries.put;
import static io.stemedb.engine.store.Entries.subjectKey;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.NavigableMap;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What every store promises. */
abstract class KvStoreContractTest {
    protected static final StoreIdentity IDENTITY = new StoreIdentity(1, 2, 1);
    private static final int ALL = Integer.MAX_VALUE;

    @TempDir protected Path directory;
    protected KvStore store;

    /** Opens the store in a directory, creating it when absent. */
    protected abstract KvStore open(Path directory, StoreIdentity identity);

    /** Opens the store in a directory to read only; null where that is not a thing. */
    protected abstract KvStore openReadOnly(Path directory, StoreIdentity identity);

    /** Enough to see a reader go back; a batch of RocksDB costs it a file. */
    protected int manyBatches() {
        return 100;
    }

    /** Whether what was committed is there after close and open. */
    protected boolean isPersistent() {
        return true;
    }

    @BeforeEach
    void openStore() {
        store = open(directory, IDENTITY);
    }

    @AfterEach
    void closeStore() {
        if (store != null) {
            store.close();
        }
    }

    @Test
    void newStoreIsEmpty() {
        assertEquals(0, store.cursor());
        try (KvReader reader = store.newReader()) {
            for (final String prefix : List.of("E", "H:", "Q", "S:", "V", "~", "~c", "\u00ff")) {
                assertEquals(List.of(), forward(reader, key(prefix), null, ALL), prefix);
                assertEquals(List.of(), backward(reader, key(prefix), null, ALL), prefix);
            }
            assertNull(get(reader, key("~cursor")));
            assertNull(get(reader, key("~identity")));
            assertNull(get(reader, key("H:nothing")));
            assertNull(get(reader, subjectKey("nothing", 1)));
        }
        store.verify();
        store.flush();
    }

    @Test
    void getsValuesOfAnyLength() {
        final NavigableMap<byte[], byte[]> map = map();
        final Random random = new Random(1);
        for (final int length : new int[] {0, 1, 31, 239, 4095, 4096, 4097, 65537, 262_144}) {
            final byte[] value = new byte[length];
            random.nextBytes(value);
            map.put(key("H:" + length), value);
            map.put(key("E:" + length), value);
        }
        commit(store, 7, map);
        try (KvReader reader = store.newReader()) {
            map.forEach((k, v) -> assertArrayEquals(v, get(reader, k)));
            for (final String prefix : List.of("H:", "E:")) {
                assertEquals(
                        forward(map, key(prefix), null, ALL),
                        forward(reader, key(prefix), null, ALL));
                assertEquals(
                        backward(map, key(prefix), null, ALL),
                        backward(reader, key(prefix), null, ALL));
            }
        }
        assertEquals(7, store.cursor());
        store.verify();
    }

    @Test
    void takesKeysOfEveryLength() {
        final NavigableMap<byte[], byte[]> map = map();
        for (int length = 1; length <= Keys.STORE_MAX_LENGTH; length++) {
            map.put(key("H".repeat(length)), hash(length));
        }
        for (int length = 1; length <= Keys.SUBJECT_MAX; length++) {
            map.put(subjectKey("s".repeat(length), length), hash(length));
        }
        commit(store, 1, map);
        try (KvReader reader = store.newReader()) {
            map.forEach((k, v) -> assertArrayEquals(v, get(reader, k)));
            assertEquals(forward(map, key("S"), null, ALL), forward(reader, key("S"), null, ALL));
            assertEquals(forward(map, key("H"), null, ALL), forward(reader, key("H"), null, ALL));
            assertNull(get(reader, key("H".repeat(Keys.STORE_MAX_LENGTH + 1))));
        }
    }

    @Test
    void replacesValues() {
        final byte[] subject = subjectKey("a", 5);
        final NavigableMap<byte[], byte[]> first = map();
        first.put(key("H:k"), key("one"));
        first.put(subject, hash(1));
        commit(store, 1, first);
        final NavigableMap<byte[], byte[]> second = map();
        second.put(key("H:k"), key("another"));
        second.put(subject, hash(2));
        commit(store, 2, second);
        try (KvReader reader = store.newReader()) {
            assertArrayEquals(key("another"), get(reader, key("H:k")));
            assertArrayEquals(hash(2), get(reader, subject));
            assertEquals(1, forward(reader, key("S"), null, ALL).size());
            assertEquals(1, backward(reader, key("S"), null, ALL).size());
            commit(store, 3, first);
            assertArrayEquals(hash(1), get(reader, subject));
            commit(store, 3, first);
            assertEquals(1, forward(reader, key("S"), null, ALL).size());
        }
        store.verify();
    }

    @Test
    void scanOfOneSubjectSeesNoOther() {
        final NavigableMap<byte[], byte[]> map = map();
        long sequence = 0;
        for (final String subject : List.of("a", "ab", "abc", "ab\u0001", "b", "\u00ff")) {
            for (int i = 0; i < 3; i++) {
                map.put(subjectKey(subject, ++sequence), hash(sequence));
            }
        }
        commit(store, sequence, map);
        try (KvReader reader = store.newReader()) {
            for (final String subject : List.of("a", "ab", "abc", "ab\u0001", "b", "\u00ff", "c")) {
                final byte[] prefix = key("S:" + subject + "\0");
                final int expected = subject.equals("c") ? 0 : 3;
                assertEquals(expected, forward(reader, prefix, null, ALL).size(), subject);
                assertEquals(forward(map, prefix, null, ALL), forward(reader, prefix, null, ALL));
                assertEquals(backward(map, prefix, null, 1), backward(reader, prefix, null, 1));
            }
        }
    }

    @Test
    void batchClosedWithoutCommitLeavesNothing() {
        try (KvBatch batch = store.newBatch()) {
            put(batch, key("E:1"), hash(1));
            put(batch, key("H:1"), hash(1));
            put(batch, subjectKey("a", 1), hash(1));
        }
        final KvBatch twice = store.newBatch();
        twice.close();
        twice.close();
        assertThrows(IllegalStateException.class, () -> put(twice, key("H:1"), hash(1)));
        assertThrows(IllegalStateException.class, () -> twice.commit(1));
        assertEquals(0, store.cursor());
        try (KvReader reader = store.newReader()) {
            for (final String prefix : List.of("E", "H", "S")) {
                assertEquals(List.of(), forward(reader, key(prefix), null, ALL));
            }
        }
    }

    @Test
    void readersSeeABatchOnceCommitted() {
        try (KvReader reader = store.newReader()) {
            assertNull(get(reader, key("H:1")));
            assertEquals(List.of(), forward(reader, key("H"), null, ALL));
            try (KvBatch batch = store.newBatch()) {
                put(batch, key("H:1"), hash(1));
                put(batch, subjectKey("a", 1), hash(1));
                assertNull(get(reader, key("H:1")));
                assertEquals(List.of(), backward(reader, key("S"), null, ALL));
                assertEquals(0, store.cursor());
                batch.commit(9);
            }
            assertEquals(9, store.cursor());
            assertArrayEquals(hash(1), get(reader, key("H:1")));
            assertEquals(1, forward(reader, key("H"), null, ALL).size());
            assertEquals(1, backward(reader, key("S"), null, ALL).size());
        }
    }

    @Test
    void cursorDoesNotMoveBack() {
        final NavigableMap<byte[], byte[]> map = map();
        map.put(key("H:1"), hash(1));
        map.put(subjectKey("a", 1), hash(1));
        commit(store, 10, map);
        map.put(key("H:2"), hash(2));
        map.put(subjectKey("a", 2), hash(2));
        commit(store, 5, map);
        assertEquals(10, store.cursor());
        try (KvReader reader = store.newReader()) {
            assertArrayEquals(hash(2), get(reader, key("H:2")));
            assertEquals(2, forward(reader, key("S"), null, ALL).size());
        }
        commit(store, 10, map());
        commit(store, 11, map());
        assertEquals(11, store.cursor());
        if (isPersistent()) {
            store.close();
            store = open(directory, IDENTITY);
            assertEquals(11, store.cursor());
        }
    }

    @Test
    void refusesKeysOutOfOrderOrRange() {
        final byte[] value = hash(1);
        try (KvBatch batch = store.newBatch()) {
            put(batch, key("H:5"), value);
            for (final String bad : List.of("H:5", "H:4", "H:", "E:9", "", "~", "~x", "\u00ff")) {
                assertThrows(
                        IllegalArgumentException.class, () -> put(batch, key(bad), value), bad);
            }
            assertThrows(
                    IllegalArgumentException.class,
                    () -> put(batch, key("V".repeat(Keys.STORE_MAX_LENGTH + 1)), value));
            put(batch, subjectKey("b", 1), value);
            assertThrows(
                    IllegalArgumentException.class, () -> put(batch, subjectKey("a", 9), value));
            put(batch, key("V:"), value);
            batch.commit(1);
        }
        try (KvReader reader = store.newReader()) {
            assertEquals(1, forward(reader, key("H"), null, ALL).size());
            assertEquals(1, forward(reader, key("S"), null, ALL).size());
            assertEquals(1, forward(reader, key("V"), null, ALL).size());
        }
    }

    @Test
    void hasOneBatchAtATime() {
        final KvBatch batch = store.newBatch();
        assertThrows(IllegalStateException.class, store::newBatch);
        batch.close();
        store.newBatch().close();
    }

    @Test
    void keepsEverythingOverReopen() {
        assumeTrue(isPersistent());
        final NavigableMap<byte[], byte[]> map = map();
        for (int i = 0; i < 1000; i++) {
            map.put(key("E:" + i), hash(i));
            map.put(key("H:" + i), hash(i));
            map.put(subjectKey("s" + i % 7, i), hash(i));
        }
        commit(store, 1000, map);
        for (int round = 1; round <= 3; round++) {
            store.close();
            store = open(directory, IDENTITY);
            assertEquals(999 + round, store.cursor());
            try (KvReader reader = store.newReader()) {
                for (final String prefix : List.of("E", "H", "S")) {
                    assertEquals(
                            forward(map, key(prefix), null, ALL),
                            forward(reader, key(prefix), null, ALL));
                }
            }
            store.verify();
            final NavigableMap<byte[], byte[]> more = map();
            more.put(key("H:more" + round), hash(round));
            more.put(subjectKey("s1", 1000 + round), hash(round));
            map.putAll(more);
            commit(store, 1000 + round, more);
        }
    }

    @Test
    void refusesAnotherEngine() {
        assumeTrue(isPersistent());
        commit(store, 3, map());
        store.close();
        final StoreIdentity other = new StoreIdentity(1, 3, 1);
        final StoreIdentityException e =
                assertThrows(StoreIdentityException.class, () -> open(directory, other));
        assertTrue(e.getMessage().contains(other.toString()), e.getMessage());
        assertTrue(e.getMessage().contains(IDENTITY.toString()), e.getMessage());
        assertThrows(StoreIdentityException.class, () -> openReadOnly(directory, other));
        assertThrows(
                StoreIdentityException.class, () -> open(directory, new StoreIdentity(1, 2, 2)));
        store = open(directory, IDENTITY);
        assertEquals(3, store.cursor());
    }

    @Test
    void everyUseAfterCloseIsAnException() {
        final KvReader reader = store.newReader();
        get(reader, key("H:1"));
        forward(reader, key("H:"), null, ALL);
        final KvReader unused = store.newReader();
        final KvBatch batch = store.newBatch();
        put(batch, key("H:1"), hash(1));
        store.close();
        store.close();
        assertThrows(StoreClosedException.class, store::cursor);
        assertThrows(StoreClosedException.class, store::newReader);
        assertThrows(StoreClosedException.class, store::newBatch);
        assertThrows(StoreClosedException.class, store::flush);
        assertThrows(StoreClosedException.class, store::verify);
        for (final KvReader any : List.of(reader, unused)) {
            assertThrows(StoreClosedException.class, () -> get(any, key("H:1")));
            assertThrows(StoreClosedException.class, () -> get(any, subjectKey("a", 1)));
            assertThrows(StoreClosedException.class, () -> forward(any, key("H"), null, ALL));
            assertThrows(StoreClosedException.class, () -> backward(any, key("S"), null, ALL));
            any.close();
            any.close();
        }
        assertThrows(StoreClosedException.class, () -> put(batch, key("H:2"), hash(1)));
        assertThrows(StoreClosedException.class, () -> batch.commit(1));
        batch.close();
        batch.close();
        if (isPersistent()) {
            store = open(directory, IDENTITY);
            assertEquals(0, store.cursor());
        }
    }

    @Test
    void closedReaderIsAnException() {
        final KvReader reader = store.newReader();
        forward(reader, key("H:"), null, ALL);
        reader.close();
        reader.close();
        assertThrows(StoreClosedException.class, () -> get(reader, key("H:1")));
        assertThrows(StoreClosedException.class, () -> forward(reader, key("H"), null, ALL));
    }

    @Test
    void handlerMayLookUpButNotCloseOrScan() {
        final NavigableMap<byte[], byte[]> map = map();
        for (int i = 0; i < 3; i++) {
            map.put(subjectKey("a", i), hash(i));
            map.put(key("H:" + i), hash(i));
        }
        commit(store, 1, map);
        try (KvReader reader = store.newReader()) {
            final int[] seen = new int[1];
            final UnsafeBuffer prefix = new UnsafeBuffer(key("S:a\0"));
            reader.scanForward(
                    prefix,
                    0,
                    prefix.capacity(),
                    null,
                    0,
                    0,
                    (k, ko, kl, v, vo, vl) -> {
                        final int i = seen[0]++;
                        assertArrayEquals(hash(i), get(reader, key("H:" + i)));
                        assertArrayEquals(hash(2), get(reader, subjectKey("a", 2)));
                        final byte[] value = new byte[vl];
                        v.getBytes(vo, value);
                        assertArrayEquals(hash(i), value);
                        assertThrows(IllegalStateException.class, store::close);
                        assertThrows(
                                IllegalStateException.class,
                                () -> forward(reader, key("S"), null, ALL));
                        return true;
                    });
            assertEquals(3, seen[0]);
            final UnsafeBuffer first = new UnsafeBuffer(subjectKey("a", 0));
            assertThrows(
                    IllegalStateException.class,
                    () ->
                            reader.get(
                                    first,
                                    0,
                                    first.capacity(),
                                    (k, ko, kl, v, vo, vl) -> {
                                        get(reader, subjectKey("a", 1));
                                        return true;
                                    }));
            // A handler that threw leaves a reader that works.
            assertEquals(3, forward(reader, key("S:a"), null, ALL).size());
        }
    }

    @Test
    void holdsALargeBatch() {
        final NavigableMap<byte[], byte[]> map = map();
        for (int i = 0; i < 50_000; i++) {
            map.put(key(String.format("H:%06d", i * 7919 % 50_000)), hash(i % 100));
            map.put(subjectKey("subject" + i % 50, i), hash(i % 100));
        }
        assertEquals(100_000, map.size());
        commit(store, 50_000, map);
        try (KvReader reader = store.newReader()) {
            assertEquals(forward(map, key("H"), null, ALL), forward(reader, key("H"), null, ALL));
            assertEquals(forward(map, key("S"), null, ALL), forward(reader, key("S"), null, ALL));
            assertEquals(
                    backward(map, key("S:subject7\0"), null, 10),
                    backward(reader, key("S:subject7\0"), null, 10));
        }
        store.verify();
    }

    @Test
    void readOnlyStoreReadsAndTakesNothing() {
        assumeTrue(isPersistent());
        final NavigableMap<byte[], byte[]> map = map();
        map.put(key("E:1"), hash(1));
        map.put(key("H:1"), hash(1));
        map.put(subjectKey("a", 1), hash(1));
        commit(store, 4, map);
        store.close();
        try (KvStore readOnly = openReadOnly(directory, IDENTITY);
                KvReader reader = readOnly.newReader()) {
            assertEquals(4, readOnly.cursor());
            assertThrows(StoreException.class, readOnly::newBatch);
            map.forEach((k, v) -> assertArrayEquals(v, get(reader, k)));
            assertEquals(1, backward(reader, key("S"), null, ALL).size());
            assertEquals(1, backward(reader, key("S"), null, ALL).size());
            assertEquals(1, forward(reader, key("H"), null, ALL).size());
            readOnly.verify();
            readOnly.flush();
        }
    }

    @Test
    void readOnlyStoreThatWasNeverCreatedIsEmpty() {
        assumeTrue(isPersistent());
        final Path nowhere = directory.resolve("nowhere");
        try (KvStore readOnly = openReadOnly(nowhere, IDENTITY);
                KvReader reader = readOnly.newReader()) {
            assertEquals(0, readOnly.cursor());
            assertNull(get(reader, key("H:1")));
            assertEquals(List.of(), forward(reader, key("S"), null, ALL));
            assertThrows(StoreException.class, readOnly::newBatch);
            readOnly.verify();
        }
        assertFalse(nowhere.toFile().exists(), "reading made files");
    }

    @Test
    void doesWhatAMapDoes() {
        new KvStoreDifferentialContract(42).run(store);
    }

    @Test
    void doesWhatAMapDoesOnAnotherDay() {
        new KvStoreDifferentialContract(System.nanoTime()).run(store);
    }

    @Test
    void readersSeeWholeBatches() throws Exception {
        new KvStoreThreadsContract(store).readersSeeWholeBatches();
    }

    @Test
    void readersNeverGoBack() throws Exception {
        new KvStoreThreadsContract(store).readersNeverGoBack(manyBatches());
    }

    @Test
    void closesUnderReaders() throws Exception {
        new KvStoreThreadsContract(store).closesUnderReaders();
    }

    @Test
    void putsAllocateNothing() {
        assumeTrue(isPersistent(), "the memory store keeps what it is given on the heap");
        new KvStoreAllocationContract(store).putsAllocateNothing();
    }

    @Test
    void readsAllocateNothing() {
        new KvStoreAllocationContract(store).readsAllocateNothing();
    }
}
