package io.stemedb.engine.faults;

import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/** Small file systems for a test; all are taken down when it ends. */
final class Mounts implements AutoCloseable {
    private final Path work;
    private final Deque<Path> mounted = new ArrayDeque<>();
    private String[] lastCommand;
    private int images;

    Mounts(final Path work) {
        this.work = work;
    }

    /** Skips the test, loudly, where nothing can be mounted. */
    static void assume(final Path work, final boolean loop) throws Exception {
        final Path probe = Files.createDirectories(work.resolve("probe"));
        String reason = null;
        if (loop && !Machine.canMount("ext4")) {
            reason = "no loop device can be mounted";
        } else if (!Machine.has("mount")) {
            reason = "no mount";
        } else if (!Machine.works(
                "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", probe.toString())) {
            reason = "no right to mount";
        } else {
            Machine.run("umount", probe.toString());
        }
        Machine.needs(reason == null, "full and read-only media", reason);
    }

    void tmpfs(final Path at, final int megabytes) throws Exception {
        mount(at, "-t", "tmpfs", "-o", "size=" + megabytes + "m,mode=700", "tmpfs");
    }

    /** A file system on a loop device. */
    void ext4(final Path at, final int megabytes, final String features, final String options)
            throws Exception {
        final Path image = work.resolve("image-" + images++);
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength((long) megabytes << 20);
        }
        Machine.run("mkfs.ext4", "-q", "-m", "0", "-O", features, image.toString());
        mount(at, "-o", options, image.toString());
    }

    private void mount(final Path at, final String... how) throws Exception {
        Files.createDirectories(at);
        final String[] command = Arrays.copyOf(new String[] {"mount"}, how.length + 2);
        System.arraycopy(how, 0, command, 1, how.length);
        command[how.length + 1] = at.toString();
        Machine.run(command);
        lastCommand = command;
        mounted.push(at);
    }

    /**
     * Mounts the last ext4 anew, as after a start of the machine: a file system with errors is
     * looked through first, or it may turn read-only again.
     */
    void remountLast() throws IOException {
        Machine.unmount(mounted.peek());
        // its exit code says whether anything was mended; the mount says whether that was enough
        Machine.works("e2fsck", "-f", "-y", lastCommand[lastCommand.length - 2]);
        Machine.run(lastCommand);
    }

    /** Gives the last one mounted back. */
    void unmountLast() throws Exception {
        Machine.unmount(mounted.pop());
    }

    @Override
    public void close() throws IOException {
        while (!mounted.isEmpty()) {
            final Path at = mounted.pop();
            if (!Machine.works("umount", at.toString())) {
                Machine.run("umount", "-l", at.toString());
            }
        }
    }

    /** Takes all room that there is. */
    static void fillUp(final Path filler) {
        byte[] chunk = new byte[1 << 20];
        while (chunk.length > 0) {
            try (OutputStream out =
                    Files.newOutputStream(
                            filler, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
                while (true) {
                    out.write(chunk);
                }
            } catch (final IOException e) {
                chunk = new byte[chunk.length / 8];
            }
        }
    }
}
