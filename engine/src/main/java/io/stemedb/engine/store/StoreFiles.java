package io.stemedb.engine.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;

/** Directories of stores. For the rooms below the store room. */
public final class StoreFiles {
    private StoreFiles() {}

    /**
     * Makes a directory that only its owner may enter, durably, unless it is there.
     *
     * @param directory to make; missing parents are made too
     * @throws StoreException if it cannot be made
     */
    public static void makeDirectory(final Path directory) {
        if (Files.isDirectory(directory)) {
            return;
        }
        final Path parent = directory.toAbsolutePath().getParent();
        if (parent != null) {
            makeDirectory(parent);
        }
        try {
            if (directory.getFileSystem().supportedFileAttributeViews().contains("posix")) {
                Files.createDirectory(
                        directory,
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rwx------")));
            } else {
                Files.createDirectory(directory);
            }
        } catch (final IOException e) {
            throw new StoreException("cannot make directory " + directory, e);
        }
        if (parent != null) {
            syncDirectory(parent);
        }
    }

    /**
     * Makes the names in a directory durable.
     *
     * @param directory whose names
     * @throws StoreException if that fails
     */
    public static void syncDirectory(final Path directory) {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (final IOException e) {
            throw new StoreException("cannot sync directory " + directory, e);
        }
    }

    /**
     * Deletes the files in a directory.
     *
     * @param directory to empty
     * @throws StoreException if that fails
     */
    public static void deleteFiles(final Path directory) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (final Path file : files) {
                Files.delete(file);
            }
        } catch (final IOException e) {
            throw new StoreException("cannot empty directory " + directory, e);
        }
    }
}
