package io.stemedb.engine;

import static io.stemedb.engine.TestEngines.TIMEOUT_NS;
import static io.stemedb.engine.TestEngines.claim;
import static io.stemedb.engine.TestEngines.context;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.codecs.AssertionView;
import io.stemedb.codecs.EpochView;
import io.stemedb.engine.TestEngines.Running;
import io.stemedb.engine.platform.DirectoryInUseException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Close from everywhere, while everything is going on. A hang is a failure by timeout. */
@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CloseTest {
    @TempDir Path directory;

    /**
     * Appenders and readers in their calls, closers on several threads; then all is there, and the
     * directory is free as soon as any close returns.
     */
    @ParameterizedTest
    @CsvSource({
        "ASYNC, DEDICATED",
        "GROUP, DEDICATED",
        "SYNC, DEDICATED",
        "GROUP, SHARED",
        "GROUP, INVOKER",
    })
    void closeDuringLoad(final Durability durability, final ThreadingMode mode) throws Exception {
        long acknowledged = 0;
        for (int life = 0; life < 4; life++) {
            final Engine engine =
                    Engine.launch(
                            context(directory)
                                    .durability(durability)
                                    .threadingMode(mode)
                                    .backlogLimit(1 << 20));
            assertTrue(engine.watermark(Watermark.READABLE) >= acknowledged);
            final AtomicLong highest = new AtomicLong();
            final CountDownLatch warm = new CountDownLatch(4);
            final int number = life;
            final List<Running> users = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                final String name = "appender-" + i;
                users.add(TestEngines.start(name, () -> load(engine, name, number, warm, highest)));
                users.add(TestEngines.start("reader-" + i, () -> read(engine, name, warm)));
            }
            if (mode == ThreadingMode.INVOKER) { // close comes from threads that do not invoke
                users.add(TestEngines.start("host", () -> invokeUntilClosed(engine)));
            }
            warm.await();
            final List<Running> closers = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                closers.add(
                        TestEngines.start(
                                "closer-" + i,
                                () -> {
                                    close(engine, mode);
                                    if (number == 3) { // closed means that another may open it
                                        tryOpen();
                                    }
                                }));
            }
            for (final Running closer : closers) {
                closer.end();
            }
            for (final Running user : users) {
                user.end();
            }
            engine.close();
            acknowledged = Math.max(acknowledged, highest.get());
        }
        try (Engine engine = Engine.launch(context(directory));
                Reader reader = engine.newReader()) {
            assertTrue(engine.watermark(Watermark.STORED) >= acknowledged);
            final BitSet found = new BitSet();
            for (int i = 0; i < 2; i++) {
                reader.newestFirst(
                        "appender-" + i,
                        Integer.MAX_VALUE,
                        (s, h, r, o, l) -> found.set(Math.toIntExact(s)));
            }
            final int last = (int) engine.watermark(Watermark.APPENDED);
            assertEquals(last + 1, found.nextClearBit(1), "every claim is another");
        }
    }

    /** In a host's flush close is refused, and works a little later. */
    private static void close(final Engine engine, final ThreadingMode mode) {
        while (true) {
            try {
                engine.close();
                return;
            } catch (final IllegalStateException e) {
                assertEquals(ThreadingMode.INVOKER, mode, e::toString);
                assertTrue(e.getMessage().contains("another thread is in a flush"), e::toString);
                Thread.yield();
            }
        }
    }

    private static void invokeUntilClosed(final Engine engine) {
        boolean open = true;
        while (open) {
            engine.invoke();
            try {
                engine.newReader().close();
            } catch (final EngineClosedException expected) {
                open = false; // closing: the closers turn the rest
            }
        }
        assertEquals(0, idleTurn(engine));
    }

    /** A turn when all is done, or the engine is closed. */
    private static int idleTurn(final Engine engine) {
        int work = 1;
        while (work > 0) {
            work = engine.invoke();
        }
        return work;
    }

    /** LMDB's transaction is bound to the thread that began it; nothing is closed meanwhile. */
    @Test
    void whileAHostIsInAFlushAnotherThreadIsRefused() throws Exception {
        final int claims = 1_500;
        final Engine engine =
                Engine.launch(context(directory).threadingMode(ThreadingMode.INVOKER));
        final ExecutorService host = Executors.newSingleThreadExecutor();
        try {
            final Appender appender = engine.newAppender();
            for (int i = 0; i < claims; i++) {
                final int number = i;
                host.submit(() -> claim(appender, "a", number, number)).get();
            }
            host.submit(() -> engine.await(Watermark.READABLE, claims, TIMEOUT_NS)).get();
            int refused = 0;
            while (engine.watermark(Watermark.STORED) < claims) {
                host.submit(engine::invoke).get();
                if (isInFlush()) {
                    final IllegalStateException e =
                            assertThrows(IllegalStateException.class, engine::close);
                    assertTrue(e.getMessage().contains("another thread is in a flush"));
                    engine.newReader().close();
                    refused++;
                }
            }
            assertTrue(refused > 0, "a flush takes several turns");
            TestEngines.start("closer", engine::close).end();
            assertEquals(0, host.submit(engine::invoke).get());
        } finally {
            host.shutdown();
            engine.close();
        }
    }

    /** The file that is being written shows it. */
    private boolean isInFlush() throws IOException {
        try (Stream<Path> files = Files.list(directory.resolve("rocks").resolve("incoming"))) {
            return files.findAny().isPresent();
        }
    }

    private synchronized void tryOpen() {
        assertDoesNotThrow(() -> Engine.launch(context(directory)).close());
    }

    private static void load(
            final Engine engine,
            final String subject,
            final int life,
            final CountDownLatch warm,
            final AtomicLong highest) {
        final Appender appender = engine.newAppender();
        for (int i = 0; ; i++) {
            try {
                final long sequence = claim(appender, subject, i, life);
                highest.accumulateAndGet(sequence, Math::max);
            } catch (final EngineClosedException expected) {
                assertNotNull(expected.getMessage());
                assertThrows(EngineClosedException.class, () -> claim(appender, subject, 1, 1));
                assertThrows(EngineClosedException.class, engine::newAppender);
                return;
            }
            if (i == 100) {
                warm.countDown();
            }
        }
    }

    private static void read(final Engine engine, final String subject, final CountDownLatch warm) {
        Reader reader = engine.newReader();
        for (int i = 0; ; i++) {
            try {
                reader.newestFirst(subject, 100, (s, h, r, o, l) -> {});
                reader.subjects("", 10, (b, o, l) -> {});
                reader.oldestFirst(subject, 3, (s, h, r, o, l) -> {});
                if (i % 10 == 0) {
                    reader.close();
                    reader = engine.newReader();
                }
            } catch (final EngineClosedException expected) {
                assertThrows(EngineClosedException.class, engine::newReader);
                reader.close();
                reader.close();
                return;
            }
            if (i == 10) {
                warm.countDown();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(ThreadingMode.class)
    void fromInsideAHandlerIsRefused(final ThreadingMode mode) {
        try (Engine engine = Engine.launch(context(directory).threadingMode(mode));
                Reader reader = engine.newReader()) {
            final Appender appender = engine.newAppender();
            claim(appender, "a", 1, 1);
            assertTrue(engine.await(Watermark.READABLE, 1, TIMEOUT_NS));
            for (int round = 0; round < 2; round++) { // in memory, in the stores
                final int[] calls = {0};
                reader.newestFirst(
                        "a",
                        1,
                        (s, h, r, o, l) -> {
                            calls[0]++;
                            assertThrows(IllegalStateException.class, engine::close);
                            assertThrows(IllegalStateException.class, reader::close);
                            assertThrows(
                                    IllegalStateException.class,
                                    () -> reader.subjects("", 1, (b, x, y) -> {}));
                        });
                reader.subjects(
                        "",
                        1,
                        (b, o, l) -> {
                            calls[0]++;
                            assertThrows(IllegalStateException.class, engine::close);
                        });
                assertEquals(2, calls[0]);
                assertEquals(2 + round, claim(appender, "b", 1 + round, 1), "it goes on");
                assertTrue(engine.checkpoint(TIMEOUT_NS));
            }
        }
    }

    @Test
    void aHandlerThatThrowsLeavesTheReaderUsable() {
        try (Engine engine = Engine.launch(context(directory));
                Reader reader = engine.newReader()) {
            final Appender appender = engine.newAppender();
            claim(appender, "a", 1, 1);
            claim(appender, "a", 2, 1);
            assertTrue(engine.await(Watermark.READABLE, 2, TIMEOUT_NS));
            for (int round = 0; round < 2; round++) {
                for (int i = 0; i < 3; i++) {
                    assertThrows(
                            ArithmeticException.class,
                            () -> reader.newestFirst("a", 9, (s, h, r, o, l) -> fail()));
                    assertThrows(
                            ArithmeticException.class,
                            () -> reader.oldestFirst("a", 9, (s, h, r, o, l) -> fail()));
                    assertThrows(
                            ArithmeticException.class,
                            () -> reader.subjects("", 9, (b, o, l) -> fail()));
                    assertEquals(2, reader.newestFirst("a", 9, (s, h, r, o, l) -> {}));
                }
                assertTrue(engine.checkpoint(TIMEOUT_NS));
            }
        }
    }

    private static void fail() {
        throw new ArithmeticException("of the test");
    }

    /** The clock throws on an engine thread, which is told to the error handler there. */
    @ParameterizedTest
    @EnumSource(ThreadingMode.class)
    void fromTheErrorHandlerOnAnEngineThreadIsRefused(final ThreadingMode mode) throws Exception {
        final AtomicReference<Engine> engine = new AtomicReference<>();
        final AtomicReference<Throwable> outcome = new AtomicReference<>();
        final CountDownLatch called = new CountDownLatch(1);
        final AtomicBoolean armed = new AtomicBoolean();
        engine.set(
                Engine.launch(
                        context(directory)
                                .threadingMode(mode)
                                .closeTimeoutNs(1_000_000_000)
                                .nanoClock(() -> failingTime(armed, called))
                                .errorHandler(
                                        error -> {
                                            try {
                                                engine.get().close();
                                            } catch (final Throwable e) {
                                                outcome.set(e);
                                            }
                                            called.countDown();
                                        })));
        armed.set(true);
        claim(engine.get().newAppender(), "a", 1, 1);
        TestEngines.start("host", () -> crank(engine.get(), mode, called)).end();
        assertEquals(IllegalStateException.class, outcome.get().getClass());
        TestEngines.start("closer", () -> engine.get().close()).end();
        try (Engine again = Engine.launch(context(directory))) {
            assertEquals(1, again.watermark(Watermark.READABLE));
        }
    }

    private static long failingTime(final AtomicBoolean armed, final CountDownLatch called) {
        final String name = Thread.currentThread().getName();
        if (armed.get()
                && called.getCount() > 0
                && (name.startsWith("stemedb-") || "host".equals(name))) {
            throw new ArithmeticException("of the test");
        }
        return System.nanoTime();
    }

    private static void crank(
            final Engine engine, final ThreadingMode mode, final CountDownLatch until) {
        while (until.getCount() > 0) {
            if (mode == ThreadingMode.INVOKER) {
                engine.invoke();
            } else {
                Thread.yield();
            }
        }
    }

    @Test
    void onAnInterruptedThread() {
        final Engine engine = Engine.launch(context(directory));
        final Appender appender = engine.newAppender();
        Thread.currentThread().interrupt();
        try {
            for (int i = 1; i <= 1_000; i++) {
                assertEquals(i, claim(appender, "a", i, i));
            }
            assertTrue(engine.await(Watermark.SYNCED, 1_000, TIMEOUT_NS));
            assertTrue(engine.await(Watermark.READABLE, 1_000, TIMEOUT_NS));
            try (Reader reader = engine.newReader()) {
                assertEquals(1_000, reader.newestFirst("a", 5_000, (s, h, r, o, l) -> {}));
            }
            engine.close();
            assertTrue(Thread.currentThread().isInterrupted(), "it is the caller's to clear");
        } finally {
            assertTrue(Thread.interrupted());
        }
        try (Engine again = Engine.launch(context(directory))) {
            assertEquals(1_000, again.watermark(Watermark.STORED));
        }
    }

    /** Refused or not, nothing stays locked, and the interrupt is the caller's. */
    @Test
    void launchOnAnInterruptedThread() {
        for (int i = 0; i < 2; i++) { // a new directory, one that is there
            Thread.currentThread().interrupt();
            try {
                Engine.launch(context(directory)).close();
            } catch (final RuntimeException e) {
                assertFalse(e instanceof DirectoryInUseException, e::toString);
            }
            assertTrue(Thread.interrupted());
            Engine.launch(context(directory)).close();
        }
    }

    /** It must not look as if it went on. */
    @ParameterizedTest
    @EnumSource(
            value = ThreadingMode.class,
            names = {"DEDICATED", "SHARED"})
    void anInterruptedEngineThreadIsAFailureThatIsTold(final ThreadingMode mode) throws Exception {
        final List<Thread> threads = new ArrayList<>();
        final CountDownLatch told = new CountDownLatch(1);
        final Engine engine =
                Engine.launch(
                        context(directory)
                                .threadingMode(mode)
                                .errorHandler(error -> told.countDown())
                                .threadFactory(
                                        task -> {
                                            final Thread thread = new Thread(task);
                                            threads.add(thread);
                                            return thread;
                                        }));
        final Appender appender = engine.newAppender();
        claim(appender, "a", 1, 1);
        threads.get(0).interrupt();
        assertTrue(told.await(30, java.util.concurrent.TimeUnit.SECONDS), "nothing was told");
        assertThrows(EngineFailedException.class, () -> claim(appender, "a", 2, 2));
        assertThrows(
                EngineFailedException.class, () -> engine.await(Watermark.STORED, 9, TIMEOUT_NS));
        engine.close();
        try (Engine again = Engine.launch(context(directory))) {
            assertEquals(1, again.watermark(Watermark.READABLE));
        }
    }

    @Test
    void afterCloseEverythingIsRefusedAndNothingCrashes() {
        final Engine engine = Engine.launch(context(directory));
        final Appender appender = engine.newAppender();
        final Reader reader = engine.newReader();
        claim(appender, "a", 1, 1);
        engine.close();
        final UnsafeBuffer hash = new UnsafeBuffer(new byte[32]);
        final AssertionView view = new AssertionView();
        assertThrows(EngineClosedException.class, () -> reader.assertion(hash, 0, view));
        assertThrows(EngineClosedException.class, () -> reader.epoch(hash, 0, new EpochView()));
        assertThrows(EngineClosedException.class, () -> reader.votes(hash, 0, (h, r, o, l) -> {}));
        assertThrows(EngineClosedException.class, () -> reader.subjects("", 9, (b, o, l) -> {}));
        assertThrows(
                EngineClosedException.class,
                () -> reader.oldestFirst("a", 9, (s, h, r, o, l) -> {}));
        assertThrows(EngineClosedException.class, engine::newAppender);
        assertThrows(
                EngineClosedException.class, () -> engine.await(Watermark.STORED, 9, TIMEOUT_NS));
        assertEquals(1, engine.watermark(Watermark.APPENDED));
        assertEquals(1, engine.watermark(Watermark.STORED));
        assertFalse(engine.hashImplementation().isEmpty());
        reader.close();
        reader.close();
        engine.close();
    }

    @Test
    void aReaderThatIsClosedIsRefused() {
        try (Engine engine = Engine.launch(context(directory))) {
            final Reader reader = engine.newReader();
            reader.close();
            final IllegalStateException refused =
                    assertThrows(
                            IllegalStateException.class,
                            () -> reader.subjects("", 9, (b, o, l) -> {}));
            assertFalse(refused.getMessage().isEmpty());
        }
    }

    /** Nothing of a launch that failed half way stays behind. */
    @Test
    void aThreadFactoryThatFailsEndsTheLaunch() {
        final int[] made = {0};
        for (int good = 0; good < 4; good++) {
            final int enough = good;
            made[0] = 0;
            final ArithmeticException failure =
                    assertThrows(
                            ArithmeticException.class,
                            () ->
                                    Engine.launch(
                                            context(directory)
                                                    .threadFactory(
                                                            task -> {
                                                                if (made[0]++ == enough) {
                                                                    throw new ArithmeticException();
                                                                }
                                                                return new Thread(task);
                                                            })));
            assertEquals(0, failure.getSuppressed().length);
        }
        Engine.launch(context(directory)).close();
        TestEngines.await( // a thread that was closed before it ran ends when it runs
                () ->
                        Thread.getAllStackTraces().keySet().stream()
                                .noneMatch(thread -> thread.getName().startsWith("stemedb-")),
                () -> Thread.getAllStackTraces().keySet().toString());
    }
}
