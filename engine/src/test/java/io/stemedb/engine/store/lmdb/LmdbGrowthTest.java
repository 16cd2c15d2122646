package io.stemedb.engine.store.lmdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.store.KvBatch;
import io.stemedb.engine.store.KvReader;
import io.stemedb.engine.store.StoreException;
import io.stemedb.engine.store.StoreFullException;
import io.stemedb.engine.store.StoreIdentity;
import io.stemedb.engine.store.StoreRetryException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LmdbGrowthTest {
    private static final StoreIdentity IDENTITY = new StoreIdentity(1, 2, 1);
    private static final Path NATIVE = Path.of("target", "test-native").toAbsolutePath();
    private static final int VALUE_BYTES = 10_000;
    private static final long MIB = 1L << 20;

    @TempDir Path directory;
    private final UnsafeBuffer key = new UnsafeBuffer(new byte[10]);
    private final UnsafeBuffer value = new UnsafeBuffer(new byte[VALUE_BYTES]);

    @Test
    void growsBetweenBatchesWhileReadersRead() throws Exception {
        final ExecutorService threads = Executors.newFixedThreadPool(2);
        final AtomicBoolean done = new AtomicBoolean();
        try (LmdbKvStore store = open(MIB, 64 * MIB)) {
            put(store, 1, 0, 5);
            final Runnable reading = () -> readUntil(store, done);
            final Future<?> first = threads.submit(reading);
            final Future<?> second = threads.submit(reading);
            for (int batch = 1; batch < 200; batch++) {
                put(store, batch, 5 * batch, 5);
            }
            done.set(true);
            first.get(60, TimeUnit.SECONDS);
            second.get(60, TimeUnit.SECONDS);
            assertTrue(store.environment.env.info().mapSize > MIB);
            assertEquals(1000, count(store));
            store.verify();
        } finally {
            done.set(true);
            threads.shutdownNow();
        }
        try (LmdbKvStore store = open(MIB, 64 * MIB)) {
            assertEquals(1000, count(store));
            put(store, 300, 1000, 5);
        }
    }

    @Test
    void anotherProcessReadsOnWhileTheMapGrows() throws Exception {
        final Path output = directory.resolve("output");
        final Path open = directory.resolve("open");
        final int batches = 300;
        Process process = null;
        try (LmdbKvStore store = open(MIB, 64 * MIB)) {
            put(store, 1, 0, 5);
            process =
                    LmdbReadProcess.start(
                            output,
                            directory.toString(),
                            NATIVE.toString(),
                            open.toString(),
                            Integer.toString(batches));
            while (!Files.exists(open) && process.isAlive()) {
                Thread.onSpinWait();
            }
            for (int batch = 2; batch <= batches; batch++) {
                put(store, batch, 5 * (batch - 1), 5);
            }
            assertTrue(store.environment.env.info().mapSize > 8 * MIB);
            assertTrue(process.waitFor(300, TimeUnit.SECONDS), "reads on for ever");
            assertEquals(0, process.exitValue(), Files.readString(output));
        } finally {
            if (process != null) {
                process.destroyForcibly().waitFor();
            }
        }
    }

    @Test
    void batchLargerThanTheMapIsDoneAgain() {
        try (LmdbKvStore store = open(MIB, 64 * MIB)) {
            put(store, 1, 0, 5);
            int retries = 0;
            boolean stored = false;
            while (!stored) {
                try {
                    put(store, 2, 5, 1000);
                    stored = true;
                } catch (final StoreRetryException e) {
                    retries++;
                    assertEquals(1, store.cursor());
                    assertEquals(5, count(store));
                }
            }
            assertTrue(retries >= 3 && retries <= 6, "retries " + retries);
            assertEquals(1005, count(store));
            assertEquals(2, store.cursor());
        }
    }

    @Test
    void fullStoreSaysSoAndStaysReadable() {
        try (LmdbKvStore store = open(MIB, 2 * MIB)) {
            put(store, 1, 0, 5);
            StoreException failure = null;
            for (int i = 0; i < 3 && !(failure instanceof StoreFullException); i++) {
                failure = assertThrows(StoreException.class, () -> put(store, 2, 5, 1000));
            }
            final StoreFullException full = (StoreFullException) failure;
            assertEquals("LMDB store", full.component());
            assertTrue(full.getMessage().contains(Long.toString(2 * MIB)), full.getMessage());
            assertEquals(1, store.cursor());
            assertEquals(5, count(store));
            put(store, 2, 5, 5);
            assertEquals(10, count(store));
        }
        // Room is given by opening it with a greater limit.
        try (LmdbKvStore store = open(MIB, 64 * MIB)) {
            assertThrows(StoreRetryException.class, () -> put(store, 3, 10, 1000));
            assertEquals(10, count(store));
        }
    }

    @Test
    void failedBatchIsFinished() {
        try (LmdbKvStore store = open(MIB, MIB);
                KvBatch batch = store.newBatch()) {
            assertThrows(StoreFullException.class, () -> putAll(batch, 0, 1000));
            assertThrows(IllegalStateException.class, () -> putAll(batch, 1000, 1));
            assertThrows(IllegalStateException.class, () -> batch.commit(1));
            put(store, 1, 0, 3);
            assertEquals(3, count(store));
        }
    }

    @Test
    void isOpenOnceInAProcess() {
        try (LmdbKvStore store = open(MIB, MIB)) {
            assertThrows(StoreException.class, () -> open(MIB, MIB));
            assertThrows(
                    StoreException.class,
                    () -> LmdbKvStore.openReadOnly(directory, IDENTITY, NATIVE));
            assertEquals(0, count(store));
        }
        open(MIB, MIB).close();
    }

    @Test
    void closedByAnotherThreadEndsWithItsBatch() throws Exception {
        final LmdbKvStore store = open(MIB, MIB);
        final KvBatch batch = store.newBatch();
        putAll(batch, 0, 3);
        final Thread closer = new Thread(store::close);
        closer.start();
        closer.join();
        assertThrows(StoreException.class, () -> putAll(batch, 3, 1));
        assertThrows(StoreException.class, () -> open(MIB, MIB));
        batch.close();
        try (LmdbKvStore again = open(MIB, MIB)) {
            assertEquals(0, count(again));
        }
    }

    @Test
    void closesAfterTheThreadOfABatchDied() throws Exception {
        final LmdbKvStore store = open(MIB, MIB);
        put(store, 1, 0, 3);
        final Thread writer = new Thread(() -> putAll(store.newBatch(), 3, 3));
        writer.start();
        writer.join();
        store.close();
        try (LmdbKvStore again = open(MIB, MIB)) {
            assertEquals(3, count(again));
            put(again, 2, 3, 3);
            assertEquals(6, count(again));
        }
    }

    @Test
    void readersComeAndGoWithoutEnd() {
        try (LmdbKvStore store = open(MIB, MIB)) {
            put(store, 1, 0, 3);
            for (int i = 0; i < 3000; i++) {
                assertEquals(3, count(store));
            }
        }
    }

    @Test
    void refusesWhatIsNoSubjectEntry() {
        final byte[] hash = new byte[32];
        try (LmdbKvStore store = open(MIB, MIB);
                KvBatch batch = store.newBatch()) {
            refuse(batch, "S", hash);
            refuse(batch, "S:", hash);
            refuse(batch, "Sx a\0" + "12345678", hash);
            refuse(batch, "S:\0" + "12345678", hash);
            refuse(batch, "S:subject" + "12345678", hash);
            refuse(batch, "S:a\0" + "1234567", hash);
            refuse(batch, "S:a\0" + "123456789", hash);
            refuse(batch, "S:a\0b\0" + "12345678", hash);
            refuse(batch, "S:a\0" + "12345678", new byte[31]);
            refuse(batch, "S:a\0" + "12345678", new byte[0]);
            refuse(batch, "S:a\0" + "12345678", new byte[40]);
            final byte[] good = bytes("S:a\0" + "12345678");
            batch.put(new UnsafeBuffer(good), 0, good.length, new UnsafeBuffer(hash), 0, 32);
            batch.commit(1);
            assertEquals(1, store.cursor());
        }
    }

    private static void refuse(final KvBatch batch, final String badKey, final byte[] badValue) {
        final byte[] bytes = bytes(badKey);
        assertThrows(
                IllegalArgumentException.class,
                () ->
                        batch.put(
                                new UnsafeBuffer(bytes),
                                0,
                                bytes.length,
                                new UnsafeBuffer(badValue),
                                0,
                                badValue.length),
                badKey);
    }

    private static byte[] bytes(final String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private LmdbKvStore open(final long initialMapBytes, final long maxMapBytes) {
        return LmdbKvStore.open(directory, IDENTITY, initialMapBytes, maxMapBytes, NATIVE);
    }

    private void put(final LmdbKvStore store, final long cursor, final int first, final int count) {
        try (KvBatch batch = store.newBatch()) {
            putAll(batch, first, count);
            batch.commit(cursor);
        }
    }

    private void putAll(final KvBatch batch, final int first, final int count) {
        for (int i = first; i < first + count; i++) {
            key.putStringWithoutLengthAscii(0, String.format("E:%08d", i));
            batch.put(key, 0, 10, value, 0, VALUE_BYTES);
        }
    }

    private static int count(final LmdbKvStore store) {
        final int[] count = new int[1];
        final UnsafeBuffer prefix = new UnsafeBuffer(new byte[] {'E'});
        try (KvReader reader = store.newReader()) {
            reader.scanForward(
                    prefix,
                    0,
                    1,
                    null,
                    0,
                    0,
                    (k, ko, kl, v, vo, vl) -> {
                        assertEquals(VALUE_BYTES, vl);
                        assertEquals(0, v.getByte(vo + vl - 1)); // reads the mapped memory
                        return ++count[0] > 0;
                    });
        }
        return count[0];
    }

    private static void readUntil(final LmdbKvStore store, final AtomicBoolean done) {
        int last = 0;
        while (!done.get()) {
            final int count = count(store);
            assertTrue(count >= last && count % 5 == 0, "count " + count);
            last = count;
        }
    }
}
