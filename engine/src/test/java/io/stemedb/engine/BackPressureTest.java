package io.stemedb.engine;

import static io.stemedb.engine.TestEngines.TIMEOUT_NS;
import static io.stemedb.engine.TestEngines.context;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.journal.JournalException;
import io.stemedb.engine.journal.JournalTail;
import io.stemedb.engine.status.Counter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What happens when appenders are faster than what is behind them, and to journal that is old. */
class BackPressureTest {
    private static final String TEXT = TestEngines.ofLength('t', 1_000);

    @TempDir Path directory;

    /** One try; whether it is taken is what the tests are about. */
    private static long tryAppend(final Appender appender, final int number) {
        appender.assertion().subject("a").predicate("p").text(TEXT);
        appender.assertion().confidence(1).timestamp(number);
        return appender.assertion().append();
    }

    @Test
    void nobodyTurnsTheDutyCycle() {
        try (Engine engine =
                        Engine.launch(
                                context(directory)
                                        .segmentLength(8 << 20)
                                        .backlogLimit(1 << 20)
                                        .threadingMode(ThreadingMode.INVOKER));
                Reader reader = engine.newReader()) {
            final Appender appender = engine.newAppender();
            int next = 1;
            for (int round = 0; round < 5; round++) {
                long result;
                while ((result = tryAppend(appender, next)) > 0) {
                    assertEquals(next, result);
                    next++;
                    assertTrue(next < 100_000, "appends are never refused");
                }
                assertEquals(Appender.BACK_PRESSURED, result);
                assertTrue(next * 1_000L < 5_000_000 * (round + 1L), "refused too late: " + next);
                assertEquals(Appender.BACK_PRESSURED, appender.assertion().append(), "it stays so");
                assertEquals(next - 1, engine.watermark(Watermark.APPENDED));
                while (engine.invoke() > 0) {
                    assertTrue(engine.watermark(Watermark.READABLE) < next);
                }
                assertEquals(next - 1, engine.watermark(Watermark.READABLE));
                // the writer kept its fields: the very claim that was refused
                assertEquals(next, TestEngines.append(() -> again(engine, appender)));
                next++;
            }
            final int last = next - 1;
            assertTrue(engine.await(Watermark.READABLE, last, TIMEOUT_NS));
            checkAll(reader, last);
            assertTrue(engine.checkpoint(TIMEOUT_NS));
            checkAll(reader, last);
        }
    }

    private static long again(final Engine engine, final Appender appender) {
        engine.invoke();
        return appender.assertion().append();
    }

    private static void checkAll(final Reader reader, final long last) {
        final List<Long> found = new ArrayList<>();
        final io.stemedb.codecs.AssertionView view = new io.stemedb.codecs.AssertionView();
        reader.newestFirst(
                "a",
                Integer.MAX_VALUE,
                (sequence, hash, record, offset, length) -> {
                    found.add(sequence);
                    assertEquals(sequence, view.wrap(record, offset, length).timestamp());
                });
        assertEquals(last, found.size());
        for (int i = 0; i < last; i++) {
            assertEquals(last - i, found.get(i));
        }
    }

    /** A reader that stays in a handler keeps a generation: ingest stalls, and goes on after it. */
    @Test
    void memtablesThatAreFullStopIngestAndNothingElse() {
        try (Engine engine =
                        Engine.launch(
                                context(directory)
                                        .generationCount(2)
                                        .generationBytes(1 << 20)
                                        .backlogLimit(2 << 20));
                Reader reader = engine.newReader()) {
            final Appender appender = engine.newAppender();
            assertEquals(1, tryAppend(appender, 1));
            assertTrue(engine.await(Watermark.READABLE, 1, TIMEOUT_NS));
            final int[] tries = {1};
            reader.newestFirst(
                    "a",
                    1,
                    (sequence, hash, record, offset, length) -> {
                        final long startNs = System.nanoTime();
                        boolean full = false;
                        while (!full) {
                            full =
                                    tryAppend(appender, ++tries[0]) == Appender.BACK_PRESSURED
                                            && engine.counters().get(Counter.INGEST_STALLS) > 0;
                            assertTrue(System.nanoTime() - startNs < TIMEOUT_NS, "never stalls");
                        }
                    });
            final long last = engine.watermark(Watermark.APPENDED);
            appender.assertion().clear();
            assertTrue(engine.await(Watermark.READABLE, last, TIMEOUT_NS));
            assertTrue(engine.checkpoint(TIMEOUT_NS));
            assertEquals(last, count(reader));
        }
    }

    private static int count(final Reader reader) {
        return reader.newestFirst("a", Integer.MAX_VALUE, (s, h, r, o, l) -> {});
    }

    private static void fill(final Engine engine, final int from, final int to) {
        final Appender appender = engine.newAppender();
        for (int i = from; i <= to; i++) {
            final int number = i;
            final long sequence =
                    TestEngines.append(
                            () -> {
                                final long result = tryAppend(appender, number);
                                if (result < 0) {
                                    appender.assertion().clear();
                                }
                                return result;
                            });
            assertEquals(number, sequence);
        }
    }

    private long journalBytes() {
        try (Stream<Path> files = Files.walk(directory.resolve(EngineParts.JOURNAL))) {
            return files.filter(file -> file.toString().endsWith(".cq4"))
                    .mapToLong(BackPressureTest::size)
                    .sum();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long size(final Path file) {
        try {
            return Files.size(file);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private long oldest() {
        try (JournalTail tail = JournalTail.open(directory.resolve(EngineParts.JOURNAL), 1)) {
            return tail.oldestSequence();
        }
    }

    @Test
    void retentionKeepsBytesAndWhatIsNotStored() {
        final long keep = 6 << 20;
        final int segment = 2 << 20;
        int last = 0;
        for (int life = 0; life < 3; life++) {
            try (Engine engine = Engine.launch(context(directory).retentionBytes(keep));
                    Reader reader = engine.newReader()) {
                assertEquals(last, engine.watermark(Watermark.STORED));
                fill(engine, last + 1, last + 20_000);
                last += 20_000;
                assertTrue(engine.checkpoint(TIMEOUT_NS));
                assertTrue(engine.counters().get(Counter.SEGMENTS_TRIMMED) > 2, "trimmed");
                assertEquals(last, count(reader), "what is trimmed is in the stores");
            }
            final long bytes = journalBytes();
            assertTrue(bytes >= keep - segment, "kept " + bytes);
            // the two newest segments are not old yet, whatever they hold
            assertTrue(bytes <= keep + 3L * segment, "kept " + bytes);
        }
        StoreContent.delete(directory, EngineParts.LMDB);
        final JournalException refused =
                assertThrows(JournalException.class, () -> Engine.launch(context(directory)));
        final String range = "sequences 1-" + (oldest() - 1) + " are not in the journal";
        assertTrue(refused.getMessage().startsWith(range), refused.getMessage());
    }

    @Test
    void nothingIsTrimmedThatIsNotStored() {
        try (Engine engine =
                Engine.launch(
                        context(directory)
                                .retentionBytes(0)
                                .generationRecords(1 << 20)
                                .generationBytes(64 << 20)
                                .flushIntervalNs(Long.MAX_VALUE))) {
            fill(engine, 1, 10_000);
            assertTrue(engine.await(Watermark.READABLE, 10_000, TIMEOUT_NS));
            assertEquals(0, engine.counters().get(Counter.SEGMENTS_TRIMMED));
            assertTrue(journalBytes() > 10_000_000);
            assertTrue(engine.checkpoint(TIMEOUT_NS));
            fill(engine, 10_001, 10_001);
            assertTrue(engine.checkpoint(TIMEOUT_NS));
            assertTrue(engine.counters().get(Counter.SEGMENTS_TRIMMED) > 0);
        }
        try (Engine engine = Engine.launch(context(directory).retentionBytes(0));
                Reader reader = engine.newReader()) {
            fill(engine, 10_002, 10_010);
            assertTrue(engine.await(Watermark.READABLE, 10_010, TIMEOUT_NS));
            assertEquals(10_010, count(reader));
        }
    }
}
