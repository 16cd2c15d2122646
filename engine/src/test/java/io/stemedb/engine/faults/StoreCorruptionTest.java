package io.stemedb.engine.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.Appender;
import io.stemedb.engine.ChildJvm;
import io.stemedb.engine.Engine;
import io.stemedb.engine.RecordMix;
import io.stemedb.engine.StoreContent;
import io.stemedb.engine.TestEngines;
import io.stemedb.engine.store.StoreException;
import io.stemedb.engine.store.SubjectIndex;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * P4 and P7 on the files of the stores: wrong bytes served 0, entries missing without a word 0, and
 * the process stays alive.
 */
@Tag("faults")
class StoreCorruptionTest {
    private static final int SCALE = Integer.getInteger("io.stemedb.faults.scale", 1);
    private static final int ROCKS_ROUNDS = 60 * SCALE;
    private static final int LMDB_ROUNDS = 40 * SCALE;
    private static final int COUNT = 700;
    private static final int IN_A_CHILD = 25;
    private static final long SEED = Long.getLong("io.stemedb.faults.seed", TestEngines.newSeed());

    @TempDir Path work;

    private final Random random = new Random(SEED);
    private final List<String> done = new ArrayList<>();

    private Path fill(final String name, final SubjectIndex index) {
        final Path data = work.resolve(name);
        try (Engine engine =
                Engine.launch(
                        TestEngines.context(data).subjectIndex(index).generationRecords(200))) {
            final Appender appender = engine.newAppender();
            final RecordMix mix = new RecordMix(new Random(SEED), 30, appender);
            for (int i = 0; i < COUNT; i++) {
                mix.append(appender);
            }
            assertTrue(engine.checkpoint(TestEngines.TIMEOUT_NS));
        }
        return data;
    }

    private Path copy(final Path sound, final int number) throws IOException {
        final Path copy = work.resolve(sound.getFileName() + "-" + number);
        Damage.copy(sound, copy);
        return copy;
    }

    /** What a child says of each directory, by its first word. */
    private Map<String, Integer> look(final Path sound, final List<Path> directories)
            throws Exception {
        final Map<String, Integer> counts = new TreeMap<>();
        for (int from = 0; from < directories.size(); from += IN_A_CHILD) {
            final List<String> arguments = new ArrayList<>(List.of(sound.toString()));
            directories
                    .subList(from, Math.min(from + IN_A_CHILD, directories.size()))
                    .forEach(directory -> arguments.add(directory.toString()));
            final Path output = Files.createTempFile(work, "child", ".out");
            try (ChildJvm child =
                    ChildJvm.start(
                            output,
                            List.of(),
                            List.of("-XX:ErrorFile=" + work.resolve("hs_err.log")),
                            StoreDamageChild.class,
                            arguments.toArray(new String[0]))) {
                child.process().waitFor();
                final List<String> lines = child.lines();
                final String said = "seed " + SEED + ", " + done + "\n" + String.join("\n", lines);
                assertEquals(0, child.process().exitValue(), said);
                assertTrue(lines.contains("DONE"), said);
                for (final String line : lines) {
                    final String word = line.split(" ")[0];
                    assertTrue(!"WRONG".equals(word) && !"SILENT".equals(word), said);
                    counts.merge(word, 1, Integer::sum);
                }
            }
        }
        System.out.println(counts);
        return counts;
    }

    @Test
    void damagedFilesOfLmdb() throws Exception {
        final Path sound = fill("lmdb-base", SubjectIndex.LMDB);
        final List<Path> copies = new ArrayList<>(List.of(copy(sound, -1)));
        for (int i = 0; i < LMDB_ROUNDS; i++) {
            final Path copy = copy(sound, i);
            final Path file = copy.resolve("lmdb/data.mdb");
            final Damage.Kind kind = Damage.Kind.values()[i % Damage.Kind.values().length];
            final int used = (int) Files.size(file);
            done.add(i + ": " + Damage.apply(kind, file, file, 0, used, random));
            copies.add(copy);
        }
        final Map<String, Integer> counts = look(sound, copies);
        assertTrue(counts.get("SOUND") >= 1, counts::toString); // the copy that is not damaged
        assertTrue(counts.getOrDefault("REFUSED", 0) > 5, counts::toString);
    }

    @Test
    void damagedFilesOfRocksDb() throws Exception {
        final Path sound = fill("rocks-base", SubjectIndex.ROCKSDB);
        final List<Path> copies = new ArrayList<>(List.of(copy(sound, -1)));
        for (int i = 0; i < ROCKS_ROUNDS; i++) {
            final Path copy = copy(sound, i);
            final List<Path> tables = Damage.files(copy.resolve("rocks"), ".sst");
            final List<Path> all = new ArrayList<>();
            for (final Path file : Damage.files(copy.resolve("rocks"), "")) {
                if (Files.isRegularFile(file) && Files.size(file) > 0) {
                    all.add(file);
                }
            }
            final List<Path> from = i % 3 == 0 ? all : tables;
            final Path file = from.get(random.nextInt(from.size()));
            final Path other = tables.get(random.nextInt(tables.size()));
            final Damage.Kind kind = Damage.Kind.values()[i % Damage.Kind.values().length];
            done.add(i + ": " + Damage.apply(kind, file, other, 0, (int) Files.size(file), random));
            copies.add(copy);
        }
        final Map<String, Integer> counts = look(sound, copies);
        assertTrue(counts.get("SOUND") >= 1, counts::toString);
        assertTrue(
                counts.getOrDefault("REFUSED", 0) + counts.getOrDefault("TOLD", 0) > 10,
                counts::toString);
    }

    /** P7: deleted, and there again. */
    @Test
    void storesThatAreGoneComeBack() throws Exception {
        final Path sound = fill("gone-base", SubjectIndex.LMDB);
        final StoreContent before = StoreContent.read(sound);
        for (final List<String> gone :
                List.of(List.of("rocks"), List.of("lmdb"), List.of("rocks", "lmdb"))) {
            for (final String one : gone) {
                StoreContent.delete(sound, one);
            }
            Engine.launch(TestEngines.context(sound)).close();
            assertEquals(before, StoreContent.read(sound), gone::toString);
        }
    }

    /** What is left of the store is not taken for an empty one; without it, it is rebuilt. */
    @Test
    void withoutCurrentItIsRefused() throws Exception {
        final Path sound = fill("headless", SubjectIndex.LMDB);
        final StoreContent before = StoreContent.read(sound);
        StoreContent.delete(sound, "rocks/CURRENT");
        final StoreException refused =
                assertThrows(StoreException.class, () -> Engine.launch(TestEngines.context(sound)));
        assertTrue(refused.getMessage().contains("CURRENT"), refused.getMessage());
        StoreContent.delete(sound, "rocks");
        Engine.launch(TestEngines.context(sound)).close();
        assertEquals(before, StoreContent.read(sound));
    }

    @Test
    void aStoreOfAnotherEngineIsRefused() throws Exception {
        final Path one = fill("one", SubjectIndex.LMDB);
        final Path two = fill("two", SubjectIndex.LMDB);
        for (final String store : List.of("rocks", "lmdb")) {
            final Path mixed = work.resolve("mixed-" + store);
            Damage.copy(one, mixed);
            Damage.delete(mixed.resolve(store));
            Damage.copy(two.resolve(store), mixed.resolve(store));
            final StoreException refused =
                    assertThrows(
                            StoreException.class, () -> Engine.launch(TestEngines.context(mixed)));
            assertTrue(refused.getMessage().contains("belongs to engine"), refused.getMessage());
        }
    }

    /** The stores have had more than the journal now holds: told, with the range. */
    @Test
    void aCursorBeyondTheJournal() throws Exception {
        final Path sound = fill("beyond-base", SubjectIndex.LMDB);
        final Path journal = Damage.files(sound.resolve("journal"), ".cq4").get(0);
        final byte[] bytes = Files.readAllBytes(journal);
        Files.write(journal, java.util.Arrays.copyOf(bytes, bytes.length - 20_000));
        StoreContent.delete(sound, "lmdb");
        final List<Throwable> told = new java.util.concurrent.CopyOnWriteArrayList<>();
        try (Engine engine = Engine.launch(TestEngines.context(sound).errorHandler(told::add))) {
            assertEquals(
                    COUNT + 1,
                    TestEngines.claim(engine.newAppender(), "next", 1, 1),
                    "no sequence is given twice");
        }
        assertTrue(
                told.stream().anyMatch(error -> error.getMessage().contains("was given out")),
                told::toString);
    }
}
