package io.stemedb.bench.rig;

import io.stemedb.bench.Claims;
import io.stemedb.bench.Engines;
import io.stemedb.engine.Engine;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** An engine in a process of its own that appends and is then killed. */
public final class KilledEngine {
    private static final int SUBJECTS = 1_000;
    private static final String APPENDED = "appended";

    private KilledEngine() {}

    /**
     * Leaves a directory as SIGKILL does right after the last append.
     *
     * @param directory of the run
     * @param records to append
     * @throws IllegalStateException if the process ends by itself
     */
    static void leave(final Path directory, final int records) {
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        if (Boolean.getBoolean(Engines.QUICK)) {
            command.add("-D" + Engines.QUICK + "=true");
        }
        command.addAll(
                List.of(
                        "-cp",
                        System.getProperty(
                                "surefire.test.class.path", System.getProperty("java.class.path")),
                        KilledEngine.class.getName(),
                        directory.toString(),
                        Integer.toString(records)));
        try {
            final Process process =
                    new ProcessBuilder(command)
                            .redirectError(ProcessBuilder.Redirect.INHERIT)
                            .start();
            try (BufferedReader said =
                    new BufferedReader(
                            new InputStreamReader(
                                    process.getInputStream(), StandardCharsets.UTF_8))) {
                String line = said.readLine();
                while (line != null && !line.equals(APPENDED)) {
                    line = said.readLine();
                }
                if (line == null) {
                    throw new IllegalStateException("the engine to be killed ended by itself");
                }
            } finally {
                process.destroyForcibly().onExit().join();
            }
        } catch (final IOException e) {
            throw new UncheckedIOException("the engine to be killed cannot be started", e);
        }
    }

    /**
     * The process.
     *
     * @param arguments directory of the run, number of records
     * @throws InterruptedException never
     */
    public static void main(final String[] arguments) throws InterruptedException {
        final Engine engine = Engine.launch(Engines.context(Path.of(arguments[0])));
        Engines.append(engine, new Claims(SUBJECTS), 0, Integer.parseInt(arguments[1]));
        System.out.println(APPENDED);
        System.out.flush();
        new CountDownLatch(1).await(); // until it is killed
        engine.close();
    }
}
