package io.stemedb.engine.ingest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.Overridden;
import io.stemedb.engine.TestEngines;
import io.stemedb.engine.journal.Journal;
import io.stemedb.engine.journal.JournalException;
import io.stemedb.engine.store.KvBatch;
import io.stemedb.engine.store.KvStore;
import io.stemedb.engine.store.MemoryKvStore;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.agrona.concurrent.YieldingIdleStrategy;
import org.junit.jupiter.api.Test;

/** P3 where the failure meets a commit under way: what is acknowledged by then is all there is. */
class FailedForceTest extends IngestorFixture {
    private static final int FORCED = 10;

    private final CountDownLatch committing = new CountDownLatch(1);
    private final CountDownLatch commit = new CountDownLatch(1);

    /** A real journal whose force fails once there is a record too many. */
    private static Journal failing(final Journal journal) {
        return Overridden.method(
                Journal.class,
                journal,
                "sync",
                sequence -> {
                    if ((long) sequence[0] > FORCED) {
                        throw new JournalException("force failed", null);
                    }
                    journal.sync((long) sequence[0]);
                    return null;
                });
    }

    /** A store whose commits take as long as the test wants. */
    private KvStore slow(final KvStore store) {
        return Overridden.method(
                KvStore.class,
                store,
                "newBatch",
                none -> {
                    final KvBatch batch = store.newBatch();
                    return Overridden.method(
                            KvBatch.class,
                            batch,
                            "commit",
                            cursor -> {
                                committing.countDown();
                                await(commit);
                                batch.commit((long) cursor[0]);
                                return null;
                            });
                });
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

    @Test
    void storedStandsAlsoIfACommitUnderWayEndsWell() {
        try (Journal journal = failing(open());
                KvStore store = slow(new MemoryKvStore())) {
            final Ingestor ingestor = ingestor(journal, store, 1 << 20);
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
        try (Journal journal = failing(open());
                KvStore store = slow(new MemoryKvStore())) {
            final Ingestor ingestor = ingestor(journal, store, 1 << 20);
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
        for (long n = 1; n <= FORCED; n++) {
            final long next = n;
            await(() -> append(journal, next) > 0);
        }
        await(() -> ingestor.readable() == FORCED); // so that one generation holds them all
        ingestor.requestFlush(FORCED);
        await(committing);
        await(() -> journal.synced() == FORCED);
        failure.run();
    }
}
