package io.stemedb.engine.ingest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.codecs.AssertionWriter;
import io.stemedb.engine.journal.ChronicleJournal;
import io.stemedb.engine.journal.Journal;
import io.stemedb.engine.journal.JournalConfig;
import io.stemedb.engine.status.Counters;
import io.stemedb.engine.store.KvStore;
import io.stemedb.engine.store.MemoryKvStore;
import io.stemedb.engine.store.StoreException;
import io.stemedb.engine.store.StoreFailedException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.SystemNanoClock;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An ingestor whose store fails. */
class IngestorFailureTest {
    private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(30);
    private static final int GENERATION_BYTES = 16 << 20;

    @TempDir Path directory;

    private ChronicleJournal journal() {
        return ChronicleJournal.open(
                directory,
                new JournalConfig(
                        JournalConfig.SEGMENT_LENGTH_MIN,
                        1 << 20,
                        64 << 20,
                        0,
                        SystemNanoClock.INSTANCE));
    }

    /** A store in memory, but for one method that fails. */
    private static KvStore failing(final String method, final StoreException failure) {
        final KvStore store = new MemoryKvStore();
        return (KvStore)
                Proxy.newProxyInstance(
                        KvStore.class.getClassLoader(),
                        new Class<?>[] {KvStore.class},
                        (proxy, called, arguments) -> {
                            if (called.getName().equals(method)) {
                                throw failure;
                            }
                            try {
                                return called.invoke(store, arguments);
                            } catch (final InvocationTargetException e) {
                                throw e.getCause();
                            }
                        });
    }

    private static Ingestor ingestor(final Journal journal, final KvStore store) {
        return new Ingestor(
                journal,
                store,
                new IngestConfig(
                        2,
                        1_000,
                        GENERATION_BYTES,
                        1_000_000,
                        1_000_000,
                        Long.MAX_VALUE,
                        SystemNanoClock.INSTANCE),
                new Counters(),
                (first, last, reason) -> {},
                error -> {});
    }

    private static long directBytes() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
    }

    @Test
    void oneThatCannotBeMadeHoldsNothing() {
        final StoreException failure = new StoreException("no reader", null);
        try (ChronicleJournal journal = journal()) {
            final long before = directBytes();
            final KvStore store = failing("newReader", failure);
            assertSame(failure, assertThrows(StoreException.class, () -> ingestor(journal, store)));
            assertTrue(directBytes() - before < GENERATION_BYTES, "the memtable is still there");
            journal.newReader(1).close(); // one at a time, so the ingestor's is closed
        }
    }

    /** Appends a record and turns the duty cycle until the ingestor ended, or refused often. */
    private String flushInto(final StoreException failure) {
        try (ChronicleJournal journal = journal();
                Ingestor ingestor = ingestor(journal, failing("newBatch", failure))) {
            final UnsafeBuffer buffer = new UnsafeBuffer(new byte[1_000]);
            final AssertionWriter claim = new AssertionWriter();
            claim.subject("a").predicate("p").number(1).confidence(1).timestamp(1);
            assertEquals(1, journal.append(buffer, 0, claim.encode(buffer, 0)));
            ingestor.startInvoked();
            final long startNs = System.nanoTime();
            while (ingestor.failure() == null && ingestor.refusals() < 3) {
                ingestor.invoke();
                ingestor.requestFlush(1);
                assertTrue(System.nanoTime() - startNs < TIMEOUT_NS, "nothing happens");
            }
            assertTrue(ingestor.failure() == null || ingestor.failure() == failure);
            return ingestor.failure() == null ? "goes on" : "failed";
        }
    }

    @Test
    void aStoreThatFailedForGoodEndsIt() {
        assertEquals("failed", flushInto(new StoreFailedException("panic", null)));
    }

    /** The control. */
    @Test
    void aStoreThatRefusesIsTriedAgain() {
        assertEquals("goes on", flushInto(new StoreException("refused", null)));
    }
}
