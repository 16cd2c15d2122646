package io.stemedb.engine.store;

import static io.stemedb.engine.store.Entries.backward;
import static io.stemedb.engine.store.Entries.commit;
import static io.stemedb.engine.store.Entries.forward;
import static io.stemedb.engine.store.Entries.get;
import static io.stemedb.engine.store.Entries.hash;
import static io.stemedb.engine.store.Entries.key;
import static io.stemedb.engine.store.Entries.map;
import static io.stemedb.engine.store.Entries.subjectKey;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;

/** What holds while several threads use one store. */
final class KvStoreThreadsContract {
    private static final int READERS = 4;
    private static final int BATCH_ENTRIES = 20;
    private static final int BATCHES = 60;
    private static final int MANY_READERS = 24;
    private static final int ALL = Integer.MAX_VALUE;
    private static final long TIMEOUT_S = 300;

    private final KvStore store;

    KvStoreThreadsContract(final KvStore store) {
        this.store = store;
    }

    /** Every scan sees whole batches: as many entries as some commits put, all of one batch. */
    void readersSeeWholeBatches() throws Exception {
        final AtomicBoolean done = new AtomicBoolean();
        final AtomicInteger scans = new AtomicInteger();
        final ExecutorService threads = Executors.newFixedThreadPool(READERS);
        try {
            final List<Future<?>> readers = new ArrayList<>();
            for (int i = 0; i < READERS; i++) {
                readers.add(threads.submit(() -> readWholeBatches(done, scans)));
            }
            for (int batch = 1; batch <= BATCHES; batch++) {
                final int scansBefore = scans.get();
                commit(store, batch, batch(batch));
                // Keeps readers and commits interleaved, however threads are scheduled.
                while (scans.get() == scansBefore && !readers.get(0).isDone()) {
                    Thread.onSpinWait();
                }
            }
            done.set(true);
            await(readers);
            assertTrue(scans.get() >= BATCHES, "scans " + scans);
        } finally {
            done.set(true);
            threads.shutdownNow();
        }
    }

    private void readWholeBatches(final AtomicBoolean done, final AtomicInteger scans) {
        try (KvReader reader = store.newReader()) {
            int last = 0;
            while (!done.get()) {
                final List<Entries.Entry> subjects = forward(reader, key("S:s\0"), null, ALL);
                assertEquals(0, subjects.size() % BATCH_ENTRIES, "entries " + subjects.size());
                assertTrue(subjects.size() >= last, "a scan saw less than one before it");
                last = subjects.size();
                final List<Entries.Entry> records = backward(reader, key("H:"), null, ALL);
                for (final Entries.Entry record : records) {
                    assertEquals(
                            new Entries.Entry(key(""), records.get(0).value()),
                            new Entries.Entry(key(""), record.value()));
                }
                scans.incrementAndGet();
            }
        }
    }

    /**
     * What a reader has seen it does not stop to see. More readers than cores, so that some stand
     * still at the beginning of an operation while batches are committed.
     */
    void readersNeverGoBack(final int batches) throws Exception {
        final AtomicBoolean done = new AtomicBoolean();
        final CountDownLatch reading = new CountDownLatch(MANY_READERS);
        final ExecutorService threads = Executors.newFixedThreadPool(MANY_READERS);
        try {
            final List<Future<?>> futures = new ArrayList<>();
            for (int i = 0; i < MANY_READERS; i++) {
                futures.add(threads.submit(() -> readNewest(reading, done)));
            }
            assertTrue(reading.await(TIMEOUT_S, TimeUnit.SECONDS));
            for (int batch = 1; batch <= batches; batch++) {
                final NavigableMap<byte[], byte[]> newest = map();
                newest.put(key("H:n"), ByteBuffer.allocate(Integer.BYTES).putInt(batch).array());
                commit(store, batch, newest);
            }
            done.set(true);
            await(futures);
        } finally {
            done.set(true);
            threads.shutdownNow();
        }
    }

    private void readNewest(final CountDownLatch reading, final AtomicBoolean done) {
        final byte[] key = key("H:n");
        try (KvReader reader = store.newReader()) {
            int last = 0;
            while (!done.get()) {
                final byte[] value = get(reader, key);
                final int seen = value == null ? 0 : ByteBuffer.wrap(value).getInt();
                if (seen < last) {
                    throw new AssertionError("saw batch " + last + ", then " + seen);
                }
                last = seen;
                reading.countDown();
            }
        }
    }

    private static NavigableMap<byte[], byte[]> batch(final int number) {
        final NavigableMap<byte[], byte[]> entries = map();
        for (int i = 0; i < BATCH_ENTRIES; i++) {
            entries.put(key(String.format("H:%03d", i)), hash(number));
            entries.put(subjectKey("s", number * BATCH_ENTRIES + i), hash(i));
        }
        return entries;
    }

    /** Reads under way end before the store is gone; reads after that are exceptions. */
    void closesUnderReaders() throws Exception {
        for (int batch = 1; batch <= 3; batch++) {
            commit(store, batch, batch(batch));
        }
        final AtomicIntegerArray reads = new AtomicIntegerArray(READERS);
        final ExecutorService threads = Executors.newFixedThreadPool(READERS + 2);
        try {
            final List<Future<?>> readers = new ArrayList<>();
            for (int i = 0; i < READERS; i++) {
                final int reader = i;
                readers.add(threads.submit(() -> readUntilClosed(reader, reads)));
            }
            for (int i = 0; i < READERS; i++) {
                while (reads.get(i) < 200 && !readers.get(i).isDone()) {
                    Thread.onSpinWait();
                }
            }
            await(List.of(threads.submit(store::close), threads.submit(store::close)));
            await(readers);
        } finally {
            threads.shutdownNow();
        }
    }

    private void readUntilClosed(final int index, final AtomicIntegerArray reads) {
        final KvReader reader = store.newReader();
        boolean closed = false;
        while (!closed) {
            try {
                assertEquals(60, forward(reader, key("S"), null, ALL).size());
                get(reader, subjectKey("s", 21));
                get(reader, key("H:001"));
                backward(reader, key("H"), null, 3);
                if (index == 0) {
                    store.newReader().close(); // coming and going while others read
                }
                reads.incrementAndGet(index);
            } catch (final StoreClosedException e) {
                assertTrue(reads.get(index) >= 200, "closed too early");
                closed = true;
            }
        }
        reader.close();
    }

    private static void await(final List<? extends Future<?>> futures)
            throws InterruptedException, ExecutionException, TimeoutException {
        for (final Future<?> future : futures) {
            future.get(TIMEOUT_S, TimeUnit.SECONDS);
        }
    }
}
