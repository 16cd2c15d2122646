package io.stemedb.engine.ingest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.Overridden;
import io.stemedb.engine.journal.ChronicleJournal;
import io.stemedb.engine.store.KvStore;
import io.stemedb.engine.store.MemoryKvStore;
import io.stemedb.engine.store.StoreException;
import io.stemedb.engine.store.StoreFailedException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** An ingestor whose store fails. */
class IngestorFailureTest extends IngestorFixture {
    private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(30);
    private static final int GENERATION_BYTES = 16 << 20;

    /** A store in memory, but for one method that fails. */
    private static KvStore failing(final String method, final StoreException failure) {
        return Overridden.method(
                KvStore.class,
                new MemoryKvStore(),
                method,
                arguments -> {
                    throw failure;
                });
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
        try (ChronicleJournal journal = open()) {
            final long before = directBytes();
            final KvStore store = failing("newReader", failure);
            assertSame(
                    failure,
                    assertThrows(
                            StoreException.class,
                            () -> ingestor(journal, store, GENERATION_BYTES)));
            assertTrue(directBytes() - before < GENERATION_BYTES, "the memtable is still there");
            journal.newReader(1).close(); // one at a time, so the ingestor's is closed
        }
    }

    /** Appends a record and turns the duty cycle until the ingestor ended, or refused often. */
    private String flushInto(final StoreException failure) {
        try (ChronicleJournal journal = open();
                Ingestor ingestor =
                        ingestor(journal, failing("newBatch", failure), GENERATION_BYTES)) {
            assertEquals(1, append(journal, 1));
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
