package io.stemedb.engine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Files of data directories, looked at and damaged. */
final class TestFiles {
    private TestFiles() {}

    static Path largest(final Path folder, final String end) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(end))
                    .max((a, b) -> Long.compare(a.toFile().length(), b.toFile().length()))
                    .orElseThrow();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void flipMiddle(final Path file) {
        JournalPlaces.change(file, bytes -> bytes[bytes.length / 2] ^= 1);
    }

    static byte[] bytes(final Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Data files and their lengths; not what only opening and locking writes. */
    static TreeMap<String, Long> files(final Path dir) {
        final TreeMap<String, Long> found = new TreeMap<>();
        try (Stream<Path> files = Files.walk(dir)) {
            for (final Path file : (Iterable<Path>) files::iterator) {
                final String name = dir.relativize(file).toString();
                if (Files.isRegularFile(file)
                        && !name.startsWith(EngineParts.NATIVE)
                        && !name.contains("LOG")
                        && !name.contains("lock")) {
                    found.put(name, Arrays.hashCode(bytes(file)) * 31L + Files.size(file));
                }
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        return found;
    }
}
