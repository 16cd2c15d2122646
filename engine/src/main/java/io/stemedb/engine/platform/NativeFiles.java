package io.stemedb.engine.platform;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.zip.CRC32;

/**
 * Takes native libraries out of their jars into a directory that is ours alone, once for each
 * content.
 *
 * <p>Libraries that unpack themselves do so anew at every start, and what they unpack stays behind
 * when the process is killed. A file taken out here lies under a name derived from its bytes and is
 * used again as long as it still has them; a file that was cut short or changed is replaced.
 */
public final class NativeFiles {
    private static final Set<PosixFilePermission> OWNER_ONLY =
            PosixFilePermissions.fromString("rwx------");
    private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY_ATTRIBUTE =
            PosixFilePermissions.asFileAttribute(OWNER_ONLY);
    private static final String TEMPORARY_SUFFIX = ".tmp";
    private static final long TEMPORARY_LIFE_MS = TimeUnit.HOURS.toMillis(1);
    private static final int COPY_LENGTH = 64 * 1024;

    private NativeFiles() {}

    /**
     * The platform of this JVM as folders of native code are named: operating system and machine,
     * such as {@code linux-x86_64}.
     *
     * @return the name
     */
    public static String platform() {
        final String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        final String machine = System.getProperty("os.arch");
        return system.replace(' ', '_') + "-" + ("amd64".equals(machine) ? "x86_64" : machine);
    }

    /**
     * Makes a resource available as a file.
     *
     * <p>The file keeps its name, as some libraries look for one name only, and lies in a folder
     * named after its content: {@code directory/<CRC-32 and length, 8 hex digits each>/<name>}.
     * Appears whole or not at all; several processes may do this at once.
     *
     * @param owner a class of the jar that holds the resource
     * @param resource its name, as {@link Class#getResourceAsStream} takes it
     * @param directory where to put it; made when absent, and made accessible to its owner only
     * @return the file
     * @throws UncheckedIOException when there is no such resource, or it cannot be written
     */
    public static Path extract(final Class<?> owner, final String resource, final Path directory) {
        try {
            final Content content = contentOf(owner, resource);
            final Path home = directory.toAbsolutePath();
            makePrivate(home);
            final Path folder = home.resolve(content.name());
            makePrivate(folder);
            final Path file = folder.resolve(resource.substring(resource.lastIndexOf('/') + 1));
            if (!Files.isRegularFile(file) || !content.equals(contentOf(file))) {
                write(owner, resource, folder, file);
            }
            return file;
        } catch (final IOException ex) {
            throw new UncheckedIOException(
                    "resource "
                            + resource
                            + " cannot be made a file in directory "
                            + directory
                            + ": "
                            + ex,
                    ex);
        }
    }

    /**
     * Removes everything {@link #extract} made in a directory, and the directory itself. A library
     * that was loaded from there goes on working: its mapping outlives the name.
     *
     * @param directory as given to {@link #extract}; holds nothing else
     * @throws UncheckedIOException when something of it cannot be removed
     */
    public static void remove(final Path directory) {
        try {
            removeTree(directory);
        } catch (final IOException ex) {
            throw new UncheckedIOException("directory " + directory + " cannot be removed", ex);
        }
    }

    private static void removeTree(final Path path) throws IOException {
        if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
            try (DirectoryStream<Path> children = Files.newDirectoryStream(path)) {
                for (final Path child : children) {
                    removeTree(child);
                }
            }
        }
        Files.deleteIfExists(path);
    }

    private static void write(
            final Class<?> owner, final String resource, final Path folder, final Path file)
            throws IOException {
        removeLeftovers(folder);
        // Not forced to the disk: a file that a power cut left short fails the check next time.
        final Path temporary = Files.createTempFile(folder, "", TEMPORARY_SUFFIX);
        try {
            try (InputStream in = open(owner, resource)) {
                Files.copy(in, temporary, StandardCopyOption.REPLACE_EXISTING);
            }
            // Whoever has the old file mapped keeps it; nobody ever sees half of the new one.
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    /** What a killed process was writing; a live one is done within seconds. */
    private static void removeLeftovers(final Path folder) throws IOException {
        final long oldestMs = System.currentTimeMillis() - TEMPORARY_LIFE_MS;
        try (DirectoryStream<Path> leftovers =
                Files.newDirectoryStream(folder, "*" + TEMPORARY_SUFFIX)) {
            for (final Path leftover : leftovers) {
                if (lastModifiedMs(leftover) < oldestMs) {
                    Files.deleteIfExists(leftover);
                }
            }
        }
    }

    private static long lastModifiedMs(final Path file) throws IOException {
        try {
            return Files.getLastModifiedTime(file).toMillis();
        } catch (final NoSuchFileException ex) {
            return Long.MAX_VALUE; // its writer has just finished and renamed it
        }
    }

    /** Code is loaded from here: whoever could write here could run as us. */
    private static void makePrivate(final Path directory) throws IOException {
        final boolean posix =
                directory.getFileSystem().supportedFileAttributeViews().contains("posix");
        if (!Files.isDirectory(directory)) {
            if (posix) {
                Files.createDirectories(directory, OWNER_ONLY_ATTRIBUTE);
            } else {
                Files.createDirectories(directory);
            }
        }
        final PosixFileAttributeView view =
                Files.getFileAttributeView(directory, PosixFileAttributeView.class);
        if (view != null && !view.readAttributes().permissions().equals(OWNER_ONLY)) {
            view.setPermissions(OWNER_ONLY);
        }
    }

    private static InputStream open(final Class<?> owner, final String resource)
            throws IOException {
        final InputStream in = owner.getResourceAsStream(resource);
        if (in == null) {
            throw new FileNotFoundException("there is no such resource beside " + owner.getName());
        }
        return in;
    }

    /** A jar knows it of its entries: nothing is unpacked for it, at any start but the first. */
    private static Content contentOf(final Class<?> owner, final String resource)
            throws IOException {
        final URL url = owner.getResource(resource);
        if (url != null && url.openConnection() instanceof JarURLConnection connection) {
            final JarEntry entry = connection.getJarEntry();
            if (entry.getCrc() >= 0 && entry.getSize() >= 0) {
                return new Content(entry.getCrc(), entry.getSize());
            }
        }
        try (InputStream in = open(owner, resource)) {
            return contentOf(in);
        }
    }

    private static Content contentOf(final Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return contentOf(in);
        }
    }

    private static Content contentOf(final InputStream in) throws IOException {
        final CRC32 crc = new CRC32();
        final byte[] bytes = new byte[COPY_LENGTH];
        long total = 0;
        for (int length = in.read(bytes); length >= 0; length = in.read(bytes)) {
            crc.update(bytes, 0, length);
            total += length;
        }
        return new Content(crc.getValue(), total);
    }

    /** Tells a file that was cut short, damaged or is of another version. */
    private record Content(long crc, long length) {
        String name() {
            return String.format("%08x%08x", crc, length);
        }
    }
}
