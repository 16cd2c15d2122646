package io.stemedb.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.JournalPlaces.Place;
import io.stemedb.engine.journal.SegmentCopies;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Damage of the journal that lost no record is told, and keeps nobody from anything. */
@Timeout(120)
class LosslessDamageTest {
    private static final int RECORDS = 200;
    private static final int FRAME = 1;
    private static final int SEAL = 17;

    @TempDir Path home;
    private Path data;
    private Path target;

    /** Where no record stood, or around one that is sound. */
    private enum Damage {
        BIT_OF_METADATA(true) {
            @Override
            void apply(final Path segment, final Place place) {
                put(segment, 1, (byte) (TestFiles.bytes(segment)[1] ^ 0x40));
            }
        },
        FIRST_SECTOR(true) {
            @Override
            void apply(final Path segment, final Place place) {
                put(segment, 0, new byte[512]);
            }
        },
        FRAME_OF_A_RECORD(false) {
            @Override
            void apply(final Path segment, final Place place) {
                flip(place, FRAME);
            }
        },
        SEAL_OF_A_RECORD(false) {
            @Override
            void apply(final Path segment, final Place place) {
                flip(place, SEAL);
            }
        };

        final boolean isScar;

        Damage(final boolean isScar) {
            this.isScar = isScar;
        }

        abstract void apply(Path segment, Place place);
    }

    /** In place: an engine may have the file mapped. */
    private static void put(final Path file, final long at, final byte... bytes) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(bytes), at);
        } catch (final IOException e) {
            throw new AssertionError(e);
        }
    }

    private static void flip(final Place place, final int field) {
        final int at = place.frame() + field;
        put(place.segment(), at, (byte) (TestFiles.bytes(place.segment())[at] ^ 0x15));
    }

    @BeforeEach
    void fill() {
        data = home.resolve("data");
        target = home.resolve("backup");
        try (Engine engine = Engine.launch(TestEngines.context(data))) {
            fill(engine);
        }
    }

    private static void fill(final Engine engine) {
        final Appender appender = engine.newAppender();
        for (int n = 0; n < RECORDS; n++) {
            TestEngines.claim(appender, "s" + n % 7, n, n);
        }
        assertTrue(engine.checkpoint(TestEngines.TIMEOUT_NS));
    }

    private void damage(final Damage damage) {
        final Place place = place(RECORDS / 2);
        damage.apply(place.segment(), place);
    }

    private Place place(final int sequence) {
        return JournalPlaces.of(data).get(sequence - 1);
    }

    private static void isTold(final BackupReport report, final long last) {
        assertEquals(1, report.lossless(), report::toString);
        assertEquals(1, report.verification().differenceCount(), report::toString);
        assertEquals(List.of(), report.missing());
        assertEquals(last, report.lastSequence());
    }

    @ParameterizedTest
    @EnumSource
    void isToldAndBackedUp(final Damage damage) {
        damage(damage);
        final Verification found = Verifier.verify(data, count -> {});
        assertEquals(1, found.differenceCount(), found::toString);
        assertEquals(RECORDS, found.journalRecords());
        isTold(Backups.backup(data, target, count -> {}), RECORDS);
        final Verification restored =
                Backups.restore(target, home.resolve("restored"), count -> {});
        assertEquals(1, restored.differenceCount(), restored::toString);
        assertEquals(found.digest(), restored.digest());
        try (Repair repair = Repair.plan(data, count -> {})) {
            assertEquals(List.of(), repair.impossible());
            assertEquals(damage.isScar ? 0 : 1, repair.steps().size(), repair.steps()::toString);
            assertEquals(damage.isScar ? 1 : 0, repair.lossless().size());
            assertTrue(
                    repair.lossless().stream().allMatch(line -> line.contains("no record lost")),
                    repair.lossless()::toString);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aRunningEngineIsBackedUpAllTheSame(final Damage damage) {
        try (Engine engine = Engine.launch(TestEngines.context(data))) {
            fill(engine);
            damage(damage);
            isTold(engine.backup(target, count -> {}), 2 * RECORDS);
        }
    }

    /** In the segment that is being written; no copy of it may end later than what is whole. */
    @ParameterizedTest
    @CsvSource({"1, " + SEAL, "100, " + FRAME, "100, " + SEAL, RECORDS + ", " + SEAL})
    void theSegmentOfARunningEngineEndsWithItsLastRecord(final int behind, final int field)
            throws IOException {
        try (Engine engine = Engine.launch(TestEngines.context(data))) {
            fill(engine);
            flip(place(RECORDS + behind), field);
            final Place last = JournalPlaces.of(data).get(2 * RECORDS - 1);
            final long length =
                    SegmentCopies.list(data.resolve(EngineParts.JOURNAL)).stream()
                            .filter(segment -> segment.path().equals(last.segment()))
                            .findFirst()
                            .orElseThrow()
                            .length();
            assertEquals(last.end(), length);
            isTold(engine.backup(target, count -> {}), 2 * RECORDS);
        }
    }

    /** The control: what lost a record beside it is no backup, until that was set aside. */
    @Test
    void aLostRecordBesideItIsNoBackup() {
        damage(Damage.FIRST_SECTOR);
        final Place lost = JournalPlaces.of(data).get(50);
        flip(lost, JournalPlaces.RECORD + 40);
        final EngineException refusal =
                assertThrows(
                        EngineException.class, () -> Backups.backup(data, target, count -> {}));
        assertTrue(refusal.getMessage().contains("is no backup"), refusal.getMessage());
        StoreContent.deleteStores(data);
        Engine.launch(TestEngines.context(data).errorHandler(error -> {})).close();
        final BackupReport report = Backups.backup(data, target, count -> {});
        assertEquals(1, report.lossless(), report::toString);
        assertEquals(2, report.verification().differenceCount(), report::toString);
        assertFalse(report.missing().isEmpty());
    }
}
