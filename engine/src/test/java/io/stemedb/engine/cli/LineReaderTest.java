package io.stemedb.engine.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LineReaderTest {

    @Test
    void endsOfLinesBelongToNoLine() throws IOException {
        assertEquals(List.of("a", "", "b", "\r", "c"), lines("a\n\nb\r\n\r\r\nc"));
        assertEquals(List.of("a"), lines("a\n"));
        assertEquals(List.of(), lines(""));
        assertEquals(List.of(""), lines("\n"));
    }

    @Test
    void aByteOrderMarkIsSkippedOnceAtTheStart() throws IOException {
        assertEquals(List.of("a", "\uFEFFb"), lines("\uFEFFa\n\uFEFFb"));
        assertEquals(List.of("\u00EF"), lines("\u00EF"));
    }

    @Test
    void blankLinesAreNumberedAndKnown() throws IOException {
        final LineReader reader = reader("a\n \t\r\nb", 10, 4);
        assertTrue(reader.next());
        assertFalse(reader.isBlank());
        assertTrue(reader.next());
        assertTrue(reader.isBlank());
        assertTrue(reader.next());
        assertFalse(reader.isBlank());
        assertEquals(3, reader.lineNumber());
    }

    @Test
    void aLineAtTheLimitIsWholeAndOnePastItIsNot() throws IOException {
        final LineReader reader = reader("x".repeat(10) + "\n" + "y".repeat(11) + "\nz", 10, 4);
        assertTrue(reader.next());
        assertTrue(reader.isWhole());
        assertEquals(10, reader.length());
        assertTrue(reader.next());
        assertFalse(reader.isWhole());
        assertEquals("y".repeat(10), current(reader));
        assertTrue(reader.next());
        assertEquals("z", current(reader));
        assertEquals(3, reader.lineNumber());
        assertFalse(reader.next());
    }

    @Test
    void aLineOfAnyLengthCanBeWrittenOutInBoundedMemory() throws IOException {
        final String longLine = "0123456789".repeat(1000);
        final LineReader reader = reader("a\n" + longLine + "\nb", 10, 4);
        assertTrue(reader.next());
        assertTrue(reader.next());
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        reader.writeLine(out);
        assertEquals(longLine, out.toString(StandardCharsets.UTF_8));
        assertTrue(reader.next());
        assertEquals("b", current(reader));
    }

    @Test
    void linesDoNotDependOnHowTheStreamIsCut() throws IOException {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        for (int round = 0; round < 300; round++) {
            final StringBuilder text = new StringBuilder();
            final List<String> expected = new ArrayList<>();
            for (int i = random.nextInt(8); i >= 0; i--) {
                final String line = "x".repeat(random.nextInt(20)) + i;
                expected.add(line);
                text.append(line).append(random.nextBoolean() ? "\n" : "\r\n");
            }
            final InputStream in = new Trickle(text.toString(), random);
            final LineReader reader = new LineReader(in, 21, 1 + random.nextInt(30));
            final List<String> actual = new ArrayList<>();
            while (reader.next()) {
                assertTrue(reader.isWhole(), "seed " + seed + " round " + round);
                actual.add(current(reader));
            }
            assertEquals(expected, actual, "seed " + seed + " round " + round);
        }
    }

    private static List<String> lines(final String text) throws IOException {
        final LineReader reader = reader(text, 100, 3);
        final List<String> lines = new ArrayList<>();
        while (reader.next()) {
            lines.add(current(reader));
        }
        return lines;
    }

    private static LineReader reader(final String text, final int lineMax, final int readSize) {
        return new LineReader(
                new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)), lineMax, readSize);
    }

    private static String current(final LineReader reader) {
        return new String(
                reader.buffer(), reader.offset(), reader.length(), StandardCharsets.UTF_8);
    }

    /** Gives as few bytes a read as it likes. */
    private static final class Trickle extends ByteArrayInputStream {

        private final Random random;

        Trickle(final String text, final Random random) {
            super(text.getBytes(StandardCharsets.UTF_8));
            this.random = random;
        }

        @Override
        public synchronized int read(final byte[] to, final int offset, final int length) {
            return super.read(to, offset, Math.min(length, 1 + random.nextInt(5)));
        }
    }
}
