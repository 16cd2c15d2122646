package io.stemedb.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * A main method in a JVM of its own, with this JVM's flags and class path; output goes to a file.
 */
public final class ChildJvm implements AutoCloseable {
    /** Of the tests. */
    public static final String CLASS_PATH =
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));

    /** Of a child that hangs, for ever: how long it takes to be red, and no limit of anything. */
    private static final int TIMEOUT_S = 300;

    /** Variables of which a JVM says that it has picked them up. */
    private static final Set<String> SAID_BY_JVM =
            Set.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS");

    private final Process process;
    private final Path output;

    private ChildJvm(final Process process, final Path output) {
        this.process = process;
        this.output = output;
    }

    public static ChildJvm start(
            final Path output, final Class<?> main, final String... arguments) {
        return start(output, List.of(), List.of(), main, arguments);
    }

    /** With a command before the JVM's, such as a tracer, and more flags of the JVM. */
    public static ChildJvm start(
            final Path output,
            final List<String> before,
            final List<String> flags,
            final Class<?> main,
            final String... arguments) {
        return start(output, before, flags, CLASS_PATH, main, arguments);
    }

    /** With another class path. */
    public static ChildJvm start(
            final Path output,
            final List<String> before,
            final List<String> flags,
            final String classPath,
            final Class<?> main,
            final String... arguments) {
        final List<String> command = new ArrayList<>(before);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(flags);
        command.add("-XX:-UsePerfData"); // it writes into the system's temporary directory
        command.add("-cp");
        command.add(classPath);
        command.add(main.getName());
        command.addAll(List.of(arguments));
        final ProcessBuilder builder =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()));
        builder.environment().keySet().removeAll(SAID_BY_JVM);
        try {
            return new ChildJvm(builder.start(), output);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public Process process() {
        return process;
    }

    public List<String> lines() {
        try {
            return Files.exists(output) ? Files.readAllLines(output) : List.of();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits for a good end; what it wrote. */
    public List<String> end() throws InterruptedException {
        assertTrue(process.waitFor(TIMEOUT_S, TimeUnit.SECONDS), () -> "child hangs: " + lines());
        assertEquals(0, process.exitValue(), () -> String.join("\n", lines()));
        return lines();
    }

    /** SIGKILL. */
    public void kill() throws InterruptedException {
        process.destroyForcibly();
        assertTrue(process.waitFor(TIMEOUT_S, TimeUnit.SECONDS), "child does not die");
    }

    /** Waits for its end: it may be making files where its test deletes them. */
    @Override
    public void close() {
        try {
            kill();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
