package io.stemedb.engine.ingest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.codecs.AssertionWriter;
import io.stemedb.engine.TestEngines;
import io.stemedb.engine.journal.ChronicleJournal;
import io.stemedb.engine.journal.Journal;
import io.stemedb.engine.journal.JournalConfig;
import io.stemedb.engine.journal.JournalException;
import io.stemedb.engine.journal.JournalReader;
import io.stemedb.engine.status.Counters;
import io.stemedb.engine.store.KvBatch;
import io.stemedb.engine.store.KvReader;
import io.stemedb.engine.store.KvStore;
import io.stemedb.engine.store.MemoryKvStore;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.SystemNanoClock;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.YieldingIdleStrategy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** P3 where the failure meets a commit under way: what is acknowledged by then is all there is. */
class FailedForceTest {
    private static final int FORCED = 10;

    @TempDir Path directory;

    private final UnsafeBuffer record = new UnsafeBuffer(new byte[1 << 12]);
    private final CountDownLatch committing = new CountDownLatch(1);
    private final CountDownLatch commit = new CountDownLatch(1);

    /** A real journal whose force fails once there is a record too many. */
    private record FailingJournal(Journal journal) implements Journal {
        @Override
        public long append(final DirectBuffer buffer, final int offset, final int length) {
            return journal.append(buffer, offset, length);
        }

        @Override
        public long appended() {
            return journal.appended();
        }

        @Override
        public long synced() {
            return journal.synced();
        }

        @Override
        public void sync(final long sequence) {
            if (sequence > FORCED) {
                throw new JournalException("force failed", null);
            }
            journal.sync(sequence);
        }

        @Override
        public JournalReader newReader(final long fromSequence) {
            return journal.newReader(fromSequence);
        }

        @Override
        public int prepare() {
            return journal.prepare();
        }

        @Override
        public int trim(final long belowSequence, final long keepBytes) {
            return journal.trim(belowSequence, keepBytes);
        }

        @Override
        public void close() {
            journal.close();
        }
    }

    /** A store whose commits take as long as the test wants. */
    private final class SlowStore implements KvStore {
        private final KvStore store = new MemoryKvStore();

        @Override
        public long cursor() {
            return store.cursor();
        }

        @Override
        public KvReader newReader() {
            return store.newReader();
        }

        @Override
        public KvBatch newBatch() {
            final KvBatch batch = store.newBatch();
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
                    committing.countDown();
                    await(commit);
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
            store.flush();
        }

        @Override
        public void verify() {
            store.verify();
        }

        @Override
        public void close() {
            store.close();
        }
    }

    private static void await(final CountDownLatch latch) {
        try {
            assertTrue(latch.await(TestEngines.TIMEOUT_NS, TimeUnit.NANOSECONDS));
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    private static void await(final BooleanSupplier condition) {
        final long startNs = System.nanoTime();
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() - startNs < TestEngines.TIMEOUT_NS);
            Thread.yield();
        }
    }

    private void append(final Journal journal, final long n) {
        final int length =
                new AssertionWriter()
                        .subject("s")
                        .predicate("p")
                        .number(n)
                        .confidence(1)
                        .timestamp(n)
                        .encode(record, 0);
        await(() -> journal.append(record, 0, length) > 0);
    }

    private Ingestor ingestor(final Journal journal, final KvStore store) {
        return new Ingestor(
                journal,
                store,
                new IngestConfig(
                        2,
                        1_000,
                        1 << 20,
                        Long.MAX_VALUE,
                        1_000_000,
                        Long.MAX_VALUE,
                        SystemNanoClock.INSTANCE),
                new Counters(),
                (first, last, reason) -> {},
                error -> {});
    }

    private static ChronicleJournal open(final Path directory) {
        return ChronicleJournal.open(
                directory,
                new JournalConfig(
                        JournalConfig.SEGMENT_LENGTH_MIN,
                        1 << 20,
                        64 << 20,
                        0,
                        SystemNanoClock.INSTANCE));
    }

    @Test
    void storedStandsAlsoIfACommitUnderWayEndsWell() {
        try (FailingJournal journal = new FailingJournal(open(directory));
                SlowStore store = new SlowStore()) {
            final Ingestor ingestor = ingestor(journal, store);
            try {
                commitMeets(ingestor, journal, () -> append(journal, FORCED + 1));
                await(() -> ingestor.failure() != null);
                commit.countDown();
                await(() -> store.cursor() == FORCED);
            } finally {
                commit.countDown();
                ingestor.close(); // the flush thread has ended then
            }
            assertEquals(0, ingestor.stored());
        }
    }

    /** The control: without a failure that commit is acknowledged. */
    @Test
    void storedMovesWithoutAFailure() {
        try (FailingJournal journal = new FailingJournal(open(directory));
                SlowStore store = new SlowStore()) {
            final Ingestor ingestor = ingestor(journal, store);
            try {
                commitMeets(ingestor, journal, commit::countDown);
                await(() -> ingestor.stored() == FORCED);
                assertEquals(null, ingestor.failure());
            } finally {
                commit.countDown();
                ingestor.close();
            }
        }
    }

    private void commitMeets(
            final Ingestor ingestor, final Journal journal, final Runnable failure) {
        ingestor.startDedicated(new YieldingIdleStrategy(), YieldingIdleStrategy::new, Thread::new);
        for (int n = 1; n <= FORCED; n++) {
            append(journal, n);
        }
        await(() -> ingestor.readable() == FORCED); // so that one generation holds them all
        ingestor.requestFlush(FORCED);
        await(committing);
        await(() -> journal.synced() == FORCED);
        failure.run();
    }
}
