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
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills at system calls, by strace; restarts as PID 1; a failing fdatasync.
 *
 * <p>The sweep stops all threads of an engine after each of its calls that change what is on disk,
 * copies the directory, and goes on: the copy is what SIGKILL at that moment would have left, and
 * what was acknowledged until then are its obligations. So one life yields hundreds of kills, one
 * after each step of force (fdatasync of a segment), roll (fallocate, fsync of the directory), SST
 * write and ingest (fdatasync, rename, fsync below rocks), LMDB commit with its cursor (pwrite64,
 * fdatasync of data.mdb), trim (unlink), recovery (ftruncate, unlink, fdatasync) and manifest
 * (fsync, rename). The step of an append makes no call: random kills meet it.
 */
@Tag("faults")
class SystemCallTest {
    private static final String CALLS =
            "fdatasync,fsync,ftruncate,fallocate,rename,unlink,pwrite64";
    private static final int STATES = 200;
    private static final int STATES_A_LIFE = 40;
    private static final int PASSED_BY = 120;
    private static final int KILLS = 5;
    private static final int RESTARTS = 5;
    private static final int FAILURES = 4;
    private static final int N_MAX = 60;

    private static final int FAILING_MAX = 8;

    /** Whichever it is that a thread forces for the N-th time; a life has no more. */
    private static final int SEGMENTS = 23;

    @TempDir Path work;

    private static List<String> strace(final Path trace, final String inject) {
        return List.of(
                "strace",
                "-f",
                "-o",
                trace.toString(),
                "-e",
                "trace=" + CALLS,
                "-e",
                "inject=" + inject);
    }

    @Test
    void aKillAfterEachCall() throws Exception {
        Machine.needs(Machine.canTrace(), "a sweep over system calls", "strace cannot trace here");
        final long seed = Children.seed();
        final Random random = new Random(seed);
        final Map<String, Integer> points = new TreeMap<>();
        int states = 0;
        try (Children children = new Children(work)) {
            for (int life = 0; states < Children.scaled(STATES); life++) {
                final Path home = children.home("home-" + life / 2);
                final Way way = life % 2 == 0 ? Way.USUAL : Way.TRIMMED;
                final Path trace = work.resolve("trace-" + life);
                try (Children.Life child =
                        children.live(
                                strace(trace, CALLS + ":signal=STOP"),
                                random,
                                way,
                                null,
                                List.of(home))) {
                    final Stops stops = new Stops(child, trace);
                    // every other home from its start on, else from somewhere later
                    final int passedBy = life % 4 < 2 ? 0 : random.nextInt(PASSED_BY);
                    for (int i = 0; i < passedBy + STATES_A_LIFE && stops.next(); i++) {
                        if (i >= passedBy) {
                            final String at =
                                    "seed " + seed + ", life " + life + ", after " + stops.call();
                            if (!stops.call().isEmpty()) {
                                points.merge(stops.call(), 1, Integer::sum);
                            }
                            final Path copy = copy(children, home, states++);
                            assertEquals(List.of(), child.settle(home, copy), at);
                            assertEquals(List.of(), children.check(copy, i % 8 == 0), at);
                            KillTest.delete(copy);
                        }
                        stops.go();
                    }
                    child.kill();
                    assertEquals(List.of(), child.settle(), "seed " + seed + ", life " + life);
                }
            }
        }
        System.out.println("SystemCallTest: " + states + " states, after " + points);
        assertTrue(points.size() >= 6, points::toString);
    }

    private static Path copy(final Children children, final Path home, final int number)
            throws IOException {
        final Path copy = children.home("state-" + number);
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
        return copy;
    }

    /** The same by SIGKILL: before the N-th call of one kind. */
    @Test
    void aKillAtTheNthCall() throws Exception {
        Machine.needs(Machine.canTrace(), "kills at system calls", "strace cannot trace here");
        final long seed = Children.seed();
        final Random random = new Random(seed);
        final String[] calls = CALLS.split(",");
        try (Children children = new Children(work)) {
            final Path home = children.home("home");
            for (int i = 0; i < Children.scaled(KILLS); i++) {
                final String call = calls[random.nextInt(calls.length)];
                final int nth = 1 + random.nextInt(N_MAX);
                final String at = "seed " + seed + ", " + call + " " + nth;
                try (Children.Life life =
                        children.live(
                                strace(work.resolve("trace"), call + ":signal=KILL:when=" + nth),
                                random,
                                random.nextBoolean() ? Way.USUAL : Way.TRIMMED,
                                null,
                                List.of(home))) {
                    life.await("APPENDED", 1_500); // or it dies before
                    life.kill();
                    assertEquals(List.of(), life.settle(), at);
                }
            }
            assertEquals(List.of(), children.check(home, true), "seed " + seed);
        }
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

    /** An engine that goes on where it should have failed. */
    @Test
    void acknowledgingAfterAFailureIsCaught() throws Exception {
        try (Children children = new Children(work)) {
            final Path home = children.home("home");
            try (Children.Life life = children.live(new Random(1), Way.SOUND, List.of(home))) {
                assertTrue(life.await("STANDS", 1), () -> life.said().toString());
                life.kill();
                final List<String> wrong = life.settle();
                assertTrue(
                        wrong.stream().anyMatch(line -> line.contains("goes on")), wrong::toString);
                assertTrue(
                        wrong.stream().anyMatch(line -> line.contains("acknowledges")),
                        wrong::toString);
            }
        }
    }

    /** P3: the engine is FAILED and says why, SYNCED stands; the next life has all. */
    @Test
    void aFailedForceEndsAcknowledgement() throws Exception {
        Machine.needs(Machine.canTrace(), "failing fdatasync", "strace cannot trace here");
        final long seed = Children.seed();
        final Random random = new Random(seed);
        try (Children children = new Children(work)) {
            for (int i = 0; i < Children.scaled(FAILURES); i++) {
                final Path home = children.home("home-" + i);
                final int nth = 1 + random.nextInt(FAILING_MAX);
                final String at = "seed " + seed + ", fdatasync " + nth;
                final Path segments = EngineChild.data(home).resolve("journal/00000001");
                final List<String> before =
                        new ArrayList<>(
                                strace(work.resolve("trace"), "fdatasync:error=EIO:when=" + nth));
                for (int number = 1; number <= SEGMENTS; number++) {
                    final String name = "19700101-%02dLX.cq4".formatted(number);
                    before.addAll(List.of("-P", segments.resolve(name).toString()));
                }
                try (Children.Life life =
                        children.live(before, random, Way.FAILING, null, List.of(home))) {
                    assertTrue(life.await("STANDS", 1), () -> at + life.said());
                    life.kill();
                    final List<String> errors = life.settle();
                    assertTrue(
                            !errors.isEmpty()
                                    && errors.stream()
                                            .allMatch(line -> line.contains("force failed")),
                            () -> at + errors);
                }
                assertEquals(List.of(), children.check(home, true), at);
            }
        }
    }
}
