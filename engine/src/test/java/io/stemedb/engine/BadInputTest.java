package io.stemedb.engine;

import static io.stemedb.engine.TestEngines.TIMEOUT_NS;
import static io.stemedb.engine.TestEngines.context;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.codecs.InvalidRecordException;
import io.stemedb.codecs.Limits;
import io.stemedb.codecs.RecordValidator;
import io.stemedb.engine.journal.ChronicleJournal;
import io.stemedb.engine.journal.JournalConfig;
import io.stemedb.engine.status.Counter;
import io.stemedb.engine.store.KeyFamily;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.agrona.concurrent.SystemNanoClock;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Refused when it is appended, set aside when it is found in the journal. */
class BadInputTest {
    @TempDir Path directory;

    @Test
    void badBytesAreRefusedAtAppend() {
        final long seed = TestEngines.newSeed();
        try (Engine engine = Engine.launch(context(directory))) {
            final Appender appender = engine.newAppender();
            for (final BadRecords.Bad bad : BadRecords.all(new Random(seed))) {
                final String at = bad + ", seed " + seed;
                final int offset = 13; // in the middle of a larger buffer
                final UnsafeBuffer buffer = new UnsafeBuffer(new byte[bad.bytes().length + 64]);
                buffer.putBytes(offset, bad.bytes());
                final InvalidRecordException refused =
                        assertThrows(
                                InvalidRecordException.class,
                                () -> appender.append(buffer, offset, bad.bytes().length),
                                at);
                check(refused, at);
                if (bad.field() != null) {
                    assertEquals(bad.field(), refused.field(), at);
                }
            }
            checkRanges(appender);
            assertEquals(0, engine.watermark(Watermark.APPENDED));
            assertEquals(1, TestEngines.append(appender, BadRecords.assertion()));
        }
    }

    private static void check(final InvalidRecordException refused, final String at) {
        assertTrue(refused.getMessage().contains(refused.field()), at);
        assertTrue(refused.getMessage().contains(refused.limit()), at);
        assertTrue(refused.getMessage().contains(refused.value()), at);
        assertTrue(!refused.limit().isEmpty() && !refused.value().isEmpty(), at);
    }

    private static void checkRanges(final Appender appender) {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[Limits.RECORD_MAX + 100]);
        buffer.putBytes(0, BadRecords.assertion());
        final int[][] ranges = {
            {0, 0},
            {0, 7},
            {0, -1},
            {-1, 100},
            {0, Limits.RECORD_MAX + 1},
            {0, buffer.capacity()},
            {buffer.capacity() - 8, 100},
            {Integer.MAX_VALUE, 100},
            {100, Integer.MAX_VALUE},
            {Integer.MIN_VALUE, 100},
            {0, Integer.MIN_VALUE},
        };
        for (final int[] range : ranges) {
            final String at = "offset " + range[0] + ", length " + range[1];
            final InvalidRecordException refused =
                    assertThrows(
                            InvalidRecordException.class,
                            () -> appender.append(buffer, range[0], range[1]),
                            at);
            assertEquals("length", refused.field(), at);
            check(refused, at);
        }
    }

    /** A validator is asked too, so that the test knows which random bytes happen to be good. */
    @Test
    void randomChangesAreRefusedOrAreARecord() {
        final long seed = TestEngines.newSeed();
        final Random random = new Random(seed);
        final RecordValidator validator = new RecordValidator();
        final RecordMix mix = new RecordMix(random, 30);
        try (Engine engine = Engine.launch(context(directory));
                Reader reader = engine.newReader()) {
            final Appender appender = engine.newAppender();
            final Model model = new Model();
            for (int i = 0; i < 5_000; i++) {
                final byte[] bytes = mix.next().clone();
                for (int flips = random.nextInt(4); flips > 0; flips--) {
                    bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
                }
                final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
                boolean valid = true;
                try {
                    validator.validate(buffer, 0, bytes.length);
                } catch (final InvalidRecordException e) {
                    valid = false;
                }
                if (valid) {
                    model.add(TestEngines.append(appender, bytes), bytes);
                } else {
                    assertThrows(
                            InvalidRecordException.class,
                            () -> appender.append(buffer, 0, bytes.length),
                            () -> "seed " + seed);
                }
            }
            assertTrue(engine.await(Watermark.READABLE, model.last(), TIMEOUT_NS));
            model.check(reader, random, "seed " + seed);
        }
    }

    @Test
    void badBytesInTheJournalAreSetAsideAndIngestGoesOn() {
        final long seed = TestEngines.newSeed();
        final Random random = new Random(seed);
        final String at = "seed " + seed;
        Engine.launch(context(directory)).close();
        final Model model = new Model();
        final Map<Long, BadRecords.Bad> expected = new TreeMap<>();
        final List<BadRecords.Bad> bad = BadRecords.all(random);
        final RecordMix mix = new RecordMix(random, 30);
        final List<byte[]> good = new ArrayList<>();
        try (ChronicleJournal journal =
                ChronicleJournal.open(
                        directory.resolve(EngineParts.JOURNAL),
                        new JournalConfig(
                                2 << 20, 2 << 20, Long.MAX_VALUE, 0, SystemNanoClock.INSTANCE))) {
            for (int i = 0; i < 400; i++) {
                // several in a row, one alone, more than one batch
                if (i < 40 || random.nextInt(4) == 0) {
                    final BadRecords.Bad next = bad.get(i % bad.size());
                    expected.put(append(journal, next.bytes()), next);
                } else {
                    good.add(mix.next());
                    append(journal, mix.bytes());
                }
            }
        }
        for (int life = 0; life < 3; life++) { // first, reopened, replayed without stores
            if (life == 2) {
                StoreContent.delete(directory, EngineParts.ROCKS);
                StoreContent.delete(directory, EngineParts.LMDB);
            }
            try (Engine engine =
                    Engine.launch(context(directory).errorHandler(BadInputTest::ignore))) {
                assertEquals(400, engine.watermark(Watermark.READABLE), at);
                if (life != 1) {
                    assertTrue(engine.counters().get(Counter.QUARANTINED) >= expected.size(), at);
                }
                assertTrue(engine.checkpoint(TIMEOUT_NS), at);
            }
            checkQuarantine(expected, at + ", life " + life);
        }
        checkGood(model, good, random, at);
    }

    /** The scan at open tells of wrong checksums; a test of its own looks at that. */
    private static void ignore(final Throwable error) {
        assertNotNull(error);
    }

    private static long append(final ChronicleJournal journal, final byte[] bytes) {
        return TestEngines.append(
                () -> {
                    journal.prepare();
                    return journal.append(new UnsafeBuffer(bytes), 0, bytes.length);
                });
    }

    private void checkQuarantine(final Map<Long, BadRecords.Bad> expected, final String at) {
        final StoreContent content = StoreContent.read(directory);
        final Map<Long, StoreContent.Quarantined> found = new TreeMap<>(content.quarantine());
        // the epochs of the mix may clash: those are another test's
        found.values().removeIf(entry -> entry.reason().startsWith("epochId"));
        assertEquals(expected.keySet(), found.keySet(), at);
        expected.forEach(
                (sequence, bad) -> {
                    final StoreContent.Quarantined entry = found.get(sequence);
                    assertEquals(HexFormat.of().formatHex(bad.bytes()), entry.bytes(), at);
                    final InvalidRecordException reason =
                            assertThrows(
                                    InvalidRecordException.class,
                                    () ->
                                            new RecordValidator()
                                                    .validate(
                                                            new UnsafeBuffer(bad.bytes()),
                                                            0,
                                                            bad.bytes().length));
                    assertEquals(reason.getMessage(), entry.reason(), at + ", " + bad);
                });
    }

    /** The sequences of the good ones have gaps, so only what does not depend on them is asked. */
    private void checkGood(
            final Model model, final List<byte[]> good, final Random random, final String at) {
        long place = 0;
        for (final byte[] record : good) {
            model.add(++place, record);
        }
        assertEquals(
                model.assertionCount(), StoreContent.read(directory).count(KeyFamily.ASSERTION));
        try (Engine engine = Engine.launch(context(directory).errorHandler(BadInputTest::ignore));
                Reader reader = engine.newReader()) {
            model.checkContent(reader, random, at);
        }
    }

    @Test
    void whatIsSetAsideIsReported() {
        Engine.launch(context(directory)).close();
        final byte[] flipped = BadRecords.assertion();
        flipped[flipped.length - 1] ^= 1;
        try (ChronicleJournal journal =
                ChronicleJournal.open(
                        directory.resolve(EngineParts.JOURNAL),
                        new JournalConfig(
                                2 << 20, 2 << 20, Long.MAX_VALUE, 0, SystemNanoClock.INSTANCE))) {
            append(journal, BadRecords.vote());
            append(journal, flipped);
            append(journal, BadRecords.epoch());
        }
        final List<String> reports = java.util.Collections.synchronizedList(new ArrayList<>());
        try (Engine engine =
                Engine.launch(
                        context(directory)
                                .errorHandler(error -> reports.add(error.getMessage())))) {
            assertEquals(3, engine.watermark(Watermark.READABLE));
            assertEquals(1, engine.counters().get(Counter.QUARANTINED));
        }
        assertTrue(
                reports.stream().anyMatch(text -> text.contains("2") && text.contains("CRC")),
                reports::toString);
    }
}
