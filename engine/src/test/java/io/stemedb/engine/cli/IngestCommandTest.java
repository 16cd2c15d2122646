package io.stemedb.engine.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(900) // only for what hangs
class IngestCommandTest {

    private static final String ID = "0123456789abcdef".repeat(4);

    @TempDir private Path temporary;
    private Path directory;
    private Cli cli;

    @BeforeEach
    void makeCli() {
        directory = temporary.resolve("data");
        cli = new Cli(directory);
    }

    @Test
    void theLastLineCountsTheLines() {
        final Cli.Result result =
                cli.runWith(
                        Cli.claim("a", 1, 1) + "\n" + Cli.claim("b", 2, 2) + "\n", "ingest", "-");
        assertEquals(0, result.exitCode(), result.err());
        assertEquals("", result.out());
        assertTrue(
                result.lastErrLine()
                        .matches("lines=2 ingested=2 duplicates=0 refused=0 records/s=\\d+"),
                result.err());
    }

    @Test
    void blankLinesWindowsLinesAndAnOpenLastLineAreFine() {
        final String input = "\n" + Cli.claim("a", 1, 1) + "\r\n \t\r\n\n" + Cli.claim("b", 2, 2);
        final Cli.Result result = cli.runWith(input, "ingest", "-", "--acks");
        assertEquals(0, result.exitCode(), result.err());
        assertTrue(result.lastErrLine().startsWith("lines=2 ingested=2 "), result.err());
        assertEquals(2, result.outLines().size());
        assertTrue(result.outLines().get(0).startsWith("2 1 "), result.out());
        assertTrue(result.outLines().get(1).startsWith("5 2 "), result.out());
    }

    @Test
    void anEmptyInputIsNoError() {
        final Cli.Result result = cli.runWith("", "ingest", "-", "--acks");
        assertEquals(0, result.exitCode(), result.err());
        assertEquals("lines=0 ingested=0 duplicates=0 refused=0 records/s=0", result.lastErrLine());
    }

    @Test
    void refusedLinesAreReportedKeptAndDoNotStopTheRest() throws IOException {
        final Path file = temporary.resolve("claims.jsonl");
        Files.writeString(
                file,
                Cli.claim("a", 1, 1)
                        + "\nnonsense \n"
                        + Cli.claim("", 1, 1)
                        + "\n"
                        + Cli.claim("b", 2, 2)
                        + "\n");
        final Cli.Result result = cli.run("ingest", file.toString(), "--acks");
        assertEquals(1, result.exitCode(), result.err());
        assertTrue(result.err().contains("line 2: line: is no JSON"), result.err());
        assertTrue(result.err().contains("line 3: subject: must be 1 to 256 bytes"), result.err());
        assertTrue(
                result.lastErrLine().startsWith("lines=4 ingested=2 duplicates=0 refused=2 "),
                result.err());
        assertEquals(2, result.outLines().size());
        assertTrue(result.outLines().get(1).startsWith("4 2 "), result.out());
        final Path rejects = directory.resolve("rejects-claims.jsonl-1.jsonl");
        assertEquals("nonsense \n" + Cli.claim("", 1, 1) + "\n", Files.readString(rejects));
        assertTrue(result.err().contains(rejects.toString()), result.err());
    }

    @Test
    void theRejectsFileCanBeNamedAndIsNeverWrittenOver() throws IOException {
        final Path rejects = temporary.resolve("bad.jsonl");
        assertEquals(
                1, cli.runWith("x", "ingest", "-", "--rejects", rejects.toString()).exitCode());
        assertEquals("x\n", Files.readString(rejects));
        final Cli.Result again = cli.runWith("y", "ingest", "-", "--rejects", rejects.toString());
        assertEquals(3, again.exitCode(), again.err());
        assertTrue(again.err().contains("is there already: " + rejects), again.err());
        assertEquals("x\n", Files.readString(rejects));
    }

    @Test
    void strictStopsAtTheFirstRefusedLine() {
        final Cli.Result result =
                cli.runWith(
                        Cli.claim("a", 1, 1) + "\nx\n" + Cli.claim("b", 2, 2),
                        "ingest",
                        "-",
                        "--strict",
                        "--acks");
        assertEquals(1, result.exitCode(), result.err());
        assertTrue(
                result.lastErrLine().startsWith("lines=2 ingested=1 duplicates=0 refused=1 "),
                result.err());
        assertEquals(1, result.outLines().size());
        assertEquals(1, cli.run("subject", "b").exitCode());
    }

    @Test
    void aLineThatIsTooLongIsRefusedAndTheNextIsNot() throws IOException {
        final String longLine = "{\"" + "x".repeat(LineReader.LINE_MAX) + "\"}";
        final Cli.Result result =
                cli.runWith(longLine + "\n" + Cli.claim("a", 1, 1), "ingest", "-");
        assertEquals(1, result.exitCode());
        assertTrue(
                result.err().contains("line 1: line: is longer than 4194304 bytes"), result.err());
        assertTrue(result.lastErrLine().startsWith("lines=2 ingested=1 "), result.err());
        assertEquals(longLine + "\n", Files.readString(directory.resolve("rejects-stdin-1.jsonl")));
    }

    @Test
    void duplicatesAreCountedAcrossInputsAndTypes() {
        final String first =
                Cli.claim("a", 1, 1) + "\n" + Cli.vote(ID, 0.5) + "\n" + Cli.epoch(ID, "e") + "\n";
        final Cli.Result once = cli.runWith(first + Cli.claim("a", 1, 1), "ingest", "-");
        assertTrue(
                once.lastErrLine().startsWith("lines=4 ingested=3 duplicates=1 refused=0 "),
                once.err());
        final Cli.Result twice =
                cli.runWith(first + Cli.vote(ID, 0.25) + "\n", "ingest", "-", "--acks");
        assertEquals(0, twice.exitCode(), twice.err());
        assertTrue(
                twice.lastErrLine().startsWith("lines=4 ingested=1 duplicates=3 refused=0 "),
                twice.err());
        assertEquals(4, twice.outLines().size());
    }

    @Test
    void anEpochIdWithOtherContentIsRefused() {
        final Cli.Result result =
                cli.runWith(Cli.epoch(ID, "one") + "\n" + Cli.epoch(ID, "two"), "ingest", "-");
        assertEquals(1, result.exitCode(), result.err());
        assertTrue(
                result.err().contains("line 2: id: is the id of another epoch already"),
                result.err());
        assertTrue(cli.run("epoch", ID).out().contains("\"name\":\"one\""));
    }

    @Test
    void acksNameLineSequenceAndHashInOrder() {
        final StringBuilder input = new StringBuilder();
        for (int i = 1; i <= 5_000; i++) {
            input.append(Cli.claim("s" + i % 10, i, i)).append('\n');
        }
        final Cli.Result result = cli.runWith(input.toString(), "ingest", "-", "--acks");
        assertEquals(0, result.exitCode(), result.err());
        assertEquals(5_000, result.outLines().size());
        for (int i = 1; i <= 5_000; i++) {
            final String ack = result.outLines().get(i - 1);
            assertTrue(ack.matches(i + " " + i + " [0-9a-f]{64}"), ack);
        }
        final String hash = result.outLines().get(1_233).split(" ")[2];
        assertTrue(cli.run("get", hash).out().contains("\"value\":1234.0}"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"async", "group", "sync", "SYNC"})
    void everyDurabilityAcknowledgesEverything(final String durability) {
        final Cli.Result result =
                cli.runWith(
                        Cli.claim("a", 1, 1) + "\n" + Cli.claim("b", 2, 2),
                        "ingest",
                        "-",
                        "--acks",
                        "--durability",
                        durability);
        assertEquals(0, result.exitCode(), result.err());
        assertEquals(2, result.outLines().size());
    }

    @Test
    void aMissingFileMakesNothing() throws IOException {
        final Cli.Result result = cli.run("ingest", temporary.resolve("none.jsonl").toString());
        assertEquals(3, result.exitCode());
        assertTrue(result.err().startsWith("stemedb: no such file: "), result.err());
        try (Stream<Path> files = Files.list(temporary)) {
            assertEquals(0, files.count());
        }
    }

    @Test
    void aDirectoryIsNoInput() {
        final Cli.Result result = cli.run("ingest", temporary.toString());
        assertEquals(3, result.exitCode());
        assertTrue(
                result.err().startsWith("stemedb: is a directory, no file: " + temporary),
                result.err());
        assertFalse(Files.exists(directory));
    }

    @Test
    void wrongUsageIsSaidInOneLine() {
        for (final String[] arguments :
                new String[][] {
                    {"ingest"}, {"ingest", "-", "--durability", "often"}, {"ingest", "-", "-x"}
                }) {
            final Cli.Result result = cli.run(arguments);
            assertEquals(2, result.exitCode(), result.err());
            assertEquals(1, result.err().lines().count(), result.err());
            assertFalse(Files.exists(directory));
        }
    }
}
