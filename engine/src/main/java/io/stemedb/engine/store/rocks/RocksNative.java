package io.stemedb.engine.store.rocks;

import io.stemedb.engine.platform.NativeFiles;
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
        final String resource = "/" + Environment.getJniLibraryFileName("rocksdbjni");
        final Path file = NativeFiles.extract(RocksDB.class, resource, nativeDirectory);
        RocksDB.loadLibrary(List.of(file.toAbsolutePath().getParent().toString()));
        loaded = true;
    }
}
