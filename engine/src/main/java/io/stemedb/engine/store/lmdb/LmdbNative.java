package io.stemedb.engine.store.lmdb;

import io.stemedb.engine.platform.NativeFiles;
import java.nio.file.Path;
import java.util.Locale;
import org.lmdbjava.Env;

/**
 * Tells LMDB's binding, and the call layer below it, where their native libraries are: left to
 * themselves both unpack into the temporary directory at every start. Both read a system property
 * once, when first used; what the host has set is left alone.
 */
final class LmdbNative {
    private static final String LMDB_LIBRARY = "lmdbjava.native.lib";
    private static final String LMDB_EMBEDDED = "lmdbjava.embedded.lib";
    private static final String LMDB_DIRECTORY = "lmdbjava.extract.dir";
    private static final String CALLS_PATH = "jffi.boot.library.path";
    private static final String CALLS_DIRECTORY = "jffi.extract.dir";
    private static boolean prepared; // guarded by the class

    private LmdbNative() {}

    /** Prepares the process once; the first directory wins. */
    static synchronized void prepare(final Path nativeDirectory) {
        if (prepared) {
            return;
        }
        final String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        final String machine = machine();
        if (isUnset(CALLS_PATH) && isUnset(CALLS_DIRECTORY)) {
            provide(callsResource(system, machine), CALLS_PATH, nativeDirectory, true);
        }
        if (isUnset(LMDB_LIBRARY) && isUnset(LMDB_EMBEDDED) && isUnset(LMDB_DIRECTORY)) {
            provide(lmdbResource(system, machine), LMDB_LIBRARY, nativeDirectory, false);
        }
        prepared = true;
    }

    /** On a platform we do not know the libraries find their own way. */
    private static void provide(
            final String resource,
            final String property,
            final Path nativeDirectory,
            final boolean directoryWanted) {
        if (Env.class.getResource(resource) == null) {
            return;
        }
        final Path file =
                NativeFiles.extract(Env.class, resource, nativeDirectory).toAbsolutePath();
        System.setProperty(property, (directoryWanted ? file.getParent() : file).toString());
    }

    private static String callsResource(final String system, final String machine) {
        return system.startsWith("mac")
                ? "/jni/Darwin/libjffi-1.2.jnilib"
                : "/jni/" + machine + "-Linux/libjffi-1.2.so";
    }

    private static String lmdbResource(final String system, final String machine) {
        return "/org/lmdbjava/native/"
                + machine
                + (system.startsWith("mac") ? "-macos-none.so" : "-linux-gnu.so");
    }

    private static String machine() {
        final String machine = System.getProperty("os.arch");
        return "amd64".equals(machine) ? "x86_64" : machine;
    }

    private static boolean isUnset(final String property) {
        return System.getProperty(property) == null;
    }
}
