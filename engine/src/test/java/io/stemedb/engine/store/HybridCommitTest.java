package io.stemedb.engine.store;

import static io.stemedb.engine.store.Entries.forward;
import static io.stemedb.engine.store.Entries.key;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.NavigableMap;
import org.agrona.DirectBuffer;
import org.junit.jupiter.api.Test;

/** How the hybrid store commits when one of its stores fails. */
class HybridCommitTest {
    private final FailingStore rocks = new FailingStore();
    private final FailingStore lmdb = new FailingStore();
    private final KvStore store = new HybridStore(rocks, lmdb, SubjectIndex.LMDB);

    @Test
    void routesByFamilyAndNothingElse() {
        for (final SubjectIndex placement : SubjectIndex.values()) {
            final MemoryKvStore inRocks = new MemoryKvStore();
            final MemoryKvStore inLmdb = new MemoryKvStore();
            Entries.commit(new HybridStore(inRocks, inLmdb, placement), 1, entries());
            assertEquals(placement == SubjectIndex.LMDB ? "HV" : "HSV", families(inRocks));
            assertEquals(placement == SubjectIndex.LMDB ? "EQS" : "EQ", families(inLmdb));
        }
    }

    @Test
    void secondStoreFailingLeavesTheFirstAhead() {
        Entries.commit(store, 5, Entries.map());
        lmdb.fails = true;
        assertThrows(StoreException.class, () -> Entries.commit(store, 9, entries()));
        assertEquals(9, rocks.cursor());
        assertEquals(5, lmdb.cursor());
        assertEquals(5, store.cursor());
        assertEquals("HV", families(rocks));
        assertEquals("", families(lmdb));
        lmdb.fails = false;
        // Replayed in other pieces than the first time.
        Entries.commit(store, 7, Entries.map());
        assertEquals(9, rocks.cursor());
        assertEquals(7, store.cursor());
        Entries.commit(store, 9, entries());
        assertEquals(9, store.cursor());
        assertEquals("HV", families(rocks));
        assertEquals("EQS", families(lmdb));
        Entries.commit(store, 12, Entries.map());
        assertEquals(12, store.cursor());
    }

    @Test
    void firstStoreFailingLeavesTheSecondAlone() {
        rocks.fails = true;
        assertThrows(StoreException.class, () -> Entries.commit(store, 9, entries()));
        assertEquals(0, rocks.cursor());
        assertEquals(0, lmdb.cursor());
        assertEquals("", families(rocks));
        assertEquals("", families(lmdb));
        rocks.fails = false;
        Entries.commit(store, 9, entries());
        assertEquals(9, store.cursor());
    }

    private static NavigableMap<byte[], byte[]> entries() {
        final NavigableMap<byte[], byte[]> entries = Entries.map();
        for (final String family : new String[] {"E", "H", "Q", "V"}) {
            entries.put(key(family + ":1"), key("value"));
        }
        entries.put(Entries.subjectKey("a", 1), Entries.hash(1));
        return entries;
    }

    private static String families(final KvStore store) {
        final StringBuilder found = new StringBuilder();
        try (KvReader reader = store.newReader()) {
            for (final String family : new String[] {"E", "H", "Q", "S", "V"}) {
                if (!forward(reader, key(family), null, 1).isEmpty()) {
                    found.append(family);
                }
            }
        }
        return found.toString();
    }

    /** A store in memory whose commits fail on demand. */
    private static final class FailingStore implements KvStore {
        private final MemoryKvStore memory = new MemoryKvStore();
        private boolean fails;

        @Override
        public long cursor() {
            return memory.cursor();
        }

        @Override
        public KvReader newReader() {
            return memory.newReader();
        }

        @Override
        public KvBatch newBatch() {
            final KvBatch batch = memory.newBatch();
            return new KvBatch() {
                @Override
                public void put(
                        final DirectBuffer key,
                        final int keyOffset,
                        final int keyLength,
                        final DirectBuffer value,
                        final int valueOffset,
                        final int valueLength) {
                    batch.put(key, keyOffset, keyLength, value, valueOffset, valueLength);
                }

                @Override
                public void commit(final long cursor) {
                    if (fails) {
                        throw new StoreException("disk full", null);
                    }
                    batch.commit(cursor);
                }

                @Override
                public void close() {
                    batch.close();
                }
            };
        }

        @Override
        public void flush() {
            memory.flush();
        }

        @Override
        public void verify() {
            memory.verify();
        }

        @Override
        public void close() {
            memory.close();
        }
    }
}
