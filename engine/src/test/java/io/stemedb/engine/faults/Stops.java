package io.stemedb.engine.faults;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.TestEngines;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Goes from stop to stop of a child that strace stops after each call of interest. */
final class Stops {
    private static final Pattern LINE =
            Pattern.compile("^(\\d+) +(?:<\\.\\.\\. )?([a-z0-9_]+)[( ]");

    private final Children.Life life;
    private final Path trace;
    private long seen;
    private String call = "";
    private ProcessHandle traced;

    Stops(final Children.Life life, final Path trace) {
        this.life = life;
        this.trace = trace;
    }

    /** Waits until all threads stand still; false when the child has ended. */
    boolean next() throws IOException, InterruptedException {
        final long startNs = System.nanoTime();
        while (!isStopped() || signals() == seen) {
            if (life.child().process().waitFor(1, TimeUnit.MILLISECONDS)) {
                return false;
            }
            assertTrue(
                    System.nanoTime() - startNs < TestEngines.TIMEOUT_NS,
                    () -> "no stop in time: " + life.child().lines());
        }
        final List<String> lines = Files.readAllLines(trace, StandardCharsets.ISO_8859_1);
        seen = signals();
        String thread = null;
        call = "";
        for (int i = lines.size() - 1; i >= 0 && call.isEmpty(); i--) {
            final Matcher line = LINE.matcher(lines.get(i));
            if (thread == null && lines.get(i).contains("--- SIGSTOP")) {
                thread = lines.get(i).split(" ")[0];
            } else if (line.find() && line.group(1).equals(thread)) {
                call = line.group(2);
            }
        }
        return true;
    }

    /** A child that strace has just taken over stands still too, without a signal. */
    private long signals() throws IOException {
        return Files.exists(trace)
                ? Files.readAllLines(trace, StandardCharsets.ISO_8859_1).stream()
                        .filter(line -> line.contains("--- SIGSTOP"))
                        .count()
                : 0;
    }

    private boolean isStopped() throws IOException {
        if (traced == null || !traced.isAlive()) { // the first one may be strace's own
            traced = life.child().process().children().findFirst().orElse(null);
        }
        if (traced == null) {
            return false;
        }
        try (Stream<Path> threads = Files.list(Path.of("/proc/" + traced.pid() + "/task"))) {
            return threads.allMatch(Stops::isThreadStopped);
        } catch (final java.nio.file.NoSuchFileException e) {
            return false;
        }
    }

    private static boolean isThreadStopped(final Path thread) {
        try {
            final String stat = Files.readString(thread.resolve("stat"));
            final char state = stat.charAt(stat.lastIndexOf(')') + 2);
            return state == 't' || state == 'T';
        } catch (final java.nio.file.NoSuchFileException e) {
            return true; // it has just ended
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The call after which all stands. */
    String call() {
        return call;
    }

    void go() throws IOException, InterruptedException {
        Machine.run("sh", "-c", "kill -CONT " + traced.pid());
    }
}
