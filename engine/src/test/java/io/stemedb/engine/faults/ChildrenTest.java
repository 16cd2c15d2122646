package io.stemedb.engine.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.ChildJvm;
import io.stemedb.engine.StoreContent;
import io.stemedb.engine.TestEngines;
import io.stemedb.engine.Watermark;
import io.stemedb.engine.faults.EngineChild.Way;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The checks of the kill and power suites, each over what it must not let pass. */
@Tag("faults")
class ChildrenTest {
    private static final int STALL_MS = 3_000;
    private static final int UNOWED = 50;

    /** Of records that were appended, and of which nothing was said yet. */
    private static final int FAR = 1_000;

    @TempDir Path work;

    private final long seed = Children.seed();

    /** One life, killed once it has said something; what it said is not owed yet. */
    private Children.Life killed(
            final Children children, final Way way, final Path home, final String said)
            throws Exception {
        final Children.Life life = children.live(new Random(seed), way, List.of(home));
        assertTrue(life.await(said, 1), () -> life.said().toString());
        life.kill();
        return life;
    }

    private void isOneOf(final List<String> wrong, final String what) {
        assertTrue(
                wrong.stream().anyMatch(line -> line.contains(what)),
                () -> "seed " + seed + ": " + wrong);
    }

    /** What is trimmed cannot be stored again: the launch is refused, and names records. */
    @Test
    void aLaunchThatIsRefusedAfterAPowerCutIsCaught() throws Exception {
        try (Children children = new Children(work)) {
            final Path home = children.home("home");
            final Path data = EngineChild.data(home);
            final Path first = data.resolve("journal/00000001/19700101-01LX.cq4");
            try (Children.Life life = children.live(new Random(seed), Way.TRIMMED, List.of(home))) {
                life.await("APPENDED", 1);
                while (Files.exists(first)) { // until it is trimmed
                    assertTrue(
                            !life.child().process().waitFor(1, TimeUnit.MILLISECONDS),
                            () -> life.said().toString());
                }
                life.kill();
            }
            StoreContent.deleteStores(data); // and nothing at all is owed
            final List<String> wrong = children.checkAfterPowerCut(home, false);
            isOneOf(wrong, "cannot be verified");
        }
    }

    /** Its last words may name records that nobody owes. */
    @Test
    void aVerifierThatDiesAfterAPowerCutIsCaught() throws Exception {
        try (Children children = new Children(work)) {
            final Path home = children.home("record=7");
            final Path data = Files.createDirectories(EngineChild.data(home));
            Machine.run("mkfifo", data.resolve("manifest").toString()); // a launch waits for it
            final ChildJvm verifier = children.verifier();
            final TestEngines.Running killer =
                    TestEngines.start("killer", () -> killAtLaunch(verifier));
            final List<String> wrong = children.checkAfterPowerCut(home, false);
            killer.end();
            isOneOf(wrong, "hangs or died");
        }
    }

    private static void killAtLaunch(final ChildJvm verifier) throws Exception {
        while (verifier.lines().stream().noneMatch(line -> line.startsWith("OPENING"))) {
            Thread.onSpinWait();
        }
        verifier.kill();
    }

    /** The journal has it all, so a launch would make it true. */
    @Test
    void aStoredThatNoStoreHasIsCaught() throws Exception {
        try (Children children = new Children(work)) {
            final Path home = children.home("home");
            final String name = Children.name(home);
            try (Children.Life life = killed(children, Way.JOURNAL_ONLY, home, "SYNCED")) {
                assertEquals(List.of(), life.settle(), "seed " + seed);
            }
            final long synced =
                    Ledger.read(EngineChild.obligations(home), name).said(Watermark.SYNCED);
            Files.writeString(
                    EngineChild.obligations(home),
                    Ledger.line(Watermark.STORED, name, synced, 0) + "\n",
                    StandardOpenOption.APPEND);
            final List<String> wrong = children.checkAfterPowerCut(home, false);
            isOneOf(wrong, "STORED was " + synced);
            assertEquals(List.of(), children.checkAfterPowerCut(home, false), "now it is");
        }
    }

    @Test
    void aWatermarkBelowWhatItWasIsCaught() throws Exception {
        try (Children children = new Children(work)) {
            final Path home = children.home("home");
            try (Children.Life life = killed(children, Way.USUAL, home, "READABLE")) {
                assertEquals(List.of(), life.settle(), "seed " + seed);
            }
            final Path obligations = EngineChild.obligations(home);
            final long far = Ledger.read(obligations, "home").last() + FAR;
            Files.writeString(
                    obligations,
                    Ledger.line(Watermark.READABLE, "home", far, 0) + "\n",
                    StandardOpenOption.APPEND);
            isOneOf(children.check(home, false), "READABLE below " + far);
        }
    }

    /** Two engines in one process: the other one lives on. */
    @Test
    void anEngineThatEndsBesideAnotherIsCaught() throws Exception {
        try (Children children = new Children(work)) {
            final List<Path> homes = List.of(children.home("sound"), children.home("broken"));
            final Path data = Files.createDirectories(EngineChild.data(homes.get(1)));
            Files.writeString(data.resolve("manifest"), "no manifest");
            try (Children.Life life = children.live(new Random(seed), Way.USUAL, homes)) {
                assertTrue(
                        life.await("BROKEN", 1) && life.await("APPENDED", 1),
                        () -> life.said().toString());
                life.kill();
                isOneOf(life.settle(), "BROKEN broken life ended");
            }
        }
    }

    /** Of what the engine tells before a power cut only a torn record is nothing. */
    @Test
    void anErrorBeforeThePowerCutIsCaught() throws Exception {
        try (Children children = new Children(work)) {
            final Path home = children.home("home");
            try (Children.Life life = killed(children, Way.USUAL, home, "SYNCED")) {
                final String store = "ERROR home StoreException: record 999999 .";
                final String torn = "ERROR home x.JournalException: record 999999 is damaged .";
                Files.writeString(
                        life.output(),
                        "\n" + store + "\n" + torn + "\n",
                        StandardOpenOption.APPEND);
                assertEquals(List.of(store), life.settleAfterPowerCut(Files.size(life.output())));
            }
        }
    }

    @Test
    void whatIsOwedIsToldBeforeWhatIsNot() {
        final Ledger ledger = new Ledger();
        ledger.add("home", List.of(new Ledger.Ack(5, 0, "00", "-").line("home")));
        final List<String> findings = new ArrayList<>();
        IntStream.range(0, UNOWED)
                .forEach(i -> findings.add("LOST home record " + (100 + i) + " ."));
        findings.add("LOST home records 4-6 .");
        findings.add("LOST home names none .");
        assertEquals(
                List.of("LOST home records 4-6 .", "LOST home names none ."),
                ledger.owedFirst(findings.stream(), 2));
    }

    /** By the machine's pace what could go on and does not; by the clock what stands with it. */
    @Test
    void aSlowLaunchIsCaught() throws Exception {
        try (Children children = new Children(work)) {
            final Path home = children.home("home");
            try (Children.Life life = children.live(new Random(seed), Way.SLOW, List.of(home))) {
                assertTrue(life.await("OPENING", 1), () -> life.said().toString());
                final String pid = Long.toString(life.child().process().pid());
                Machine.run("kill", "-STOP", pid);
                assertFalse(life.child().process().waitFor(STALL_MS, TimeUnit.MILLISECONDS));
                Machine.run("kill", "-CONT", pid);
                assertTrue(life.await("OPENED", 1), () -> life.said().toString());
                life.kill();
                assertEquals(List.of(), life.settle(), "seed " + seed);
            }
            isOneOf(Children.slowOpens(children.opens()), "slow: OPENED");
            final long pacedMs =
                    children.opens().stream()
                            .filter(line -> line.startsWith("OPENED "))
                            .mapToLong(line -> Long.parseLong(line.split(" ")[2]))
                            .sum();
            assertTrue(children.slowestMs() >= pacedMs + STALL_MS / 2, children.opens()::toString);
            final long limitMs = Children.OPEN_MS * Children.WALL;
            assertEquals(
                    List.of("slow: WALL home " + (limitMs + 1) + " 0 ."),
                    Children.slowOpens(
                            List.of(
                                    "WALL home " + limitMs + " 0 .",
                                    "WALL home " + (limitMs + 1) + " 0 .")));
        }
    }
}
