package io.stemedb.engine;

import static io.stemedb.engine.TestEngines.TIMEOUT_NS;
import static io.stemedb.engine.TestEngines.claim;
import static io.stemedb.engine.TestEngines.context;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.TestEngines.Running;
import io.stemedb.engine.faults.Machine;
import io.stemedb.engine.status.Counter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What SYNCED means in each durability, and how the watermarks stand to each other. */
class DurabilityTest {
    @TempDir Path directory;

    /** Nothing flushes and nothing forces in the background but what the test is about. */
    private EngineContext quiet(final Durability durability) {
        return context(directory).durability(durability).flushIntervalNs(Long.MAX_VALUE);
    }

    @Test
    void asyncForcesOnlyForAWait() {
        try (Engine engine = Engine.launch(quiet(Durability.ASYNC))) {
            final Appender appender = engine.newAppender();
            for (int i = 1; i <= 100; i++) {
                claim(appender, "a", i, i);
            }
            assertTrue(engine.await(Watermark.READABLE, 100, TIMEOUT_NS));
            assertEquals(0, engine.watermark(Watermark.SYNCED));
            assertTrue(engine.await(Watermark.SYNCED, 50, TIMEOUT_NS));
            assertTrue(engine.watermark(Watermark.SYNCED) >= 50);
            claim(appender, "a", 101, 101);
            assertTrue(engine.watermark(Watermark.SYNCED) < 101);
            assertTrue(engine.checkpoint(TIMEOUT_NS)); // no store is ahead of the journal
            assertEquals(101, engine.watermark(Watermark.SYNCED));
        }
    }

    /** A wait may begin before its record is appended. */
    @Test
    void asyncForcesAlsoWhatIsAppendedDuringTheWait() throws Exception {
        try (Engine engine = Engine.launch(quiet(Durability.ASYNC))) {
            final Appender appender = engine.newAppender();
            final Running waiter =
                    TestEngines.start(
                            "waiter",
                            () -> assertTrue(engine.await(Watermark.SYNCED, 1, TIMEOUT_NS)));
            while (waiter.thread().getState() != Thread.State.TIMED_WAITING) {
                Thread.onSpinWait();
            }
            claim(appender, "a", 1, 1);
            waiter.end();
        }
    }

    @Test
    void groupForcesInTheBackground() {
        try (Engine engine = Engine.launch(quiet(Durability.GROUP))) {
            final Appender appender = engine.newAppender();
            for (int i = 1; i <= 5_000; i++) {
                claim(appender, "a", i, i);
            }
            assertTrue(engine.await(Watermark.SYNCED, 5_000, TIMEOUT_NS));
            TestEngines.await( // counted after SYNCED
                    () -> engine.counters().get(Counter.SYNCS) > 0, () -> "no force");
            final long forces = engine.counters().get(Counter.SYNCS);
            assertTrue(forces < 5_000, "forces " + forces);
        }
    }

    @Test
    void groupWithAnIntervalThatNeverEndsForcesOnceAtMost() {
        try (Engine engine =
                Engine.launch(quiet(Durability.GROUP).syncIntervalNs(Long.MAX_VALUE))) {
            final Appender appender = engine.newAppender();
            claim(appender, "a", 1, 1);
            assertFalse(engine.await(Watermark.SYNCED, 1, 20_000_000));
            assertTrue(engine.checkpoint(TIMEOUT_NS));
            assertTrue(engine.await(Watermark.SYNCED, 1, 0));
        }
    }

    @Test
    void syncReturnsOnceSyncedCoversIt() throws Exception {
        try (Engine engine = Engine.launch(quiet(Durability.SYNC).syncIntervalNs(Long.MAX_VALUE))) {
            final List<Running> writers = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                final String subject = "writer-" + i;
                writers.add(
                        TestEngines.start(
                                subject,
                                () -> {
                                    final Appender appender = engine.newAppender();
                                    for (int n = 0; n < 200; n++) {
                                        final long sequence = claim(appender, subject, n, n);
                                        assertTrue(
                                                engine.watermark(Watermark.SYNCED) >= sequence,
                                                "appended, not synced");
                                    }
                                }));
            }
            for (final Running writer : writers) {
                writer.end();
            }
            assertEquals(800, engine.watermark(Watermark.SYNCED));
        }
    }

    /** Counted from outside, by the system calls of a child; where they can be traced. */
    @Test
    void concurrentSyncAppendsShareForces() throws Exception {
        Machine.needs(Machine.canTrace(), "forces counted", "strace is not here, or may not trace");
        final Path trace = directory.resolve("trace");
        try (ChildJvm child =
                ChildJvm.start(
                        directory.resolve("output"),
                        List.of("strace", "-f", "-e", "trace=fdatasync", "-o", trace.toString()),
                        List.of(),
                        SyncChild.class,
                        directory.resolve("data").toString())) {
            final List<String> answer = child.end();
            assertTrue(answer.contains("synced " + SyncChild.RECORDS), answer::toString);
        }
        final long forces =
                Files.readAllLines(trace).stream()
                        .filter(line -> line.contains("fdatasync("))
                        .count();
        assertTrue(forces > 0 && forces < SyncChild.RECORDS * 3 / 4, "forces " + forces);
    }

    @ParameterizedTest
    @EnumSource(Durability.class)
    void watermarksKeepTheirOrderUnderLoad(final Durability durability) throws Exception {
        final int count = durability == Durability.SYNC ? 1_000 : 30_000;
        final AtomicBoolean writing = new AtomicBoolean(true);
        try (Engine engine = Engine.launch(context(directory).durability(durability))) {
            final List<Running> samplers = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                samplers.add(
                        TestEngines.start(
                                "sampler-" + i,
                                () -> {
                                    while (writing.get()) {
                                        sample(engine);
                                    }
                                }));
            }
            final List<Running> writers = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                final String subject = "writer-" + i;
                writers.add(
                        TestEngines.start(
                                subject,
                                () -> {
                                    final Appender appender = engine.newAppender();
                                    for (int n = 0; n < count; n++) {
                                        claim(appender, subject, n, n);
                                    }
                                }));
            }
            for (final Running writer : writers) {
                writer.end();
            }
            assertTrue(engine.checkpoint(TIMEOUT_NS));
            writing.set(false);
            for (final Running sampler : samplers) {
                sampler.end();
            }
            for (final Watermark watermark : Watermark.values()) {
                assertEquals(2L * count, engine.watermark(watermark), watermark.name());
            }
        }
    }

    /** The lower one is looked at first: it may have moved by the time the other is. */
    private static void sample(final Engine engine) {
        ordered(engine, Watermark.STORED, Watermark.SYNCED);
        ordered(engine, Watermark.SYNCED, Watermark.APPENDED);
        ordered(engine, Watermark.STORED, Watermark.READABLE);
        ordered(engine, Watermark.READABLE, Watermark.APPENDED);
    }

    private static void ordered(final Engine engine, final Watermark lower, final Watermark upper) {
        final long low = engine.watermark(lower);
        final long high = engine.watermark(upper);
        if (low > high) {
            throw new AssertionError(lower + " " + low + " is above " + upper + " " + high);
        }
    }

    @ParameterizedTest
    @EnumSource(ThreadingMode.class)
    void awaitTimesOut(final ThreadingMode mode) {
        try (Engine engine = Engine.launch(context(directory).threadingMode(mode))) {
            for (final Watermark watermark : Watermark.values()) {
                assertTrue(engine.await(watermark, 0, 0));
                final long startNs = System.nanoTime();
                assertFalse(engine.await(watermark, 1, TimeUnit.MILLISECONDS.toNanos(20)));
                assertTrue(System.nanoTime() - startNs >= TimeUnit.MILLISECONDS.toNanos(20));
                assertFalse(engine.await(watermark, Long.MAX_VALUE, 0));
                assertFalse(engine.await(watermark, 1, -1));
            }
            claim(engine.newAppender(), "a", 1, 1);
            for (final Watermark watermark : Watermark.values()) { // flushed by its age
                assertTrue(engine.await(watermark, 1, TIMEOUT_NS), watermark.name());
            }
        }
    }

    /** Two at once, with no interval that would help the one whose request was lost. */
    @Test
    void checkpointsFromSeveralThreads() throws Exception {
        try (Engine engine =
                Engine.launch(
                        context(directory)
                                .flushIntervalNs(Long.MAX_VALUE)
                                .generationRecords(100_000)
                                .generationBytes(32 << 20))) {
            final List<Running> threads = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                final String subject = "writer-" + i;
                threads.add(
                        TestEngines.start(
                                subject,
                                () -> {
                                    final Appender appender = engine.newAppender();
                                    for (int n = 0; n < 30; n++) {
                                        final long sequence = claim(appender, subject, n, n);
                                        assertTrue(engine.checkpoint(TIMEOUT_NS));
                                        assertTrue(engine.watermark(Watermark.STORED) >= sequence);
                                    }
                                }));
            }
            for (final Running thread : threads) {
                thread.end();
            }
        }
    }
}
