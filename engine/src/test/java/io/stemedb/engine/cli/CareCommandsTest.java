package io.stemedb.engine.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.codecs.EpochWriter;
import io.stemedb.engine.Engine;
import io.stemedb.engine.EngineContext;
import io.stemedb.engine.TestEngines;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands repair, quarantine, backup and restore. */
@Timeout(120)
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
