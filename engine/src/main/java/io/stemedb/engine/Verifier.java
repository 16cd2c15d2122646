package io.stemedb.engine;

import io.stemedb.engine.hash.Blake3;
import io.stemedb.engine.platform.DirectoryLock;
import io.stemedb.engine.platform.JvmFlags;
import io.stemedb.engine.platform.Manifest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.stream.Stream;

/**
 * Checks a directory's journal and stores, each by itself and against each other: the stores' own
 * checksums, CRC, content hash and key of every record, every record up to a store's cursor in it,
 * and every entry of a store from a record. Changes nothing; holds the directory's lock meanwhile.
 * Takes some 12 to 24 bytes outside the heap for each entry of the stores.
 */
public final class Verifier {
    private Verifier() {}

    /**
     * Verifies a directory that no engine runs on.
     *
     * @param directory data directory
     * @param progress told, now and then, how many store entries and journal records were looked at
     * @return what was found
     * @throws EngineException if there is no engine's data there
     * @throws io.stemedb.engine.platform.ManifestException if the manifest was altered
     * @throws io.stemedb.engine.platform.DirectoryInUseException naming who runs on it
     */
    public static Verification verify(final Path directory, final LongConsumer progress) {
        final Manifest manifest = manifest(directory);
        try (DirectoryLock lock = DirectoryLock.acquire(directory)) {
            return examine(directory, manifest, lock, progress).verification();
        }
    }

    /**
     * Says what a verification would read, and reads none of it.
     *
     * @param directory data directory that no engine runs on
     * @return for journal, RocksDB and LMDB how many files there are, and their bytes
     * @throws EngineException if there is no engine's data there
     * @throws io.stemedb.engine.platform.ManifestException if the manifest was altered
     * @throws io.stemedb.engine.platform.DirectoryInUseException naming who runs on it
     */
    public static List<String> plan(final Path directory) {
        manifest(directory);
        final List<String> lines = new ArrayList<>();
        final DirectoryLock lock = DirectoryLock.acquire(directory);
        try {
            for (final String part :
                    List.of(EngineParts.JOURNAL, EngineParts.ROCKS, EngineParts.LMDB)) {
                lines.add("read " + filesOf(directory.resolve(part)));
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(directory + ": cannot be looked at: " + e, e);
        } finally {
            lock.close();
        }
        return lines;
    }

    private static String filesOf(final Path part) throws IOException {
        if (!Files.isDirectory(part)) {
            return part + ", which is missing";
        }
        long bytes = 0;
        long count = 0;
        try (Stream<Path> files = Files.walk(part)) {
            for (final Path file : files.filter(Files::isRegularFile).toList()) {
                bytes += Files.size(file);
                count++;
            }
        }
        return part + ": " + count + " files, " + bytes + " bytes";
    }

    /** Looks at a directory; the lock is the caller's. */
    static Examination examine(
            final Path directory,
            final Manifest manifest,
            final DirectoryLock lock,
            final LongConsumer progress) {
        java.util.Objects.requireNonNull(lock);
        final Path natives = directory.resolve(EngineParts.NATIVE);
        Blake3.load(natives);
        return Examination.of(directory, manifest, natives, progress);
    }

    static Manifest manifest(final Path directory) {
        JvmFlags.check();
        final Manifest manifest = Manifest.read(directory);
        if (manifest == null) {
            EngineParts.checkOurs(directory); // where only the manifest is missing, it says so
            throw new EngineException(directory + ": no data directory of an engine", null);
        }
        return manifest;
    }
}
