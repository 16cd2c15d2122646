package io.stemedb.engine;

import static io.stemedb.engine.TestEngines.TIMEOUT_NS;
import static io.stemedb.engine.TestEngines.claim;
import static io.stemedb.engine.TestEngines.context;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.store.SubjectIndex;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Subjects with very many claims, very many subjects, subjects that look like each other's keys.
 */
class SubjectIndexTest {
    private static final int MANY = 100_000;

    @TempDir Path directory;

    private EngineContext large(final SubjectIndex placement) {
        return context(directory)
                .segmentLength(8 << 20)
                .generationRecords(20_000)
                .generationBytes(8 << 20)
                .subjectIndex(placement);
    }

    @ParameterizedTest
    @EnumSource(SubjectIndex.class)
    void oneSubjectWithManyClaims(final SubjectIndex placement) {
        try (Engine engine = Engine.launch(large(placement));
                Reader reader = engine.newReader()) {
            final Appender appender = engine.newAppender();
            for (int i = 1; i <= MANY; i++) {
                assertEquals(i, claim(appender, "one", i, i));
            }
            assertTrue(engine.await(Watermark.READABLE, MANY, TIMEOUT_NS));
            checkAllNewestFirst(reader);
        }
        try (Engine engine = Engine.launch(large(placement));
                Reader reader = engine.newReader()) {
            checkAllOldestFirst(reader);
            final long[] next = {MANY};
            assertEquals(
                    10, reader.newestFirst("one", 10, (s, h, r, o, l) -> expect(next[0]--, s)));
            assertEquals(1, reader.subjects("", 10, (buffer, offset, length) -> {}));
        }
    }

    private static void checkAllNewestFirst(final Reader reader) {
        final long[] next = {MANY};
        final int all =
                reader.newestFirst(
                        "one", MANY + 1, (sequence, h, r, o, l) -> expect(next[0]--, sequence));
        assertEquals(MANY, all);
        assertEquals(0, next[0]);
    }

    private static void checkAllOldestFirst(final Reader reader) {
        final long[] next = {1};
        reader.oldestFirst("one", MANY, (sequence, h, r, o, l) -> expect(next[0]++, sequence));
        assertEquals(MANY + 1, next[0]);
    }

    private static void expect(final long expected, final long sequence) {
        if (expected != sequence) { // no message to build a hundred thousand times
            assertEquals(expected, sequence);
        }
    }

    @ParameterizedTest
    @EnumSource(SubjectIndex.class)
    void manySubjectsWithOneClaim(final SubjectIndex placement) {
        try (Engine engine = Engine.launch(large(placement));
                Reader reader = engine.newReader()) {
            final Appender appender = engine.newAppender();
            for (int i = 0; i < MANY; i++) {
                claim(appender, name(i), i, i);
            }
            assertTrue(engine.await(Watermark.READABLE, MANY, TIMEOUT_NS));
            checkManySubjects(reader);
        }
        try (Engine engine = Engine.launch(large(placement));
                Reader reader = engine.newReader()) {
            checkManySubjects(reader);
        }
    }

    private static String name(final int number) {
        return String.format("subject-%06d", number);
    }

    private static void checkManySubjects(final Reader reader) {
        final int[] next = {0};
        final int count =
                reader.subjects(
                        "subject-",
                        MANY + 1,
                        (buffer, offset, length) -> {
                            if (next[0] % 997 == 0) {
                                assertEquals(
                                        name(next[0]), TestEngines.text(buffer, offset, length));
                            }
                            next[0]++;
                        });
        assertEquals(MANY, count);
        assertEquals(MANY, next[0]);
        assertEquals(1_000, reader.subjects("subject-042", MANY, (b, o, l) -> {}));
        for (int i = 0; i < MANY; i += 997) {
            final long expected = i + 1;
            assertEquals(1, reader.newestFirst(name(i), 2, (s, h, r, o, l) -> expect(expected, s)));
        }
    }

    @ParameterizedTest
    @EnumSource(SubjectIndex.class)
    void subjectsThatLookLikeEachOther(final SubjectIndex placement) {
        final List<String> names =
                List.of(
                        "a",
                        "aa",
                        "aaa",
                        "a:",
                        "a:b",
                        "a/",
                        "a/b",
                        "a b",
                        "b",
                        "S:a",
                        "S:",
                        ":",
                        "/",
                        "\u0080",
                        "\u00e4",
                        "a\u00e4",
                        "\u65e5\u672c\u8a9e",
                        "\ud83c\udf31",
                        "a\ud83c\udf31",
                        "\uffee",
                        TestEngines.ofLength('a', 255),
                        TestEngines.ofLength('a', 256),
                        TestEngines.ofLength('b', 256),
                        TestEngines.ofLength('\u00e4', 128));
        try (Engine engine = Engine.launch(context(directory).subjectIndex(placement));
                Reader reader = engine.newReader()) {
            final Appender appender = engine.newAppender();
            for (int round = 0; round < 3; round++) {
                for (final String name : names) {
                    claim(appender, name, round, round);
                }
            }
            assertTrue(engine.await(Watermark.READABLE, 3L * names.size(), TIMEOUT_NS));
            checkLookAlikes(reader, names);
            assertTrue(engine.checkpoint(TIMEOUT_NS));
            checkLookAlikes(reader, names);
        }
    }

    private static void checkLookAlikes(final Reader reader, final List<String> names) {
        final int count = names.size();
        for (int i = 0; i < count; i++) {
            final List<Long> found = new ArrayList<>();
            reader.newestFirst(names.get(i), 10, (sequence, h, r, o, l) -> found.add(sequence));
            assertEquals(
                    List.of(2L * count + i + 1, (long) count + i + 1, i + 1L), found, names.get(i));
        }
        final List<String> sorted = new ArrayList<>(names);
        sorted.sort(
                (a, b) ->
                        Arrays.compareUnsigned(
                                a.getBytes(StandardCharsets.UTF_8),
                                b.getBytes(StandardCharsets.UTF_8)));
        for (final String prefix : List.of("", "a", "a:", "\u00e4", "S", "zz")) {
            final List<String> found = new ArrayList<>();
            reader.subjects(prefix, 99, (b, o, l) -> found.add(TestEngines.text(b, o, l)));
            assertEquals(sorted.stream().filter(name -> name.startsWith(prefix)).toList(), found);
        }
    }

    /**
     * Such a name can be no subject's; what matters is that it does not reach into another's keys.
     */
    @ParameterizedTest
    @EnumSource(SubjectIndex.class)
    void aNameThatNoSubjectMayHaveFindsNothingOrIsRefused(final SubjectIndex placement) {
        try (Engine engine = Engine.launch(context(directory).subjectIndex(placement));
                Reader reader = engine.newReader()) {
            final Appender appender = engine.newAppender();
            claim(appender, "a", 1, 1);
            assertTrue(engine.await(Watermark.READABLE, 1, TIMEOUT_NS));
            checkImpossibleNames(reader);
            assertTrue(engine.checkpoint(TIMEOUT_NS));
            checkImpossibleNames(reader);
        }
    }

    private static void checkImpossibleNames(final Reader reader) {
        for (final String name :
                List.of("a\0", "a\0\0", "a\0\0\0\0\0\0\0\0\1", "\0", "a\u0001", "a\u007f")) {
            final String shown = name.replace('\0', '0');
            final List<Long> found = new ArrayList<>();
            final List<String> listed = new ArrayList<>();
            try {
                reader.newestFirst(name, 9, (s, h, r, o, l) -> found.add(s));
                reader.oldestFirst(name, 9, (s, h, r, o, l) -> found.add(s));
                reader.subjects(name, 9, (b, o, l) -> listed.add(TestEngines.text(b, o, l)));
            } catch (final IllegalArgumentException refused) {
                assertTrue(refused.getMessage().startsWith("subject"), refused.getMessage());
            }
            assertEquals(List.of(), found, shown);
            assertEquals(List.of(), listed, shown);
        }
        final UnsafeBuffer tooLong = new UnsafeBuffer(new byte[300]);
        tooLong.setMemory(0, 300, (byte) 'a');
        final String longName = TestEngines.ofLength('a', 257);
        for (final Runnable read :
                List.<Runnable>of(
                        () -> reader.newestFirst("", 9, (s, h, r, o, l) -> {}),
                        () -> reader.oldestFirst("", 9, (s, h, r, o, l) -> {}),
                        () -> reader.newestFirst(longName, 9, (s, h, r, o, l) -> {}),
                        () -> reader.newestFirst(tooLong, 0, 257, 9, (s, h, r, o, l) -> {}),
                        () -> reader.oldestFirst(tooLong, 0, 257, 9, (s, h, r, o, l) -> {}),
                        () -> reader.subjects(longName, 9, (b, o, l) -> {}))) {
            final IllegalArgumentException refused =
                    assertThrows(IllegalArgumentException.class, read::run);
            assertTrue(refused.getMessage().startsWith("subject"), refused.getMessage());
        }
        for (final int limit : new int[] {-1, Integer.MIN_VALUE}) {
            final IllegalArgumentException refused =
                    assertThrows(
                            IllegalArgumentException.class,
                            () -> reader.newestFirst("a", limit, (s, h, r, o, l) -> {}));
            assertTrue(refused.getMessage().contains(Integer.toString(limit)));
        }
    }
}
