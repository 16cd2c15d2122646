package io.stemedb.engine;

import static io.stemedb.engine.TestEngines.TIMEOUT_NS;
import static io.stemedb.engine.TestEngines.context;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The same work on four threads, on one, and on the host's. */
class ThreadingModeTest {
    private static final Set<String> DEDICATED =
            Set.of("stemedb-ingest", "stemedb-prepare", "stemedb-sync", "stemedb-flush");

    /**
     * Of the layer that LMDB's binding calls through: one each for a JVM, however many engines it
     * runs, asleep until a buffer of that layer is collected.
     */
    private static final Set<String> OF_LIBRARIES =
            Set.of("Cleaner-0", "jnr.ffi.util.ref.internal.Finalizer");

    @TempDir Path work;

    @ParameterizedTest
    @EnumSource(ThreadingMode.class)
    void theSameScenario(final ThreadingMode mode) {
        final long seed = TestEngines.newSeed();
        final Random random = new Random(seed);
        final String at = mode + ", seed " + seed;
        final Model model = new Model();
        for (int life = 0; life < 2; life++) {
            try (Engine engine = Engine.launch(context(work).threadingMode(mode));
                    Reader reader = engine.newReader()) {
                final Appender appender = engine.newAppender();
                final RecordMix mix = new RecordMix(random, 40);
                for (int i = 0; i < 3_000; i++) {
                    final byte[] record = mix.next();
                    model.add(
                            TestEngines.append(
                                    appender, record, engine, mode == ThreadingMode.INVOKER),
                            record);
                }
                assertTrue(engine.await(Watermark.READABLE, model.last(), TIMEOUT_NS), at);
                model.check(reader, random, at);
                assertTrue(engine.await(Watermark.SYNCED, model.last(), TIMEOUT_NS), at);
                assertTrue(engine.checkpoint(TIMEOUT_NS), at);
                model.check(reader, random, at);
                if (mode != ThreadingMode.INVOKER) {
                    assertThrows(IllegalStateException.class, engine::invoke);
                }
            }
        }
    }

    /** In a JVM of its own: nobody else starts or ends threads there. */
    @ParameterizedTest
    @EnumSource(ThreadingMode.class)
    void onlyTheseThreadsAreStarted(final ThreadingMode mode) throws Exception {
        final Set<String> started = new TreeSet<>();
        try (ChildJvm child =
                ChildJvm.start(
                        work.resolve("output"),
                        ScenarioChild.class,
                        mode.name(),
                        work.resolve("data").toString())) {
            for (final String line : child.end()) {
                if (line.startsWith("thread ")) {
                    started.add(line.substring("thread ".length()));
                }
                if (line.startsWith("left ")) {
                    assertTrue(OF_LIBRARIES.contains(line.substring("left ".length())), line);
                }
            }
            assertTrue(child.lines().contains("done"), () -> child.lines().toString());
            // of the second life, when those of the libraries are there: also what ended again
            final List<String> counts =
                    child.lines().stream().filter(line -> line.startsWith("started ")).toList();
            assertEquals("started " + threadsOf(mode), counts.get(1));
        }
        started.removeAll(OF_LIBRARIES);
        assertEquals(
                switch (mode) {
                    case DEDICATED -> new TreeSet<>(DEDICATED);
                    case SHARED -> new TreeSet<>(Set.of("stemedb-[ingest,prepare,sync,flush]"));
                    case INVOKER -> new TreeSet<String>();
                },
                started);
    }

    private static int threadsOf(final ThreadingMode mode) {
        return switch (mode) {
            case DEDICATED -> 4;
            case SHARED -> 1;
            case INVOKER -> 0;
        };
    }

    @ParameterizedTest
    @EnumSource(ThreadingMode.class)
    void theThreadFactoryMakesThem(final ThreadingMode mode) {
        final List<Thread> made = new ArrayList<>();
        try (Engine engine =
                Engine.launch(
                        context(work)
                                .threadingMode(mode)
                                .threadFactory(
                                        task -> {
                                            final Thread thread = new Thread(task, "mine");
                                            thread.setDaemon(true);
                                            made.add(thread);
                                            return thread;
                                        }))) {
            assertEquals(threadsOf(mode), made.size());
            for (final Thread thread : made) {
                assertTrue(thread.isAlive() && thread.isDaemon(), thread::toString);
                assertTrue(thread.getName().startsWith("stemedb-"), thread::getName);
            }
            claim(engine.newAppender(), "a", 1, 1, engine);
            assertTrue(engine.checkpoint(TIMEOUT_NS));
        }
        for (final Thread thread : made) {
            TestEngines.await(() -> !thread.isAlive(), thread::toString);
        }
    }

    /** A duty cycle is turned by one thread at a time; the others go on at once. */
    @Test
    void invokeFromSeveralThreads() throws Exception {
        try (Engine engine = Engine.launch(context(work).threadingMode(ThreadingMode.INVOKER));
                Reader reader = engine.newReader()) {
            final List<TestEngines.Running> hosts = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                final Appender appender = engine.newAppender();
                final String subject = "host-" + i;
                hosts.add(
                        TestEngines.start(
                                subject,
                                () -> {
                                    for (int n = 0; n < 3_000; n++) {
                                        claim(appender, subject, n, n, engine);
                                        engine.invoke();
                                    }
                                }));
            }
            for (final TestEngines.Running host : hosts) {
                host.end();
            }
            assertTrue(engine.checkpoint(TIMEOUT_NS));
            for (int i = 0; i < 3; i++) {
                assertEquals(3_000, reader.newestFirst("host-" + i, 9_999, (s, h, r, o, l) -> {}));
            }
        }
    }

    private static void claim(
            final Appender appender,
            final String subject,
            final double value,
            final long ns,
            final Engine engine) {
        appender.assertion().subject(subject).predicate("p").number(value);
        appender.assertion().confidence(1).timestamp(ns);
        TestEngines.append(
                () -> {
                    final long sequence = appender.assertion().append();
                    if (sequence < 0) {
                        engine.invoke();
                    }
                    return sequence;
                });
    }
}
