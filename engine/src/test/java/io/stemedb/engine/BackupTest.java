package io.stemedb.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.SleepingIdleStrategy;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Backups of closed, running and foreign engines, and their way back. */
@Tag("faults")
@Timeout(900) // only for what hangs
class BackupTest {
    private static final int RECORDS = 4_000;

    @TempDir Path home;
    private Path directory;
    private Path target;

    @BeforeEach
    void names() {
        directory = home.resolve("data");
        target = home.resolve("backup");
    }

    private void fill(final Engine engine, final long seed) {
        final Appender appender = engine.newAppender();
        final RecordMix mix = new RecordMix(new Random(seed), 40, appender);
        for (int i = 0; i < RECORDS; i++) {
            mix.append(appender);
        }
    }

    private void fillClosed(final long seed) {
        try (Engine engine = Engine.launch(TestEngines.context(directory))) {
            fill(engine, seed);
            assertTrue(engine.checkpoint(TestEngines.TIMEOUT_NS));
        }
    }

    private BackupReport backup() {
        return Backups.backup(directory, target, done -> {});
    }

    private Verification restore(final String name) {
        return Backups.restore(target, home.resolve(name), done -> {});
    }

    @Test
    void aClosedDirectoryComesBackAsItWas() {
        fillClosed(TestEngines.newSeed());
        final BackupReport report = backup();
        assertEquals(RECORDS, report.lastSequence());
        assertEquals(report.bytes(), report.bytesWritten());
        final Verification original = Verifier.verify(directory, done -> {});
        final Verification restored = restore("restored");
        assertTrue(restored.isSound(), restored::toString);
        assertEquals(original.digest(), restored.digest());
        assertEquals(original, Verifier.verify(home.resolve("restored"), done -> {}));
        try (Engine engine = Engine.launch(TestEngines.context(home.resolve("restored")))) {
            assertTrue(engine.openingReport().isSound());
            assertEquals(RECORDS + 1, TestEngines.claim(engine.newAppender(), "after", 1, 1));
        }
    }

    /** Segments that are done and data files of RocksDB are written once. */
    @Test
    void whatDidNotChangeIsNotCopiedAgain() throws IOException {
        fillClosed(1);
        fillClosed(2);
        backup();
        final BackupReport again = backup();
        assertEquals(2, again.number());
        final long lmdb = Files.size(again.directory().resolve("lmdb/data.mdb"));
        final long small = 16 << 10; // manifests
        assertTrue(again.bytesWritten() <= lmdb + small, () -> again + ", LMDB " + lmdb);
        assertTrue(again.bytesWritten() < again.bytes() / 2, again::toString);
        assertFalse(Files.exists(target.resolve("00000001")), "the one before is gone");
        fillClosed(3);
        final BackupReport more = backup();
        assertEquals(3 * RECORDS, more.lastSequence());
        assertTrue(more.bytesWritten() < more.bytes(), more::toString);
        assertEquals(Verifier.verify(directory, done -> {}).digest(), restore("restored").digest());
    }

    /** What was acknowledged before the call is in it, and it is the journal up to one record. */
    @Test
    void aRunningEngineIsBackedUpUnderLoad() throws InterruptedException {
        final long seed = TestEngines.newSeed();
        final AtomicBoolean stop = new AtomicBoolean();
        final AtomicLong acknowledged = new AtomicLong();
        try (Engine engine = Engine.launch(TestEngines.context(directory))) {
            final TestEngines.Running load =
                    TestEngines.start(
                            "load",
                            () -> {
                                final Appender appender = engine.newAppender();
                                final RecordMix mix = new RecordMix(new Random(seed), 40, appender);
                                final IdleStrategy pause = new SleepingIdleStrategy(200_000);
                                while (!stop.get()) {
                                    acknowledged.set(mix.append(appender));
                                    pause.idle(); // the check appends all again
                                }
                            });
            try {
                for (int round = 1; round <= 2; round++) {
                    final long wanted = 2_000L * round;
                    while (acknowledged.get() < wanted && load.thread().isAlive()) {
                        Thread.onSpinWait();
                    }
                    final long before = acknowledged.get();
                    final BackupReport report = engine.backup(target, done -> {});
                    assertTrue(report.lastSequence() >= before, () -> report + " < " + before);
                    checkIsPrefix(seed, report, restoredOf(round));
                }
            } finally {
                stop.set(true);
                load.end();
            }
        }
    }

    private Path restoredOf(final int round) {
        final Path restored = home.resolve("restored-" + round);
        Backups.restore(target, restored, done -> {});
        return restored;
    }

    /** The same records appended to a directory of their own give the same digest. */
    private void checkIsPrefix(final long seed, final BackupReport report, final Path restored) {
        final Path model = home.resolve("model-" + report.number());
        try (Engine engine = Engine.launch(TestEngines.context(model))) {
            final Appender appender = engine.newAppender();
            final RecordMix mix = new RecordMix(new Random(seed), 40, appender);
            for (long i = 0; i < report.lastSequence(); i++) {
                mix.append(appender);
            }
            assertTrue(engine.checkpoint(TestEngines.TIMEOUT_NS));
        }
        try (Engine engine = Engine.launch(TestEngines.context(restored))) {
            assertTrue(engine.checkpoint(TestEngines.TIMEOUT_NS));
        }
        assertEquals(
                Verifier.verify(model, done -> {}).digest(),
                Verifier.verify(restored, done -> {}).digest(),
                () -> "seed " + seed);
    }

    @Test
    void aRestoreDoesNotOverwrite() throws IOException {
        fillClosed(1);
        backup();
        final TreeMap<String, Long> files = TestFiles.files(directory);
        for (final String name : new String[] {"data", "empty"}) {
            Files.createDirectories(home.resolve(name));
            final EngineException refusal =
                    assertThrows(EngineException.class, () -> restore(name));
            assertTrue(refusal.getMessage().contains("does not overwrite"));
        }
        assertEquals(files, TestFiles.files(directory));
        assertThrows(
                EngineException.class,
                () -> Backups.backup(directory, home.resolve("data"), done -> {}),
                "a data directory is no place for a backup");
    }

    @Test
    void aRestoreTakesAnyNameOfADirectory() throws IOException {
        fillClosed(1);
        final String digest = backup().verification().digest();
        Files.createDirectory(home.resolve("sub"));
        for (final String name : new String[] {"./one", "sub/../two", "sub/./three"}) {
            assertEquals(digest, restore(name).digest(), name);
        }
        assertTrue(Files.exists(home.resolve("sub/three/manifest")));
    }

    /** The control: a changed byte in any file of the backup, and nothing is restored. */
    @Test
    void aDamagedBackupIsNotRestored() throws IOException {
        fillClosed(1);
        final BackupReport report = backup();
        try (Stream<Path> files = Files.walk(report.directory())) {
            for (final Path file : files.filter(Files::isRegularFile).toList()) {
                TestFiles.flipMiddle(file);
                final EngineException refusal =
                        assertThrows(EngineException.class, () -> restore("r"), file::toString);
                assertTrue(
                        refusal.getMessage().contains("not what was backed up"),
                        refusal.getMessage());
                TestFiles.flipMiddle(file);
                final EngineException left =
                        assertThrows(EngineException.class, () -> restore("r"));
                assertTrue(
                        left.getMessage().contains("r.restoring")
                                && left.getMessage().contains("may be deleted"),
                        left.getMessage());
                FileCopies.delete(home.resolve("r.restoring"));
                assertFalse(Files.exists(home.resolve("r")));
            }
        }
        TestFiles.flipMiddle(target.resolve("backup"));
        assertThrows(EngineException.class, () -> restore("r"));
        TestFiles.flipMiddle(target.resolve("backup"));
        assertTrue(restore("r").isSound());
    }

    /** A directory that is damaged gives no backup, and the one before stays good. */
    @Test
    void aDamagedDirectoryDoesNotReplaceAGoodBackup() {
        fillClosed(1);
        final String digest = backup().verification().digest();
        fillClosed(2);
        JournalPlaces.of(directory).get(RECORDS + 100).flip(JournalPlaces.RECORD + 40);
        final EngineException refusal = assertThrows(EngineException.class, this::backup);
        assertTrue(refusal.getMessage().contains("is no backup"), refusal.getMessage());
        assertEquals(digest, restore("restored").digest());
        try (Repair repair = Repair.plan(directory, done -> {})) {
            assertTrue(repair.run(error -> {}, done -> {}).isSound());
        }
        assertEquals(2 * RECORDS, backup().lastSequence());
    }

    @Test
    void anotherEnginesBackupIsNotReplaced() {
        fillClosed(1);
        backup();
        directory = home.resolve("other");
        fillClosed(1);
        final EngineException refusal = assertThrows(EngineException.class, this::backup);
        assertTrue(refusal.getMessage().contains("another engine"), refusal.getMessage());
    }

    /** Retention took the journal's beginning: the stores are what is left of it. */
    @Test
    void aTrimmedDirectoryComesBackToo() {
        final EngineContext context = TestEngines.context(directory).retentionBytes(1);
        try (Engine engine = Engine.launch(context)) {
            for (int i = 0; i < 6; i++) {
                fill(engine, i);
                assertTrue(engine.checkpoint(TestEngines.TIMEOUT_NS));
            }
        }
        final Verification original = Verifier.verify(directory, done -> {});
        assertTrue(original.isSound(), original::toString);
        assertTrue(original.journalRecords() < original.subjectEntries(), "was it trimmed?");
        backup();
        assertEquals(original.digest(), restore("restored").digest());
    }
}
