package io.stemedb.engine;

import static io.stemedb.engine.TestEngines.TIMEOUT_NS;
import static io.stemedb.engine.TestEngines.claim;
import static io.stemedb.engine.TestEngines.context;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.codecs.AssertionView;
import io.stemedb.codecs.EpochView;
import io.stemedb.codecs.EpochWriter;
import io.stemedb.codecs.SupersessionType;
import io.stemedb.codecs.VoteWriter;
import io.stemedb.engine.status.Counter;
import io.stemedb.engine.store.KeyFamily;
import io.stemedb.engine.store.SubjectIndex;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The same record again, votes before their assertion, epochs whose id is taken. */
class DuplicatesTest {
    @TempDir Path directory;

    private static List<Long> newest(final Reader reader, final String subject, final int limit) {
        final List<Long> found = new ArrayList<>();
        final int count = reader.newestFirst(subject, limit, (s, h, r, o, l) -> found.add(s));
        assertEquals(found.size(), count);
        return found;
    }

    private static List<Long> oldest(final Reader reader, final String subject, final int limit) {
        final List<Long> found = new ArrayList<>();
        final int count = reader.oldestFirst(subject, limit, (s, h, r, o, l) -> found.add(s));
        assertEquals(found.size(), count);
        return found;
    }

    /** Flushed after each append, after none, after the second: every mix of memory and store. */
    @ParameterizedTest
    @EnumSource(SubjectIndex.class)
    void theSameAssertionComesOnceAtItsNewestPlace(final SubjectIndex placement) {
        final double[] values = {1, 2, 1, 1}; // the first again, third and fourth
        try (Engine engine = Engine.launch(context(directory).subjectIndex(placement));
                Reader reader = engine.newReader()) {
            final Appender appender = engine.newAppender();
            for (int flushes = 0; flushes < 16; flushes++) {
                final String at = "flushed after appends " + Integer.toBinaryString(flushes);
                final String subject = "subject-" + flushes;
                long last = 0;
                for (int i = 0; i < values.length; i++) {
                    last = claim(appender, subject, values[i], 7);
                    if ((flushes & 1 << i) != 0) {
                        assertTrue(engine.checkpoint(TIMEOUT_NS), at);
                    }
                }
                assertTrue(engine.await(Watermark.READABLE, last, TIMEOUT_NS));
                assertEquals(List.of(last, last - 2), newest(reader, subject, 10), at);
                assertEquals(List.of(last), newest(reader, subject, 1), at);
                assertEquals(List.of(last - 2, last), oldest(reader, subject, 10), at);
                assertEquals(List.of(last - 2), oldest(reader, subject, 1), at);
            }
        }
        assertEquals(32, StoreContent.read(directory).count(KeyFamily.ASSERTION));
    }

    @ParameterizedTest
    @EnumSource(SubjectIndex.class)
    void fewAssertionsVeryOftenAcrossGenerations(final SubjectIndex placement) {
        final int distinct = 7;
        final int count = 20_000;
        final List<Long> expected = new ArrayList<>();
        for (long sequence = count; sequence > count - distinct; sequence--) {
            expected.add(sequence);
        }
        try (Engine engine =
                        Engine.launch(
                                context(directory).generationRecords(500).subjectIndex(placement));
                Reader reader = engine.newReader()) {
            final Appender appender = engine.newAppender();
            for (int i = 0; i < count; i++) {
                claim(appender, "a", i % distinct, 7);
            }
            assertTrue(engine.await(Watermark.READABLE, count, TIMEOUT_NS));
            checkFew(reader, expected);
            assertTrue(engine.checkpoint(TIMEOUT_NS));
            checkFew(reader, expected);
        }
        try (Engine engine = Engine.launch(context(directory));
                Reader reader = engine.newReader()) {
            checkFew(reader, expected);
        }
        assertEquals(distinct, StoreContent.read(directory).count(KeyFamily.ASSERTION));
    }

    private static void checkFew(final Reader reader, final List<Long> descending) {
        final List<Long> ascending = new ArrayList<>(descending);
        java.util.Collections.reverse(ascending);
        assertEquals(descending, newest(reader, "a", 100));
        assertEquals(descending.subList(0, 3), newest(reader, "a", 3));
        assertEquals(ascending, oldest(reader, "a", 100));
        assertEquals(ascending.subList(0, 3), oldest(reader, "a", 3));
    }

    @Test
    void aVoteMayComeBeforeItsAssertionAndTwice() {
        final byte[] record = record(1);
        final UnsafeBuffer hash = new UnsafeBuffer(TestEngines.hashOf(record));
        try (Engine engine = Engine.launch(context(directory));
                Reader reader = engine.newReader()) {
            final Appender appender = engine.newAppender();
            vote(appender, hash, 1);
            assertTrue(engine.await(Watermark.READABLE, 1, TIMEOUT_NS));
            assertEquals(1, votes(reader, hash));
            assertFalse(reader.assertion(hash, 0, new AssertionView()));
            vote(appender, hash, 1); // again, in the same generation
            vote(appender, hash, 2);
            assertTrue(engine.checkpoint(TIMEOUT_NS));
            assertEquals(2, votes(reader, hash));
            TestEngines.append(appender, record);
            vote(appender, hash, 1); // again, in another generation
            vote(appender, hash, 3);
            assertTrue(engine.await(Watermark.READABLE, 6, TIMEOUT_NS));
            assertEquals(3, votes(reader, hash));
            assertTrue(reader.assertion(hash, 0, new AssertionView()));
            assertTrue(engine.checkpoint(TIMEOUT_NS));
            assertEquals(3, votes(reader, hash));
            for (int i = 0; i < 10; i++) { // generations in which nothing is new
                vote(appender, hash, 1);
                assertTrue(engine.checkpoint(TIMEOUT_NS));
            }
            assertEquals(3, votes(reader, hash));
        }
        assertEquals(3, StoreContent.read(directory).count(KeyFamily.VOTE));
    }

    private static int votes(final Reader reader, final UnsafeBuffer hash) {
        return reader.votes(hash, 0, (h, r, o, l) -> {});
    }

    private static void vote(
            final Appender appender, final UnsafeBuffer assertionHash, final int agent) {
        final VoteWriter vote = appender.vote();
        vote.assertion(assertionHash, 0).agentId(TestEngines.id(agent)).weight(1).timestamp(0);
        TestEngines.append(vote::append);
    }

    private static byte[] record(final int value) {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[1024]);
        final int length =
                new io.stemedb.codecs.AssertionWriter()
                        .subject("a")
                        .predicate("price")
                        .number(value)
                        .confidence(1)
                        .timestamp(0)
                        .encode(buffer, 0);
        return TestEngines.copy(buffer, 0, length);
    }

    private static byte[] epoch(final int id, final String name) {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[1024]);
        final int length =
                new EpochWriter()
                        .id(TestEngines.id(id))
                        .name(name)
                        .description("")
                        .start(0)
                        .supersessionType(SupersessionType.None)
                        .encode(buffer, 0);
        return TestEngines.copy(buffer, 0, length);
    }

    private static String nameOf(final Reader reader, final int id) {
        final EpochView view = new EpochView();
        return reader.epoch(new UnsafeBuffer(TestEngines.id(id)), 0, view) ? view.name() : null;
    }

    @Test
    void theFirstEpochWithAnIdStands() {
        final Map<Long, String> expected =
                Map.of(3L, "second", 5L, "third", 7L, "fourth", 8L, "fifth");
        try (Engine engine = Engine.launch(context(directory));
                Reader reader = engine.newReader()) {
            final Appender appender = engine.newAppender();
            TestEngines.append(appender, epoch(1, "first"));
            TestEngines.append(appender, epoch(1, "first")); // the same again changes nothing
            TestEngines.append(appender, epoch(1, "second")); // clash in the same generation
            assertTrue(engine.await(Watermark.READABLE, 3, TIMEOUT_NS));
            assertEquals("first", nameOf(reader, 1));
            assertEquals(1, engine.counters().get(Counter.QUARANTINED));
            assertTrue(engine.checkpoint(TIMEOUT_NS));
            TestEngines.append(appender, epoch(1, "first"));
            TestEngines.append(appender, epoch(1, "third")); // the first is in the store
            TestEngines.append(appender, epoch(2, "other"));
            assertTrue(engine.await(Watermark.READABLE, 6, TIMEOUT_NS));
            assertEquals("first", nameOf(reader, 1));
            assertEquals("other", nameOf(reader, 2));
            assertEquals(2, engine.counters().get(Counter.QUARANTINED));
        }
        try (Engine engine = Engine.launch(context(directory));
                Reader reader = engine.newReader()) {
            final Appender appender = engine.newAppender();
            TestEngines.append(appender, epoch(1, "fourth")); // after a reopen
            TestEngines.append(appender, epoch(2, "fifth"));
            assertTrue(engine.await(Watermark.READABLE, 8, TIMEOUT_NS));
            assertEquals("first", nameOf(reader, 1));
            assertEquals("other", nameOf(reader, 2));
        }
        checkQuarantine(expected);
        for (final String store : List.of("rocks", "lmdb")) {
            StoreContent.delete(directory, store);
            Engine.launch(context(directory)).close();
            checkQuarantine(expected);
        }
    }

    private void checkQuarantine(final Map<Long, String> expected) {
        final StoreContent content = StoreContent.read(directory);
        assertEquals(expected.keySet(), content.quarantine().keySet());
        content.quarantine()
                .forEach(
                        (sequence, entry) -> {
                            assertEquals("epochId: known with other content", entry.reason());
                            final int id = sequence == 8 ? 2 : 1;
                            assertEquals(
                                    HexFormat.of().formatHex(epoch(id, expected.get(sequence))),
                                    entry.bytes());
                        });
        assertEquals(2, content.count(KeyFamily.EPOCH));
    }
}
