package io.stemedb.engine.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RejectsFileTest {

    @TempDir private Path directory;

    @Test
    void linesAreKeptAsTheyCame() throws IOException {
        final byte[] input = {'a', (byte) 0xFF, '\r', '\n', ' ', 'b', '\n', 'c'};
        final LineReader lines = new LineReader(new ByteArrayInputStream(input));
        final RejectsFile rejects = RejectsFile.in(directory, "x y/../z.jsonl");
        assertNull(rejects.path());
        while (lines.next()) {
            rejects.add(lines);
        }
        rejects.close();
        assertEquals(directory.resolve("rejects-x_y_.._z.jsonl-1.jsonl"), rejects.path());
        assertEquals(
                "a\u00FF\n b\nc\n", Files.readString(rejects.path(), StandardCharsets.ISO_8859_1));
    }

    @Test
    void nothingIsMadeWithoutALine() throws IOException {
        RejectsFile.in(directory, "x").close();
        try (var files = Files.list(directory)) {
            assertTrue(files.findAny().isEmpty());
        }
    }

    @Test
    void anEarlierFileIsNeverWrittenOver() throws IOException, CommandException {
        for (int n = 1; n <= 3; n++) {
            try (RejectsFile rejects = RejectsFile.in(directory, "x")) {
                rejects.add(line());
                assertEquals(directory.resolve("rejects-x-" + n + ".jsonl"), rejects.path());
            }
        }
        assertThrows(
                CommandException.class,
                () -> RejectsFile.at(directory.resolve("rejects-x-2.jsonl")));
        final Path late = directory.resolve("late");
        final RejectsFile named = RejectsFile.at(late);
        Files.createFile(late);
        final LineReader line = line();
        assertThrows(FileAlreadyExistsException.class, () -> named.add(line));
    }

    private static LineReader line() throws IOException {
        final LineReader line =
                new LineReader(new ByteArrayInputStream("{".getBytes(StandardCharsets.US_ASCII)));
        assertTrue(line.next());
        return line;
    }
}
