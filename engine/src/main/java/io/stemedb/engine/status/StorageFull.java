package io.stemedb.engine.status;

import java.io.File;
import java.nio.file.Path;

/**
 * What the exceptions have in common that say a part of the engine is refused room by its storage.
 * Nothing is lost by one: what could not be taken is tried again, and goes on when room returns.
 */
public interface StorageFull {

    /**
     * The part that has no room.
     *
     * @return {@code journal}, {@code RocksDB store} or {@code LMDB store}
     */
    String component();

    /**
     * Where it has none.
     *
     * @return a file or directory
     */
    Path path();

    /**
     * Room left there when the exception was made.
     *
     * @return bytes; 0 if the system does not say
     */
    long freeBytes();

    /**
     * Room left on the file system of a path.
     *
     * @param path a file or directory, or one that is to be made in a directory
     * @return bytes; 0 if the system does not say
     */
    static long freeBytes(final Path path) {
        final File file = path.toAbsolutePath().toFile();
        return (file.exists() ? file : file.getParentFile()).getUsableSpace();
    }
}
