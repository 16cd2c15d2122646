package io.stemedb.engine.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.codecs.Limits;
import io.stemedb.codecs.RecordHeader;
import io.stemedb.codecs.SupersessionType;
import io.stemedb.engine.Appender;
import io.stemedb.engine.ChildJvm;
import io.stemedb.engine.Engine;
import io.stemedb.engine.EngineContext;
import io.stemedb.engine.JournalPlaces;
import io.stemedb.engine.RecordMix;
import io.stemedb.engine.StoreContent;
import io.stemedb.engine.TestEngines;
import io.stemedb.engine.platform.Manifest;
import io.stemedb.engine.store.KeyFamily;
import io.stemedb.engine.store.Keys;
import io.stemedb.engine.store.KvBatch;
import io.stemedb.engine.store.KvReader;
import io.stemedb.engine.store.KvStore;
import io.stemedb.engine.store.StoreException;
import io.stemedb.engine.store.StoreIdentity;
import io.stemedb.engine.store.SubjectIndex;
import io.stemedb.engine.store.lmdb.LmdbKvStore;
import io.stemedb.engine.store.rocks.RocksKvStore;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * P4 and P7 on the files of the stores: wrong bytes served 0, entries missing without a word 0, and
 * the process stays alive.
 */
@Tag("faults")
class StoreCorruptionTest {
    private static final int SCALE = Integer.getInteger("io.stemedb.faults.scale", 1);
    private static final int ROCKS_ROUNDS = 60 * SCALE;
    private static final int LMDB_ROUNDS = 80 * SCALE;
    private static final int MANIFEST_EVERY = 5;
    private static final int COUNT = 700;
    private static final int IN_A_CHILD = 25;
    private static final int CRC_OFFSET = 4;
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

    /** What children say of each directory, in that order; what must never be is thrown. */
    private List<String> look(final Path sound, final List<Path> directories) throws Exception {
        final List<String> looks = new ArrayList<>();
        for (int from = 0; from < directories.size(); from += IN_A_CHILD) {
            final int to = Math.min(from + IN_A_CHILD, directories.size());
            final List<String> lines = child(sound, directories.subList(from, to));
            for (final Path directory : directories.subList(from, to)) {
                final String line = lineOf(directory, lines);
                judge(line, said(lines));
                looks.add(line);
            }
        }
        final Map<String, Integer> counts = new TreeMap<>();
        looks.forEach(line -> counts.merge(line.split(" ")[0], 1, Integer::sum));
        System.out.println("StoreCorruptionTest: " + counts);
        return looks;
    }

    private static long count(final List<String> looks, final String word) {
        return looks.stream().filter(line -> line.startsWith(word)).count();
    }

    private List<String> child(final Path sound, final List<Path> directories) throws Exception {
        final List<String> arguments = new ArrayList<>(List.of(sound.toString()));
        directories.forEach(directory -> arguments.add(directory.toString()));
        final Path output = Files.createTempFile(work, "child", ".out");
        try (ChildJvm child =
                ChildJvm.start(
                        output,
                        List.of(),
                        List.of(
                                "-XX:ErrorFile=" + work.resolve("hs_err.log"),
                                "-XX:TieredStopAtLevel=1",
                                "-XX:+UseSerialGC"),
                        StoreDamageChild.class,
                        arguments.toArray(new String[0]))) {
            final boolean ended =
                    child.process().waitFor(3 * TestEngines.TIMEOUT_NS, TimeUnit.NANOSECONDS);
            final List<String> lines = child.lines();
            assertTrue(ended, () -> "it hangs: " + said(lines));
            assertEquals(0, child.process().exitValue(), said(lines));
            assertTrue(lines.contains("DONE"), said(lines));
            return lines;
        }
    }

    private String said(final List<String> lines) {
        return "seed " + SEED + ", " + done + "\n" + String.join("\n", lines);
    }

    /** First word of what a child said; three words must never be. */
    private static String judge(final String line, final String said) {
        final String word = line.split(" ")[0];
        assertFalse(List.of("WRONG", "SILENT", "UNNAMED").contains(word), said);
        return word;
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
        final List<String> looks = look(sound, copies);
        assertTrue(looks.get(0).startsWith("SOUND"), looks::toString); // it is not damaged
        assertTrue(count(looks, "REFUSED") > 8, looks::toString); // no other way: no checksums
        assertEquals(0, count(looks, "QUIET"), looks::toString);
    }

    @Test
    void damagedFilesOfRocksDb() throws Exception {
        final Path sound = fill("rocks-base", SubjectIndex.ROCKSDB);
        final List<Path> copies = new ArrayList<>(List.of(copy(sound, -1)));
        for (int i = 0; i < ROCKS_ROUNDS; i++) {
            final Path copy = copy(sound, i);
            final List<Path> tables = Damage.files(copy.resolve("rocks"), ".sst");
            final List<Path> from =
                    switch (i % MANIFEST_EVERY) { // so that each meets every kind of damage
                        case 0 -> manifests(copy);
                        case 1 -> filled(copy.resolve("rocks"));
                        default -> tables;
                    };
            final Path file = from.get(random.nextInt(from.size()));
            final Path other = tables.get(random.nextInt(tables.size()));
            final Damage.Kind kind = Damage.Kind.values()[i % Damage.Kind.values().length];
            done.add(i + ": " + Damage.apply(kind, file, other, 0, (int) Files.size(file), random));
            copies.add(copy);
        }
        final List<String> looks = look(sound, copies);
        assertTrue(looks.get(0).startsWith("SOUND"), looks::toString);
        assertTrue(count(looks, "TOLD") > 12, looks::toString);
        assertEquals(0, count(looks, "QUIET"), looks::toString);
        for (final String line : looks) { // what stands in other blocks is served
            assertFalse(line.startsWith("TOLD served 0,"), looks::toString);
        }
        int manifests = 0;
        for (int i = 0; i < ROCKS_ROUNDS; i += MANIFEST_EVERY) {
            manifests += looks.get(i + 1).startsWith("REFUSED") ? 1 : 0;
        }
        assertTrue(manifests > 3, looks::toString);
    }

    private static List<Path> manifests(final Path data) throws IOException {
        return filled(data.resolve("rocks")).stream()
                .filter(file -> file.getFileName().toString().startsWith("MANIFEST"))
                .toList();
    }

    private static List<Path> filled(final Path directory) throws IOException {
        final List<Path> filled = new ArrayList<>();
        for (final Path file : Damage.files(directory, "")) {
            if (Files.isRegularFile(file) && Files.size(file) > 0) {
                filled.add(file);
            }
        }
        return filled;
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
        final int kept = JournalPlaces.of(sound).size();
        assertTrue(kept > 1 && kept < COUNT, "kept " + kept);
        // of the first there may be a frame, and it is told by itself
        final String one = "sequence " + (kept + 1) + " is missing";
        final String all = "sequences " + (kept + 1) + "-" + COUNT + " are missing";
        final String others = "sequences " + (kept + 2) + "-" + COUNT + " are missing";
        final List<Throwable> told = new java.util.concurrent.CopyOnWriteArrayList<>();
        try (Engine engine = Engine.launch(TestEngines.context(sound).errorHandler(told::add))) {
            assertEquals(
                    COUNT + 1,
                    TestEngines.claim(engine.newAppender(), "next", 1, 1),
                    "no sequence is given twice");
        }
        final String text = told.toString();
        assertTrue(text.contains(all) || text.contains(one) && text.contains(others), text);
    }

    /**
     * The control: a byte changed past every checksum that reads look at is caught when it is
     * served. With its CRC left as it was the engine does not serve it.
     */
    @ParameterizedTest
    @CsvSource({"ASSERTION, record", "VOTE, vote on", "EPOCH, record", "SUBJECT, claim"})
    void aWrongByteIsCaught(final KeyFamily family, final String what) throws Exception {
        final Path sound = few();
        final Path served = copy(sound, 1);
        alter(served, family, true);
        final List<Path> copies = new ArrayList<>(List.of(copy(sound, 0), served));
        if (family != KeyFamily.SUBJECT) {
            copies.add(copy(sound, 2));
            alter(copies.get(2), family, false);
        }
        final List<String> lines = child(sound, copies);
        assertEquals("SOUND", judge(lineOf(copies.get(0), lines), said(lines)));
        assertCaught("WRONG [" + what, lineOf(served, lines));
        if (family != KeyFamily.SUBJECT) {
            assertEquals("TOLD", judge(lineOf(copies.get(2), lines), said(lines)));
        }
    }

    /** The control: a directory that is sound, but without the last records. */
    @Test
    void aMissingRecordIsCaught() throws Exception {
        final Path whole = few();
        final Path before = copy(whole, 0);
        try (Engine engine = Engine.launch(few(whole))) {
            appendOneOfEach(engine.newAppender(), 2);
        }
        final List<String> lines = child(whole, List.of(before));
        final String line = lineOf(before, lines);
        assertCaught("SILENT ", line);
        for (final String one : List.of("assertion", "claim", "epoch", "vote", "subject")) {
            assertTrue(line.substring(line.indexOf("missing [")).contains(one), line);
        }
    }

    private static String lineOf(final Path directory, final List<String> lines) {
        return lines.stream()
                .filter(line -> !line.startsWith("NEXT ") && line.endsWith(" " + directory))
                .findFirst()
                .orElseThrow();
    }

    private static void assertCaught(final String start, final String line) {
        assertTrue(line.startsWith(start), line);
        assertThrows(AssertionError.class, () -> judge(line, line));
    }

    /** The control: damage that a launch meets and verify does not name. */
    @Test
    void whatVerifyDoesNotNameIsCaught() {
        assertCaught("UNNAMED TOLD", StoreDamageChild.judge("TOLD served 1", ""));
        assertCaught("UNNAMED REFUSED", StoreDamageChild.judge("REFUSED", ""));
        assertCaught("SILENT QUIET", StoreDamageChild.judge("QUIET served 1", ""));
        assertEquals("TOLD, verify: a", StoreDamageChild.judge("TOLD", "a"));
    }

    /** Subject index in RocksDB: LMDB keeps both values under a key as duplicates. */
    private static EngineContext few(final Path data) {
        return TestEngines.context(data).subjectIndex(SubjectIndex.ROCKSDB);
    }

    private Path few() {
        final Path data = work.resolve("few");
        try (Engine engine = Engine.launch(few(data))) {
            final Appender appender = engine.newAppender();
            appendOneOfEach(appender, 1);
            TestEngines.claim(appender, "subject-1", 2, 2);
        }
        return data;
    }

    private static void appendOneOfEach(final Appender appender, final int number) {
        TestEngines.claim(appender, "subject-" + number, 1, 1);
        appender.vote()
                .assertion(TestEngines.id(number))
                .agentId(TestEngines.id(number))
                .weight(1)
                .timestamp(1);
        TestEngines.append(appender.vote()::append);
        appender.epoch()
                .id(TestEngines.id(number))
                .name("epoch")
                .start(1)
                .supersessionType(SupersessionType.None);
        TestEngines.append(appender.epoch()::append);
    }

    /** Changes the last entry of a family: a bit of a record, or the claim an index leads to. */
    private static void alter(final Path data, final KeyFamily family, final boolean withCrc) {
        final Manifest manifest = Manifest.read(data);
        final StoreIdentity identity =
                new StoreIdentity(
                        manifest.engineId().getMostSignificantBits(),
                        manifest.engineId().getLeastSignificantBits(),
                        manifest.format());
        try (KvStore store =
                        family == KeyFamily.EPOCH
                                ? LmdbKvStore.open(data.resolve("lmdb"), identity, 1L << 30)
                                : RocksKvStore.open(data.resolve("rocks"), identity);
                KvReader reader = store.newReader();
                KvBatch batch = store.newBatch()) {
            final List<UnsafeBuffer> keys = new ArrayList<>();
            final List<UnsafeBuffer> values = new ArrayList<>();
            final UnsafeBuffer prefix = new UnsafeBuffer(new byte[Keys.PREFIX_LENGTH]);
            reader.scanForward(
                    prefix,
                    0,
                    Keys.family(prefix, 0, family),
                    null,
                    0,
                    0,
                    (key, keyAt, keyLength, value, valueAt, valueLength) -> {
                        keys.add(new UnsafeBuffer(TestEngines.copy(key, keyAt, keyLength)));
                        values.add(new UnsafeBuffer(TestEngines.copy(value, valueAt, valueLength)));
                        return true;
                    });
            final UnsafeBuffer key = keys.get(keys.size() - 1);
            final UnsafeBuffer value =
                    values.get(family == KeyFamily.SUBJECT ? 0 : values.size() - 1);
            if (family != KeyFamily.SUBJECT) {
                value.putByte(
                        Limits.HEADER_LENGTH, (byte) (value.getByte(Limits.HEADER_LENGTH) ^ 1));
                if (withCrc) {
                    value.putInt(
                            CRC_OFFSET,
                            RecordHeader.computeCrc(value, 0, value.capacity()),
                            ByteOrder.LITTLE_ENDIAN);
                }
            }
            batch.put(key, 0, key.capacity(), value, 0, value.capacity());
            batch.commit(store.cursor());
        }
    }
}
