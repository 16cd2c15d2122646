package io.stemedb.engine.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** Small file systems for a test; all are taken down when it ends. */
final class Mounts implements AutoCloseable {
    private static final int TIMEOUT_S = 30;

    private final Path work;
    private final Deque<Path> mounted = new ArrayDeque<>();
    private int images;

    Mounts(final Path work) {
        this.work = work;
    }

    /** Skips the test, loudly, where nothing can be mounted. */
    static void assume(final Path work, final boolean loop) throws Exception {
        final Path probe = Files.createDirectories(work.resolve("probe"));
        String reason = null;
        if (loop && !Files.exists(Path.of("/dev/loop-control"))) {
            reason = "no loop devices";
        } else if (!tells("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", probe.toString())
                .isEmpty()) {
            reason = "no right to mount";
        } else {
            run("umount", probe.toString());
        }
        if (reason != null) {
            System.out.println("SKIPPED: full and read-only media: " + reason);
        }
        Assumptions.assumeTrue(reason == null, reason);
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
        run("mkfs.ext4", "-q", "-m", "0", "-O", features, image.toString());
        mount(at, "-o", options, image.toString());
    }

    private void mount(final Path at, final String... how) throws Exception {
        Files.createDirectories(at);
        final String[] command = Arrays.copyOf(new String[] {"mount"}, how.length + 2);
        System.arraycopy(how, 0, command, 1, how.length);
        command[how.length + 1] = at.toString();
        run(command);
        mounted.push(at);
    }

    /** The name of the device under a mount, such as loop0. */
    static String device(final Path at) throws IOException {
        for (final String line : Files.readAllLines(Path.of("/proc/self/mounts"))) {
            final String[] fields = line.split(" ");
            if (fields[1].equals(at.toString())) {
                return Path.of(fields[0]).getFileName().toString();
            }
        }
        throw new AssertionError(at + " is not mounted");
    }

    static void run(final String... command) throws IOException {
        assertEquals("", tells(command), () -> String.join(" ", command));
    }

    /** What a command that failed says; empty for one that went well. */
    private static String tells(final String... command) throws IOException {
        final Process process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                        .start();
        final String said =
                new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            assertTrue(process.waitFor(TIMEOUT_S, TimeUnit.SECONDS), () -> command[0] + " hangs");
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted in " + command[0], e);
        }
        return process.exitValue() == 0 ? "" : "exit " + process.exitValue() + ": " + said;
    }

    /** Gives the last one mounted back. */
    void unmountLast() throws Exception {
        run("umount", mounted.pop().toString());
    }

    @Override
    public void close() throws IOException {
        while (!mounted.isEmpty()) {
            final Path at = mounted.pop();
            if (!tells("umount", at.toString()).isEmpty()) {
                run("umount", "-l", at.toString());
            }
        }
    }
}
