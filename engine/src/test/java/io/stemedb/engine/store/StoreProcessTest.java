package io.stemedb.engine.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Stores and other processes. */
class StoreProcessTest {
    private static final int BATCHES = 40;
    private static final long MAX_MAP_BYTES = 1L << 30;

    @TempDir Path directory;

    @Test
    void anotherProcessReadsWhileThisOneWrites() throws Exception {
        final File output = directory.resolve("output").toFile();
        // Begins before there is a store.
        final Process process =
                StoreProcess.start(
                        List.of(),
                        output,
                        "read",
                        directory.toString(),
                        NativeDirectory.PATH.toString(),
                        Integer.toString(BATCHES));
        try (KvStore store = StoreProcess.open(directory, NativeDirectory.PATH, MAX_MAP_BYTES)) {
            int batch = 0;
            while (batch < BATCHES || process.isAlive() && batch < 10 * BATCHES) {
                StoreProcess.writeBatch(store, ++batch);
            }
            StoreProcess.await(process, output);
            store.verify();
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    @Test
    void leavesNothingOutsideItsDirectories() throws Exception {
        final Path temporary = Files.createDirectory(directory.resolve("temporary"));
        final Path home = Files.createDirectory(directory.resolve("home"));
        final Path nativeDirectory = directory.resolve("data").resolve("native");
        for (int run = 0; run < 2; run++) {
            final File output = directory.resolve("output" + run).toFile();
            final Process process =
                    StoreProcess.start(
                            List.of(
                                    "-Djava.io.tmpdir=" + temporary,
                                    "-Duser.home=" + home,
                                    "-XX:-UsePerfData"),
                            output,
                            "write",
                            directory.resolve("data").toString(),
                            nativeDirectory.toString(),
                            "3");
            final List<String> seen = List.of(temporary.toString(), home.toString());
            StoreProcess.await(process, output);
            for (final String place : seen) {
                try (Stream<Path> files = Files.list(Path.of(place))) {
                    assertEquals(List.of(), files.toList());
                }
            }
        }
        try (Stream<Path> files = Files.walk(nativeDirectory)) {
            final long libraries =
                    files.filter(Files::isRegularFile).filter(StoreProcessTest::isLibrary).count();
            assertEquals(3, libraries, "RocksDB, LMDB and its call layer, once each");
        }
        assertTrue(Files.exists(directory.resolve("data").resolve("rocks").resolve("CURRENT")));
    }

    private static boolean isLibrary(final Path file) {
        return !Files.isSymbolicLink(file);
    }
}
