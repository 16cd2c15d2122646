package io.stemedb.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A backup that has lost something does not take the place of the one that has it. */
@Timeout(900) // only for what hangs
class BackupLossTest {
    private static final int RECORDS = 200;

    @TempDir Path home;
    private Path directory;
    private Path target;
    private String digest;

    @BeforeEach
    void fillAndBackUp() {
        directory = home.resolve("data");
        target = home.resolve("backup");
        claims(0);
        digest = backup().verification().digest();
    }

    private void claims(final int from) {
        try (Engine engine =
                Engine.launch(TestEngines.context(directory).errorHandler(error -> {}))) {
            final Appender appender = engine.newAppender();
            for (int n = from; n < from + RECORDS; n++) {
                TestEngines.claim(appender, "s" + n % 7, n, n);
            }
            assertTrue(engine.checkpoint(TestEngines.TIMEOUT_NS));
        }
    }

    private BackupReport backup() {
        return Backups.backup(directory, target, done -> {});
    }

    private Path kept(final int number) {
        return target.resolve("kept-0000000" + number);
    }

    private void checkKept(final BackupReport report, final String missing) {
        assertEquals(List.of(kept(1)), report.kept());
        assertTrue(report.missing().toString().contains(missing), report::toString);
        final Path restored = home.resolve("restored-" + report.number());
        assertEquals(digest, Backups.restore(kept(1), restored, done -> {}).digest());
    }

    /** The control: nothing lost, nothing kept. */
    @Test
    void aBackupThatHasAllReplacesTheOneBefore() {
        claims(RECORDS);
        final BackupReport report = backup();
        assertEquals(List.of(), report.missing());
        assertEquals(List.of(), report.kept());
        assertFalse(Files.exists(target.resolve("00000001")));
    }

    /** The record rots, the stores are rebuilt without it: the backup before has the only copy. */
    @Test
    void aNewGapKeepsTheBackupBefore() {
        JournalPlaces.of(directory).get(49).flip(JournalPlaces.RECORD + 40);
        StoreContent.deleteStores(directory);
        claims(RECORDS);
        checkKept(backup(), "50-50");
        final BackupReport again = backup();
        assertEquals(List.of(), again.missing(), "the same gap is no news");
        assertEquals(List.of(kept(1)), again.kept(), "only its owner deletes it");
        assertFalse(Files.exists(target.resolve("00000002")));
        assertTrue(Backups.restore(kept(1), home.resolve("again"), done -> {}).isSound());
    }

    /** A gap behind what the backup before has is told, and nothing of that is lost. */
    @Test
    void aGapThatTheBackupBeforeDoesNotReachIsTold() {
        claims(RECORDS);
        JournalPlaces.of(directory).get(RECORDS + 49).flip(JournalPlaces.RECORD + 40);
        StoreContent.deleteStores(directory);
        claims(2 * RECORDS);
        final BackupReport report = backup();
        assertTrue(report.missing().toString().contains("250-250"), report::toString);
        assertEquals(List.of(), report.kept());
    }

    @Test
    void anEmptyDirectoryOfTheSameEngineKeepsTheBackupBefore() throws IOException {
        StoreContent.deleteStores(directory);
        StoreContent.delete(directory, EngineParts.JOURNAL);
        Engine.launch(TestEngines.context(directory).errorHandler(error -> {})).close();
        final BackupReport report = backup();
        assertEquals(0, report.lastSequence());
        checkKept(report, "1-200");
        claims(0);
        final BackupReport more = backup();
        assertEquals(List.of(), more.missing());
        checkKept(more, "");
    }

    /** What was never SYNCED and a power cut took is in the backup before; not in the next. */
    @Test
    void sequencesGivenAgainKeepTheBackupBefore() throws IOException {
        Files.delete(directory.resolve(EngineParts.JOURNAL).resolve("synced"));
        final JournalPlaces.Place cut = JournalPlaces.of(directory).get(RECORDS - 20);
        JournalPlaces.change(
                cut.segment(), bytes -> Arrays.fill(bytes, cut.frame(), bytes.length, (byte) 0));
        StoreContent.deleteStores(directory);
        claims(RECORDS);
        final BackupReport report = backup();
        assertEquals(2L * RECORDS - 20, report.lastSequence());
        checkKept(report, "sequence 200, and maybe others");
        assertEquals(
                Verifier.verify(directory, done -> {}).digest(),
                Backups.restore(target, home.resolve("now"), done -> {}).digest());
    }

    /** Killed when the new one had taken over, and before the other was moved. */
    @Test
    void aKeptBackupIsMovedByTheNextOneToo() throws IOException {
        JournalPlaces.of(directory).get(49).flip(JournalPlaces.RECORD + 40);
        StoreContent.deleteStores(directory);
        claims(RECORDS);
        backup();
        Files.move(kept(1).resolve("00000001"), target.resolve("00000001"));
        checkKept(backup(), "");
    }

    @Test
    void whatRetentionTrimmedIsNoLoss() {
        final EngineContext context = TestEngines.context(directory).retentionBytes(1);
        try (Engine engine = Engine.launch(context)) {
            final Appender appender = engine.newAppender();
            for (int n = 0; n < 20_000; n++) {
                TestEngines.claim(appender, "s" + n % 7, n, n);
            }
            assertTrue(engine.checkpoint(TestEngines.TIMEOUT_NS));
        }
        Engine.launch(context).close();
        final Verification verification = Verifier.verify(directory, done -> {});
        assertTrue(
                verification.journalRecords() < verification.subjectEntries(), "was it trimmed?");
        final BackupReport report = backup();
        assertEquals(List.of(), report.missing());
        assertEquals(List.of(), report.kept());
    }

    /** A byte of the backup that no reader looks at turned over: it is not linked on. */
    @Test
    void aFileThatRottedInTheBackupIsCopiedAgain() throws IOException {
        final Path rotten;
        try (Stream<Path> files = Files.walk(target)) {
            rotten = files.filter(f -> f.toString().endsWith(".cq4")).findFirst().orElseThrow();
        }
        JournalPlaces.change(rotten, bytes -> bytes[40] ^= 1); // in Chronicle's header
        assertTrue(backup().bytesWritten() > 0);
        assertTrue(Backups.restore(target, home.resolve("restored"), done -> {}).isSound());
    }
}
