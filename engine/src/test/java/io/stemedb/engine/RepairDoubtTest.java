package io.stemedb.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.codecs.AssertionWriter;
import io.stemedb.codecs.EpochWriter;
import io.stemedb.codecs.Limits;
import io.stemedb.codecs.RecordHeader;
import io.stemedb.engine.JournalPlaces.Place;
import io.stemedb.engine.store.KeyFamily;
import io.stemedb.engine.store.Keys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.ObjLongConsumer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What looks as if nobody had it, or as if it were the one, and is not. */
@Timeout(900) // only for what hangs
class RepairDoubtTest {
    private static final int RECORDS = 600;
    private static final int LOST = 500;

    @TempDir Path home;
    private Path data;

    @BeforeEach
    void fill() {
        data = home.resolve("data");
        launch(RepairDoubtTest::claim, RECORDS);
    }

    /** Appends so many records and stores them. */
    private void launch(final ObjLongConsumer<Appender> records, final int count) {
        try (Engine engine = Engine.launch(TestEngines.context(data).errorHandler(error -> {}))) {
            final Appender appender = engine.newAppender();
            for (int n = 0; n < count; n++) {
                records.accept(appender, n);
            }
            assertTrue(engine.checkpoint(TestEngines.TIMEOUT_NS));
        }
    }

    private static void claim(final Appender appender, final long n) {
        TestEngines.claim(appender, "s" + n % 7, n, n);
    }

    private Place place(final int sequence) {
        return JournalPlaces.of(data).get(sequence - 1);
    }

    private void setAside(final String... stores) {
        place(LOST).flip(1, 5, JournalPlaces.RECORD + 5, JournalPlaces.RECORD + 40);
        for (final String store : stores) {
            StoreContent.delete(data, store);
        }
        launch(RepairDoubtTest::claim, 0);
        assertTrue(StoreContent.read(data).quarantine().containsKey((long) LOST));
    }

    private void rotRocks() {
        TestFiles.flipMiddle(TestFiles.largest(data.resolve(EngineParts.ROCKS), ".sst"));
    }

    private void rocksStays() {
        try (Repair repair = Repair.plan(data, count -> {})) {
            assertEquals(List.of(), repair.steps());
            assertTrue(
                    repair.impossible().toString().contains("RocksDB is damaged: it may have"),
                    repair.impossible()::toString);
        }
    }

    /** LMDB was rebuilt and set it aside, and RocksDB had it all the time. */
    @Test
    void whatIsInQuarantineMayBeInAStoreThatCannotBeRead() {
        setAside(EngineParts.LMDB);
        rotRocks();
        rocksStays();
    }

    /** The same, and the store can be read, but for a record of its own that is damaged. */
    @Test
    void whatIsInQuarantineMayBeInAStoreThatHasAnEntryOfNoRecord() {
        setAside(EngineParts.LMDB);
        StoreContent.put(data, true, assertionKey(TestEngines.id(1)), new byte[100]);
        rocksStays();
    }

    /** The damaged block of a store keeps no record in its other blocks from being put back. */
    @Test
    void aRecordIsPutBackFromAStoreThatIsDamagedElsewhere() {
        final String digest = Verifier.verify(data, count -> {}).digest();
        rotRocks();
        place(LOST).flip(JournalPlaces.RECORD + 40);
        try (Repair repair = Repair.plan(data, count -> {})) {
            assertEquals(List.of(), repair.impossible(), () -> repair.found().toString());
            final Verification after = repair.run(error -> {}, count -> {});
            assertTrue(after.isSound(), after::toString);
            assertEquals(digest, after.digest());
        }
    }

    /** One store has the record; the other, which never had it, does not open. */
    @ParameterizedTest
    @CsvSource({"lmdb, 500, 64", "lmdb, 500, 29", "rocks, 602, 54", "rocks, 601, 54"})
    void aRecordIsPutBackBesideAStoreThatDoesNotOpen(
            final String store, final int sequence, final int at) throws IOException {
        clash(); // epochs from sequence 601 on, the second of them in quarantine
        final String digest = Verifier.verify(data, count -> {}).digest();
        place(sequence).flip(at);
        StoreContent.shut(data, store);
        try (Repair repair = Repair.plan(data, count -> {})) {
            assertEquals(List.of(), repair.impossible(), () -> repair.found().toString());
            final Verification after = repair.run(error -> {}, count -> {});
            assertTrue(after.isSound(), after::toString);
            assertEquals(digest, after.digest());
        }
    }

    /** What may have it and cannot be asked stays, until somebody decides. */
    @ParameterizedTest
    @CsvSource({"lmdb, 602", "rocks, 500"})
    void theWayOutOfAStoreThatStaysIsNamed(final String store, final int sequence)
            throws IOException {
        clash();
        place(sequence).flip(JournalPlaces.RECORD + 40);
        StoreContent.shut(data, store);
        final Path folder = data.resolve(store);
        try (Repair repair = Repair.plan(data, count -> {})) {
            assertEquals(List.of(), repair.steps());
            final String told = repair.impossible().toString();
            assertTrue(told.contains("put " + folder + " back from a backup, or move it"), told);
        }
        Files.move(folder, home.resolve("moved"));
        for (int run = 0; run < 2; run++) { // the other store may be left for the second
            try (Repair repair = Repair.plan(data, count -> {})) {
                repair.run(error -> {}, count -> {});
            }
        }
        launch(RepairDoubtTest::claim, 1);
        final Verification after = Verifier.verify(data, count -> {});
        assertEquals(1, after.differenceCount(), after::toString);
    }

    /** The control: both stores were rebuilt without it, so nobody has it. */
    @Test
    void whatNoStoreHasKeepsNoneFromBeingRebuilt() {
        setAside(EngineParts.ROCKS, EngineParts.LMDB);
        StoreContent.delete(data, EngineParts.ROCKS);
        try (Repair repair = Repair.plan(data, count -> {})) {
            assertTrue(repair.steps().toString().contains("rebuild RocksDB"));
            assertEquals(1, repair.run(error -> {}, count -> {}).differenceCount());
        }
    }

    /** The first of a stretch was set aside long ago, the others are lost now. */
    @Test
    void aStretchIsSetAsideOnlyIfAllOfItIs() {
        setAside(EngineParts.ROCKS, EngineParts.LMDB);
        final List<Place> places = JournalPlaces.of(data);
        assertEquals(LOST - 1, places.size(), "the places end before what is damaged");
        final Place before = places.get(LOST - 2);
        final Place last = JournalPlaces.of(data, LOST + 1).get(20);
        zero(before, last);
        final EngineException refusal =
                assertThrows(
                        EngineException.class,
                        () -> Backups.backup(data, home.resolve("b"), done -> {}));
        assertTrue(refusal.getMessage().contains("is no backup"), refusal.getMessage());
        rotRocks();
        rocksStays();
    }

    private static void zero(final Place before, final Place last) {
        JournalPlaces.change(
                last.segment(), bytes -> Arrays.fill(bytes, before.end(), last.end(), (byte) 0));
    }

    /** One entry of quarantine stands for a stretch, and names it. */
    @Test
    void aStretchThatWasSetAsideIsAKnownGap() {
        final List<Place> places = JournalPlaces.of(data);
        zero(places.get(LOST - 2), places.get(LOST + 20));
        StoreContent.deleteStores(data);
        launch(RepairDoubtTest::claim, 0);
        final BackupReport report = Backups.backup(data, home.resolve("b"), done -> {});
        assertEquals(1, report.verification().differenceCount(), report::toString);
    }

    private static byte[] assertionKey(final byte[] hash) {
        final UnsafeBuffer key = new UnsafeBuffer(new byte[Keys.MAX_LENGTH]);
        return TestEngines.copy(key, 0, Keys.assertion(key, 0, new UnsafeBuffer(hash), 0));
    }

    /** A known gap explains one entry of no record, and no more. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 5})
    void aGapHidesNoMoreEntriesThanItHasRecords(final int phantoms) {
        setAside(EngineParts.ROCKS, EngineParts.LMDB);
        final RecordMix mix = new RecordMix(new Random(phantoms), 1);
        for (int n = 0; n < phantoms; ) {
            final byte[] record = mix.next();
            if (record[0] == 0) {
                StoreContent.put(data, true, assertionKey(TestEngines.hashOf(record)), record);
                n++;
            }
        }
        final Verification found = Verifier.verify(data, count -> {});
        final int named =
                phantoms < 2 ? 0 : StoreContent.read(data).count(KeyFamily.ASSERTION) - RECORDS + 1;
        assertEquals(1 + named, found.differenceCount(), found::toString);
        assertEquals(
                phantoms > 1,
                found.toString().contains("up to 1 may be of lost records"),
                found::toString);
    }

    /** The control: a store has what the journal lost, which is no fault of the store. */
    @Test
    void whatTheJournalLostIsNoFaultOfAStore() {
        place(LOST).flip(1, 5, JournalPlaces.RECORD + 5, JournalPlaces.RECORD + 40);
        final Verification found = Verifier.verify(data, count -> {});
        assertEquals(1, found.differenceCount(), found::toString);
    }

    private void clash() {
        launch(RepairDoubtTest::epochOrClaim, 3);
        assertEquals(1, StoreContent.read(data).quarantine().size());
    }

    private static void epochOrClaim(final Appender appender, final long n) {
        if (n == 2) {
            claim(appender, n); // so that a stretch before it has an end
            return;
        }
        final EpochWriter epoch = appender.epoch();
        epoch.id(new byte[32]).name("epoch " + n).start(0);
        TestEngines.append(epoch::append);
    }

    /** The second epoch with an id lies whole in quarantine. */
    @ParameterizedTest
    @ValueSource(ints = {JournalPlaces.RECORD + 30, 1})
    void aRecordInQuarantineIsPutBack(final int at) {
        clash();
        final String digest = Verifier.verify(data, count -> {}).digest();
        final Place last = place(RECORDS + 2);
        last.flip(at, at + 4);
        assertFalse(Verifier.verify(data, count -> {}).isSound());
        try (Repair repair = Repair.plan(data, count -> {})) {
            assertEquals(List.of(), repair.impossible());
            final Verification after = repair.run(error -> {}, count -> {});
            assertTrue(after.isSound(), after::toString);
            assertEquals(digest, after.digest());
        }
    }

    /** The control: what was damaged when it was set aside is nothing to put back. */
    @Test
    void damagedBytesInQuarantineAreNotPutBack() {
        setAside(EngineParts.ROCKS, EngineParts.LMDB);
        try (Repair repair = Repair.plan(data, count -> {})) {
            assertEquals(List.of(), repair.steps());
            assertTrue(repair.impossible().toString().contains("set aside when they were"));
        }
    }

    /** Two claims of one length with one CRC32C. */
    private static long[] collision() {
        final AssertionWriter writer = new AssertionWriter();
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[Limits.RECORD_MAX]);
        final Map<Integer, Long> seen = new HashMap<>();
        for (long n = 1; ; n++) {
            fill(writer, n).encode(buffer, 0);
            final Long other = seen.put(RecordHeader.crc(buffer, 0), n);
            if (other != null) {
                return new long[] {other, n};
            }
        }
    }

    private static AssertionWriter fill(final AssertionWriter writer, final long n) {
        writer.subject("s").predicate("p").number(n).confidence(1.0f);
        return writer.timestamp(n * 0x9E3779B97F4A7C15L >>> 1);
    }

    private static void append(final Appender appender, final long n) {
        TestEngines.append(fill(appender.assertion(), n)::append);
    }

    private void isHopeless() {
        try (Repair repair = Repair.plan(data, count -> {})) {
            assertEquals(List.of(), repair.steps());
            assertTrue(
                    repair.impossible().get(0).contains("no store has a copy that is certain"),
                    repair.impossible()::toString);
        }
    }

    /** A store has a claim with the CRC of the damaged one, and the index names another. */
    @Test
    void theSubjectIndexKnowsBetterThanAHeader() {
        final long[] numbers = collision();
        launch((appender, n) -> append(appender, numbers[(int) n]), 2);
        final Place place = place(RECORDS + 1);
        final byte[] segment = TestFiles.bytes(place.segment());
        final int from = place.frame() + JournalPlaces.RECORD;
        final byte[] record = Arrays.copyOfRange(segment, from, from + place.length());
        StoreContent.put(data, true, assertionKey(TestEngines.hashOf(record)), new byte[100]);
        place.flip(JournalPlaces.RECORD + 60);
        isHopeless();
    }

    /** No store reaches so far, so what one has is another record. */
    @Test
    void aStoreHasNoRecordBehindItsCursor() throws IOException {
        final long[] numbers = collision();
        launch((appender, n) -> append(appender, numbers[0]), 1);
        final Path before = Files.createDirectories(home.resolve("before"));
        for (final String store : List.of(EngineParts.ROCKS, EngineParts.LMDB)) {
            RepairTest.copy(data.resolve(store), before.resolve(store));
        }
        launch((appender, n) -> append(appender, numbers[1]), 1);
        StoreContent.deleteStores(data);
        for (final String store : List.of(EngineParts.ROCKS, EngineParts.LMDB)) {
            RepairTest.copy(before.resolve(store), data.resolve(store));
        }
        final Verification behind = Verifier.verify(data, count -> {});
        assertTrue(behind.isSound() && behind.notYetStored() == 1, behind::toString);
        place(RECORDS + 2).flip(JournalPlaces.RECORD + 60);
        isHopeless();
    }
}
