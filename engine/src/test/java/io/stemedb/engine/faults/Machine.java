package io.stemedb.engine.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.stemedb.engine.TestEngines;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** What a fault suite needs of the machine, and whether it has it. */
public final class Machine {
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

    static boolean canMount(final String fileSystem) throws IOException {
        return has("losetup")
                && has("mkfs." + fileSystem)
                && Files.exists(Path.of("/dev/loop-control"))
                && works("losetup", "-f");
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
