package io.stemedb.engine.faults;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.TestEngines;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Goes from stop to stop of a child that strace stops after each call of interest. */
final class Stops {
    private static final Pattern LINE =
            Pattern.compile("^(\\d+) +([a-z0-9_]+)\\([^<\"]*[<\"]([^>\"]*)[>\"]");

    private static final Map<String, String> KINDS =
            Map.of(
                    ".*\\.cq4", "segment",
                    ".*/journal/[0-9]+", "life",
                    ".*\\.sst", "sst",
                    ".*/MANIFEST-[0-9]+", "MANIFEST",
                    ".*/OPTIONS-[0-9]+.*", "OPTIONS",
                    ".*/rocks/[0-9]+\\.dbtmp", "CURRENT",
                    ".*/rocks/[0-9]+\\.log", "log",
                    ".*/[0-9]+\\.tmp", "tmp");

    private static final String STOPPED = "--- SIGSTOP";

    private final Children.Life life;
    private final Tail said;
    private final Tail trace;

    /** The trace up to now. */
    private final List<String> lines = new ArrayList<>();

    private long appended;
    private String point = "";
    private ProcessHandle traced;

    Stops(final Children.Life life, final Path trace) {
        this.life = life;
        this.trace = new Tail(trace);
        said = new Tail(life.output());
    }

    /**
     * Waits until all threads stand still; false when the child has ended, or appended enough. A
     * child that strace has just taken over stands still too, without a signal.
     */
    boolean next(final int records) throws IOException, InterruptedException {
        final long startNs = System.nanoTime();
        long signalsNow = 0;
        while (signalsNow == 0 || !isStopped()) {
            if (life.child().process().waitFor(500, TimeUnit.MICROSECONDS)
                    || (appended += said.more("APPENDED")) >= records) {
                return false;
            }
            assertTrue(
                    System.nanoTime() - startNs < TestEngines.TIMEOUT_NS,
                    () -> "no stop in time: " + life.child().lines());
            signalsNow += read();
        }
        read();
        String thread = null;
        point = "";
        for (int i = lines.size() - 1; i >= 0 && point.isEmpty(); i--) {
            final Matcher line = LINE.matcher(lines.get(i));
            if (thread == null && lines.get(i).contains(STOPPED)) {
                thread = lines.get(i).split(" ")[0];
            } else if (line.find() && line.group(1).equals(thread)) {
                point = line.group(2) + " " + kind(line.group(3));
            }
        }
        return true;
    }

    /** How many stops there are more in the trace. */
    private long read() throws IOException {
        final List<String> more = trace.more();
        lines.addAll(more);
        return more.stream().filter(line -> line.contains(STOPPED)).count();
    }

    /** What a path names in a data directory. */
    private static String kind(final String path) {
        for (final Map.Entry<String, String> kind : KINDS.entrySet()) {
            if (path.matches(kind.getKey())) {
                return kind.getValue();
            }
        }
        return path.substring(path.lastIndexOf('/') + 1);
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
        } catch (final IOException e) {
            if (Files.notExists(thread)) {
                return true; // it has just ended
            }
            throw new UncheckedIOException(e);
        }
    }

    /** The call after which all stands, and the kind of its file. */
    String point() {
        return point;
    }

    void go() throws IOException, InterruptedException {
        Machine.run("sh", "-c", "kill -CONT " + traced.pid());
    }
}
