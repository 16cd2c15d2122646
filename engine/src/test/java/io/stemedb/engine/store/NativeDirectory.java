package io.stemedb.engine.store;

import java.nio.file.Path;

/** Where tests keep native libraries, so that they are unpacked once for all of them. */
final class NativeDirectory {
    static final Path PATH = Path.of("target", "test-native").toAbsolutePath();

    private NativeDirectory() {}
}
