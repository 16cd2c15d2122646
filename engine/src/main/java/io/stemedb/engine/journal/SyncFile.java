package io.stemedb.engine.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.FileChannel;
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
    private static final int CHUNK = 1 << 20;

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

    /**
     * Writes the bytes of a file again as they are, from a position on, so that the next force does
     * write them. Nobody else may write the file.
     */
    static void writeAgain(final Path path, final long from) throws IOException {
        try (FileChannel channel =
                FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            final ByteBuffer bytes = ByteBuffer.allocate(CHUNK);
            long position = from;
            while (channel.read(bytes, position) > 0) {
                bytes.flip();
                while (bytes.hasRemaining()) {
                    position += channel.write(bytes, position);
                }
                bytes.clear();
            }
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
