package io.stemedb.bench;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MainTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    @TempDir Path directory;

    @AfterEach
    void clear() {
        System.clearProperty(Engines.QUICK);
        System.clearProperty(DataDirectory.PROPERTY);
    }

    private int run(final String... arguments) throws Exception {
        final List<String> all = new ArrayList<>(List.of(arguments));
        all.addAll(List.of("--out", directory.resolve("out").toString()));
        all.addAll(List.of("--data", directory.resolve("data").toString()));
        return Main.run(all, new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8));
    }

    /**
     * Page and raw data are there, nothing is left of the data, no path of this machine is told.
     */
    private String page(final String... rawFiles) throws Exception {
        for (final String file : rawFiles) {
            final List<String> lines = Files.readAllLines(directory.resolve("out").resolve(file));
            assertTrue(lines.size() > 1, () -> file + " has no data");
            final int columns = lines.get(0).split(",").length;
            for (final String line : lines) {
                assertEquals(columns, line.split(",", -1).length, line);
            }
        }
        try (var left = Files.list(directory.resolve("data"))) {
            assertEquals(0, left.count());
        }
        final Path maps = Path.of("/proc/self/maps");
        if (Files.isReadable(maps)) { // a turn must not leave its memory to the next
            assertEquals("", grep(maps, ".cq4"));
        }
        final String page = Files.readString(directory.resolve("out").resolve("README.md"));
        assertFalse(page.contains(directory.toString()), page);
        assertTrue(page.contains("NOT JUDGED (tiny run)"), page);
        return page;
    }

    private static String grep(final Path file, final String part) throws IOException {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.filter(line -> line.contains(part)).collect(Collectors.joining("\n"));
        }
    }

    @Test
    void append() throws Exception {
        assertEquals(0, run("append", "--quick"), err::toString);
        assertTrue(page("append.csv").contains("raw Chronicle"));
    }

    @Test
    void latency() throws Exception {
        assertEquals(0, run("latency", "--quick", "--rate", "1000"), err::toString);
        assertTrue(page("latency-runs.csv", "latency-percentiles.csv").contains("due to READABLE"));
    }

    @Test
    void throughput() throws Exception {
        assertEquals(
                0,
                run("throughput", "--quick", "--records", "2000", "--subjects", "10"),
                err::toString);
        assertTrue(page("throughput.csv").contains("engine, S: in ROCKSDB"));
    }

    @Test
    void durability() throws Exception {
        assertEquals(0, run("durability", "--quick"), err::toString);
        assertTrue(page("durability.csv").contains("GROUP at most"));
    }

    @Test
    void recovery() throws Exception {
        assertEquals(0, run("recovery", "--quick"), err::toString);
        assertTrue(page("recovery.csv").contains("GB/s"));
    }

    @Test
    void whatIsNotUnderstoodIsSaid() throws Exception {
        assertEquals(2, run("everything"));
        assertEquals(2, run("append", "--fast"));
        assertEquals(2, run("throughput", "--records", "2001"));
        assertEquals(2, run("throughput", "--subjects", "many"));
        assertEquals(
                "bench: everything: no such command\n"
                        + "bench: --fast: no such option\n"
                        + "bench: --records: must be a multiple of 2000, is 2001\n"
                        + "bench: --subjects: must be numbers, is many\n",
                err.toString(UTF_8));
    }
}
