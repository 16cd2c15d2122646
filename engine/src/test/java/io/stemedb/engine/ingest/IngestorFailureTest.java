package io.stemedb.engine.ingest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.codecs.EpochWriter;
import io.stemedb.engine.Overridden;
import io.stemedb.engine.TestEngines;
import io.stemedb.engine.journal.ChronicleJournal;
import io.stemedb.engine.journal.Journal;
import io.stemedb.engine.journal.JournalException;
import io.stemedb.engine.journal.JournalRefusedException;
import io.stemedb.engine.store.Keys;
import io.stemedb.engine.store.KvBatch;
import io.stemedb.engine.store.KvReader;
import io.stemedb.engine.store.KvStore;
import io.stemedb.engine.store.MemoryKvStore;
import io.stemedb.engine.store.StoreException;
import io.stemedb.engine.store.StoreFailedException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An ingestor whose store fails. */
class IngestorFailureTest extends IngestorFixture {
    private static final long TIMEOUT_NS = TestEngines.TIMEOUT_NS;
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

    /** Set aside either way, but with the true reason. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anEpochWhoseStoredSelfIsDamagedIsSetAsideAsThat(final boolean damaged) {
        final UnsafeBuffer key = new UnsafeBuffer(new byte[Keys.MAX_LENGTH]);
        final UnsafeBuffer stored = new UnsafeBuffer(new byte[1_000]);
        final UnsafeBuffer same = new UnsafeBuffer(new byte[1_000]);
        final EpochWriter epoch = new EpochWriter();
        final byte[] id = TestEngines.id(1);
        final int length = epoch.id(id).name("first").start(1).encode(stored, 0);
        assertEquals(
                length, epoch.id(id).name(damaged ? "first" : "other").start(1).encode(same, 0));
        if (damaged) {
            stored.putByte(length - 9, (byte) (stored.getByte(length - 9) ^ 1));
        }
        final KvStore store = new MemoryKvStore();
        try (KvBatch batch = store.newBatch()) {
            batch.put(key, 0, Keys.epoch(key, 0, new UnsafeBuffer(id), 0), stored, 0, length);
            batch.commit(0);
        }
        final String[] reason = {""};
        try (ChronicleJournal journal = open();
                Ingestor ingestor = ingestor(journal, store, GENERATION_BYTES)) {
            assertEquals(1, journal.append(same, 0, length));
            ingestor.startInvoked();
            final long startNs = System.nanoTime();
            while (ingestor.stored() < 1) {
                ingestor.invoke();
                ingestor.requestFlush(1);
                assertTrue(System.nanoTime() - startNs < TIMEOUT_NS, "nothing happens");
            }
            try (KvReader reader = store.newReader()) {
                reader.get(
                        key,
                        0,
                        Keys.quarantine(key, 0, 1),
                        (k, ko, kl, value, valueOffset, valueLength) -> {
                            reason[0] = value.getStringWithoutLengthUtf8(valueOffset, valueLength);
                            return false;
                        });
            }
        }
        final String expected = damaged ? "what is stored under it is damaged" : "other content";
        assertTrue(reason[0].contains(expected), reason[0]);
    }

    /** Flushes record after record until the ingestor ended, or trimmed often. */
    private List<Throwable> trimsThatFail(final JournalException failure) {
        final List<Throwable> told = new ArrayList<>();
        final int[] trims = new int[1];
        try (ChronicleJournal journal = open();
                Ingestor ingestor =
                        ingestor(
                                Overridden.method(
                                        Journal.class,
                                        journal,
                                        "trim",
                                        arguments -> {
                                            trims[0]++;
                                            throw failure;
                                        }),
                                new MemoryKvStore(),
                                GENERATION_BYTES,
                                0,
                                told::add)) {
            ingestor.startInvoked();
            final long startNs = System.nanoTime();
            for (int n = 1; n <= 3; n++) {
                assertEquals(n, append(journal, n));
                while (ingestor.failure() == null && trims[0] < n) {
                    ingestor.invoke();
                    ingestor.requestFlush(n);
                    assertTrue(System.nanoTime() - startNs < TIMEOUT_NS, "nothing happens");
                }
                if (ingestor.failure() != null) {
                    assertSame(failure, ingestor.failure());
                    return told;
                }
                assertEquals(n, ingestor.stored());
            }
        }
        return told;
    }

    @Test
    void aTrimThatIsRefusedIsToldAndTriedAgainWithTheNextFlush() {
        final JournalException refusal = new JournalRefusedException("no descriptor", null);
        assertEquals(List.of(refusal, refusal, refusal), trimsThatFail(refusal));
    }

    /** The control. */
    @Test
    void aTrimThatFailsForGoodEndsIt() {
        final JournalException failure = new JournalException("no force", null);
        assertEquals(List.of(failure), trimsThatFail(failure));
    }
}
