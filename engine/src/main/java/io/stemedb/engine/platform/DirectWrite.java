package io.stemedb.engine.platform;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Writing past the page cache. */
public final class DirectWrite {
    private static final int CHUNK = 1 << 20;
    private static final int PAGE = 4096;

    private DirectWrite() {}

    /**
     * Writes the bytes of a file to the disk again as they are in memory, from a position on; zeros
     * fill the last block. Nobody else may write the file meanwhile; it may be read and mapped.
     *
     * <p>Past the page cache: after a write that failed, ext4 does not mark reserved blocks as
     * written when the same cached page is written once more, and after a crash they read as zeros.
     *
     * @param path of the file
     * @param from first byte that is to be written again
     * @throws IOException if it cannot be read or written
     */
    public static void again(final Path path, final long from) throws IOException {
        try {
            again(path, from, direct());
        } catch (final UnsupportedOperationException | IOException e) {
            if (e instanceof IOException && !isRefusalOfDirect(e)) {
                throw e;
            }
            again(path, from, StandardOpenOption.WRITE); // it cannot do without its cache
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

    private static void again(final Path path, final long from, final OpenOption how)
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
            return PAGE;
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
}
