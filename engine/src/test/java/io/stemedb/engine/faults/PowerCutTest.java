package io.stemedb.engine.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.TestEngines;
import io.stemedb.engine.Watermark;
import io.stemedb.engine.faults.EngineChild.Way;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * P1 on a live file system: its power is cut under a running engine, again and again. What was
 * SYNCED or STORED before is there in the next life; what was only APPENDED may be gone.
 */
@Tag("faults")
class PowerCutTest {
    private static final int EXT4_CUTS = 20;
    private static final int XFS_CUTS = 5;
    private static final List<Way> WAYS = List.of(Way.USUAL, Way.TRIMMED, Way.SYNC, Way.USUAL);

    /** Records that take a life of large texts over two rolls. */
    static final int ROLLED = 700;

    private static final int APPENDING_US = 600_000;
    private static final long BYTES = 1L << 30;

    /** A sequence that no life gets to. */
    private static final long FAR = 1_000_000_000;

    @TempDir Path work;

    @Test
    void ext4() throws Exception {
        cuts("ext4", Children.scaled(EXT4_CUTS));
    }

    @Test
    void xfs() throws Exception {
        cuts("xfs", Children.scaled(XFS_CUTS));
    }

    private static void needs(final String fileSystem) throws Exception {
        final String what = "power cuts on " + fileSystem;
        Machine.needs(Machine.canMount(fileSystem), what, "it cannot be mounted");
        Machine.needs(Machine.has("gcc"), what, "no gcc");
    }

    private void cuts(final String fileSystem, final int cuts) throws Exception {
        needs(fileSystem);
        final long seed = Children.seed();
        final Random random = new Random(seed);
        try (Children children = new Children(work)) {
            final Path home = children.home("home");
            try (LoopMount disk =
                    LoopMount.create(
                            work.resolve("disk"), BYTES, fileSystem, EngineChild.data(home))) {
                int rolled = 0;
                for (int cut = 0; cut < cuts; cut++) {
                    final Way way = WAYS.get(cut % WAYS.size());
                    assertEquals(
                            List.of(),
                            cut(
                                    children,
                                    random,
                                    way,
                                    home,
                                    disk,
                                    cut % WAYS.size() == 0 ? ROLLED : 1,
                                    "",
                                    ""),
                            "seed " + seed + ", cut " + cut);
                    rolled += Children.rolls(EngineChild.data(home)) >= 2 ? 1 : 0;
                }
                assertEquals(List.of(), children.checkAfterPowerCut(home, true), "seed " + seed);
                final int size =
                        Ledger.read(EngineChild.obligations(home), Children.name(home)).size();
                System.out.println(
                        ("PowerCutTest: %d cuts on %s, %d of them behind a roll, %d obligations,"
                                        + " slowest start %d ms")
                                .formatted(cuts, fileSystem, rolled, size, children.slowestMs()));
                children.checkOpens(cuts);
                assertTrue(rolled >= cuts / 5, "lives that rolled: " + rolled);
                assertTrue(size > 20 * cuts, "hardly anything was SYNCED: " + size);
            }
        }
    }

    /** One life, ended by a power cut; what it found wrong. */
    private static List<String> cut(
            final Children children,
            final Random random,
            final Way way,
            final Path home,
            final LoopMount disk)
            throws Exception {
        return cut(children, random, way, home, disk, 1, "", "");
    }

    /** With lies in the child's name, right before the cut and after it. */
    private static List<String> cut(
            final Children children,
            final Random random,
            final Way way,
            final Path home,
            final LoopMount disk,
            final int least,
            final String before,
            final String after)
            throws Exception {
        try (Children.Life life = children.live(random, way, List.of(home))) {
            assertTrue(
                    life.await("APPENDED", least) && life.await("SYNCED", 1),
                    () -> life.said().toString());
            assertFalse(
                    life.child()
                            .process()
                            .waitFor(
                                    random.nextInt(APPENDING_US),
                                    java.util.concurrent.TimeUnit.MICROSECONDS),
                    () -> life.said().toString());
            Files.writeString(life.output(), before, StandardOpenOption.APPEND);
            final long said = disk.cutPower(life.output());
            Files.writeString(life.output(), after, StandardOpenOption.APPEND);
            life.kill();
            disk.unmount();
            disk.mount();
            return life.settleAfterPowerCut(said);
        }
    }

    /** An engine whose SYNCED is not forced. */
    @Test
    void anEarlySyncedIsCaught() throws Exception {
        needs("ext4");
        final Random random = new Random(Children.seed());
        try (Children children = new Children(work)) {
            final Path home = children.home("home");
            try (LoopMount disk =
                    LoopMount.create(work.resolve("disk"), BYTES, "ext4", EngineChild.data(home))) {
                assertEquals(List.of(), cut(children, random, Way.UNFORCED, home, disk));
                final List<String> wrong = children.check(home, false);
                assertTrue(
                        wrong.stream().anyMatch(line -> line.startsWith("LOST")), wrong::toString);
            }
        }
    }

    /**
     * A force that is under way at the cut may say success and not be durable. That is owed by
     * nobody; what was said before the cut is, to the last line.
     */
    @Test
    void whatIsSaidBeforeTheCutIsOwedAndNothingAfter() throws Exception {
        needs("ext4");
        final long seed = Children.seed();
        final Random random = new Random(seed);
        try (Children children = new Children(work)) {
            final Path home = children.home("home");
            final String lie = neverAppended(Children.name(home));
            try (LoopMount disk =
                    LoopMount.create(work.resolve("disk"), BYTES, "ext4", EngineChild.data(home))) {
                assertEquals(
                        List.of(),
                        cut(children, random, Way.USUAL, home, disk, 1, "", lie),
                        "seed " + seed);
                assertEquals(List.of(), children.checkAfterPowerCut(home, false), "seed " + seed);
                assertEquals(
                        List.of(),
                        cut(children, random, Way.USUAL, home, disk, 1, lie, ""),
                        "seed " + seed);
                final List<String> wrong = children.checkAfterPowerCut(home, false);
                assertTrue(
                        wrong.stream().anyMatch(line -> line.contains("READABLE below " + FAR)),
                        () -> "seed " + seed + ": " + wrong);
            }
        }
    }

    /** In lines of their own, whatever the child is just writing. */
    private static String neverAppended(final String home) {
        return '\n'
                + new Ledger.Ack(FAR, 0, "00".repeat(TestEngines.HASH), "-").line(home)
                + '\n'
                + Ledger.line(Watermark.SYNCED, home, FAR, 0)
                + '\n';
    }
}
