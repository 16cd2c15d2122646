package io.stemedb.engine.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
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
    private static final int CHUNK = 1 << 20;

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

    /**
     * Writes the bytes of a file to the disk again as they are in memory, from a position on; zeros
     * fill the last block. Nobody else may write the file.
     *
     * <p>Past the page cache: after a write that failed, ext4 does not mark reserved blocks as
     * written when the same cached page is written once more, and after a crash they read as zeros.
     */
    static void writeAgain(final Path path, final long from) throws IOException {
        try {
            writeAgain(path, from, direct());
        } catch (final UnsupportedOperationException | IOException e) {
            if (e instanceof IOException && !isRefusalOfDirect(e)) {
                throw e;
            }
            writeAgain(path, from, StandardOpenOption.WRITE); // it cannot do without its cache
        }
    }

    /** By name: a compiler may warn of the class, which is the JDK's own and exported. */
    private static OpenOption direct() {
        try {
            for (final Object option :
                    Class.forName("com.sun.nio.file.ExtendedOpenOption").getEnumConstants()) {
                if ("DIRECT".equals(option.toString())) {
                    return (OpenOption) option;
                }
            }
        } catch (final ClassNotFoundException e) {
            throw new UnsupportedOperationException(e);
        }
        throw new UnsupportedOperationException("no direct I/O in this JDK");
    }

    /** EINVAL, when the file is opened or written. */
    private static boolean isRefusalOfDirect(final Exception e) {
        return String.valueOf(e.getMessage()).contains("Invalid argument");
    }

    private static void writeAgain(final Path path, final long from, final OpenOption how)
            throws IOException {
        final int block = blockSize(path);
        final ByteBuffer bytes = ByteBuffer.allocateDirect(CHUNK + block).alignedSlice(block);
        try (FileChannel in = FileChannel.open(path, StandardOpenOption.READ);
                FileChannel out = FileChannel.open(path, StandardOpenOption.WRITE, how)) {
            long position = from / block * block;
            while (read(in, bytes, position)) {
                while (bytes.position() % block != 0) {
                    bytes.put((byte) 0);
                }
                bytes.flip();
                while (bytes.hasRemaining()) {
                    position += out.write(bytes, position);
                }
            }
        }
    }

    private static int blockSize(final Path path) {
        try {
            return (int) Files.getFileStore(path).getBlockSize();
        } catch (final IOException e) { // where the mounts cannot be looked at
            return BlockPreparer.PAGE;
        }
    }

    private static boolean read(final FileChannel in, final ByteBuffer bytes, final long position)
            throws IOException {
        bytes.clear();
        int count = 0;
        while (count >= 0 && bytes.hasRemaining()) {
            count = in.read(bytes, position + bytes.position());
        }
        return bytes.position() > 0;
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
