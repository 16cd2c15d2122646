package io.stemedb.engine.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.stemedb.engine.TestEngines;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.SleepingIdleStrategy;

/** What a fault suite needs of the machine, and whether it has it. */
public final class Machine {
    /** The least that mkfs.xfs takes; hardly any of it is written. */
    private static final long PROBE_BYTES = 320L << 20;

    private static final int PAUSE_NS = 1_000_000;

    private static final Map<String, Boolean> MOUNTABLE = new ConcurrentHashMap<>();

    private Machine() {}

    /** Skips a test, and says so where it is seen. */
    public static void needs(final boolean there, final String what, final String otherwise) {
        if (!there) {
            System.out.println("SKIPPED: " + what + ": " + otherwise);
        }
        assumeTrue(there, otherwise);
    }

    public static boolean canTrace() throws IOException {
        return has("strace") && works("strace", "-f", "-o", "/dev/null", "true");
    }

    static boolean canUnshare() throws IOException {
        return has("unshare") && works("unshare", "-pf", "--kill-child", "--mount-proc", "true");
    }

    /** Tries it, once for each kind: rights, loop devices and the kernel must all be there. */
    static boolean canMount(final String fileSystem) {
        return MOUNTABLE.computeIfAbsent(fileSystem, Machine::mountsOne);
    }

    private static boolean mountsOne(final String fileSystem) {
        if (!has("losetup") || !has("mount") || !has("mkfs." + fileSystem)) {
            return false;
        }
        try {
            final Path probe = Files.createTempDirectory("stemedb");
            final Path image = probe.resolve("image");
            final Path at = Files.createDirectory(probe.resolve("at"));
            try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
                file.setLength(PROBE_BYTES);
            }
            final boolean can =
                    works("mkfs." + fileSystem, "-q", image.toString())
                            && works("mount", "-o", "loop", image.toString(), at.toString());
            if (can) {
                unmount(at);
            }
            Files.delete(at);
            Files.delete(image);
            Files.delete(probe);
            return can;
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether a command is on the path. */
    public static boolean has(final String command) {
        for (final String folder : System.getenv("PATH").split(":")) {
            if (Files.isExecutable(Path.of(folder, command))) {
                return true;
            }
        }
        return false;
    }

    static boolean works(final String... command) throws IOException {
        final Process process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start();
        return hasEnded(process) && process.exitValue() == 0;
    }

    /** Runs a command that must go well; what it printed. */
    static String run(final String... command) throws IOException {
        final Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        final String output = new String(process.getInputStream().readAllBytes());
        assertTrue(hasEnded(process), () -> String.join(" ", command));
        assertEquals(0, process.exitValue(), () -> String.join(" ", command) + ": " + output);
        return output.strip();
    }

    /** Waits for the end of a process, for a time. */
    static boolean hasEnded(final Process process) {
        try {
            return process.waitFor(TestEngines.TIMEOUT_NS, TimeUnit.NANOSECONDS);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /**
     * Unmounts, and waits until the file system is gone and with it its loop device. While another
     * mount namespace has it, such as a child's of another test, mounting the same image again
     * would give the same file system, with all that happened to it, and not what is on the disk.
     */
    static void unmount(final Path at) throws IOException {
        final String device = deviceUnder(at);
        final String image = device == null ? "" : image(device);
        umount(at);
        final IdleStrategy pause = new SleepingIdleStrategy(PAUSE_NS);
        final long startNs = System.nanoTime();
        while (!image.isEmpty() && image.equals(image(device))) {
            assertTrue(
                    System.nanoTime() - startNs < TestEngines.TIMEOUT_NS,
                    () -> at + " is unmounted, and " + device + " stays");
            pause.idle();
        }
    }

    /** Whoever looks at a process that has just died may keep what it had mapped for a moment. */
    static void umount(final Path at) throws IOException {
        final IdleStrategy pause = new SleepingIdleStrategy(PAUSE_NS);
        final long startNs = System.nanoTime();
        while (!works("umount", at.toString())) {
            if (System.nanoTime() - startNs > TestEngines.TIMEOUT_NS) {
                run("umount", at.toString()); // says why
                return;
            }
            pause.idle();
        }
    }

    /** The file behind a loop device; empty if it has none (any more). */
    private static String image(final String device) {
        try {
            return Files.readString(Path.of("/sys/block", device, "loop/backing_file"));
        } catch (final IOException e) { // it is not there, or goes while it is read
            return "";
        }
    }

    /** The name of the device under a mount, such as loop0; null if there is none. */
    static String deviceUnder(final Path at) throws IOException {
        String found = null;
        for (final String line : Files.readAllLines(Path.of("/proc/self/mounts"))) {
            final String[] fields = line.split(" ");
            if (fields[1].equals(at.toString()) && fields[0].startsWith("/dev/")) {
                found = Path.of(fields[0]).getFileName().toString();
            }
        }
        return found;
    }

    /** Compiles a helper of src/test/c. */
    static Path compile(final Path work, final String name, final String... flags)
            throws IOException {
        final Path program = work.resolve(name);
        final List<String> command =
                new ArrayList<>(
                        List.of(
                                "gcc",
                                "-O2",
                                "-Wall",
                                "-Wextra",
                                "-Werror",
                                "-D_GNU_SOURCE",
                                "-D_FILE_OFFSET_BITS=64",
                                "-o",
                                program.toString(),
                                Path.of("src/test/c", name + ".c").toString()));
        command.addAll(List.of(flags));
        run(command.toArray(String[]::new));
        return program;
    }
}
