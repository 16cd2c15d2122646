package io.stemedb.engine.journal;

import java.io.IOException;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A descriptor for fdatasync and nothing else.
 *
 * <p>It is an AsynchronousFileChannel because that one is not closed when its thread is
 * interrupted: an interrupt of a caller's thread must not look like a failed force. No thread is
 * started for it: only reads and writes would.
 */
final class SyncFile implements AutoCloseable {
    private final Path path;
    private final AsynchronousFileChannel channel;
    private final boolean directory;

    private SyncFile(
            final Path path, final AsynchronousFileChannel channel, final boolean directory) {
        this.path = path;
        this.channel = channel;
        this.directory = directory;
    }

    static SyncFile open(final Path path) throws IOException {
        return new SyncFile(
                path,
                AsynchronousFileChannel.open(
                        path, StandardOpenOption.READ, StandardOpenOption.WRITE),
                false);
    }

    /** For making a directory's entries durable, again and again. */
    static SyncFile openDirectory(final Path path) throws IOException {
        return new SyncFile(
                path, AsynchronousFileChannel.open(path, StandardOpenOption.READ), true);
    }

    /** Makes a directory's entries durable. */
    static void forceDirectory(final Path directory) throws IOException {
        try (SyncFile file = openDirectory(directory)) {
            file.force();
        }
    }

    void force() throws IOException {
        channel.force(directory);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
