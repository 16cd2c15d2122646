package io.stemedb.engine;

import static io.stemedb.engine.TestFiles.bytes;
import static io.stemedb.engine.TestFiles.files;
import static io.stemedb.engine.TestFiles.flipMiddle;
import static io.stemedb.engine.TestFiles.largest;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.JournalPlaces.Place;
import io.stemedb.engine.platform.DirectoryInUseException;
import io.stemedb.engine.store.Keys;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each kind of damage is named, mended where something right is left, and never guessed. */
@Timeout(900) // only for what hangs
class RepairTest {
    private static final int RECORDS = 1_500;
    private static final int ASSERTION = 0;
    private static final int VOTE = 1;
    private static final int EPOCH = 2;

    @TempDir static Path home;

    /** Two lives of an engine, closed; each test damages a copy. */
    private static Path sound;

    private static long seed;
    private static String soundDigest;

    private Path directory;

    @BeforeAll
    static void fill() {
        sound = home.resolve("sound");
        seed = TestEngines.newSeed();
        fill(sound, seed);
        final Verification verification = Verifier.verify(sound, count -> {});
        assertTrue(verification.isSound(), () -> "seed " + seed + ": " + verification);
        soundDigest = verification.digest();
    }

    private static void fill(final Path to, final long fillSeed) {
        final Random random = new Random(fillSeed);
        for (int life = 0; life < 2; life++) {
            try (Engine engine = Engine.launch(TestEngines.context(to))) {
                final Appender appender = engine.newAppender();
                final RecordMix mix = new RecordMix(random, 40, appender);
                for (int i = 0; i < RECORDS; i++) {
                    mix.append(appender);
                }
                assertTrue(engine.checkpoint(TestEngines.TIMEOUT_NS));
            }
        }
    }

    @BeforeEach
    void copySound() {
        directory = home.resolve("copy-" + home.toFile().list().length);
        copy(sound, directory);
    }

    static void copy(final Path from, final Path to) {
        try (Stream<Path> files = Files.walk(from)) {
            for (final Path file : (Iterable<Path>) files::iterator) {
                if (!file.startsWith(from.resolve(EngineParts.NATIVE))) {
                    Files.copy(file, to.resolve(from.relativize(file)));
                }
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Place sound(final List<Place> places, final int type, final int number) {
        return places.stream().filter(p -> p.type() == type).skip(number).findFirst().orElseThrow();
    }

    /** What is damaged, and words that verification must say about it. */
    private enum Damage {
        BIT_IN_AN_ASSERTION("crc32c") {
            @Override
            void apply(final Path dir) {
                sound(JournalPlaces.of(dir), ASSERTION, 50).flip(JournalPlaces.RECORD + 40);
            }
        },
        BIT_IN_A_VOTE("crc32c") {
            @Override
            void apply(final Path dir) {
                sound(JournalPlaces.of(dir), VOTE, 20).flip(JournalPlaces.RECORD + 30);
            }
        },
        BIT_IN_AN_EPOCH("crc32c") {
            @Override
            void apply(final Path dir) {
                sound(JournalPlaces.of(dir), EPOCH, 1).flip(JournalPlaces.RECORD + 12);
            }
        },
        HEADER_OF_A_VOTE("record") {
            @Override
            void apply(final Path dir) {
                sound(JournalPlaces.of(dir), VOTE, 20).flip(JournalPlaces.RECORD + 5);
            }
        },
        FRAME_OF_AN_ASSERTION("missing") {
            @Override
            void apply(final Path dir) {
                sound(JournalPlaces.of(dir), ASSERTION, 50).flip(1, 6);
            }
        },
        ZEROS_OVER_NEIGHBOURS("missing") {
            @Override
            void apply(final Path dir) {
                final List<Place> places = JournalPlaces.of(dir);
                for (int i = 100; ; i++) {
                    final Place first = places.get(i);
                    final Place second = places.get(i + 1);
                    if (first.type() == ASSERTION && second.type() == ASSERTION) {
                        JournalPlaces.change(
                                first.segment(),
                                bytes -> Arrays.fill(bytes, first.frame(), second.end(), (byte) 0));
                        return;
                    }
                }
            }
        },
        BYTE_OF_AN_SST(".sst") {
            @Override
            void apply(final Path dir) {
                flipMiddle(largest(dir.resolve(EngineParts.ROCKS), ".sst"));
            }
        },
        SST_CUT_OFF("RocksDB: ") {
            @Override
            void apply(final Path dir) {
                cut(largest(dir.resolve(EngineParts.ROCKS), ".sst"));
            }
        },
        ROCKSDB_GONE("RocksDB: the store is missing") {
            @Override
            void apply(final Path dir) {
                StoreContent.delete(dir, EngineParts.ROCKS);
            }
        },
        CURRENT_GONE("it has tables and no file CURRENT") {
            @Override
            void apply(final Path dir) {
                delete(dir.resolve(EngineParts.ROCKS).resolve("CURRENT"));
            }
        },
        LMDB_GONE("LMDB: the store is missing") {
            @Override
            void apply(final Path dir) {
                StoreContent.delete(dir, EngineParts.LMDB);
            }
        },
        BYTE_OF_AN_LMDB_EPOCH("an entry was altered") {
            @Override
            void apply(final Path dir) {
                // the name of an epoch stands in its value only
                flipAfter(dir, "epoch-".getBytes(), 0);
            }
        },
        PAGES_OF_LMDB_GONE_WILD("LMDB: ") {
            @Override
            void apply(final Path dir) {
                JournalPlaces.change(
                        dir.resolve(EngineParts.LMDB).resolve("data.mdb"),
                        bytes -> {
                            for (int page = 2; page * 4096 < bytes.length; page++) {
                                bytes[page * 4096 + 13] ^= 0x70; // where its entries end
                            }
                        });
            }
        },
        LMDB_CUT_OFF("the file ends before it") {
            @Override
            void apply(final Path dir) {
                final Path file = dir.resolve(EngineParts.LMDB).resolve("data.mdb");
                try {
                    Files.write(file, Arrays.copyOf(bytes(file), 3 * 4096));
                } catch (final IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        },
        SUBJECT_ENTRY_TO_NOWHERE("which is not in the store") {
            @Override
            void apply(final Path dir) {
                StoreContent.put(dir, false, subjectKey("nowhere", 7), new byte[Keys.HASH_LENGTH]);
            }
        },
        SUBJECT_ENTRY_OF_NO_RECORD("comes from no record") {
            @Override
            void apply(final Path dir) {
                final Place place = sound(JournalPlaces.of(dir), ASSERTION, 3);
                StoreContent.put(
                        dir, false, subjectKey("other", 7), TestEngines.hashOf(record(place)));
            }
        },
        RECORD_OF_NO_JOURNAL("in no record of the journal") {
            @Override
            void apply(final Path dir) {
                final byte[] record = new RecordMix(new Random(1), 1).next();
                final UnsafeBuffer key = new UnsafeBuffer(new byte[Keys.MAX_LENGTH]);
                final UnsafeBuffer hash = new UnsafeBuffer(TestEngines.hashOf(record));
                final int length = Keys.assertion(key, 0, hash, 0);
                StoreContent.put(dir, true, TestEngines.copy(key, 0, length), record);
            }
        },
        ROCKSDB_OF_ANOTHER_ENGINE("belongs to engine") {
            @Override
            void apply(final Path dir) {
                final Path other = dir.resolveSibling(dir.getFileName() + "-other");
                fill(other, 5);
                StoreContent.delete(dir, EngineParts.ROCKS);
                copy(other.resolve(EngineParts.ROCKS), dir.resolve(EngineParts.ROCKS));
            }
        };

        final String named;

        Damage(final String named) {
            this.named = named;
        }

        abstract void apply(Path dir);
    }

    @ParameterizedTest
    @EnumSource
    void isNamedAndMended(final Damage damage) {
        damage.apply(directory);
        final Verification before = Verifier.verify(directory, count -> {});
        assertFalse(before.isSound(), () -> "seed " + seed);
        assertTrue(
                before.differences().stream().anyMatch(text -> text.contains(damage.named)),
                () -> "seed " + seed + ": " + before);
        final TreeMap<String, Long> files = files(directory);
        try (Repair repair = Repair.plan(directory, count -> {})) {
            assertFalse(repair.steps().isEmpty(), () -> "seed " + seed + repair.impossible());
            assertEquals(List.of(), repair.impossible(), () -> "seed " + seed);
        }
        assertEquals(files, files(directory), "a plan changes nothing");
        final Verification after;
        try (Repair repair = Repair.plan(directory, count -> {})) {
            after = repair.run(error -> {}, count -> {});
        }
        assertTrue(after.isSound(), () -> "seed " + seed + ": " + after);
        assertEquals(soundDigest, after.digest(), () -> "seed " + seed);
        try (Repair repair = Repair.plan(directory, count -> {})) {
            assertEquals(List.of(), repair.steps());
        }
        try (Engine engine = Engine.launch(TestEngines.context(directory))) {
            assertTrue(engine.openingReport().isSound(), engine.openingReport()::toString);
            assertEquals(2 * RECORDS, engine.watermark(Watermark.READABLE));
        }
    }

    /** The control: a sound directory has nothing to repair, and opens without a word. */
    @Test
    void whatIsSoundStaysAsItIs() {
        final TreeMap<String, Long> files = files(directory);
        try (Repair repair = Repair.plan(directory, count -> {})) {
            assertEquals(List.of(), repair.steps());
            assertEquals(List.of(), repair.impossible());
            assertTrue(repair.run(error -> {}, count -> {}).isSound());
        }
        assertEquals(files, files(directory));
    }

    /** Both copies bad: told, kept as a gap, and nothing is made up. */
    @Test
    void whatNobodyHasIsNotInvented() {
        final Place place = sound(JournalPlaces.of(directory), ASSERTION, 50);
        place.flip(JournalPlaces.RECORD + 40);
        StoreContent.delete(directory, EngineParts.ROCKS);
        StoreContent.delete(directory, EngineParts.LMDB);
        final byte[] segment = bytes(place.segment());
        try (Repair repair = Repair.plan(directory, count -> {})) {
            assertTrue(
                    repair.impossible().get(0).contains("sequences " + place.sequence()),
                    repair.impossible()::toString);
            assertEquals(2, repair.steps().size(), "the stores are rebuilt all the same");
            final Verification after = repair.run(error -> {}, count -> {});
            assertEquals(1, after.differenceCount(), after::toString);
            assertTrue(after.differences().get(0).contains("record " + place.sequence()));
            assertEquals(2 * RECORDS, after.journalRecords());
        }
        assertTrue(Arrays.equals(segment, bytes(place.segment())), "left as it was");
        final StoreContent content = StoreContent.read(directory);
        assertTrue(content.quarantine().containsKey(place.sequence()));
        // known and set aside, it does not keep a backup from being made
        final BackupReport backup =
                Backups.backup(directory, home.resolve("b" + directory.getFileName()), c -> {});
        assertEquals(1, backup.verification().differenceCount());
    }

    /** A record whose content is another than the journal's header says is not put back. */
    @Test
    void aCopyWithAnotherHashIsNotTaken() {
        final Place place = sound(JournalPlaces.of(directory), VOTE, 20);
        place.flip(JournalPlaces.RECORD + 5, JournalPlaces.RECORD + 30); // header and body
        try (Repair repair = Repair.plan(directory, count -> {})) {
            assertEquals(List.of(), repair.steps());
            assertEquals(1, repair.impossible().size(), repair.impossible()::toString);
        }
    }

    /** The stores alone have what the journal lost at its end: they stay. */
    @Test
    void storesThatAloneHaveTheEndStay() {
        final List<Path> segments = JournalPlaces.segments(directory);
        delete(segments.get(segments.size() - 1));
        final Verification before = Verifier.verify(directory, count -> {});
        assertTrue(
                before.differences().stream().anyMatch(t -> t.contains("missing at its end")),
                before::toString);
        try (Repair repair = Repair.plan(directory, count -> {})) {
            assertEquals(List.of(), repair.steps());
            assertTrue(
                    repair.impossible().stream().anyMatch(t -> t.contains("have them stay")),
                    repair.impossible()::toString);
        }
    }

    @Test
    void aStoreThatAloneHasTheEndStays() throws IOException {
        final Path later = home.resolve("later-" + directory.getFileName());
        copy(directory, later);
        fill(later, 6);
        StoreContent.delete(directory, EngineParts.ROCKS);
        copy(later.resolve(EngineParts.ROCKS), directory.resolve(EngineParts.ROCKS));
        final Verification before = Verifier.verify(directory, count -> {});
        assertTrue(before.toString().contains("RocksDB has had them"), before::toString);
        try (Repair repair = Repair.plan(directory, count -> {})) {
            assertEquals(List.of(), repair.steps());
            assertTrue(
                    repair.impossible().stream().anyMatch(t -> t.contains("stay")),
                    repair.impossible()::toString);
        }
        try (Engine engine =
                Engine.launch(TestEngines.context(directory).errorHandler(error -> {}))) {
            assertFalse(engine.openingReport().isSound());
            assertTrue(engine.checkpoint(TestEngines.TIMEOUT_NS));
        }
        // the other one has set the end aside by now: that says nothing of this one
        try (Repair repair = Repair.plan(directory, count -> {})) {
            assertEquals(List.of(), repair.steps());
        }
    }

    @Test
    void aGapAndSwappedSegmentsAreNamed() throws IOException {
        final List<Path> segments = JournalPlaces.segments(directory);
        final Path spare = home.resolve("spare-" + directory.getFileName());
        Files.move(segments.get(0), spare);
        Files.move(segments.get(segments.size() - 1), segments.get(0));
        Files.move(spare, segments.get(segments.size() - 1));
        final Verification swapped = Verifier.verify(directory, count -> {});
        assertFalse(swapped.isSound());
        assertTrue(swapped.differences().get(0).startsWith("journal: "), swapped::toString);
        try (Repair repair = Repair.plan(directory, count -> {})) {
            assertEquals(List.of(), repair.steps(), repair.steps()::toString);
            assertFalse(repair.impossible().isEmpty());
        }
    }

    @Test
    void anOpenDirectoryIsRefusedAndItsHolderNamed() {
        final Engine engine = Engine.launch(TestEngines.context(directory));
        final DirectoryInUseException refusal =
                assertThrows(
                        DirectoryInUseException.class, () -> Repair.plan(directory, count -> {}));
        assertTrue(
                refusal.getMessage().contains("pid " + ProcessHandle.current().pid()),
                refusal.getMessage());
        engine.close();
    }

    @Test
    void openingTellsWhatItFoundAndWhatWasNotLost() {
        final List<Place> places = JournalPlaces.of(directory);
        final Place place = sound(places, ASSERTION, 50);
        place.flip(JournalPlaces.RECORD + 40);
        StoreContent.delete(directory, EngineParts.ROCKS);
        try (Engine engine =
                Engine.launch(TestEngines.context(directory).errorHandler(error -> {}))) {
            final OpeningReport report = engine.openingReport();
            assertFalse(report.isSound());
            assertEquals(2 * RECORDS, report.lastSequence());
            assertEquals(2 * RECORDS, report.replayed());
            assertEquals("RocksDB: the store is missing", report.found().get(0), report.toString());
            assertTrue(
                    report.found().stream().anyMatch(t -> t.contains("record " + place.sequence())),
                    report::toString);
            assertTrue(
                    report.done().toString().contains("RocksDB was rebuilt from the journal"),
                    report::toString);
            assertTrue(
                    report.done().toString().contains("all other records up to " + 2 * RECORDS),
                    report::toString);
        }
    }

    /** Killed at any point between its steps, a repair leaves what can be repaired again. */
    @Test
    void aRepairCutShortIsDoneAgain() throws IOException {
        flipMiddle(largest(directory.resolve(EngineParts.ROCKS), ".sst"));
        // as killed after the old store was moved, and while the new one was made
        Files.createDirectories(directory.resolve("aside"));
        Files.move(directory.resolve(EngineParts.ROCKS), directory.resolve("aside/rocks-1"));
        try (Repair repair = Repair.plan(directory, count -> {})) {
            assertTrue(repair.run(error -> {}, count -> {}).isSound());
        }
        assertEquals(soundDigest, Verifier.verify(directory, count -> {}).digest());
        assertTrue(Files.exists(directory.resolve("aside/rocks-1")));
    }

    private static byte[] record(final Place place) {
        return TestEngines.copy(
                new UnsafeBuffer(bytes(place.segment())),
                place.frame() + JournalPlaces.RECORD,
                place.length());
    }

    private static byte[] subjectKey(final String subject, final long sequence) {
        final UnsafeBuffer key = new UnsafeBuffer(new byte[Keys.MAX_LENGTH]);
        final byte[] text = subject.getBytes();
        final int length = Keys.subject(key, 0, new UnsafeBuffer(text), 0, text.length, sequence);
        return TestEngines.copy(key, 0, length);
    }

    private static void flipAfter(final Path dir, final byte[] text, final int more) {
        JournalPlaces.change(
                dir.resolve(EngineParts.LMDB).resolve("data.mdb"),
                bytes -> {
                    int changed = 0;
                    for (int i = 0; i + text.length + more < bytes.length; i++) {
                        if (Arrays.equals(bytes, i, i + text.length, text, 0, text.length)) {
                            bytes[i + text.length + more] ^= 1;
                            changed++;
                        }
                    }
                    assertTrue(changed > 0);
                });
    }

    private static void cut(final Path file) {
        try {
            Files.write(file, Arrays.copyOf(bytes(file), bytes(file).length / 2));
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(final Path file) {
        try {
            Files.delete(file);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
