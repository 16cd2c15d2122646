package io.stemedb.engine.store.rocks;

import io.stemedb.engine.platform.NativeFiles;
import io.stemedb.engine.store.StoreException;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
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
        answerForLibc();
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

    /**
     * Which C library this is RocksDB asks a shell, in a process that it starts for that. It keeps
     * the answer in a field: so it is given there, from the names of files, as RocksDB itself would
     * do without a shell.
     */
    private static boolean answerForLibc() {
        if (System.getenv("ROCKSDB_MUSL_LIBC") != null) {
            return false;
        }
        try {
            final Field answer = Environment.class.getDeclaredField("MUSL_LIBC");
            answer.setAccessible(true);
            if (answer.get(null) == null) {
                answer.set(null, isMuslLibc());
            }
            return true;
        } catch (final ReflectiveOperationException | InaccessibleObjectException e) {
            return false; // another RocksDB than ours: it finds out by itself
        }
    }

    private static boolean isMuslLibc() {
        final String[] names =
                new File("/lib").list((folder, name) -> name.startsWith("libc.musl-"));
        return names != null && names.length > 0;
    }
}
