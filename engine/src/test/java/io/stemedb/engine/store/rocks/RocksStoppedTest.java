package io.stemedb.engine.store.rocks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.store.KvBatch;
import io.stemedb.engine.store.KvReader;
import io.stemedb.engine.store.StoreException;
import io.stemedb.engine.store.StoreIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.RocksDBException;

/**
 * A compaction that meets an error of the system stops RocksDB for good, until it is opened again.
 * Here a directory stands where the compaction wants to make its file.
 */
@Timeout(900) // only for what hangs
class RocksStoppedTest {
    private static final StoreIdentity IDENTITY = new StoreIdentity(1, 2, 1);
    private static final Path NATIVE = Path.of("target", "test-native").toAbsolutePath();
    private static final int ENTRIES = 10;
    private static final int NUMBERS = 1_000;

    @TempDir Path parent;

    private int committed;
    private StoreException refusal;

    private Path directory() {
        return parent.resolve("rocks");
    }

    private RocksKvStore open() {
        return RocksKvStore.open(directory(), IDENTITY, NATIVE);
    }

    /** Whether the next batch is taken. */
    private boolean put(final RocksKvStore store) {
        final UnsafeBuffer key = new UnsafeBuffer(new byte[20]);
        try (KvBatch batch = store.newBatch()) {
            for (int i = 0; i < ENTRIES; i++) {
                final String text = String.format("H:%04d:%04d", i, committed + 1);
                final int length = key.putStringWithoutLengthAscii(0, text);
                batch.put(key, 0, length, key, 0, length);
            }
            batch.commit(committed + 1);
            committed++;
            return true;
        } catch (final StoreException e) {
            refusal = e;
            return false;
        }
    }

    /**
     * Every other number of a file is taken. A batch that comes to one is refused and takes the
     * next when it is done again; so the compaction after it comes to one too, and stops.
     */
    private void stop(final RocksKvStore store) throws IOException {
        for (int number = 1; number < NUMBERS; number += 2) {
            final Path file = numbered(number);
            if (Files.notExists(file)) {
                Files.createDirectory(file);
            }
        }
        for (int i = 0; i < NUMBERS && !store.database.isStopped(); i++) {
            put(store);
        }
        for (int number = 1; number < NUMBERS; number += 2) {
            if (Files.isDirectory(numbered(number))) {
                Files.delete(numbered(number));
            }
        }
        assertTrue(store.database.isStopped(), "no compaction failed in so many batches");
        assertTrue(refusal.getMessage().contains("Is a directory"), refusal.getMessage());
    }

    private Path numbered(final int number) {
        return directory().resolve("%06d.sst".formatted(number));
    }

    @Test
    void aCompactionThatFailedDoesNotEndTheStore() throws IOException {
        try (RocksKvStore store = open();
                KvReader reader = store.newReader()) {
            assertTrue(put(store));
            assertEquals(ENTRIES, count(reader)); // it holds an iterator from now on
            stop(store);
            assertEquals(ENTRIES * committed, count(reader), "reads go on");
            assertTrue(put(store));
            assertFalse(store.database.isStopped());
            assertEquals(committed, store.cursor());
            assertEquals(ENTRIES * committed, count(reader));
        }
        try (RocksKvStore store = open()) {
            assertEquals(committed, store.cursor());
            store.verify();
        }
    }

    /** The control: what is refused stays so, with room for its file, without an opening. */
    @Test
    void itStaysStoppedByItself() throws IOException {
        try (RocksKvStore store = open()) {
            stop(store);
            final Path none = directory().resolve("incoming/none.sst");
            for (int i = 0; i < 20; i++) {
                final RocksDBException e =
                        assertThrows(RocksDBException.class, () -> store.database.ingest(none));
                assertTrue(refusal.getMessage().contains(e.getMessage()), e.getMessage());
            }
        }
    }

    /** Readers wait while it is opened again, and then go on with an iterator of their own. */
    @Test
    void readersGoOn() throws Exception {
        final AtomicReference<Throwable> wrong = new AtomicReference<>();
        final AtomicBoolean done = new AtomicBoolean();
        try (RocksKvStore store = open()) {
            final KvReader reader = store.newReader();
            final Thread reading =
                    new Thread(
                            () -> {
                                try (reader) {
                                    for (int last = 0; !done.get(); ) {
                                        final int now = count(reader);
                                        assertTrue(now >= last, now + " after " + last);
                                        last = now;
                                    }
                                } catch (final Throwable e) {
                                    wrong.set(e);
                                }
                            });
            reading.start();
            try {
                for (int i = 0; i < 5; i++) {
                    stop(store);
                    assertTrue(put(store), () -> "refused: " + refusal);
                }
            } finally {
                done.set(true);
                reading.join();
            }
        }
        assertNull(wrong.get(), () -> "reader: " + wrong.get());
    }

    /** Where it is known that it cannot be opened it is not closed: reads go on. */
    @Test
    void itIsNotClosedInVain() throws IOException {
        try (RocksKvStore store = open();
                KvReader reader = store.newReader()) {
            stop(store);
            final Path current = directory().resolve("CURRENT");
            final Path away = directory().resolve("away");
            Files.move(current, away);
            assertFalse(put(store));
            assertTrue(refusal.getMessage().contains("cannot be opened again after"));
            assertEquals(ENTRIES * committed, count(reader));
            Files.move(away, current);
            assertTrue(put(store));
            assertEquals(ENTRIES * committed, count(reader));
        }
    }

    /** Else reads are refused until an opening succeeds, which each batch tries. */
    @Test
    void anOpeningThatFailsIsTriedAgain() throws IOException {
        try (RocksKvStore store = open();
                KvReader reader = store.newReader()) {
            assertTrue(put(store));
            assertEquals(ENTRIES, count(reader));
            stop(store);
            final Path lock = directory().resolve("LOCK");
            Files.delete(lock);
            Files.createDirectory(lock);
            for (int i = 0; i < 3; i++) {
                assertFalse(put(store));
                assertTrue(refusal.getMessage().contains("open again after"));
                final StoreException e = assertThrows(StoreException.class, () -> count(reader));
                assertTrue(e.getMessage().contains("until it can be opened again"), e.toString());
            }
            Files.delete(lock);
            assertTrue(put(store), () -> "refused: " + refusal);
            assertEquals(ENTRIES * committed, count(reader));
        }
    }

    /** A close needs no opening. */
    @Test
    void itIsClosedAsItIs() throws IOException {
        final RocksKvStore store = open();
        final KvReader reader = store.newReader();
        stop(store);
        final Path lock = directory().resolve("LOCK");
        Files.delete(lock);
        Files.createDirectory(lock);
        assertFalse(put(store));
        store.close();
        reader.close();
        Files.delete(lock);
        try (RocksKvStore again = open()) {
            assertEquals(committed, again.cursor());
        }
    }

    private static int count(final KvReader reader) {
        final int[] count = new int[1];
        reader.scanForward(
                new UnsafeBuffer(new byte[] {'H'}),
                0,
                1,
                null,
                0,
                0,
                (k, ko, kl, v, vo, vl) -> ++count[0] > 0);
        return count[0];
    }
}
