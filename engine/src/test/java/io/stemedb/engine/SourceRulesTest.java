package io.stemedb.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Habits that no compiler checks. */
class SourceRulesTest {
    private static final int LINES_MAX = 500;
    private static final Pattern EMPTY_CATCH =
            Pattern.compile("catch \\([^)]*\\) \\{\\s*(//[^\\n]*\\s*)*\\}");
    private static final Pattern CONSOLE = Pattern.compile("System\\.(out|err)\\b|printStackTrace");
    private static final Pattern SLEEP = Pattern.compile("Thread\\.sleep|TimeUnit\\.\\w+\\.sleep");
    private static final Pattern CLOCK =
            Pattern.compile(
                    "System\\.currentTimeMillis|Instant\\.now|LocalDateTime\\.now|new Random\\(");

    private record Source(Path path, String text) {
        boolean isIn(final String folder) {
            return path.toString().replace('\\', '/').contains(folder);
        }
    }

    /** The engine's sources and tests, and those of the codecs beside it. */
    private static List<Source> sources(final String set) throws IOException {
        final List<Source> found = new ArrayList<>();
        for (final String module : List.of(".", "../codecs")) {
            final Path root = Path.of(module, "src", set, "java");
            assertTrue(Files.isDirectory(root), root.toAbsolutePath()::toString);
            try (Stream<Path> files = Files.walk(root)) {
                for (final Path file : files.filter(p -> p.toString().endsWith(".java")).toList()) {
                    found.add(new Source(file, Files.readString(file)));
                }
            }
        }
        assertTrue(found.size() > 20);
        return found;
    }

    private static List<Path> breaking(final List<Source> sources, final Pattern pattern) {
        return sources.stream()
                .filter(source -> pattern.matcher(source.text()).find())
                .map(Source::path)
                .toList();
    }

    @Test
    void noFileIsTooLong() throws IOException {
        for (final String set : List.of("main", "test")) {
            final List<String> tooLong = new ArrayList<>();
            for (final Source source : sources(set)) {
                final long lines = source.text().lines().count();
                if (lines > LINES_MAX) {
                    tooLong.add(source.path() + ": " + lines);
                }
            }
            assertEquals(List.of(), tooLong, "lines, limit " + LINES_MAX);
        }
    }

    @Test
    void theLibraryDoesNotWriteToTheConsole() throws IOException {
        final List<Source> library =
                sources("main").stream().filter(source -> !source.isIn("/cli/")).toList();
        assertEquals(List.of(), breaking(library, CONSOLE));
    }

    @Test
    void nobodySleeps() throws IOException {
        assertEquals(List.of(), breaking(sources("main"), SLEEP));
        assertEquals(List.of(), breaking(othersTests(), SLEEP));
    }

    /** Not this one: it says what it looks for. */
    private static List<Source> othersTests() throws IOException {
        return sources("test").stream().filter(source -> !source.isIn("SourceRules")).toList();
    }

    @Test
    void noExceptionIsSwallowed() throws IOException {
        assertEquals(List.of(), breaking(sources("main"), EMPTY_CATCH));
        assertEquals(List.of(), breaking(othersTests(), EMPTY_CATCH));
    }

    /** What ingest writes follows from the journal alone, on every machine. */
    @Test
    void ingestKnowsNoWallClockAndNoChance() throws IOException {
        final List<Source> deterministic =
                sources("main").stream()
                        .filter(
                                source ->
                                        Stream.of("ingest", "memtable", "store", "hash", "journal")
                                                .anyMatch(
                                                        room ->
                                                                source.isIn(
                                                                        "/engine/" + room + "/")))
                        .toList();
        assertTrue(deterministic.size() > 50);
        assertEquals(List.of(), breaking(deterministic, CLOCK));
    }

    @Test
    void thePatternsFindWhatTheyAreFor() {
        assertTrue(EMPTY_CATCH.matcher("catch (final IOException e) {\n // none\n }").find());
        assertTrue(EMPTY_CATCH.matcher("catch (A | B e) {}").find());
        assertFalse(EMPTY_CATCH.matcher("catch (final IOException e) { throw e; }").find());
        assertTrue(CONSOLE.matcher("System.err.println()").find());
        assertTrue(SLEEP.matcher("Thread.sleep(1)").find());
        assertTrue(CLOCK.matcher("System.currentTimeMillis()").find());
    }
}
