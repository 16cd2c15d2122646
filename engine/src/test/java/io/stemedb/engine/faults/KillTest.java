package io.stemedb.engine.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.faults.EngineChild.Way;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * SIGKILL at random moments of start, recovery and appending: nothing that was acknowledged is
 * missing, journal and stores agree, a replay gives the same stores, and each start is in time.
 */
class KillTest {
    private static final int LEAST = 12; // acknowledged before a last kill, on average
    private static final int LIVES = 3;

    /** Engines in one process, each on a directory of its own: a start of a JVM costs a second. */
    private static final int TOGETHER = 6;

    private static final int FEW_TOGETHER = 1;
    private static final int FEW_PROCESSES = 20;
    private static final int DIRECTORIES = 150;
    private static final int START_US = 1_000_000;
    private static final int APPENDING_US = 350_000;

    @TempDir Path work;

    @Test
    void aFewKills() throws Exception {
        final int processes = kills(1, FEW_PROCESSES, FEW_TOGETHER);
        assertTrue(processes >= FEW_PROCESSES, () -> "processes killed: " + processes);
    }

    @Test
    @Tag("faults")
    void manyKills() throws Exception {
        kills(Children.scaled(DIRECTORIES), 1, TOGETHER);
    }

    /** At least so many of each; returns how many processes were killed. */
    private int kills(final int leastDirectories, final int leastProcesses, final int together)
            throws Exception {
        final long seed = Children.seed();
        final Random random = new Random(seed);
        int obligations = 0;
        int directories = 0;
        int processes = 0;
        try (Children children = new Children(work)) {
            while (directories < leastDirectories || processes < leastProcesses) {
                final String at = "seed " + seed + ", directories from " + directories;
                final List<Path> homes = new ArrayList<>();
                for (int i = 0; i < together; i++) {
                    homes.add(children.home("home-" + directories++));
                }
                for (int life = 1 + random.nextInt(LIVES); life > 0; life--) {
                    kill(children, random, homes, life == 1, at);
                    processes++;
                }
                for (final Path home : homes) {
                    assertEquals(List.of(), children.check(home, random.nextInt(4) == 0), at);
                    obligations +=
                            Ledger.read(EngineChild.obligations(home), Children.name(home)).size();
                    delete(EngineChild.data(home));
                }
            }
        }
        System.out.println(
                "KillTest: %d processes killed, %d directories, %d obligations"
                        .formatted(processes, directories, obligations));
        assertTrue(
                obligations >= LEAST * directories, "hardly anything was appended: " + obligations);
        return processes;
    }

    /** The last life of a directory appends; one before may be killed in its start. */
    private static void kill(
            final Children children,
            final Random random,
            final List<Path> homes,
            final boolean last,
            final String at)
            throws Exception {
        final Way way = random.nextInt(3) == 0 ? Way.TRIMMED : Way.USUAL;
        try (Children.Life life = children.live(random, way, homes)) {
            boolean appending = true;
            if (last || random.nextBoolean()) {
                appending = life.await("APPENDED", last ? LEAST * homes.size() : 1);
            }
            assertTrue(
                    appending && life.killAfter(random.nextInt(last ? APPENDING_US : START_US)),
                    () -> at + ": it ended by itself: " + life.said());
            assertEquals(List.of(), life.settle(), at);
        }
    }

    static void delete(final Path directory) throws IOException {
        try (Stream<Path> walk = Files.walk(directory)) {
            for (final Path path : walk.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    /** A child that acknowledges before it appends. */
    @Test
    @Tag("faults")
    void anAcknowledgementBeforeTheAppendIsCaught() throws Exception {
        final Random random = new Random(Children.seed());
        try (Children children = new Children(work)) {
            final Path home = children.home("home");
            try (Children.Life life = children.live(random, Way.LIAR, List.of(home))) {
                assertTrue(life.await("APPENDED", 1));
                assertTrue(life.killAfter(0));
                assertEquals(List.of(), life.settle());
            }
            final List<String> wrong = children.check(home, false);
            assertTrue(wrong.stream().anyMatch(line -> line.startsWith("LOST")), wrong::toString);
        }
    }

    /** The last page of the journal goes with the kill, when no store has its records. */
    @Test
    @Tag("faults")
    void aPageThatIsGoneIsCaught() throws Exception {
        final Random random = new Random(Children.seed());
        try (Children children = new Children(work)) {
            final Path home = children.home("home");
            try (Children.Life life = children.live(random, Way.JOURNAL_ONLY, List.of(home))) {
                assertTrue(life.await("APPENDED", 500));
                assertTrue(life.killAfter(0));
                assertEquals(List.of(), life.settle());
            }
            zeroLastPage(EngineChild.data(home).resolve("journal"));
            final List<String> wrong = children.check(home, false);
            assertTrue(wrong.stream().anyMatch(line -> line.startsWith("LOST")), wrong::toString);
        }
    }

    private static void zeroLastPage(final Path journal) throws IOException {
        final int page = 4096;
        try (Stream<Path> walk = Files.walk(journal)) {
            final List<Path> segments =
                    walk.filter(path -> path.toString().endsWith(".cq4")).sorted().toList();
            for (int i = segments.size() - 1; i >= 0; i--) {
                try (RandomAccessFile file = new RandomAccessFile(segments.get(i).toFile(), "rw")) {
                    final byte[] bytes = new byte[(int) file.length()];
                    file.readFully(bytes);
                    int end = bytes.length;
                    while (end > 0 && bytes[end - 1] == 0) {
                        end--;
                    }
                    if (end > 64 << 10) { // behind Chronicle's header
                        file.seek((end - 1) / page * page);
                        file.write(new byte[page]);
                        return;
                    }
                }
            }
        }
        throw new AssertionError("no records in " + journal);
    }
}
