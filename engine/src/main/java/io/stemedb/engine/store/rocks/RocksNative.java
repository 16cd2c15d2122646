package io.stemedb.engine.store.rocks;

import io.stemedb.engine.platform.NativeFiles;
import io.stemedb.engine.store.StoreException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.rocksdb.RocksDB;
import org.rocksdb.util.Environment;

/** Loads the native library from a directory of ours: left to itself it unpacks at every start. */
final class RocksNative {
    private static boolean loaded; // guarded by the class

    private RocksNative() {}

    /** Loads the library once for each process; the first directory wins. */
    static synchronized void load(final Path nativeDirectory) {
        if (loaded) {
            return;
        }
        final String resource = "/" + Environment.getJniLibraryFileName("rocksdb");
        final Path file = NativeFiles.extract(RocksDB.class, resource, nativeDirectory);
        // Told where to look, RocksDB looks for another name than the one in its jar.
        final Path wanted = file.resolveSibling(Environment.getJniLibraryFileName("rocksdbjni"));
        try {
            Files.createSymbolicLink(wanted, file.getFileName());
        } catch (final FileAlreadyExistsException e) {
            // Of an earlier start: points at the same name.
            assert Files.isSymbolicLink(wanted);
        } catch (final IOException e) {
            throw new StoreException("cannot link " + wanted, e);
        }
        RocksDB.loadLibrary(List.of(file.toAbsolutePath().getParent().toString()));
        loaded = true;
    }
}
