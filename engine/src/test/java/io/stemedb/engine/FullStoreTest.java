package io.stemedb.engine;

import static io.stemedb.engine.TestEngines.TIMEOUT_NS;
import static io.stemedb.engine.TestEngines.context;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.status.Counter;
import io.stemedb.engine.status.StorageFull;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.YieldingIdleStrategy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store that takes no more: what each watermark then does, until memory and backlog are full. */
class FullStoreTest {
    private static final int MAP = 1 << 20;
    private static final int GENERATION = 1 << 20;
    private static final int BACKLOG = 2 << 20;
    private static final int REFUSALS = 4;
    private static final String TEXT = TestEngines.ofLength('t', 200);

    @TempDir Path directory;

    private final List<Throwable> told = new CopyOnWriteArrayList<>();

    private EngineContext full() {
        return context(directory)
                .errorHandler(told::add)
                .lmdbMapLimit(MAP)
                .closeTimeoutNs(TimeUnit.MILLISECONDS.toNanos(100))
                .generationCount(2)
                .generationBytes(GENERATION)
                .backlogLimit(BACKLOG);
    }

    private static long tryAppend(final Appender appender, final long number) {
        appender.assertion().subject(TEXT + number).predicate("p").text(TEXT);
        return appender.assertion().confidence(1).timestamp(number).append();
    }

    @Test
    void appendsGoOnUpToTheBacklogLimitAndReadsUntilTheMemtablesAreFull() {
        final long last;
        try (Engine engine = Engine.launch(full());
                Reader reader = engine.newReader()) {
            final Appender appender = engine.newAppender();
            await(() -> fillUntilRefused(engine, appender));
            last = engine.watermark(Watermark.APPENDED);
            assertInstanceOf(StorageFull.class, told.get(told.size() - 1));
            assertEquals(Appender.BACK_PRESSURED, appender.assertion().append(), "it stays so");
            assertTrue(engine.await(Watermark.SYNCED, last, TIMEOUT_NS), "SYNCED goes on");
            final long readable = engine.watermark(Watermark.READABLE);
            final long stored = engine.watermark(Watermark.STORED);
            assertTrue(stored < readable && readable < last, stored + " " + readable);
            final long record = 2L * TEXT.length();
            assertTrue((last - readable) * record <= BACKLOG, "backlog " + (last - readable));
            assertTrue((last - readable) * 2 * record > BACKLOG / 2, "refused too early");
            for (final long sequence : new long[] {1, stored + 1, readable}) {
                final int found = reader.newestFirst(TEXT + sequence, 9, (at, h, r, o, l) -> {});
                assertEquals(1, found, "sequence " + sequence);
            }
            assertFalse(engine.checkpoint(1), "nothing more is stored");
            assertEquals(stored, engine.watermark(Watermark.STORED));
            appender.assertion().clear();
        }
        try (Engine engine = Engine.launch(context(directory).errorHandler(told::add));
                Reader reader = engine.newReader()) {
            assertTrue(engine.checkpoint(TIMEOUT_NS));
            assertEquals(last, engine.watermark(Watermark.STORED));
            for (long sequence = 1; sequence <= last; sequence++) {
                assertEquals(1, reader.newestFirst(TEXT + sequence, 9, (at, h, r, o, l) -> {}));
            }
        }
        assertTrue(Verifier.verify(directory, count -> {}).isSound());
    }

    /** Whether the store is full and so is all before it. */
    private boolean fillUntilRefused(final Engine engine, final Appender appender) {
        long next = engine.watermark(Watermark.APPENDED) + 1;
        while (tryAppend(appender, next) > 0) {
            next++;
        }
        if (told.stream().noneMatch(StorageFull.class::isInstance)) {
            return false;
        }
        // ingest may still be on its way: it stands if it did not move during some refusals
        final long readable = engine.watermark(Watermark.READABLE);
        final long refusals = engine.counters().get(Counter.FLUSH_RETRIES) + REFUSALS;
        await(() -> engine.counters().get(Counter.FLUSH_RETRIES) >= refusals);
        return engine.watermark(Watermark.READABLE) == readable && tryAppend(appender, next) < 0;
    }

    private static void await(final BooleanSupplier condition) {
        final IdleStrategy idle = new YieldingIdleStrategy();
        final long startNs = System.nanoTime();
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() - startNs < TIMEOUT_NS, "time is over");
            idle.idle();
        }
    }
}
