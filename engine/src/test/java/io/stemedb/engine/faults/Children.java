package io.stemedb.engine.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.ChildJvm;
import io.stemedb.engine.TestEngines;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** Starts the children of a fault test, and keeps the one that verifies. */
final class Children implements AutoCloseable {
    /** How much more than usual a suite does: 1 in the build, more at night. */
    static final double SCALE =
            Double.parseDouble(System.getProperty("io.stemedb.faults.scale", "1"));

    static final long OPEN_MS = 2_000;
    private static final long OPEN_BYTES_MS = 100_000;

    /** As many times the limit by the clock: a machine may be loaded, and its disk stand still. */
    static final int WALL = 100;

    /** A child lives for a second: it does not pay to compile well. */
    private static final List<String> FLAGS =
            List.of(
                    "-XX:TieredStopAtLevel=1",
                    "-XX:+UseSerialGC",
                    "-Xmx256m",
                    "-XX:MaxDirectMemorySize=1g");

    private final Path work;
    private final List<String> opens = new ArrayList<>();
    private int rebuilt;
    private ChildJvm server;
    private Path answers;
    private int lives;

    Children(final Path work) {
        this.work = work;
    }

    static int scaled(final int count) {
        return (int) Math.max(1, Math.round(count * SCALE));
    }

    /** Random unless {@code io.stemedb.faults.seed} says which. */
    static long seed() {
        final Long seed = Long.getLong("io.stemedb.faults.seed");
        return seed != null ? seed : TestEngines.newSeed();
    }

    Path home(final String name) throws IOException {
        return Files.createDirectories(work.resolve(name));
    }

    Life live(final Random random, final EngineChild.Way way, final List<Path> homes) {
        return live(List.of(), random, way, null, homes);
    }

    /** Starts a life, with a command such as a tracer before the JVM's. */
    Life live(
            final List<String> before,
            final Random random,
            final EngineChild.Way way,
            final Path blockLog,
            final List<Path> homes) {
        final List<String> arguments = new ArrayList<>();
        arguments.add("live");
        arguments.add(Long.toString(random.nextLong()));
        arguments.add(way.name());
        arguments.add(blockLog == null ? "-" : blockLog.toString());
        homes.forEach(home -> arguments.add(home.toString()));
        return start(before, EngineChild.class, homes, arguments);
    }

    /** Starts a child of another kind that says what it acknowledges. */
    Life start(final Class<?> main, final List<Path> homes, final String... arguments) {
        return start(List.of(), main, homes, List.of(arguments));
    }

    private Life start(
            final List<String> before,
            final Class<?> main,
            final List<Path> homes,
            final List<String> arguments) {
        final Path output = work.resolve("life-" + lives++);
        // a tracer takes its time; of engines that start at once none has the machine's pace; what
        // is timed starts as a user's does, without an archive
        final boolean traced = before.contains("strace");
        final boolean paced = !traced && homes.size() == 1;
        return new Life(
                child(
                        output,
                        paced ? ChildArchive.NONE : ChildArchive.of(FLAGS),
                        before,
                        List.of("-D" + EngineChild.PACED + "=" + paced),
                        main,
                        arguments.toArray(String[]::new)),
                output,
                homes,
                line -> isTimed(line, traced, paced),
                opens);
    }

    private static ChildJvm child(
            final Path output,
            final ChildArchive archive,
            final List<String> before,
            final List<String> more,
            final Class<?> main,
            final String... arguments) {
        final List<String> flags = new ArrayList<>(FLAGS);
        flags.addAll(archive.flags());
        flags.addAll(more);
        return ChildJvm.start(output, before, flags, archive.classPath(), main, arguments);
    }

    private static boolean isTimed(final String line, final boolean traced, final boolean paced) {
        return line.startsWith("WALL ") && !traced || line.startsWith("OPENED ") && paced;
    }

    /** The process that verifies. */
    ChildJvm verifier() {
        if (server == null) {
            answers = work.resolve("server-" + lives++);
            server =
                    child(
                            answers,
                            ChildArchive.of(FLAGS),
                            List.of(),
                            List.of(),
                            EngineChild.class,
                            "serve");
        }
        return server;
    }

    /** Has a directory verified in a process of its own; what it found wrong. */
    List<String> check(final Path home, final boolean rebuild)
            throws IOException, InterruptedException {
        final OutputStream input = verifier().process().getOutputStream();
        final Tail tail = new Tail(answers);
        tail.more();
        input.write(
                ((rebuild ? "rebuild " : "check ") + home + "\n").getBytes(StandardCharsets.UTF_8));
        input.flush();
        final String done = "DONE " + home.getFileName() + " .";
        final long startNs = System.nanoTime();
        final List<String> answer = new ArrayList<>();
        while (!answer.contains(done) && System.nanoTime() - startNs < TestEngines.TIMEOUT_NS) {
            final boolean ended = server.process().waitFor(1, TimeUnit.MILLISECONDS);
            answer.addAll(tail.more());
            if (ended) {
                break;
            }
        }
        final List<String> wrong = new ArrayList<>();
        if (!answer.contains(done)) {
            server.close();
            server = null;
            wrong.add("BROKEN the verifying child hangs or died: " + answer);
        }
        opens.addAll(answer.stream().filter(line -> isTimed(line, false, false)).toList());
        rebuilt += (int) answer.stream().filter(line -> line.startsWith("REBUILT ")).count();
        wrong.addAll(new Ledger().add(name(home), answer));
        return wrong;
    }

    /** The same after power cuts: damage of what was never durable is told, and no loss. */
    List<String> checkAfterPowerCut(final Path home, final boolean rebuild)
            throws IOException, InterruptedException {
        final Ledger owed = Ledger.read(EngineChild.obligations(home), name(home));
        final List<String> wrong = check(home, rebuild);
        wrong.removeIf(owed::isOfNoneOwed);
        return wrong;
    }

    static String name(final Path home) {
        return home.getFileName().toString();
    }

    /** How far the newest life of a journal has rolled; 0 without a segment. */
    static long rolls(final Path data) throws IOException {
        long rolls = 0;
        for (final Path life : list(data.resolve("journal"), "[0-9]*")) {
            rolls = 0;
            for (final Path segment : list(life, "*.cq4")) { // 19700102-03LX.cq4 is number 27
                final String[] name = name(segment).split("-");
                final long days =
                        LocalDate.parse(name[0], DateTimeFormatter.BASIC_ISO_DATE).toEpochDay();
                final long number = days * 24 + Long.parseLong(name[1].substring(0, 2));
                rolls = Math.max(rolls, number - Long.parseLong(name(life)));
            }
        }
        return rolls;
    }

    private static List<Path> list(final Path directory, final String glob) throws IOException {
        final List<Path> found = new ArrayList<>();
        if (Files.isDirectory(directory)) {
            try (DirectoryStream<Path> paths = Files.newDirectoryStream(directory, glob)) {
                paths.forEach(found::add);
            }
        }
        Collections.sort(found);
        return found;
    }

    /** Stores that were compared with a replay of their journal. */
    int rebuilt() {
        return rebuilt;
    }

    /**
     * P9, for each opening so far, by the machine's pace for at least so many, and by the clock.
     */
    void checkOpens(final int least) {
        final long paced = opens.stream().filter(line -> line.startsWith("OPENED ")).count();
        assertTrue(paced >= least, () -> "openings: " + paced);
        assertEquals(List.of(), slowOpens(opens));
    }

    /** Lines of the timed lives: their homes, ms of their starts, bytes that these had to scan. */
    List<String> opens() {
        return opens;
    }

    /** The longest by the clock, in ms. */
    long slowestMs() {
        return opens.stream()
                .filter(line -> line.startsWith("WALL "))
                .mapToLong(line -> Long.parseLong(line.split(" ")[2]))
                .max()
                .orElse(0);
    }

    /** P9: 2 s and 1 s for each 100 MB of journal that is to be scanned. */
    static List<String> slowOpens(final List<String> lines) {
        final List<String> slow = new ArrayList<>();
        for (final String line : lines) {
            final String[] fields = line.split(" ");
            final int times =
                    switch (fields[0]) {
                        case "OPENED" -> 1;
                        case "WALL" -> WALL;
                        default -> Integer.MAX_VALUE;
                    };
            if (times < Integer.MAX_VALUE
                    && Long.parseLong(fields[2])
                            > times * (OPEN_MS + Long.parseLong(fields[3]) / OPEN_BYTES_MS)) {
                slow.add("slow: " + line);
            }
        }
        return slow;
    }

    @Override
    public void close() {
        if (server != null) {
            server.close();
        }
    }

    /** One child that appends. */
    record Life(
            ChildJvm child,
            Path output,
            List<Path> homes,
            Predicate<String> timed,
            List<String> opens)
            implements AutoCloseable {
        /** Until it says something of this kind, at least so often; false if it ended before. */
        boolean await(final String kind, final int times) throws IOException, InterruptedException {
            final Tail tail = new Tail(output);
            long saidNs = System.nanoTime();
            for (long count = tail.more(kind); count < times; ) {
                if (child.process().waitFor(2, TimeUnit.MILLISECONDS)) {
                    return count + tail.more(kind) >= times;
                }
                final long more = tail.more(kind);
                count += more;
                final long nowNs = System.nanoTime();
                saidNs = more > 0 ? nowNs : saidNs;
                assertTrue(
                        nowNs - saidNs < TestEngines.TIMEOUT_NS,
                        () -> "no " + kind + " in time: " + child.lines());
            }
            return true;
        }

        /** Kills it after a while; false if it ended by itself. */
        boolean killAfter(final int us) throws InterruptedException {
            final boolean ended = child.process().waitFor(us, TimeUnit.MICROSECONDS);
            kill();
            return !ended;
        }

        /** SIGKILL for the JVM, and what stands before it. */
        void kill() throws InterruptedException {
            final List<ProcessHandle> below = child.process().descendants().toList();
            below.forEach(ProcessHandle::destroyForcibly);
            below.forEach(process -> process.onExit().join());
            child.kill();
        }

        /** What it has said. */
        List<String> said() {
            return child.lines();
        }

        /** Adds what it said to the obligations of its homes; what it found wrong. */
        List<String> settle() {
            final List<String> wrong = new ArrayList<>();
            homes.forEach(home -> wrong.addAll(settle(home, home)));
            opens.addAll(said().stream().filter(timed).toList());
            return wrong;
        }

        /**
         * What was said to be durable before the cut is owed, and no more: a machine without power
         * says nothing. Here the child lives on, and a force that is under way at the cut may go
         * well although its blocks stay "unwritten", as the file systems drop that error.
         *
         * @param saidBytes bytes of its output at the cut
         */
        List<String> settleAfterPowerCut(final long saidBytes) throws IOException {
            final byte[] bytes = Files.readAllBytes(output);
            final List<String> saidBefore =
                    new String(bytes, 0, Math.toIntExact(saidBytes), StandardCharsets.UTF_8)
                            .lines()
                            .toList();
            final List<String> wrong = new ArrayList<>();
            for (final Path home : homes) {
                final Path obligations = EngineChild.obligations(home);
                final Ledger ledger = Ledger.read(obligations, name(home));
                final long owed = ledger.last();
                final Ledger before = Ledger.read(obligations, name(home));
                ledger.add(name(home), saidBefore).stream()
                        .filter(line -> !before.isOfNoneOwed(line))
                        .forEach(wrong::add);
                ledger.cutAbove(Math.max(owed, ledger.durable()));
                ledger.write(obligations, name(home));
            }
            opens.addAll(saidBefore.stream().filter(timed).toList());
            return wrong;
        }

        /** Writes what is owed of a home, up to this moment, for a copy of it. */
        List<String> settle(final Path home, final Path copy) {
            final Ledger ledger = Ledger.read(EngineChild.obligations(home), name(home));
            final List<String> wrong = ledger.add(name(home), said());
            ledger.write(EngineChild.obligations(copy), name(copy));
            return wrong;
        }

        @Override
        public void close() {
            child.process().descendants().forEach(ProcessHandle::destroyForcibly);
            child.close();
        }
    }
}
