package io.stemedb.engine.store;

import static io.stemedb.engine.store.Entries.forward;
import static io.stemedb.engine.store.Entries.key;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.stemedb.engine.Overridden;
import java.util.NavigableMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** How the hybrid store commits when one of its stores fails. */
class HybridCommitTest {
    private final AtomicBoolean rocksFails = new AtomicBoolean();
    private final AtomicBoolean lmdbFails = new AtomicBoolean();
    private final KvStore rocks = failing(rocksFails);
    private final KvStore lmdb = failing(lmdbFails);
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
        lmdbFails.set(true);
        assertThrows(StoreException.class, () -> Entries.commit(store, 9, entries()));
        assertEquals(9, rocks.cursor());
        assertEquals(5, lmdb.cursor());
        assertEquals(5, store.cursor());
        assertEquals("HV", families(rocks));
        assertEquals("", families(lmdb));
        lmdbFails.set(false);
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
        rocksFails.set(true);
        assertThrows(StoreException.class, () -> Entries.commit(store, 9, entries()));
        assertEquals(0, rocks.cursor());
        assertEquals(0, lmdb.cursor());
        assertEquals("", families(rocks));
        assertEquals("", families(lmdb));
        rocksFails.set(false);
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

    /** A store in memory whose commits fail while they shall. */
    private static KvStore failing(final AtomicBoolean fails) {
        final KvStore memory = new MemoryKvStore();
        return Overridden.method(
                KvStore.class,
                memory,
                "newBatch",
                none -> {
                    final KvBatch batch = memory.newBatch();
                    return Overridden.method(
                            KvBatch.class,
                            batch,
                            "commit",
                            cursor -> {
                                if (fails.get()) {
                                    throw new StoreException("disk full", null);
                                }
                                batch.commit((long) cursor[0]);
                                return null;
                            });
                });
    }
}
