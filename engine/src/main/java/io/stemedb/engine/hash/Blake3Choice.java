package io.stemedb.engine.hash;

import io.stemedb.engine.platform.NativeFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.agrona.concurrent.UnsafeBuffer;

/** Which implementation this JVM uses: chosen once, by the system property and by what loads. */
final class Blake3Choice {
    private static final String LIBRARY_NAME = "libstemedb_blake3.so";

    /** More than one chunk and less than a whole block at the end: every path of the algorithm. */
    private static final int PROBE_LENGTH = 3 * 1024 + 100;

    private static Blake3Choice made; // guarded by the class

    private final boolean isNative;
    private final String description;

    private Blake3Choice(final boolean isNative, final String description) {
        this.isNative = isNative;
        this.description = description;
    }

    /**
     * The choice, made now if it was not before. A choice that fails is not kept: the next call
     * tries, and fails, again.
     */
    static synchronized Blake3Choice make(final Path nativeDirectory) {
        if (made == null) {
            made = choose(System.getProperty(Blake3.PROPERTY, "auto"), nativeDirectory);
        }
        return made;
    }

    static synchronized String description() {
        return made == null ? "not chosen yet" : made.description;
    }

    Blake3 newInstance() {
        return isNative ? new NativeBlake3() : new JavaBlake3();
    }

    private static Blake3Choice choose(final String asked, final Path nativeDirectory) {
        switch (asked) {
            case JavaBlake3.NAME:
                return java("asked for by " + Blake3.PROPERTY);
            case NativeBlake3.NAME:
                try {
                    return loadNative(nativeDirectory);
                } catch (final UnsatisfiedLinkError | RuntimeException ex) {
                    throw new IllegalStateException(
                            Blake3.PROPERTY + "=native, but it cannot be had: " + ex.getMessage(),
                            ex);
                }
            case "auto":
                try {
                    return loadNative(nativeDirectory);
                } catch (final UnsatisfiedLinkError | RuntimeException ex) {
                    // whatever it is, there is a way to go on that gives the same hashes
                    return java(String.valueOf(ex.getMessage()));
                }
            default:
                throw new IllegalArgumentException(
                        Blake3.PROPERTY + " must be auto, native or java, is " + asked);
        }
    }

    private static Blake3Choice java(final String reason) {
        return new Blake3Choice(false, JavaBlake3.NAME + ": " + reason);
    }

    private static Blake3Choice loadNative(final Path nativeDirectory) {
        final String platform = NativeFiles.platform();
        final String resource = "native/" + platform + "/" + LIBRARY_NAME;
        if (Blake3Choice.class.getResource(resource) == null) {
            throw new IllegalStateException(
                    "there is no C library for " + platform + " in the jar");
        }
        final String from;
        if (nativeDirectory == null) {
            loadFromTemporaryDirectory(resource);
            from = "a temporary file";
        } else {
            final Path file = NativeFiles.extract(Blake3Choice.class, resource, nativeDirectory);
            System.load(file.toString());
            from = file.toString();
        }
        checkAgainstJava();
        return new Blake3Choice(true, NativeBlake3.NAME + ": loaded from " + from);
    }

    private static void loadFromTemporaryDirectory(final String resource) {
        final Path directory;
        try {
            directory = Files.createTempDirectory("stemedb-native-"); // for its owner only
        } catch (final IOException ex) {
            throw new UncheckedIOException("no temporary directory for native code: " + ex, ex);
        }
        try {
            final Path file = NativeFiles.extract(Blake3Choice.class, resource, directory);
            System.load(file.toString());
        } finally {
            NativeFiles.remove(directory);
        }
    }

    /** A library that computes something else must never name a record. */
    private static void checkAgainstJava() {
        final UnsafeBuffer in = new UnsafeBuffer(new byte[PROBE_LENGTH]);
        for (int i = 0; i < PROBE_LENGTH; i++) {
            in.putByte(i, (byte) i);
        }
        final UnsafeBuffer expected = new UnsafeBuffer(new byte[Blake3.HASH_LENGTH]);
        final UnsafeBuffer actual = new UnsafeBuffer(new byte[Blake3.HASH_LENGTH]);
        new JavaBlake3().hash(in, 0, PROBE_LENGTH, expected, 0);
        new NativeBlake3().hash(in, 0, PROBE_LENGTH, actual, 0);
        if (!expected.equals(actual)) {
            throw new IllegalStateException("the C library computes other hashes than Java");
        }
    }
}
