package io.stemedb.engine;

import static java.util.stream.Collectors.counting;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.stemedb.codecs.Limits;
import io.stemedb.codecs.RecordHeader;
import io.stemedb.engine.JournalPlaces.Place;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A record is right and a field of its excerpt is not: told, and written anew by a repair. */
@Timeout(900) // only for what hangs
class ExcerptRepairTest {
    private static final int RECORDS = 200;
    private static final int SEAL = 17;
    private static final int CRC = JournalPlaces.RECORD + 4;
    private static final int ASSERTION = 0;
    private static final int VOTE = 1;
    private static final int EPOCH = 2;

    @TempDir Path directory;
    private Path data;
    private String seed;
    private String digest;

    @BeforeEach
    void fill() {
        final long number = TestEngines.newSeed();
        seed = "seed " + number;
        data = directory.resolve("data");
        try (Engine engine = Engine.launch(TestEngines.context(data))) {
            final Appender appender = engine.newAppender();
            final RecordMix mix = new RecordMix(new Random(number), 40, appender);
            for (int i = 0; i < RECORDS; i++) {
                mix.append(appender);
            }
            assertTrue(engine.checkpoint(TestEngines.TIMEOUT_NS));
        }
        digest = Verifier.verify(data, count -> {}).digest();
    }

    /** Those of a type that stand behind others, and whose content no other record has. */
    private List<Place> places(final int type) {
        final List<Place> all = JournalPlaces.of(data);
        final byte[] bytes = TestFiles.bytes(all.get(0).segment());
        final Map<String, Long> contents =
                all.stream().collect(Collectors.groupingBy(p -> body(bytes, p), counting()));
        return all.stream()
                .filter(place -> place.type() == type && place.sequence() > 5)
                .filter(place -> contents.get(body(bytes, place)) == 1)
                .toList();
    }

    private static String body(final byte[] bytes, final Place place) {
        final int from = place.frame() + JournalPlaces.RECORD;
        return Arrays.toString(Arrays.copyOfRange(bytes, from, from + place.length()));
    }

    private Place place(final int type) {
        return places(type).get(0);
    }

    private void isMendedAtOnce() {
        final Verification damaged = Verifier.verify(data, count -> {});
        assertFalse(damaged.isSound(), seed);
        assertEquals(RECORDS, damaged.journalRecords(), seed);
        try (Repair repair = Repair.plan(data, count -> {})) {
            assertEquals(List.of(), repair.impossible(), seed);
            final Verification after = repair.run(error -> {}, count -> {});
            assertTrue(after.isSound(), () -> seed + ": " + after);
            assertEquals(digest, after.digest(), seed);
        }
    }

    private List<String> impossible() {
        try (Repair repair = Repair.plan(data, count -> {})) {
            assertEquals(List.of(), repair.steps(), seed);
            return repair.impossible();
        }
    }

    /** Frame, length, sequence, seal. */
    @ParameterizedTest
    @ValueSource(ints = {1, 5, 9, SEAL})
    void isWrittenAnew(final int field) {
        JournalPlaces.of(data).get(RECORDS / 2).flip(field);
        try (Repair repair = Repair.plan(data, count -> {})) {
            assertEquals(1, repair.steps().size(), seed);
            assertTrue(repair.steps().get(0).startsWith("write the excerpts of 1 "), seed);
        }
        isMendedAtOnce();
    }

    @Test
    void allOfThemAreWrittenAnew() {
        JournalPlaces.of(data).forEach(place -> place.flip(SEAL));
        isMendedAtOnce();
    }

    /** It is not the excerpts that are wrong, and they are as they must be. */
    @Test
    void metadataThatReachesOverRecordsIsToldAndNoExcerptWrittenAnew() {
        JournalPlaces.change(JournalPlaces.of(data).get(0).segment(), bytes -> bytes[1] ^= 0x40);
        final Verification verification = Verifier.verify(data, count -> {});
        assertEquals(1, verification.differenceCount(), verification::toString);
        assertEquals(RECORDS, verification.journalRecords(), verification::toString);
        assertEquals(List.of(), impossible());
    }

    /** A byte of a seal may be altered; one that differs in more is that of another record. */
    @ParameterizedTest
    @CsvSource({"0, true", "5, false"})
    void aSealThatIsWrongInTwoBytesIsAnotherOnes(final int distance, final boolean same) {
        final Place place = place(VOTE);
        JournalPlaces.change(
                place.segment(),
                bytes -> {
                    bytes[place.frame() + SEAL] ^= 1;
                    bytes[place.frame() + SEAL + distance] ^= 2;
                });
        try (Repair repair = Repair.plan(data, count -> {})) {
            final String steps = repair.steps().toString();
            assertEquals(same, steps.contains("write the excerpts of 1 "), () -> seed + steps);
        }
    }

    /** The stores' damage does not keep what is right in the journal from being used. */
    @ParameterizedTest
    @CsvSource({
        "0, CURRENT",
        "1, CURRENT",
        "2, CURRENT",
        "0, .sst",
        "1, .sst",
        "2, .sst",
        "0, all",
        "1, all",
        "2, all",
        "2, data.mdb"
    })
    void isWrittenAnewBesideADamagedStore(final int type, final String file) throws IOException {
        place(type).flip(SEAL);
        final Path rocks = data.resolve(EngineParts.ROCKS);
        switch (file) {
            case "CURRENT" -> Files.writeString(rocks.resolve(file), "MANIFEST-000999\n");
            case ".sst" -> TestFiles.flipMiddle(TestFiles.largest(rocks, file));
            case "all" -> {
                StoreContent.delete(data, EngineParts.ROCKS);
                StoreContent.delete(data, EngineParts.LMDB);
            }
            default ->
                    JournalPlaces.change(
                            data.resolve(EngineParts.LMDB).resolve(file),
                            bytes -> bytes[3 * 4096 + 13] ^= 0x70);
        }
        isMendedAtOnce();
    }

    /** What nobody has under its hash, and a store would have, is not made to look sound. */
    @ParameterizedTest
    @ValueSource(ints = {VOTE, EPOCH})
    void aRecordOfUnknownOriginStaysAsItIs(final int type) {
        final Place place = place(type);
        forge(place);
        final byte[] segment = TestFiles.bytes(place.segment());
        final String told = impossible().toString();
        assertTrue(told.contains("sequences " + place.sequence() + "-"), () -> seed + told);
        assertTrue(Arrays.equals(segment, TestFiles.bytes(place.segment())), seed);
        final Verification verification = Verifier.verify(data, count -> {});
        assertEquals(1, verification.differenceCount(), verification::toString);
    }

    /** The subject index says which claim it must be. */
    @Test
    void aClaimOfUnknownOriginIsPutBackFromTheStores() {
        forge(place(ASSERTION));
        isMendedAtOnce();
    }

    /** As of a block that a disk put in the wrong place. */
    @Test
    void aClaimFromAnotherPlaceIsNotTaken() {
        final List<Place> sameLength =
                places(ASSERTION).stream()
                        .collect(Collectors.groupingBy(Place::length))
                        .values()
                        .stream()
                        .max(Comparator.comparing(List::size))
                        .orElseThrow();
        assumeTrue(sameLength.size() > 1, "no two claims have the same length: " + seed);
        final Place to = sameLength.get(0);
        final Place from = sameLength.get(1);
        final int head = JournalPlaces.RECORD;
        JournalPlaces.change(
                to.segment(),
                bytes ->
                        System.arraycopy(
                                bytes, from.frame() + head, bytes, to.frame() + head, to.length()));
        isMendedAtOnce();
    }

    /** Another record in its place, whole by itself. */
    private static void forge(final Place place) {
        final int at = place.frame() + JournalPlaces.RECORD;
        JournalPlaces.change(
                place.segment(),
                bytes -> {
                    bytes[at + Limits.HEADER_LENGTH] ^= 1; // its timestamp
                    final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
                    buffer.putInt(at + 4, RecordHeader.computeCrc(buffer, at, place.length()));
                });
    }

    /** A damaged record that nobody has: nothing is said of the one behind it. */
    @Test
    void theRecordBehindALostOneIsLeftAlone() {
        final Place lost = place(VOTE);
        lost.flip(CRC);
        StoreContent.delete(data, EngineParts.ROCKS);
        StoreContent.delete(data, EngineParts.LMDB);
        try (Repair repair = Repair.plan(data, count -> {})) {
            assertEquals(2, repair.steps().size(), () -> seed + repair.steps());
            repair.run(error -> {}, count -> {});
        }
        assertEquals(1, impossible().size(), seed);
        // set aside and known, it keeps no backup from being made
        final BackupReport backup = Backups.backup(data, directory.resolve("b"), count -> {});
        final List<String> told = backup.verification().differences();
        assertEquals(1, told.size(), () -> seed + told);
        assertTrue(told.get(0).contains("record " + lost.sequence() + ": "), () -> seed + told);
    }

    /** All seals of a file are wrong where it has the name of another. */
    @Test
    void aFileUnderAnotherNameIsToldAndSoundAgainUnderItsOwn() throws IOException {
        try (Engine engine = Engine.launch(TestEngines.context(data))) {
            final Appender appender = engine.newAppender();
            for (int n = 0; n < RECORDS; n++) {
                TestEngines.claim(appender, "s", n, n);
            }
            assertTrue(engine.checkpoint(TestEngines.TIMEOUT_NS));
        }
        final Path last = JournalPlaces.of(data).get(2 * RECORDS - 1).segment();
        final String name = last.getFileName().toString();
        final int hour = Integer.parseInt(name.substring(9, 11));
        final Path other =
                last.resolveSibling(
                        name.substring(0, 9)
                                + String.format("%02d", hour + 10)
                                + name.substring(11));
        Files.move(last, other);
        final Verification verification = Verifier.verify(data, count -> {});
        assertFalse(verification.isSound());
        final String told = impossible().toString();
        assertTrue(told.contains("sequences 202-400: the journal has lost them"), told);
        Files.move(other, last);
        assertTrue(Verifier.verify(data, count -> {}).isSound());
    }
}
