package io.stemedb.engine.faults;

import static io.stemedb.engine.TestEngines.TIMEOUT_NS;
import static io.stemedb.engine.TestEngines.claim;
import static io.stemedb.engine.TestEngines.context;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.codecs.Limits;
import io.stemedb.engine.Appender;
import io.stemedb.engine.ChildJvm;
import io.stemedb.engine.Engine;
import io.stemedb.engine.Reader;
import io.stemedb.engine.TestEngines;
import io.stemedb.engine.Watermark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.LongUnaryOperator;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** P11: clocks that are set a day forward or back stop, reorder and lose nothing. */
@Tag("faults")
class ClockTest {
    private static final long DAY_NS = TimeUnit.DAYS.toNanos(1);

    /** Behind a clock that stands, waiting longer changes nothing. */
    private static final long STANDING_NS = TimeUnit.SECONDS.toNanos(2);

    private static final int EACH = 300;

    /** One in so many has the longest text there may be: more than a segment behind each step. */
    private static final int LARGE_EVERY = 8;

    @TempDir Path work;

    /**
     * Appends a few before and after each step, over two launches. What waits a step of a day out
     * takes a day, so patience may be long.
     */
    static void appendOverSteps(
            final Path directory,
            final LongSupplier clock,
            final List<Runnable> steps,
            final long patienceNs)
            throws IOException {
        long sequence = 0;
        for (int launch = 0; launch < 2; launch++) {
            try (Engine engine =
                    Engine.launch(
                            context(directory)
                                    .flushIntervalNs(200_000_000)
                                    .nanoClock(clock::getAsLong))) {
                final Appender appender = engine.newAppender();
                for (final Runnable step : steps) {
                    step.run();
                    for (int i = 0; i < EACH; i++) {
                        assertEquals(
                                ++sequence,
                                i % LARGE_EVERY == 0
                                        ? large(appender, sequence)
                                        : claim(appender, "a", sequence, sequence),
                                "dense, and in order");
                    }
                    reaches(engine, Watermark.READABLE, sequence, TIMEOUT_NS); // no clock in this
                    reaches(engine, Watermark.SYNCED, sequence, patienceNs);
                    reaches(engine, Watermark.STORED, sequence, patienceNs); // by its age alone
                }
                final List<Long> found = new ArrayList<>();
                try (Reader reader = engine.newReader()) {
                    reader.oldestFirst(
                            "a",
                            Integer.MAX_VALUE,
                            (at, hash, record, offset, length) -> found.add(at));
                }
                assertEquals(LongStream.rangeClosed(1, sequence).boxed().toList(), found);
                assertTrue(Children.rolls(directory) >= steps.size(), "it rolls in each step");
            }
        }
    }

    private static long large(final Appender appender, final long ns) {
        appender.assertion()
                .subject("a")
                .predicate("report")
                .text(TestEngines.ofLength('t', Limits.OBJECT_TEXT_MAX))
                .confidence(1.0f)
                .timestamp(ns);
        return TestEngines.append(appender.assertion()::append);
    }

    private static void reaches(
            final Engine engine,
            final Watermark watermark,
            final long sequence,
            final long patienceNs) {
        final long startNs = System.nanoTime();
        while (engine.watermark(watermark) < sequence) {
            assertTrue(
                    System.nanoTime() - startNs < patienceNs,
                    () -> watermark + " stands below " + sequence);
            Thread.yield();
        }
    }

    private static List<Runnable> steps(final LongUnaryOperator set) {
        final List<Runnable> steps = new ArrayList<>();
        for (final long ns : new long[] {0, DAY_NS, -DAY_NS, -DAY_NS, DAY_NS}) {
            steps.add(() -> set.applyAsLong(ns));
        }
        return steps;
    }

    @Test
    void theEnginesClockIsSet() throws IOException {
        final AtomicLong offset = new AtomicLong();
        appendOverSteps(
                work.resolve("data"),
                () -> System.nanoTime() + offset.get(),
                steps(offset::addAndGet),
                TIMEOUT_NS);
    }

    /** The control: behind a clock that stands still nothing gets old, and that is seen. */
    @Test
    void aClockThatStandsStillIsSeen() {
        final String seen =
                assertThrows(
                                AssertionError.class,
                                () ->
                                        appendOverSteps(
                                                work.resolve("data"),
                                                () -> 1,
                                                steps(ns -> ns),
                                                STANDING_NS))
                        .getMessage();
        assertTrue(seen.contains(" stands below"), seen); // a roll may have forced the rest
    }

    /** Where a package of any architecture puts it; null: nowhere. */
    private static Path faketime() throws IOException {
        try (Stream<Path> found =
                Files.find(
                        Path.of("/usr/lib"),
                        3,
                        (path, attributes) -> path.endsWith("faketime/libfaketime.so.1"))) {
            return found.findFirst().orElse(null);
        }
    }

    /**
     * The control's: the wall clock, which never goes back. So behind a step back it stands still.
     */
    private static LongSupplier wallClock() {
        final AtomicLong highest =
                new AtomicLong(TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis()));
        return () ->
                highest.accumulateAndGet(
                        TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis()), Math::max);
    }

    /** Under a wall clock that the parent, by a file, sets. */
    static final class Child {
        private Child() {}

        public static void main(final String[] arguments) throws Exception {
            final Path setting = Path.of(arguments[1]);
            final long startMs = System.currentTimeMillis();
            final boolean wall = arguments.length > 2;
            final List<String> days = wall ? List.of("-1d") : List.of("+0d", "+1d", "-1d", "+0d");
            final List<Runnable> steps = new ArrayList<>();
            for (final String day : days) {
                steps.add(
                        () -> {
                            try {
                                Files.writeString(setting, day + "\n");
                            } catch (final IOException e) {
                                throw new java.io.UncheckedIOException(e);
                            }
                            final long startNs = System.nanoTime();
                            while (days(startMs) != Integer.parseInt(day.substring(0, 2))) {
                                assertTrue(
                                        System.nanoTime() - startNs < TIMEOUT_NS,
                                        () -> "the clock was not set: " + days(startMs));
                                Thread.yield();
                            }
                        });
            }
            appendOverSteps(
                    Path.of(arguments[0]),
                    wall ? wallClock() : System::nanoTime,
                    steps,
                    wall ? STANDING_NS : TIMEOUT_NS);
            System.out.println("DONE");
        }
    }

    private static long days(final long sinceMs) {
        final double days =
                (double) (System.currentTimeMillis() - sinceMs) / TimeUnit.DAYS.toMillis(1);
        return Math.round(days);
    }

    /** A child in which it is; skipped where that cannot be done. */
    private ChildJvm underSteps(final String... more) throws IOException {
        final Path faketime = faketime();
        final String reason = faketime != null ? null : "libfaketime is not installed";
        if (reason != null) {
            System.out.println("SKIPPED: setting the wall clock: " + reason);
        }
        Assumptions.assumeTrue(reason == null, reason);
        final Path setting = Files.writeString(work.resolve("time"), "+0d\n");
        final List<String> arguments = new ArrayList<>();
        arguments.add(work.resolve("data").toString());
        arguments.add(setting.toString());
        arguments.addAll(List.of(more));
        return ChildJvm.start(
                work.resolve("output"),
                List.of(
                        "env",
                        "LD_PRELOAD=" + faketime,
                        "FAKETIME_TIMESTAMP_FILE=" + setting,
                        "FAKETIME_CACHE_DURATION=1",
                        "FAKETIME_DONT_FAKE_MONOTONIC=1",
                        "DONT_FAKE_MONOTONIC=1"),
                List.of(),
                Child.class,
                arguments.toArray(String[]::new));
    }

    @Test
    void theWallClockIsSet() throws Exception {
        try (ChildJvm child = underSteps()) {
            assertTrue(child.end().contains("DONE"), child.lines()::toString);
        }
    }

    /** The control: an engine that goes by the wall clock is seen. */
    @Test
    void goingByTheWallClockIsSeen() throws Exception {
        try (ChildJvm child = underSteps("wall")) {
            assertTrue(child.process().waitFor(TIMEOUT_NS, TimeUnit.NANOSECONDS), "it never ends");
            final String output = String.join("\n", child.lines());
            assertTrue(
                    child.process().exitValue() != 0 && output.contains(" stands below "), output);
        }
    }
}
