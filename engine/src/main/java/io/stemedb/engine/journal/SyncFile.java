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

    private SyncFile(final Path path, final AsynchronousFileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    static SyncFile open(final Path path) throws IOException {
        return new SyncFile(
                path,
                AsynchronousFileChannel.open(
                        path, StandardOpenOption.READ, StandardOpenOption.WRITE));
    }

    /** Makes a directory's entries durable. */
    static void forceDirectory(final Path directory) throws IOException {
        try (AsynchronousFileChannel channel =
                AsynchronousFileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    void force() throws IOException {
        channel.force(false);
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
