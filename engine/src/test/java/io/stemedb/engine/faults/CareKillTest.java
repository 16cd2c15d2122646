package io.stemedb.engine.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.Appender;
import io.stemedb.engine.BackupChild;
import io.stemedb.engine.Backups;
import io.stemedb.engine.ChildJvm;
import io.stemedb.engine.Engine;
import io.stemedb.engine.EngineException;
import io.stemedb.engine.RecordMix;
import io.stemedb.engine.Repair;
import io.stemedb.engine.StoreContent;
import io.stemedb.engine.TestEngines;
import io.stemedb.engine.Verification;
import io.stemedb.engine.Verifier;
import io.stemedb.engine.Watermark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.SleepingIdleStrategy;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Backup and repair killed on the way, and a backup from another process. */
@Tag("faults")
@Timeout(600) // only for what hangs
class CareKillTest {
    private final IdleStrategy wait = new SleepingIdleStrategy(100_000);
    private static final int KILLS = 4 * Integer.getInteger("io.stemedb.faults.scale", 1);
    private static final int RECORDS = 20_000;
    private static final long KILL_WITHIN_NS = TimeUnit.MILLISECONDS.toNanos(400);

    @TempDir Path home;
    private final long seed = TestEngines.newSeed();
    private final Random random = new Random(seed);

    private Path fill(final String name, final long fillSeed) {
        final Path directory = home.resolve(name);
        try (Engine engine = Engine.launch(TestEngines.context(directory))) {
            final Appender appender = engine.newAppender();
            final RecordMix mix = new RecordMix(new Random(fillSeed), 40, appender);
            for (int i = 0; i < RECORDS; i++) {
                mix.append(appender);
            }
            assertTrue(engine.checkpoint(TestEngines.TIMEOUT_NS));
        }
        return directory;
    }

    /**
     * Kills a child some time after its first word, or just after its last; whether it was done.
     * The first at once, so that one is in time on any machine.
     */
    private boolean killed(final int kill, final Path output, final String... arguments)
            throws InterruptedException {
        final long withinNs = KILL_WITHIN_NS * (kill - 1) / (KILLS - 1);
        try (ChildJvm child = ChildJvm.start(output, BackupChild.class, arguments)) {
            final long limitNs = System.nanoTime() + TestEngines.TIMEOUT_NS;
            while (child.lines().isEmpty() && child.process().isAlive()) {
                assertTrue(System.nanoTime() < limitNs, "child says nothing");
                Thread.onSpinWait();
            }
            final long untilNs = System.nanoTime() + (long) (random.nextDouble() * withinNs);
            while (System.nanoTime() < untilNs) {
                wait.idle();
            }
            child.kill();
            final List<String> lines = child.lines();
            assertFalse(
                    lines.stream().anyMatch(line -> line.contains("Exception")),
                    () -> "seed " + seed + ": " + lines);
            return lines.stream().anyMatch(line -> line.startsWith("DONE"));
        }
    }

    @Test
    void aBackupThatIsKilledLeavesTheOneBefore() throws Exception {
        final Path directory = fill("data", seed);
        final Path target = home.resolve("backup");
        String digest = Backups.backup(directory, target, done -> {}).verification().digest();
        int unfinished = 0;
        for (int kill = 1; kill <= KILLS; kill++) {
            final String before = digest;
            fill("data", seed + kill);
            final String now = Verifier.verify(directory, done -> {}).digest();
            final boolean done =
                    killed(
                            kill,
                            home.resolve("out-" + kill),
                            "backup",
                            directory.toString(),
                            target.toString());
            unfinished += done ? 0 : 1;
            final Verification restored =
                    Backups.restore(target, home.resolve("restored-" + kill), d -> {});
            assertTrue(
                    restored.digest().equals(now) || !done && restored.digest().equals(before),
                    () -> "seed " + seed);
            digest = restored.digest();
        }
        assertTrue(unfinished > 0, () -> "no kill was in time, seed " + seed);
        assertEquals(
                Verifier.verify(directory, done -> {}).digest(),
                Backups.backup(directory, target, done -> {}).verification().digest());
    }

    @Test
    void aRepairThatIsKilledIsDoneAgain() throws Exception {
        final Path directory = fill("data", seed);
        final String digest = Verifier.verify(directory, done -> {}).digest();
        int unfinished = 0;
        for (int kill = 1; kill <= KILLS; kill++) {
            damage(directory);
            unfinished +=
                    killed(kill, home.resolve("out-" + kill), "repair", directory.toString())
                            ? 0
                            : 1;
            if (kill % 2 == 0) { // either opens as it is, or is repaired
                Engine.launch(TestEngines.context(directory).errorHandler(error -> {})).close();
            }
            try (Repair repair = Repair.plan(directory, done -> {})) {
                assertEquals(List.of(), repair.impossible(), () -> "seed " + seed);
                final Verification after = repair.run(error -> {}, done -> {});
                assertTrue(after.isSound(), () -> "seed " + seed + ": " + after);
                assertEquals(digest, after.digest(), () -> "seed " + seed);
            }
        }
        assertTrue(unfinished > 0, () -> "no kill was in time, seed " + seed);
    }

    private static void damage(final Path directory) throws IOException {
        StoreContent.delete(directory, "lmdb");
        try (Stream<Path> files = Files.list(directory.resolve("rocks"))) {
            for (final Path file : files.filter(f -> f.toString().endsWith(".sst")).toList()) {
                final byte[] bytes = Files.readAllBytes(file);
                bytes[bytes.length / 2] ^= 1;
                Files.write(file, bytes);
            }
        }
    }

    /** The control: what a backup in place, and a repair that was not done again, would leave. */
    @Test
    void whatAKillLeavesHalfDoneIsCaught() throws Exception {
        final Path directory = fill("data", seed);
        final Path target = home.resolve("backup");
        Backups.backup(directory, target, done -> {});
        final Path segment = Damage.files(target, ".cq4").get(0);
        final byte[] bytes = Files.readAllBytes(segment);
        Files.delete(segment); // it may be a link
        Files.write(segment, Arrays.copyOf(bytes, bytes.length / 2));
        assertThrows(
                EngineException.class,
                () -> Backups.restore(target, home.resolve("restored"), done -> {}));
        damage(directory);
        assertFalse(Verifier.verify(directory, done -> {}).isSound());
    }

    /** The engine runs here, the backup elsewhere. */
    @Test
    void anotherProcessBacksARunningEngineUp() throws Exception {
        final Path directory = home.resolve("data");
        final Path target = home.resolve("backup");
        final AtomicBoolean stop = new AtomicBoolean();
        final AtomicLong acknowledged = new AtomicLong();
        try (Engine engine = Engine.launch(TestEngines.context(directory))) {
            final TestEngines.Running load =
                    TestEngines.start(
                            "load",
                            () -> {
                                final Appender appender = engine.newAppender();
                                final RecordMix mix = new RecordMix(new Random(seed), 40, appender);
                                final IdleStrategy pause = new SleepingIdleStrategy(20_000);
                                while (!stop.get()) {
                                    acknowledged.set(mix.append(appender));
                                    pause.idle();
                                }
                            });
            try {
                for (int round = 1; round <= 3; round++) {
                    while (acknowledged.get() < 5_000L * round && load.thread().isAlive()) {
                        wait.idle();
                    }
                    final long before = acknowledged.get();
                    try (ChildJvm child =
                            ChildJvm.start(
                                    home.resolve("out-" + round),
                                    BackupChild.class,
                                    "backup",
                                    directory.toString(),
                                    target.toString())) {
                        final List<String> lines = child.end();
                        final String last = lines.get(lines.size() - 1);
                        assertTrue(last.startsWith("DONE "), last);
                        assertTrue(Long.parseLong(last.substring(5)) >= before, last);
                    }
                    final Path restored = home.resolve("restored-" + round);
                    final Verification verification = Backups.restore(target, restored, done -> {});
                    assertTrue(verification.isSound(), () -> "seed " + seed + verification);
                    try (Engine again = Engine.launch(TestEngines.context(restored))) {
                        assertTrue(again.watermark(Watermark.READABLE) >= before);
                    }
                }
            } finally {
                stop.set(true);
                load.end();
            }
        }
    }
}
