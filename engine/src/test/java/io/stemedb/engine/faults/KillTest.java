package io.stemedb.engine.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.StoreContent;
import io.stemedb.engine.faults.EngineChild.Way;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * SIGKILL at random moments of start, recovery and appending: nothing that was acknowledged is
 * missing, journal and stores agree, a replay gives the same stores, and each start is in time.
 */
class KillTest {
    private static final int LEAST = 12; // acknowledged of a directory, on average
    private static final int LIVES = 3;

    /** Engines in one process, each on a directory of its own: a start of a JVM costs a second. */
    private static final int TOGETHER = 2;

    private static final int FEW_PROCESSES = 10;
    private static final int PROCESSES = 150;
    private static final int DIRECTORIES = 150;
    private static final int LEAST_RECOVERIES = 20;
    private static final int LEAST_REBUILT = 5;

    /** How the lives append, each as likely. */
    private static final List<Way> WAYS = List.of(Way.USUAL, Way.TRIMMED, Way.USUAL, Way.SYNC);

    private static final int START_US = 400_000;
    private static final int APPENDING_US = 350_000;

    /** One in so many of the lives that append does so until it is behind a roll. */
    private static final int ROLLING = 4;

    private static final long MUCH = 100_000_000;

    @TempDir Path work;

    /** What was killed, and when. */
    private static final class Count {
        private int processes;
        private int directories;
        private int obligations;

        /** Engines in the start of a directory that holds records. */
        private int recoveries;

        /** Lives that appended, and those of them that rolled. */
        private int appending;

        private int rolled;

        /** Processes that were left to append, some until they rolled. */
        private int left;

        /** Directories whose stores were compared with a replay. */
        private int rebuilt;

        @Override
        public String toString() {
            return ("%d processes killed, %d directories, %d in recovery, %d while appending, %d of"
                            + " them behind a roll, %d obligations, %d compared with a replay")
                    .formatted(
                            processes,
                            directories,
                            recoveries,
                            appending,
                            rolled,
                            obligations,
                            rebuilt);
        }
    }

    @Test
    void aFewKills() throws Exception {
        kills(1, FEW_PROCESSES, 1);
    }

    @Test
    @Tag("faults")
    void manyKills() throws Exception {
        final Count count =
                kills(Children.scaled(DIRECTORIES), Children.scaled(PROCESSES), TOGETHER);
        assertTrue(count.recoveries >= Children.scaled(LEAST_RECOVERIES), count::toString);
        assertTrue(count.rolled >= count.left / ROLLING, count::toString);
        assertTrue(count.rebuilt >= Children.scaled(LEAST_REBUILT), count::toString);
    }

    /** At least so many of each. */
    private Count kills(final int leastDirectories, final int leastProcesses, final int together)
            throws Exception {
        final long seed = Children.seed();
        final Random random = new Random(seed);
        final Count count = new Count();
        try (Children children = new Children(work)) {
            // some more if starts are over sooner than they are killed
            final int leastRecoveries = together == 1 ? 0 : Children.scaled(LEAST_RECOVERIES);
            while (count.directories < leastDirectories
                    || count.processes < leastProcesses
                    || count.recoveries < leastRecoveries && count.processes < 3 * leastProcesses) {
                final String at = "seed " + seed + ", directories from " + count.directories;
                final List<Path> homes = new ArrayList<>();
                for (int i = 0; i < together; i++) {
                    homes.add(children.home("home-" + count.directories++));
                }
                final int lives = 1 + random.nextInt(LIVES);
                for (int life = 0; life < lives; life++) {
                    // a recovery is killed more often than the first start
                    final boolean inStart = random.nextInt(6) < (life == 0 ? 1 : 4);
                    final boolean rolling = !inStart && count.left++ % ROLLING == 0;
                    kill(
                            children,
                            random,
                            homes,
                            inStart ? 0 : rolling ? PowerCutTest.ROLLED : LEAST,
                            count,
                            at);
                }
                for (final Path home : homes) {
                    assertEquals(List.of(), children.check(home, random.nextInt(4) == 0), at);
                    count.obligations += owed(home);
                    delete(EngineChild.data(home));
                }
            }
            children.checkOpens(together == 1 ? 1 : 0);
            count.rebuilt = children.rebuilt();
            System.out.println(
                    "KillTest: " + count + ", slowest start " + children.slowestMs() + " ms");
        }
        assertTrue(
                count.obligations >= LEAST * count.directories,
                () -> "hardly anything was appended: " + count);
        return count;
    }

    private static int owed(final Path home) {
        return Ledger.read(EngineChild.obligations(home), Children.name(home)).size();
    }

    /**
     * Killed in its start, or whenever that is over by then; or when the first has appended so
     * many.
     */
    private static void kill(
            final Children children,
            final Random random,
            final List<Path> homes,
            final int appended,
            final Count count,
            final String at)
            throws Exception {
        final boolean inStart = appended == 0;
        final Way way = WAYS.get(random.nextInt(WAYS.size()));
        final List<Path> filled = homes.stream().filter(home -> owed(home) > 0).toList();
        try (Children.Life life = children.live(random, way, homes)) {
            final boolean reached =
                    inStart
                            ? life.await("OPENING", 1)
                            : life.await("APPENDED " + Children.name(homes.get(0)) + ' ', appended);
            assertTrue(
                    reached
                            && life.killAfter(
                                    inStart ? inStartUs(random) : random.nextInt(APPENDING_US)),
                    () -> at + ": it ended by itself: " + life.said());
            final List<String> said = life.said();
            assertEquals(List.of(), life.settle(), at);
            count.processes++;
            for (final Path home : homes) {
                final boolean opening = said.contains("OPENING " + Children.name(home) + " .");
                final boolean opened = isSaid(said, "OPENED " + Children.name(home));
                count.recoveries += opening && !opened && filled.contains(home) ? 1 : 0;
                if (isSaid(said, "APPENDED " + Children.name(home))) {
                    count.appending++;
                    count.rolled += Children.rolls(EngineChild.data(home)) >= 2 ? 1 : 0;
                }
            }
        }
    }

    /** Some at once: on a fast machine most starts are over by the end. */
    private static int inStartUs(final Random random) {
        return random.nextInt(3) == 0 ? 0 : random.nextInt(START_US);
    }

    private static boolean isSaid(final List<String> said, final String what) {
        return said.stream().anyMatch(line -> line.startsWith(what + ' '));
    }

    /** P9 where there is much to scan: with the stores as they are, and with nothing stored. */
    @Test
    @Tag("faults")
    void aStartAfterAKillIsInTimeWithMuchToScan() throws Exception {
        final long seed = Children.seed();
        final Random random = new Random(seed);
        try (Children children = new Children(work)) {
            final Path home = children.home("home");
            final Path data = EngineChild.data(home);
            try (Children.Life life = children.live(random, Way.BULK, List.of(home))) {
                assertTrue(life.await("APPENDED", 1), () -> life.said().toString());
                while (EngineChild.journalBytes(data) < MUCH) {
                    assertTrue(
                            !life.child().process().waitFor(5, TimeUnit.MILLISECONDS),
                            () -> "seed " + seed + life.said());
                }
                life.kill();
                assertEquals(List.of(), life.settle(), "seed " + seed);
            }
            for (int start = 0; start < 2; start++) {
                try (Children.Life life = children.live(random, Way.USUAL, List.of(home))) {
                    assertTrue(life.await("HELD", 1), () -> life.said().toString());
                    life.kill();
                    assertEquals(List.of(), life.settle(), "seed " + seed);
                }
                StoreContent.deleteStores(data);
                final Ledger ledger = Ledger.read(EngineChild.obligations(home), "home");
                ledger.forgetStored();
                ledger.write(EngineChild.obligations(home), "home");
            }
            assertEquals(List.of(), children.check(home, false), "seed " + seed);
            children.checkOpens(3);
            System.out.println("KillTest: " + children.opens());
        }
    }

    /** P6: an entry in a store that no record of the journal gives. */
    @Test
    @Tag("faults")
    void aStoreThatNoReplayGivesIsCaught() throws Exception {
        final long seed = Children.seed();
        try (Children children = new Children(work)) {
            final Path home = children.home("home");
            try (Children.Life life = children.live(new Random(seed), Way.USUAL, List.of(home))) {
                assertTrue(life.await("STORED", 1), () -> life.said().toString());
                life.kill();
                assertEquals(List.of(), life.settle());
            }
            assertEquals(List.of(), children.check(home, true), "seed " + seed);
            final byte[] key = ("E:" + "0".repeat(64)).getBytes(StandardCharsets.US_ASCII);
            StoreContent.put(EngineChild.data(home), false, key, new byte[100]);
            final List<String> wrong = children.check(home, true);
            assertTrue(
                    wrong.stream().anyMatch(line -> line.contains("a replay differs")),
                    () -> "seed " + seed + ": " + wrong);
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

    /** The last pages of the journal go with the kill, when no store has their records. */
    @Test
    @Tag("faults")
    void pagesThatAreGoneAreCaught() throws Exception {
        final Random random = new Random(Children.seed());
        try (Children children = new Children(work)) {
            final Path home = children.home("home");
            try (Children.Life life = children.live(random, Way.JOURNAL_ONLY, List.of(home))) {
                assertTrue(life.await("APPENDED", 500));
                assertTrue(life.killAfter(0));
                assertEquals(List.of(), life.settle());
            }
            zeroLastPages(EngineChild.data(home).resolve("journal"));
            final List<String> wrong = children.check(home, false);
            assertTrue(wrong.stream().anyMatch(line -> line.startsWith("LOST")), wrong::toString);
        }
    }

    /** More than what is appended and not said yet. */
    private static void zeroLastPages(final Path journal) throws IOException {
        final int pages = 8 * 4096;
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
                        file.seek((end - 1) / pages * pages - pages);
                        file.write(new byte[2 * pages]);
                        return;
                    }
                }
            }
        }
        throw new AssertionError("no records in " + journal);
    }
}
