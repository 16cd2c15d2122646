package io.stemedb.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;

/** A directory for one run, deleted with all that is in it. */
public final class DataDirectory implements AutoCloseable {
    /** System property: where runs keep their data. */
    public static final String PROPERTY = "io.stemedb.bench.data";

    private final Path path;

    private DataDirectory(final Path path) {
        this.path = path;
    }

    /**
     * Makes one where {@link #PROPERTY} says, else in the directory for temporary files.
     *
     * @return an empty directory
     */
    public static DataDirectory make() {
        final String parent = System.getProperty(PROPERTY, System.getProperty("java.io.tmpdir"));
        return make(Path.of(parent));
    }

    /**
     * Makes one.
     *
     * @param parent directory to make it in; made if missing
     * @return an empty directory
     */
    public static DataDirectory make(final Path parent) {
        try {
            Files.createDirectories(parent);
            return new DataDirectory(Files.createTempDirectory(parent, "run-"));
        } catch (final IOException e) {
            throw new UncheckedIOException(parent + ": no directory can be made in it", e);
        }
    }

    /**
     * Where it is.
     *
     * @return its path
     */
    public Path path() {
        return path;
    }

    @Override
    public void close() {
        try {
            Files.walkFileTree(
                    path,
                    new SimpleFileVisitor<>() {
                        @Override
                        public FileVisitResult visitFile(
                                final Path file, final BasicFileAttributes attributes)
                                throws IOException {
                            Files.deleteIfExists(file);
                            return FileVisitResult.CONTINUE;
                        }

                        @Override
                        public FileVisitResult postVisitDirectory(
                                final Path directory, final IOException failure)
                                throws IOException {
                            if (failure != null) {
                                throw failure;
                            }
                            Files.deleteIfExists(directory);
                            return FileVisitResult.CONTINUE;
                        }
                    });
        } catch (final IOException e) {
            throw new UncheckedIOException(path + ": cannot be deleted", e);
        }
    }
}
