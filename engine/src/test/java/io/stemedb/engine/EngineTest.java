package io.stemedb.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.codecs.AssertionView;
import io.stemedb.codecs.AssertionWriter;
import io.stemedb.codecs.EpochView;
import io.stemedb.codecs.SupersessionType;
import io.stemedb.engine.platform.Manifest;
import io.stemedb.engine.platform.ManifestException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EngineTest {
    private static final long TIMEOUT_NS = TestEngines.TIMEOUT_NS;

    @TempDir Path directory;

    private EngineContext context() {
        return new EngineContext()
                .directory(directory.resolve("data"))
                .segmentLength(4 << 20)
                .prepareAhead(2 << 20)
                .generationRecords(5_000)
                .generationBytes(4 << 20)
                .errorHandler(
                        error -> {
                            throw new AssertionError(error);
                        });
    }

    private static byte[] bytes(final int value) {
        final byte[] bytes = new byte[32];
        bytes[0] = (byte) value;
        bytes[31] = 7;
        return bytes;
    }

    private static long claim(
            final Appender appender, final String subject, final double value, final long ns) {
        final AssertionWriter claim = appender.assertion();
        claim.subject(subject).predicate("price").number(value).confidence(1.0f).timestamp(ns);
        return append(claim::append);
    }

    private static long append(final java.util.function.LongSupplier append) {
        long sequence;
        while ((sequence = append.getAsLong()) < 0) {
            Thread.onSpinWait();
        }
        return sequence;
    }

    @Test
    void assertionVoteAndEpochAreReadableThenStoredThenReopened() {
        final UnsafeBuffer hash = new UnsafeBuffer(new byte[32]);
        final AssertionView view = new AssertionView();
        final EpochView epochView = new EpochView();
        try (Engine engine = Engine.launch(context())) {
            final Appender appender = engine.newAppender();
            assertEquals(1, claim(appender, "BTCUSD@bitstamp", 912.44, 1));
            assertEquals(2, claim(appender, "BTCUSD@bitstamp", 913.00, 2));
            assertTrue(engine.await(Watermark.READABLE, 2, TIMEOUT_NS));
            try (Reader reader = engine.newReader()) {
                final List<Long> sequences = new ArrayList<>();
                assertEquals(
                        2,
                        reader.newestFirst(
                                "BTCUSD@bitstamp",
                                10,
                                (sequence, claimHash, record, offset, length) -> {
                                    sequences.add(sequence);
                                    hash.putBytes(0, claimHash, 0, 32);
                                    assertEquals(
                                            sequence == 1 ? 912.44 : 913.00,
                                            view.wrap(record, offset, length).number());
                                }));
                assertEquals(List.of(2L, 1L), sequences);
                appender.vote().assertion(hash, 0).agentId(bytes(1)).weight(0.5f).timestamp(3);
                append(appender.vote()::append);
                appender.epoch()
                        .id(bytes(2))
                        .name("day")
                        .description("")
                        .start(0)
                        .supersessionType(SupersessionType.None);
                append(appender.epoch()::append);
                assertTrue(engine.await(Watermark.READABLE, 4, TIMEOUT_NS));
                check(reader, hash, view, epochView);
                assertTrue(engine.checkpoint(TIMEOUT_NS));
                assertEquals(4, engine.watermark(Watermark.STORED));
                check(reader, hash, view, epochView);
            }
        }
        try (Engine engine = Engine.launch(context());
                Reader reader = engine.newReader()) {
            assertEquals(4, engine.watermark(Watermark.STORED));
            check(reader, hash, view, epochView);
            assertFalse(reader.assertion(new UnsafeBuffer(bytes(9)), 0, view));
        }
    }

    private static void check(
            final Reader reader,
            final UnsafeBuffer hash,
            final AssertionView view,
            final EpochView epochView) {
        assertTrue(reader.assertion(hash, 0, view));
        assertEquals(912.44, view.number());
        assertEquals(
                1,
                reader.votes(
                        hash, 0, (voteHash, record, offset, length) -> assertEquals(152, length)));
        assertTrue(reader.epoch(new UnsafeBuffer(bytes(2)), 0, epochView));
        assertEquals("day", epochView.name());
        final List<String> subjects = new ArrayList<>();
        assertEquals(
                1,
                reader.subjects(
                        "BTC",
                        10,
                        (buffer, offset, length) ->
                                subjects.add(buffer.getStringWithoutLengthUtf8(offset, length))));
        assertEquals(List.of("BTCUSD@bitstamp"), subjects);
        final List<Long> oldest = new ArrayList<>();
        reader.oldestFirst(
                "BTCUSD@bitstamp",
                10,
                (sequence, claimHash, record, offset, length) -> oldest.add(sequence));
        assertEquals(List.of(1L, 2L), oldest);
    }

    @Test
    void manyRecordsOverManyFlushes() {
        final int count = 60_000;
        try (Engine engine = Engine.launch(context())) {
            final Appender appender = engine.newAppender();
            for (int i = 1; i <= count; i++) {
                claim(appender, "subject-" + i % 100, i, i);
            }
            assertTrue(engine.checkpoint(TIMEOUT_NS));
            try (Reader reader = engine.newReader()) {
                assertEquals(
                        count / 100,
                        reader.newestFirst("subject-7", Integer.MAX_VALUE, (s, h, r, o, l) -> {}));
            }
        }
        try (Engine engine = Engine.launch(context());
                Reader reader = engine.newReader()) {
            assertEquals(count, engine.watermark(Watermark.APPENDED));
            assertEquals(
                    count / 100,
                    reader.oldestFirst("subject-99", Integer.MAX_VALUE, (s, h, r, o, l) -> {}));
            assertEquals(100, reader.subjects("", 1000, (b, o, l) -> {}));
        }
    }

    @Test
    void useAfterCloseIsAnException() {
        final Engine engine = Engine.launch(context());
        final Appender appender = engine.newAppender();
        final Reader reader = engine.newReader();
        claim(appender, "a", 1, 1);
        engine.close();
        engine.close();
        assertThrows(EngineClosedException.class, () -> claim(appender, "a", 1, 1));
        assertThrows(
                EngineClosedException.class,
                () -> reader.newestFirst("a", 1, (s, h, r, o, l) -> {}));
        assertThrows(EngineClosedException.class, engine::newReader);
        assertThrows(EngineClosedException.class, () -> engine.checkpoint(1));
        reader.close();
    }

    @Test
    void anotherRollCycleIsRefused() {
        final EngineContext context = context();
        Engine.launch(context).close();
        final Manifest made = Manifest.read(context.directory());
        new Manifest(
                        made.engineId(),
                        made.format(),
                        "FAST_DAILY",
                        made.segmentLength(),
                        made.subjectIndex())
                .write(context.directory());
        final String refusal =
                assertThrows(ManifestException.class, () -> Engine.launch(context).close())
                        .getMessage();
        assertTrue(
                refusal.contains("rollCycle: this version has LARGE_HOURLY_XSPARSE, is FAST_DAILY"),
                refusal);
        made.write(context.directory());
        Engine.launch(context).close();
    }
}
