package io.stemedb.engine.faults;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** A file system of its own on a loop device, whose power can be cut. */
final class LoopMount implements AutoCloseable {
    private final Path image;
    private final Path directory;
    private final Path powercut;
    private boolean mounted;

    private LoopMount(final Path image, final Path directory, final Path powercut) {
        this.image = image;
        this.directory = directory;
        this.powercut = powercut;
    }

    static LoopMount create(
            final Path image, final long bytes, final String fileSystem, final Path directory)
            throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(bytes);
        }
        Machine.run("mkfs." + fileSystem, "-q", image.toString());
        Files.createDirectories(directory);
        final LoopMount made =
                new LoopMount(image, directory, Machine.compile(image.getParent(), "powercut"));
        made.mount();
        makeData(directory, image.getParent());
        return made;
    }

    /** The root of a file system as an engine's directory; what is large and no data is outside. */
    static void makeData(final Path root, final Path work) throws IOException {
        Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwx------"));
        Files.createSymbolicLink(
                root.resolve("native"), Files.createDirectories(work.resolve("native")));
    }

    void mount() throws IOException {
        Machine.run("mount", "-o", "loop", image.toString(), directory.toString());
        mounted = true;
    }

    /**
     * Nothing reaches the disk from now on, neither data nor the file system's own log.
     *
     * @return bytes that a file elsewhere had right before
     */
    long cutPower(final Path output) throws IOException {
        return Long.parseLong(
                Machine.run(powercut.toString(), directory.toString(), output.toString()));
    }

    void unmount() throws IOException {
        Machine.unmount(directory);
        mounted = false;
    }

    @Override
    public void close() throws IOException {
        if (mounted) {
            Machine.run("umount", "-l", directory.toString());
        }
    }
}
