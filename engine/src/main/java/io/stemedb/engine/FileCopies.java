package io.stemedb.engine;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.zip.CRC32C;

/** Files copied durably, with their CRC32C; trees forced and deleted. */
final class FileCopies {
    private static final int CHUNK = 1 << 20;

    private FileCopies() {}

    /** Copies the beginning of a file to one that is not there yet, and forces it; its CRC. */
    static long copy(final Path from, final Path to, final long length) throws IOException {
        final ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK);
        final CRC32C crc = new CRC32C();
        try (FileChannel in = FileChannel.open(from, StandardOpenOption.READ);
                FileChannel out =
                        FileChannel.open(
                                to,
                                java.util.Set.of(
                                        StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                                PosixFilePermissions.asFileAttribute(
                                        PosixFilePermissions.fromString("rw-------")))) {
            long done = 0;
            while (done < length) {
                chunk.clear().limit((int) Math.min(CHUNK, length - done));
                if (in.read(chunk) < 0) {
                    throw new EOFException(from + ": " + done + " bytes, expected " + length);
                }
                chunk.flip();
                done += chunk.remaining();
                crc.update(chunk.duplicate());
                while (chunk.hasRemaining()) {
                    out.write(chunk);
                }
            }
            out.force(true);
        }
        return crc.getValue();
    }

    /** CRC of the beginning of a file. */
    static long crc(final Path file, final long length) throws IOException {
        final ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK);
        final CRC32C crc = new CRC32C();
        try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ)) {
            long left = length;
            while (left > 0 && in.read(chunk.clear().limit((int) Math.min(CHUNK, left))) >= 0) {
                left -= chunk.position();
                crc.update(chunk.flip());
            }
        }
        return crc.getValue();
    }

    /** Makes a directory that only its owner may enter. */
    static Path makeDirectory(final Path directory) throws IOException {
        return Files.createDirectories(
                directory,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }

    /** Makes a file or the names in a directory durable. */
    static void force(final Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /** Makes the names in a directory and all below it durable; its files were forced before. */
    static void forceDirectories(final Path directory) throws IOException {
        try (DirectoryStream<Path> children = Files.newDirectoryStream(directory)) {
            for (final Path child : children) {
                if (Files.isDirectory(child, LinkOption.NOFOLLOW_LINKS)) {
                    forceDirectories(child);
                }
            }
        }
        force(directory);
    }

    static void delete(final Path path) throws IOException {
        if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
            try (DirectoryStream<Path> children = Files.newDirectoryStream(path)) {
                for (final Path child : children) {
                    delete(child);
                }
            }
        }
        Files.deleteIfExists(path);
    }
}
