package io.stemedb.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.codecs.SupersessionType;
import io.stemedb.engine.JournalPlaces.Place;
import io.stemedb.engine.faults.Machine;
import io.stemedb.engine.platform.DirectoryLock;
import io.stemedb.engine.platform.Manifest;
import io.stemedb.engine.store.Keys;
import io.stemedb.engine.store.KvBatch;
import io.stemedb.engine.store.KvStore;
import io.stemedb.engine.store.rocks.RocksKvStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a repair must leave alone, or give up. */
@Timeout(900) // only for what hangs
class HopelessRepairTest {
    private static final int EPOCHS = 200;
    private static final String DESCRIPTION = TestEngines.ofLength('d', 65_000);

    @TempDir Path work;

    /** Repairs a directory, or says why not. */
    static final class Child {
        private Child() {}

        public static void main(final String[] arguments) {
            try (Repair repair = Repair.plan(Path.of(arguments[0]), count -> {})) {
                System.out.println(repair.steps());
                if ("run".equals(arguments[1])) {
                    repair.run(error -> {}, count -> {});
                    System.out.println("REPAIRED");
                }
            } catch (final EngineException e) {
                System.out.println("GAVE UP " + e.getMessage());
            }
        }
    }

    /** Rebuilds LMDB, whose file grows to some 13 MB, while no file may be larger than that. */
    private String rebuild(final long fileBytes) throws Exception {
        Machine.needs(Machine.has("prlimit"), "a store that keeps refusing", "no prlimit");
        final Path data = work.resolve("data");
        try (Engine engine = Engine.launch(TestEngines.context(data))) {
            final Appender appender = engine.newAppender();
            for (int n = 0; n < EPOCHS; n++) {
                appender.epoch()
                        .id(TestEngines.id(n))
                        .name("epoch-" + n)
                        .description(DESCRIPTION)
                        .start(n)
                        .supersessionType(SupersessionType.None);
                TestEngines.append(appender.epoch()::append);
            }
            assertTrue(engine.checkpoint(TestEngines.TIMEOUT_NS));
        }
        StoreContent.delete(data, EngineParts.LMDB);
        // a plan first, which leaves the native libraries there
        repair(data, "plan", Long.MAX_VALUE);
        return repair(data, "run", fileBytes);
    }

    private String repair(final Path data, final String what, final long fileBytes)
            throws Exception {
        try (ChildJvm child =
                ChildJvm.start(
                        work.resolve(what),
                        List.of("prlimit", "--fsize=" + fileBytes),
                        List.of(),
                        Child.class,
                        data.toString(),
                        what)) {
            return String.join("\n", child.end());
        }
    }

    /** The disk has room, and LMDB is refused all the same: EFBIG. */
    @Test
    void aStoreThatKeepsRefusingIsGivenUp() throws Exception {
        final String said = rebuild(8 << 20);
        assertTrue(said.contains("GAVE UP"), said);
        assertTrue(said.contains("cannot be rebuilt: LMDB store"), said);
    }

    /** The control. */
    @Test
    void withoutALimitItIsRebuilt() throws Exception {
        final String said = rebuild(64 << 20);
        assertTrue(said.contains("REPAIRED"), said);
    }

    private Path filled(final int records) {
        final Path data = work.resolve("data");
        try (Engine engine = Engine.launch(TestEngines.context(data))) {
            final Appender appender = engine.newAppender();
            for (int n = 0; n < records; n++) {
                TestEngines.claim(appender, "s" + n % 7, n, n);
            }
            assertTrue(engine.checkpoint(TestEngines.TIMEOUT_NS));
        }
        return data;
    }

    /** Many records, as many damaged ones, and an entry in RocksDB that is none of theirs. */
    private Path damaged(final int damages) {
        final Path data = filled(damages + 10);
        JournalPlaces.of(data).stream()
                .limit(damages)
                .collect(Collectors.groupingBy(Place::segment))
                .forEach(
                        (segment, places) ->
                                JournalPlaces.change(segment, bytes -> flip(bytes, places)));
        final byte[] key = new byte[Keys.ASSERTION_LENGTH];
        final UnsafeBuffer buffer = new UnsafeBuffer(key);
        Keys.assertion(buffer, 0, new UnsafeBuffer(TestEngines.id(1)), 0);
        try (KvStore store =
                        RocksKvStore.open(
                                data.resolve(EngineParts.ROCKS),
                                EngineParts.identity(Manifest.read(data)));
                KvBatch batch = store.newBatch()) {
            batch.put(buffer, 0, key.length, buffer, 0, key.length);
            batch.commit(store.cursor());
        }
        return data;
    }

    private static void flip(final byte[] bytes, final List<Place> places) {
        places.forEach(place -> bytes[place.frame() + JournalPlaces.RECORD + 40] ^= 0x15);
    }

    /** What is behind the damages that are kept may be in that store alone. */
    @Test
    void aStoreStaysWhereMoreIsDamagedThanOneRepairTakes() {
        try (Repair repair = Repair.plan(damaged(JournalComparison.DAMAGES_MAX + 1), count -> {})) {
            final String steps = repair.steps().toString();
            assertTrue(steps.contains("damaged records back"), steps);
            assertFalse(steps.contains("rebuild"), steps);
            final String impossible = repair.impossible().toString();
            assertTrue(impossible.contains("repair again for the rest"), impossible);
            assertTrue(impossible.contains("RocksDB is damaged: it may have"), impossible);
        }
    }

    /** An altered excerpt behind them makes no difference. */
    @ParameterizedTest
    @CsvSource({"1, 1, false", "-10, 10, true"})
    void alteredExcerptsAreNoDamages(final int more, final int excerpts, final boolean rebuilt) {
        final Path data = damaged(JournalComparison.DAMAGES_MAX + more);
        final List<Place> places = JournalPlaces.of(data, JournalComparison.DAMAGES_MAX + more + 1);
        places.subList(0, excerpts).forEach(place -> place.flip(17));
        try (Repair repair = Repair.plan(data, count -> {})) {
            final String steps = repair.steps().toString();
            assertEquals(rebuilt, steps.contains("rebuild"), steps);
            final String impossible = repair.impossible().toString();
            assertEquals(!rebuilt, impossible.contains("repair again for the rest"), impossible);
        }
    }

    /** What is planned is held in memory: a part of it at a time, and no store moved before. */
    @Test
    void oneRepairPlansSoManyBytes() {
        final int damages = 100;
        final Path data = damaged(damages);
        final List<Place> places = JournalPlaces.of(data, damages + 1);
        places.subList(0, 5).forEach(place -> place.flip(17));
        final int most = 30 * places.get(0).length();
        int runs = 0;
        for (boolean isSound = false; !isSound; runs++) {
            assertTrue(runs < damages, "no end");
            try (Repair repair = Repair.plan(data, most, count -> {})) {
                final String steps = repair.steps().toString();
                final String told = repair.impossible().toString();
                assertTrue(records(steps) <= 30, steps);
                assertEquals(told.contains("repair again for the rest"), runs < 3, told);
                assertEquals(steps.contains("rebuild RocksDB"), runs == 3, steps);
                assertEquals(told.contains("RocksDB is damaged: it may have"), runs < 3, told);
                isSound = repair.run(error -> {}, count -> {}).isSound();
            }
        }
        assertEquals(4, runs);
    }

    private static long records(final String steps) {
        return Pattern.compile("(put|excerpts of) ([0-9]+) ")
                .matcher(steps)
                .results()
                .mapToLong(step -> Long.parseLong(step.group(2)))
                .sum();
    }

    /** It is not to be given up yet: when the rest is put back it can be rebuilt. */
    @Test
    void aStoreThatStaysForTheRestIsNotGivenUp() throws IOException {
        final int damages = 100;
        final Path data = damaged(damages);
        StoreContent.shut(data, EngineParts.LMDB);
        final int most = 40 * JournalPlaces.of(data, damages + 1).get(0).length();
        for (int run = 0; run < 3; run++) {
            try (Repair repair = Repair.plan(data, most, count -> {})) {
                final String told = repair.impossible().toString();
                assertEquals(run < 2, told.contains("repair again first"), told);
                assertFalse(told.contains("move it away"), told);
                assertEquals(run == 2, repair.run(error -> {}, count -> {}).isSound());
            }
        }
    }

    /** Nothing of a longer one would be put back, however often. */
    @Test
    void oneStretchIsPutBackWhateverItsLength() {
        final Path data = filled(100);
        final List<Place> places = JournalPlaces.of(data);
        places.get(3).flip(JournalPlaces.RECORD + 40);
        zero(places.get(9), places.get(40));
        zero(places.get(49), places.get(80));
        for (int run = 0; run < 3; run++) {
            assertFalse(Verifier.verify(data, count -> {}).isSound());
            try (Repair repair = Repair.plan(data, 1000, count -> {})) {
                assertEquals(1, repair.steps().size(), repair.steps()::toString);
                repair.run(error -> {}, count -> {});
            }
        }
        assertTrue(Verifier.verify(data, count -> {}).isSound());
    }

    private static void zero(final Place before, final Place last) {
        JournalPlaces.change(
                last.segment(), bytes -> Arrays.fill(bytes, before.end(), last.end(), (byte) 0));
    }

    /** Who goes on in the same process may try again with more memory. */
    @Test
    void anErrorGivesTheDirectoryFree() {
        final Path data = filled(10_000); // progress is told of every so many
        assertThrows(
                OutOfMemoryError.class,
                () ->
                        Repair.plan(
                                data,
                                count -> {
                                    throw new OutOfMemoryError("as if");
                                }));
        assertFalse(DirectoryLock.isHeldHere(data));
        try (Repair repair = Repair.plan(data, count -> {})) {
            assertEquals(List.of(), repair.steps());
        }
    }

    /** The control: with fewer it is rebuilt. */
    @Test
    void aStoreIsRebuiltWhereAllIsPutBack() {
        try (Repair repair = Repair.plan(damaged(100), count -> {})) {
            assertTrue(repair.steps().toString().contains("rebuild RocksDB"));
            assertEquals(List.of(), repair.impossible());
        }
    }
}
