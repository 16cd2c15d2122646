package io.stemedb.engine.store.rocks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.TestEngines;
import io.stemedb.engine.store.KvBatch;
import io.stemedb.engine.store.KvReader;
import io.stemedb.engine.store.StoreException;
import io.stemedb.engine.store.StoreIdentity;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RocksFilesTest {
    private static final StoreIdentity IDENTITY = new StoreIdentity(1, 2, 1);
    private static final Path NATIVE = Path.of("target", "test-native").toAbsolutePath();

    @TempDir Path parent;

    @Test
    void deletesWhatABatchLeftBehind() throws IOException {
        open().close();
        final Path incoming = directory().resolve("incoming");
        Files.writeString(incoming.resolve("17.sst"), "half a file");
        open().close();
        assertEquals(List.of(), list(incoming));
    }

    @Test
    void batchesLeaveNoFileBehind() throws IOException {
        try (RocksKvStore store = open()) {
            put(store, 1);
            final KvBatch batch = store.newBatch();
            assertEquals(1, list(directory().resolve("incoming")).size());
            batch.close();
            put(store, 2);
            assertEquals(List.of(), list(directory().resolve("incoming")));
            store.newBatch();
        }
        assertEquals(List.of(), list(directory().resolve("incoming")));
    }

    @Test
    void keepsItsDirectoryToItselfAndItsLogSmall() throws IOException {
        for (int i = 1; i <= 5; i++) {
            try (RocksKvStore store = open()) {
                put(store, i);
            }
        }
        assertEquals(
                "rwx------",
                PosixFilePermissions.toString(Files.getPosixFilePermissions(directory())));
        long logs = 0;
        for (final Path file : list(directory())) {
            if (file.getFileName().toString().startsWith("LOG")) {
                logs++;
                assertTrue(Files.size(file) < 100_000, file + " " + Files.size(file));
            }
        }
        assertTrue(logs <= 2, "log files " + logs);
    }

    @Test
    void verifyNamesTheDamagedFile() throws IOException {
        final List<Path> before;
        try (RocksKvStore store = open()) {
            put(store, 1);
            store.verify();
            before = list(directory());
        }
        Path table = null;
        for (final Path file : before) {
            if (file.toString().endsWith(".sst")
                    && (table == null || Files.size(file) > Files.size(table))) {
                table = file;
            }
        }
        try (RandomAccessFile file = new RandomAccessFile(table.toFile(), "rw")) {
            file.seek(file.length() / 3);
            final int b = file.read();
            file.seek(file.length() / 3);
            file.write(b ^ 4);
        }
        final String name = table.getFileName().toString();
        try (RocksKvStore store = open()) {
            final StoreException e = assertThrows(StoreException.class, store::verify);
            assertTrue(e.getMessage().contains(name), e.getMessage());
            // Verifying is no use: nothing is served from the damaged block either.
            assertThrows(StoreException.class, () -> count(store));
        }
        try (var store = RocksKvStore.openReadOnly(directory(), IDENTITY, NATIVE)) {
            assertThrows(StoreException.class, store::verify);
        }
    }

    @Test
    void readingMakesNoFile() throws IOException {
        try (RocksKvStore store = open()) {
            put(store, 1);
            final List<Path> before = list(directory());
            RocksKvStore.openReadOnly(directory(), IDENTITY, NATIVE).close();
            assertEquals(before, list(directory()));
        }
    }

    @Test
    void compactsSoThatScansMeetFewFiles() {
        try (RocksKvStore store = open()) {
            for (int i = 1; i <= 40; i++) {
                put(store, i);
            }
            assertEquals(40 * 100, count(store));
            TestEngines.await( // it compacts on a thread of its own
                    () -> store.database.db().getLiveFilesMetaData().size() < 40,
                    () -> "nothing was compacted");
            assertEquals(40 * 100, count(store));
        }
    }

    @Test
    void idleReaderKeepsNoDeadFile() throws IOException {
        try (RocksKvStore store = open();
                KvReader reader = store.newReader()) {
            for (int i = 1; i <= 10; i++) {
                put(store, i);
            }
            assertEquals(1000, count(reader));
            final Set<Path> before = tables(directory());
            int batch = 10;
            // All of them are compacted away sooner or later, with or without somebody reading.
            final long startNs = System.nanoTime();
            while (!Collections.disjoint(before, tables(directory()))) {
                assertTrue(
                        System.nanoTime() - startNs < TestEngines.TIMEOUT_NS,
                        () -> "files of an idle reader: " + before);
                put(store, ++batch);
                Thread.yield();
            }
            assertEquals(batch * 100, count(reader));
        }
    }

    private static Set<Path> tables(final Path directory) throws IOException {
        final Set<Path> tables = new HashSet<>(list(directory));
        tables.removeIf(file -> !file.toString().endsWith(".sst"));
        return tables;
    }

    private Path directory() {
        return parent.resolve("rocks");
    }

    private RocksKvStore open() {
        return RocksKvStore.open(directory(), IDENTITY, NATIVE);
    }

    private static List<Path> list(final Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.sorted().toList();
        }
    }

    private static void put(final RocksKvStore store, final int batchNumber) {
        final UnsafeBuffer key = new UnsafeBuffer(new byte[20]);
        final UnsafeBuffer value = new UnsafeBuffer(new byte[500]);
        try (KvBatch batch = store.newBatch()) {
            for (int i = 0; i < 100; i++) {
                final int length =
                        key.putStringWithoutLengthAscii(
                                0, String.format("H:%04d:%04d", i, batchNumber));
                batch.put(key, 0, length, value, 0, value.capacity());
            }
            batch.commit(batchNumber);
        }
    }

    private static int count(final RocksKvStore store) {
        try (KvReader reader = store.newReader()) {
            return count(reader);
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
