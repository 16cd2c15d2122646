package io.stemedb.engine.faults;

import static io.stemedb.engine.faults.SystemCallTest.strace;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.faults.EngineChild.Way;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** P3: the N-th fdatasync or fsync of a file fails, by strace. */
@Tag("faults")
class FailingForceTest {
    private static final int FAILURES = 4;

    private static final int FAILING_MAX = 5;

    /** Whichever it is that a thread forces for the N-th time; a life has no more. */
    private static final int SEGMENTS = 23;

    private static final int FILES = 40;

    /** Forces of one kind of file by one thread: a launch makes fewer. */
    private static final int OF_A_FLUSH = 5;

    /** Twice as many, and more. */
    private static final int FLUSHES = 12;

    @TempDir Path work;

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
                // the first ones, and whichever
                final int nth = i < FAILURES - 1 ? i + 1 : FAILURES + random.nextInt(FAILING_MAX);
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

    /** One of a store is told, and its flush done again: STORED goes on, and says the truth. */
    @ParameterizedTest
    @CsvSource({"rocks/incoming/%d.sst, RocksDB store", "rocks/MANIFEST-%06d, RocksDB store"})
    void aFailedForceOfAStoreIsDoneAgain(final String file, final String component)
            throws Exception {
        final List<String> errors =
                failing("fdatasync", OF_A_FLUSH, file, Way.USUAL, "STORED", FLUSHES);
        // twice if the edit of a compaction was in the same write, which stops RocksDB
        assertTrue(tables(errors) == 1 && errors.get(0).startsWith("ERROR"), errors::toString);
        assertTrue(errors.get(0).contains(component), errors::toString);
        assertTrue(errors.get(0).contains("Input/output error"), errors::toString);
    }

    /**
     * The second table of a thread: of the one that flushes, which does it again; and of the one
     * that compacts, which stops RocksDB until the store opens it again.
     */
    @Test
    void aCompactionThatFailsDoesNotEndTheStore() throws Exception {
        final List<String> errors =
                failing("fdatasync", 2, "rocks/%06d.sst", Way.USUAL, "STORED", 2 * FLUSHES);
        // one batch after another, each for the same table
        assertTrue(tables(errors) < errors.size(), () -> "no compaction failed: " + errors);
        for (final String error : errors) {
            assertTrue(error.startsWith("ERROR") && error.contains("RocksDB store"), error);
            assertTrue(error.contains("Input/output error"), error);
        }
    }

    /** How many different things failed, whichever batch met them. */
    private static long tables(final List<String> errors) {
        return errors.stream().map(error -> error.replaceAll(".*: While", "")).distinct().count();
    }

    /**
     * One of the journal's other files ends acknowledgement as that of a segment does, and so does
     * one of LMDB's: it would write into the same blocks again.
     */
    @ParameterizedTest
    @CsvSource({
        "lmdb/data.mdb, FAILING_LMDB, must be opened again",
        "journal/oldest, FAILING_TRIM, cannot be trimmed",
        "journal/00000001, FAILING, force failed"
    })
    void aFailedForceBesideTheSegmentsEndsAcknowledgement(
            final String file, final Way way, final String told) throws Exception {
        final boolean lmdb = way == Way.FAILING_LMDB;
        final String call = lmdb ? "fdatasync" : "fsync";
        for (final String line : failing(call, lmdb ? OF_A_FLUSH : 2, file, way, "STANDS", 1)) {
            assertTrue(line.contains(told) && line.contains("Input/output error"), line);
        }
    }

    /**
     * A life in which the N-th force of such files by one thread fails, until it has said
     * something; what it told. The next life has all that was acknowledged.
     */
    private List<String> failing(
            final String call,
            final int nth,
            final String file,
            final Way way,
            final String until,
            final int times)
            throws Exception {
        Machine.needs(Machine.canTrace(), "failing " + call, "strace cannot trace here");
        final long seed = Children.seed();
        final String at = "seed " + seed + ", " + file + " ";
        try (Children children = new Children(work)) {
            final Path home = children.home("home");
            final String inject = call + ":error=EIO:when=" + nth;
            final List<String> before = new ArrayList<>(strace(work.resolve("trace"), inject));
            IntStream.rangeClosed(1, FILES)
                    .mapToObj(file::formatted)
                    .distinct()
                    .map(name -> EngineChild.data(home).resolve(name).toString())
                    .forEach(path -> before.addAll(List.of("-P", path)));
            final List<String> told;
            try (Children.Life life =
                    children.live(before, new Random(seed), way, null, List.of(home))) {
                assertTrue(life.await(until, times), () -> at + life.said());
                life.kill();
                told = life.settle();
            }
            assertFalse(told.isEmpty(), at + "failed never");
            assertEquals(List.of(), children.check(home, true), at);
            return told;
        }
    }
}
