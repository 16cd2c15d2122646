package io.stemedb.engine.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.codecs.EpochWriter;
import io.stemedb.engine.Appender;
import io.stemedb.engine.ChildJvm;
import io.stemedb.engine.Engine;
import io.stemedb.engine.EngineContext;
import io.stemedb.engine.TestEngines;
import io.stemedb.engine.Watermark;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.SleepingIdleStrategy;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands repair, quarantine, backup and restore. */
@Timeout(900) // only for what hangs
class CareCommandsTest {
    private static final String NONE = "00".repeat(32);
    private static final double PRICE = 912.44;

    @TempDir private Path temporary;
    private Path directory;
    private Cli cli;

    @BeforeEach
    void ingest() {
        directory = temporary.resolve("data");
        cli = new Cli(directory);
        final Cli.Result result =
                cli.runWith(
                        String.join(
                                "\n",
                                Cli.claim("a", 1, 1),
                                Cli.claim("b", PRICE, 2),
                                Cli.vote(NONE, 1),
                                Cli.epoch(NONE, "one")),
                        "ingest",
                        "-");
        assertEquals(0, result.exitCode(), result.err());
        try (Engine engine = Engine.launch(new EngineContext().directory(directory))) {
            final EpochWriter epoch = engine.newAppender().epoch();
            epoch.id(new byte[32]).name("other").start(0);
            TestEngines.append(epoch::append); // set aside: the id is known
        }
    }

    private Path segment() throws IOException {
        try (Stream<Path> files = Files.walk(directory.resolve("journal"))) {
            return files.filter(f -> f.toString().endsWith(".cq4"))
                    .sorted()
                    .findFirst()
                    .orElseThrow();
        }
    }

    /** Turns a bit of the price of the second claim, which no other record has. */
    private void damage() throws IOException {
        final byte[] bytes = Files.readAllBytes(segment());
        final ByteBuffer view = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i + 8 <= bytes.length; i += 4) {
            if (view.getDouble(i) == PRICE) {
                bytes[i] ^= 1;
                Files.write(segment(), bytes);
                return;
            }
        }
        throw new AssertionError("no price in " + segment());
    }

    @Test
    void repairSaysWhatItWillDoAndDoesIt() throws IOException {
        assertEquals(0, cli.run("repair").exitCode(), "nothing to do");
        final String digest = digest(cli.run("verify"));
        damage();
        assertEquals(1, cli.run("verify").exitCode());
        final Cli.Result plan = cli.run("repair", "--dry-run");
        assertEquals(1, plan.exitCode());
        assertTrue(plan.out().contains("would put 1 damaged records back"), plan.out());
        assertEquals(1, cli.run("verify").exitCode(), "--dry-run changed something");
        final Cli.Result repair = cli.run("repair");
        assertEquals(0, repair.exitCode(), repair.out() + repair.err());
        assertTrue(repair.out().startsWith("differences      1\nwill put 1 "), repair.out());
        assertEquals(digest, digest(cli.run("verify")));
    }

    /** One that looks only at the last line must not think that it was not seen. */
    @Test
    void damageThatLostNoRecordNeedsNoRepairAndBarsNoBackup() throws IOException {
        final byte[] bytes = Files.readAllBytes(segment());
        bytes[1] ^= 0x40;
        Files.write(segment(), bytes);
        final Cli.Result repair = cli.run("repair");
        assertEquals(1, repair.exitCode(), repair.out());
        assertTrue(
                repair.out()
                        .matches(
                                "differences      1\nneeds no repair: .* damaged, no record lost\n"
                                        + "nothing to do\n"),
                repair.out());
        final Cli.Result backup = cli.run("backup", temporary.resolve("backup").toString());
        assertEquals(0, backup.exitCode(), backup.out() + backup.err());
        assertTrue(backup.out().contains("known gaps       0\ndamage, no loss  1\n"), backup.out());
    }

    @Test
    void repairMakesALostManifestAnew() throws IOException {
        final String digest = digest(cli.run("verify"));
        Files.delete(directory.resolve("manifest"));
        assertEquals(3, cli.run("verify").exitCode());
        final Cli.Result plan = cli.run("repair", "--dry-run");
        assertEquals(1, plan.exitCode(), plan.out() + plan.err());
        assertTrue(plan.out().contains("would make the manifest anew: engine "), plan.out());
        assertFalse(Files.exists(directory.resolve("manifest")), "--dry-run changed something");
        assertEquals(0, cli.run("repair").exitCode());
        assertEquals(digest, digest(cli.run("verify")));
    }

    private static String digest(final Cli.Result result) {
        assertEquals(0, result.exitCode(), result.out() + result.err());
        return result.out().lines().filter(line -> line.startsWith("digest")).findFirst().get();
    }

    @Test
    void ingestSaysWhatOpeningFound() throws IOException {
        damage();
        for (final String store : new String[] {"rocks", "lmdb"}) {
            try (Stream<Path> files = Files.list(directory.resolve(store))) {
                for (final Path file : files.filter(Files::isRegularFile).toList()) {
                    Files.delete(file);
                }
            }
        }
        final Cli.Result result = cli.runWith(Cli.claim("c", 3, 3), "ingest", "-");
        assertEquals(0, result.exitCode(), result.err());
        assertTrue(result.err().contains("record 2: crc32c"), result.err());
        assertTrue(result.err().contains("opening: RocksDB was rebuilt"), result.err());
        assertTrue(result.err().contains("opening: all other records up to 5"), result.err());
    }

    @Test
    void quarantineIsListedAndExported() throws IOException {
        final Cli.Result list = cli.run("quarantine");
        assertEquals(0, list.exitCode(), list.err());
        assertEquals(1, list.outLines().size());
        assertTrue(
                list.out().startsWith("{\"sequence\":5,\"reason\":\"epochId: known"), list.out());
        assertFalse(list.out().contains("bytes"));
        final Path file = temporary.resolve("aside.jsonl");
        assertEquals(0, cli.run("quarantine", "export", file.toString()).exitCode());
        final String line = Files.readString(file);
        assertTrue(line.contains("\"bytes\":\"02"), line); // the header of an epoch
        assertEquals(3, cli.run("quarantine", "export", file.toString()).exitCode());
        assertEquals(line, cli.run("quarantine", "export", "-").out());
        final Cli empty = new Cli(temporary.resolve("empty"));
        empty.runWith(Cli.claim("a", 1, 1), "ingest", "-");
        assertEquals(1, empty.run("quarantine").exitCode());
        final Path none = temporary.resolve("none.jsonl");
        assertEquals(1, empty.run("quarantine", "export", none.toString()).exitCode());
        assertFalse(Files.exists(none), "an empty export is in the way of the next one");
    }

    @Test
    void aDryExportSaysHowMuchAndWritesNothing() throws IOException {
        final Path file = temporary.resolve("aside.jsonl");
        final Cli.Result dry = cli.run("quarantine", "export", file.toString(), "--dry-run");
        assertEquals(0, dry.exitCode(), dry.err());
        assertFalse(Files.exists(file), "--dry-run wrote");
        final String length = dry.out().replaceAll("(?s).* 1 records, (\\d+) bytes.*", "$1");
        assertEquals(0, cli.run("quarantine", "export", file.toString()).exitCode());
        assertEquals(Files.size(file), Long.parseLong(length), dry.out());
        assertEquals(3, cli.run("quarantine", "export", file + "", "--dry-run").exitCode());
        assertEquals(2, cli.run("quarantine", "--dry-run").exitCode());
    }

    /** Who watches sees how far it is; who does not has a clean standard error. */
    @Test
    void whatTakesLongShowsProgress() throws IOException {
        final int claims = 10_000; // told of every so many
        try (Engine engine = Engine.launch(new EngineContext().directory(directory))) {
            final Appender appender = engine.newAppender();
            for (int n = 0; n < claims; n++) {
                TestEngines.claim(appender, "s", n, n);
            }
        }
        final Cli watched = new Cli(directory, true);
        final Cli.Result verify = watched.run("verify");
        assertEquals(0, verify.exitCode(), verify.err());
        assertTrue(verify.err().matches("(?s).*\rverify [^\r]* 3\\d{4}/.*"), verify.err());
        assertEquals(verify.out(), cli.run("verify").out());
        assertEquals("", cli.run("verify").err());
        final Path file = temporary.resolve("aside.jsonl");
        assertProgress("export", watched.run("quarantine", "export", file.toString()));
        final String target = temporary.resolve("backup").toString();
        assertProgress("backup", watched.run("backup", target));
        final Cli other = new Cli(temporary.resolve("other"), true);
        assertProgress("restore", other.run("restore", target));
        damage();
        final Cli.Result repair = watched.run("repair");
        assertProgress("look", repair);
        assertProgress("repair", repair);
    }

    private static void assertProgress(final String task, final Cli.Result result) {
        assertEquals(0, result.exitCode(), result.err());
        final String shown = "(?s).*\r" + task + " [^\r]* [1-9]\\d*/.*";
        assertTrue(result.err().matches(shown), result.err());
    }

    /** An engine that runs until nobody writes to it any more. */
    static final class Child {
        private Child() {}

        public static void main(final String[] arguments) throws IOException {
            final EngineContext context = new EngineContext().directory(Path.of(arguments[0]));
            try (Engine engine = Engine.launch(context)) {
                System.out.println("runs, stored " + engine.watermark(Watermark.STORED));
                while (System.in.read() >= 0) {
                    Thread.onSpinWait();
                }
            }
        }
    }

    /** In this process and in another one; nothing is written, and a close ends it. */
    @Test
    void verifyRepairAndQuarantineRefuseADirectoryThatAnEngineRunsOn() throws Exception {
        final Path file = temporary.resolve("aside.jsonl");
        try (Engine engine = Engine.launch(new EngineContext().directory(directory))) {
            assertEquals(5, engine.watermark(Watermark.APPENDED));
            assertRefused(file, "in use by this process, pid " + ProcessHandle.current().pid());
        }
        try (ChildJvm child =
                ChildJvm.start(temporary.resolve("said"), Child.class, directory.toString())) {
            final IdleStrategy idle = new SleepingIdleStrategy(TimeUnit.MILLISECONDS.toNanos(20));
            while (child.lines().isEmpty()) {
                assertTrue(child.process().isAlive(), child.lines()::toString);
                idle.idle();
            }
            assertRefused(file, "in use by pid " + child.process().pid());
            child.process().getOutputStream().close();
            child.end();
        }
        assertEquals(0, cli.run("verify").exitCode());
        assertEquals(0, cli.run("quarantine", "export", file.toString()).exitCode());
    }

    private void assertRefused(final Path file, final String holder) {
        for (final String line :
                new String[] {
                    "verify",
                    "verify --dry-run",
                    "repair",
                    "repair --dry-run",
                    "quarantine",
                    "quarantine export " + file,
                    "quarantine export --dry-run " + file
                }) {
            final Cli.Result result = cli.run(line.split(" "));
            assertEquals(3, result.exitCode(), line + ": " + result.out());
            assertTrue(result.err().contains(holder), line + ": " + result.err());
            assertEquals("", result.out(), line);
            assertFalse(Files.exists(file), line);
        }
    }

    @Test
    void aDryVerificationSaysWhatItWouldRead() throws IOException {
        damage(); // which it would find
        final Cli.Result dry = cli.run("verify", "--dry-run");
        assertEquals(0, dry.exitCode(), dry.err());
        assertEquals(3, dry.outLines().size(), dry.out());
        final Path lmdb = directory.resolve("lmdb");
        long bytes = 0;
        try (Stream<Path> files = Files.list(lmdb)) {
            for (final Path path : files.toList()) {
                bytes += Files.size(path);
            }
        }
        assertEquals(
                "would read " + lmdb + ": 2 files, " + bytes + " bytes", dry.outLines().get(2));
    }

    @Test
    void backupAndRestore() {
        final String target = temporary.resolve("backup").toString();
        final Cli.Result backup = cli.run("backup", target);
        assertEquals(0, backup.exitCode(), backup.err());
        assertTrue(backup.out().contains("last sequence    5\n"), backup.out());
        assertEquals(3, cli.run("restore", target).exitCode(), "does not overwrite");
        final Cli other = new Cli(temporary.resolve("other"));
        assertEquals(digest(cli.run("verify")), digest(other.run("restore", target)));
        assertEquals(cli.run("subjects").out(), other.run("subjects").out());
    }

    /** A script that only looks at exit codes learns of a loss once, and has what was lost. */
    @Test
    void aBackupThatLacksSomethingSaysSo() throws IOException {
        final String target = temporary.resolve("backup").toString();
        assertEquals(0, cli.run("backup", target).exitCode());
        damage();
        for (final String store : new String[] {"rocks", "lmdb"}) {
            try (Stream<Path> files = Files.list(directory.resolve(store))) {
                for (final Path file : files.filter(Files::isRegularFile).toList()) {
                    Files.delete(file);
                }
            }
        }
        assertEquals(0, cli.runWith(Cli.claim("c", 3, 3), "ingest", "-").exitCode());
        final Cli.Result backup = cli.run("backup", target);
        assertEquals(1, backup.exitCode(), backup.out() + backup.err());
        final String kept = target + "/kept-00000001";
        assertTrue(backup.out().contains("newly missing    sequences 2-2\n"), backup.out());
        assertTrue(backup.out().contains("kept             " + kept + "\n"), backup.out());
        final Cli.Result again = cli.run("backup", target);
        assertEquals(0, again.exitCode(), again.out() + again.err());
        assertTrue(again.out().contains("known gaps       1\n"), again.out());
        assertTrue(again.out().contains("kept             " + kept + "\n"), again.out());
        final Cli now = new Cli(temporary.resolve("now"));
        final Cli.Result restored = now.run("restore", target);
        assertEquals(0, restored.exitCode(), restored.err());
        assertTrue(restored.out().contains("differences      1\n"), restored.out());
        assertEquals(1, now.run("verify").exitCode());
        final Cli before = new Cli(temporary.resolve("before"));
        assertEquals(0, before.run("restore", kept).exitCode());
        assertEquals(0, before.run("verify").exitCode());
    }

    @ParameterizedTest
    @ValueSource(strings = {"backup", "restore", "quarantine show", "quarantine export"})
    void wrongUsageIsExitCode2AndOneLine(final String line) {
        final Cli.Result result = cli.run(line.split(" "));
        assertEquals(2, result.exitCode(), result.err());
        assertEquals(1, result.err().lines().count(), result.err());
    }

    @ParameterizedTest
    @ValueSource(strings = {"repair", "quarantine", "backup x"})
    void aMissingDirectoryIsSaidInOneLine(final String line) {
        final Cli.Result result = new Cli(temporary.resolve("none")).run(line.split(" "));
        assertEquals(3, result.exitCode(), result.err());
        assertEquals(1, result.err().lines().count(), result.err());
    }

    @ParameterizedTest
    @ValueSource(strings = {"repair", "quarantine", "backup", "restore"})
    void helpHasExamples(final String command) {
        final Cli.Result result = cli.run(command, "--help");
        assertEquals(0, result.exitCode(), result.err());
        assertTrue(result.out().contains("Examples:\n  "), result.out());
        assertTrue(result.out().lines().allMatch(line -> line.length() <= 90), result.out());
    }
}
