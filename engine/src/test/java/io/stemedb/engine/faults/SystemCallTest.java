package io.stemedb.engine.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.faults.EngineChild.Way;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Kills at system calls, by strace; restarts as PID 1.
 *
 * <p>The sweep stops all threads of an engine after each of its calls that change what is on disk,
 * copies the directory, and goes on: the copy is what SIGKILL at that moment would have left, and
 * what was acknowledged until then are its obligations. So one life yields hundreds of kills, one
 * after each step of force (fdatasync of a segment), roll (fallocate, fsync of the directory), SST
 * write and ingest (fdatasync, rename, fsync below rocks), LMDB commit with its cursor (pwrite64,
 * fdatasync of data.mdb), trim (unlink), recovery (ftruncate, unlink, fdatasync) and manifest
 * (fsync, rename). The steps within an append make no call: {@code KilledAppendTest} looks at what
 * a kill leaves after each step of its copy, and random kills meet it.
 */
@Tag("faults")
class SystemCallTest {
    private static final String CALLS =
            "fdatasync,fsync,ftruncate,fallocate,rename,unlink,pwrite64";
    private static final int STATES = 60;
    private static final int STATES_A_LIFE = 40;
    private static final int PASSED_BY = 120;
    private static final int KILLS = 10;

    /** How often one thread of a life makes each of the calls, at least. */
    private static final Map<String, Integer> MADE =
            new TreeMap<>(
                    Map.of(
                            "fdatasync",
                            8,
                            "ftruncate",
                            1,
                            "fallocate",
                            3,
                            "rename",
                            1,
                            "unlink",
                            2));

    private static final int RESTARTS = 5;
    private static final int N_MAX = 60;

    /** A life that makes the calls of interest no more often ends after so many. */
    private static final int LIFE_RECORDS = 1_000;

    /** The steps that make a call: the sweep must come after each of them, among others. */
    private static final List<String> POINTS =
            List.of(
                    "fdatasync segment", // force
                    "fallocate segment", // roll
                    "fsync life",
                    "fdatasync sst", // write and ingest
                    "fdatasync MANIFEST",
                    "pwrite64 data.mdb", // LMDB's commit, with the cursor
                    "fdatasync data.mdb",
                    "fsync oldest", // trim
                    "unlink segment",
                    "ftruncate segment", // recovery
                    "pwrite64 segment",
                    "rename CURRENT",
                    "fsync manifest.new", // manifest
                    "rename manifest.new");

    private static final int LIVES_FOR_MISSING = 40;

    @TempDir Path work;

    /** A tracer that injects something into calls, and names the files. */
    static List<String> strace(final Path trace, final String inject) {
        return List.of(
                "strace",
                "-f",
                "-o",
                trace.toString(),
                "-e",
                "trace=" + CALLS,
                "-y", // names the files
                "-e",
                "inject=" + inject);
    }

    @Test
    void aKillAfterEachCall() throws Exception {
        Machine.needs(Machine.canTrace(), "a sweep over system calls", "strace cannot trace here");
        final long seed = Children.seed();
        final Random random = new Random(seed);
        try (Children children = new Children(work)) {
            final Sweep sweep = new Sweep(children, random, seed);
            for (int life = 0; sweep.states < Children.scaled(STATES); life++) {
                // every other home from its start on, else from somewhere later
                final int passedBy = life % 4 < 2 ? 0 : random.nextInt(PASSED_BY);
                sweep.live(
                        children.home("home-" + life / 2),
                        way(life),
                        CALLS,
                        passedBy,
                        STATES_A_LIFE,
                        LIFE_RECORDS,
                        point -> true);
            }
            System.out.println("SystemCallTest: " + sweep);
            for (int life = 0; !sweep.missing().isEmpty(); life++) { // what chance left out
                assertTrue(life < LIVES_FOR_MISSING, () -> "not after " + sweep.missing());
                sweep.live(
                        children.home("other-" + life / 4),
                        way(life),
                        sweep.missing().stream()
                                .map(point -> point.split(" ")[0])
                                .distinct()
                                .collect(Collectors.joining(",")),
                        0,
                        Integer.MAX_VALUE,
                        LIFE_RECORDS,
                        point -> sweep.missing().contains(point));
            }
            if (sweep.states > Children.scaled(STATES)) {
                System.out.println("SystemCallTest: and then " + sweep);
            }
        }
    }

    /** The N-th call of its kind since a directory was made, over as many lives as that takes. */
    @ParameterizedTest
    @CsvSource({
        "fdatasync, 1000",
        "ftruncate, 1000",
        "fallocate, 1000",
        "rename, 100",
        "unlink, 1000"
    })
    void aKillAtEachOfTheFirstCalls(final String call, final int records) throws Exception {
        Machine.needs(Machine.canTrace(), "a sweep over system calls", "strace cannot trace here");
        final long seed = Children.seed();
        try (Children children = new Children(work)) {
            final Sweep sweep = new Sweep(children, new Random(seed), seed);
            for (int life = 0; sweep.states < N_MAX; life++) {
                sweep.live(
                        children.home("home"),
                        way(life),
                        call,
                        0,
                        N_MAX - sweep.states,
                        records,
                        point -> true);
                assertTrue(life < N_MAX, () -> "lives without such a call, seed " + seed);
            }
            System.out.println("SystemCallTest: " + sweep);
            if ("fallocate".equals(call)) { // the call of a roll
                assertTrue(sweep.rolled >= sweep.lives / 2, sweep::toString);
            }
        }
    }

    private static Way way(final int life) {
        return life % 2 == 0 ? Way.USUAL : Way.TRIMMED;
    }

    /** Takes the states of lives. */
    private final class Sweep {
        private final Children children;
        private final Random random;
        private final long seed;

        /** States taken after each call and kind of file. */
        private final Map<String, Integer> points = new TreeMap<>();

        private int states;
        private int lives;

        /** Lives that rolled twice or more. */
        private int rolled;

        /** Of {@link #POINTS}, those that no state was taken after. */
        List<String> missing() {
            return POINTS.stream().filter(point -> !points.containsKey(point)).toList();
        }

        Sweep(final Children children, final Random random, final long seed) {
            this.children = children;
            this.random = random;
            this.seed = seed;
        }

        /** One life, stopped after each of some calls; then killed. */
        void live(
                final Path home,
                final Way way,
                final String calls,
                final int passedBy,
                final int most,
                final int records,
                final Predicate<String> wanted)
                throws Exception {
            final Path trace = work.resolve("trace-" + states);
            Files.deleteIfExists(trace);
            try (Children.Life child =
                    children.live(
                            strace(trace, calls + ":signal=STOP"),
                            random,
                            way,
                            null,
                            List.of(home))) {
                final Stops stops = new Stops(child, trace);
                int taken = 0;
                for (int i = 0; taken < most && stops.next(records); i++) {
                    final boolean take = i >= passedBy && wanted.test(stops.point());
                    final Path copy = take ? copy(child, home, stops.point()) : null;
                    stops.go(); // on to the next while this one is looked at
                    if (take) {
                        check(copy, stops.point());
                        taken++;
                    }
                }
                child.kill();
                assertEquals(List.of(), child.settle(), "seed " + seed);
                lives++;
                rolled += Children.rolls(EngineChild.data(home)) >= 2 ? 1 : 0;
            }
        }

        @Override
        public String toString() {
            return "%d lives, %d rolled, states after %s".formatted(lives, rolled, points);
        }

        private void check(final Path copy, final String point) throws Exception {
            final String at = "seed " + seed + ", state " + states + ", after " + point;
            assertEquals(List.of(), children.check(copy, states % 8 == 0), at);
            KillTest.delete(copy);
            points.merge(point, 1, Integer::sum);
            states++;
        }

        private Path copy(final Children.Life child, final Path home, final String point)
                throws IOException {
            final Path copy = children.home("state-" + states);
            copyOf(home, copy);
            assertEquals(
                    List.of(), child.settle(home, copy), () -> "seed " + seed + ", after " + point);
            return copy;
        }
    }

    private static void copyOf(final Path home, final Path copy) throws IOException {
        try (Stream<Path> walk = Files.walk(home)) {
            for (final Path from : walk.toList()) {
                final Path to = copy.resolve(home.relativize(from).toString());
                if (from.startsWith(EngineChild.data(home).resolve("native"))) {
                    continue; // large, and made again
                }
                if (Files.isDirectory(from)) {
                    Files.createDirectories(to);
                } else {
                    Files.copy(from, to);
                }
            }
        }
    }

    /** The same by SIGKILL: before the N-th call of one kind that a thread makes. */
    @Test
    void aKillAtTheNthCall() throws Exception {
        Machine.needs(Machine.canTrace(), "kills at system calls", "strace cannot trace here");
        final long seed = Children.seed();
        final Random random = new Random(seed);
        final List<String> calls = new ArrayList<>(MADE.keySet());
        final List<String> fired = new ArrayList<>();
        try (Children children = new Children(work)) {
            final Path home = children.home("home");
            for (int i = 0; i < Children.scaled(KILLS); i++) {
                final String call = calls.get(i % calls.size());
                final int nth = 1 + random.nextInt(MADE.get(call));
                final String at = call + " " + nth;
                try (Children.Life life =
                        children.live(
                                strace(work.resolve("trace"), call + ":signal=KILL:when=" + nth),
                                random,
                                random.nextBoolean() ? Way.USUAL : Way.TRIMMED,
                                null,
                                List.of(home))) {
                    if (!life.await("APPENDED", 2 * LIFE_RECORDS)) {
                        fired.add(at);
                    }
                    life.kill();
                    assertEquals(List.of(), life.settle(), "seed " + seed + ", " + at);
                }
            }
            assertEquals(List.of(), children.check(home, true), "seed " + seed);
        }
        System.out.println("SystemCallTest: killed by " + fired);
        assertTrue(fired.size() >= Children.scaled(KILLS) * 2 / 3, () -> "seed " + seed + fired);
    }

    /** In a container every process is PID 1, before the kill and after. */
    @Test
    void aRestartAsPid1IsInTime() throws Exception {
        Machine.needs(Machine.canUnshare(), "restart as PID 1", "no PID namespace can be made");
        final long seed = Children.seed();
        final Random random = new Random(seed);
        try (Children children = new Children(work)) {
            final Path home = children.home("home");
            for (int i = 0; i < Children.scaled(RESTARTS); i++) {
                try (Children.Life life =
                        children.live(
                                List.of("unshare", "-pf", "--kill-child", "--mount-proc"),
                                random,
                                Way.USUAL,
                                null,
                                List.of(home))) {
                    assertTrue(life.await("APPENDED", 1), () -> life.said().toString());
                    life.kill();
                    assertEquals(List.of(), life.settle(), "seed " + seed + ", restart " + i);
                }
            }
            assertEquals(List.of(), children.check(home, false), "seed " + seed);
            children.checkOpens(Children.scaled(RESTARTS));
        }
    }

    /** What a start takes too long is found. */
    @Test
    void aSlowStartIsCaught() {
        assertEquals(List.of(), Children.slowOpens(List.of("OPENED home 2999 100000000 .")));
        assertEquals(1, Children.slowOpens(List.of("OPENED home 3001 100000000 .")).size());
    }
}
