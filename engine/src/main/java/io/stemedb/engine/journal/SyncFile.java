package io.stemedb.engine.journal;

import java.io.IOException;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A descriptor for fdatasync, or fsync, and nothing else.
 *
 * <p>It is an AsynchronousFileChannel because that one is not closed when its thread is
 * interrupted: an interrupt of a caller's thread must not look like a failed force. No thread is
 * started for it: only reads and writes would.
 */
final class SyncFile implements AutoCloseable {
    private final Path path;
    private final AsynchronousFileChannel channel;
    private final boolean metadata;

    private SyncFile(
            final Path path, final AsynchronousFileChannel channel, final boolean metadata) {
        this.path = path;
        this.channel = channel;
        this.metadata = metadata;
    }

    static SyncFile open(final Path path) throws IOException {
        return new SyncFile(
                path,
                AsynchronousFileChannel.open(
                        path, StandardOpenOption.READ, StandardOpenOption.WRITE),
                false);
    }

    /** For fsync: of a file whose length changes, or of a directory's entries, again and again. */
    static SyncFile openWhole(final Path path) throws IOException {
        return new SyncFile(
                path, AsynchronousFileChannel.open(path, StandardOpenOption.READ), true);
    }

    /** Makes a directory's entries durable. */
    static void forceDirectory(final Path directory) throws IOException {
        try (SyncFile file = openWhole(directory)) {
            file.force();
        }
    }

    void force() throws IOException {
        channel.force(metadata);
    }

    /** Also of a file that has another name by now, or none. */
    long length() throws IOException {
        return channel.size();
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
