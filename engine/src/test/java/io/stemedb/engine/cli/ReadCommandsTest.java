package io.stemedb.engine.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.codecs.Limits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(900) // only for what hangs
class ReadCommandsTest {

    private static final String NONE = "00".repeat(32);

    @TempDir private Path temporary;
    private Path directory;
    private Cli cli;

    @BeforeEach
    void makeCli() {
        directory = temporary.resolve("data");
        cli = new Cli(directory);
    }

    @Test
    void aSubjectIsPrintedNewestOrOldestFirstUpToALimit() {
        ingest(
                Cli.claim("s", 1, 9),
                Cli.claim("t", 2, 8),
                Cli.claim("s", 3, 7),
                Cli.claim("s", 1, 9));
        final List<String> newest = cli.run("subject", "s").outLines();
        assertEquals(2, newest.size());
        assertTrue(newest.get(0).contains("\"value\":1.0}"), newest.get(0));
        assertTrue(newest.get(0).endsWith(",\"sequence\":4}"), newest.get(0));
        assertTrue(newest.get(1).endsWith(",\"sequence\":3}"), newest.get(1));
        final List<String> oldest = cli.run("subject", "--oldest", "s", "--limit", "1").outLines();
        assertEquals(List.of(newest.get(1)), oldest);
        assertEquals(List.of(newest.get(0)), cli.run("subject", "-n", "1", "s").outLines());
    }

    @Test
    void anAssertionIsFoundByItsHash() {
        ingest(Cli.claim("s", 912.44, 9));
        final String line = cli.run("subject", "s").out();
        final Cli.Result result = cli.run("get", Cli.hex(line, "hash"));
        assertEquals(0, result.exitCode(), result.err());
        assertEquals(line.replace(",\"sequence\":1}", "}"), result.out());
        assertEquals(result.out(), cli.run("get", Cli.hex(line, "hash").toUpperCase()).out());
    }

    @Test
    void votesAreFoundByTheirAssertion() {
        ingest(Cli.vote(NONE, 0.5), Cli.vote(NONE, -1), Cli.vote("11".repeat(32), 1));
        final Cli.Result result = cli.run("votes", NONE);
        assertEquals(0, result.exitCode(), result.err());
        assertEquals(2, result.outLines().size());
        assertTrue(result.out().contains("\"weight\":0.5"));
        assertTrue(result.out().contains("\"weight\":-1.0"));
    }

    @Test
    void anEpochIsFoundByItsId() {
        ingest(Cli.epoch(NONE, "2013-11-25"));
        final Cli.Result result = cli.run("epoch", NONE);
        assertEquals(0, result.exitCode(), result.err());
        assertTrue(result.out().contains("\"name\":\"2013-11-25\""), result.out());
        final String again = cli.runWith(result.out(), "ingest", "-", "--acks").out();
        assertEquals(Cli.hex(result.out(), "hash"), again.strip().split(" ")[2]);
    }

    @Test
    void subjectsAreFoundByPrefix() {
        ingest(
                Cli.claim("b", 1, 1),
                Cli.claim("a:1", 1, 1),
                Cli.claim("a:2", 1, 1),
                Cli.claim("a", 1, 1));
        assertEquals(
                List.of(
                        "{\"subject\":\"a\"}",
                        "{\"subject\":\"a:1\"}",
                        "{\"subject\":\"a:2\"}",
                        "{\"subject\":\"b\"}"),
                cli.run("subjects").outLines());
        assertEquals(
                List.of("{\"subject\":\"a:1\"}", "{\"subject\":\"a:2\"}"),
                cli.run("subjects", "a:").outLines());
        assertEquals(List.of("{\"subject\":\"a\"}"), cli.run("subjects", "-n", "1").outLines());
    }

    @Test
    void whatIsPrintedIngestsToTheSameHashesElsewhere() {
        final long seed = System.nanoTime();
        final RandomRecords records = new RandomRecords(seed);
        final org.agrona.concurrent.UnsafeBuffer buffer =
                new org.agrona.concurrent.UnsafeBuffer(new byte[1 << 16]);
        final java.io.ByteArrayOutputStream lines = new java.io.ByteArrayOutputStream();
        try {
            final JsonRecordWriter json = new JsonRecordWriter(lines);
            for (int i = 0; i < 40; i++) {
                final int length = records.next().encode(buffer, 0);
                json.write(0, buffer, 0, buffer, 0, length);
            }
        } catch (final IOException e) {
            throw new AssertionError(e);
        }
        final String input = lines.toString(java.nio.charset.StandardCharsets.UTF_8);
        final String where = "seed " + seed;
        assertEquals(0, cli.runWith(input, "ingest", "-").exitCode(), where);
        final StringBuilder printed = new StringBuilder();
        for (final String line : cli.run("subjects").outLines()) {
            final String subject = subjectOf(line);
            printed.append(cli.run("subject", "-n", "1000", "--", subject).out());
        }
        final Cli copy = new Cli(temporary.resolve("copy"));
        final List<String> acks =
                copy.runWith(printed.toString(), "ingest", "-", "--acks").outLines();
        final List<String> expected =
                printed.toString().lines().map(l -> Cli.hex(l, "hash")).toList();
        assertFalse(expected.isEmpty(), where);
        assertEquals(expected, acks.stream().map(ack -> ack.split(" ")[2]).toList(), where);
    }

    @Test
    void verifyCountsWhatIsThere() {
        ingest(Cli.claim("a", 1, 1), Cli.claim("a", 1, 1), Cli.vote(NONE, 1), Cli.epoch(NONE, "n"));
        final Cli.Result result = cli.run("verify");
        assertEquals(0, result.exitCode(), result.err() + result.out());
        assertTrue(
                result.out()
                        .matches("(?s)journal records +4\nassertions +1\nvotes +1\nepochs +1\n.*"),
                result.out());
        assertTrue(result.out().matches("(?s).*digest +[0-9a-f]{64}\n.*"), result.out());
        assertTrue(result.out().endsWith("differences      0\n"), result.out());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "get " + "00",
                "votes zz",
                "epoch 1",
                "subject",
                "subject ",
                "subject s -n 0",
                "get"
            })
    void wrongUsageIsExitCode2AndOneLine(final String line) {
        final Cli.Result result = cli.run(line.split(" ", -1));
        assertEquals(2, result.exitCode(), result.err());
        assertEquals(1, result.err().lines().count(), result.err());
        assertFalse(Files.exists(directory));
    }

    @Test
    void aNameThatIsTooLongIsWrongUsage() {
        final String limit = " bytes, has " + (Limits.SUBJECT_MAX + 1);
        for (final String command : List.of("subject", "subjects")) {
            final Cli.Result result = cli.run(command, "s".repeat(Limits.SUBJECT_MAX + 1));
            assertEquals(2, result.exitCode(), result.err());
            assertTrue(result.err().contains(limit), result.err());
        }
    }

    @Test
    void whatIsNotThereIsExitCode1AndOneLine() {
        ingest(Cli.claim("s", 1, 1));
        for (final String[] arguments :
                new String[][] {
                    {"get", NONE},
                    {"votes", NONE},
                    {"epoch", NONE},
                    {"subject", "x"},
                    {"subjects", "x"}
                }) {
            final Cli.Result result = cli.run(arguments);
            assertEquals(1, result.exitCode(), result.err());
            assertEquals("", result.out());
            assertTrue(result.err().startsWith("stemedb: no "), result.err());
            assertEquals(1, result.err().lines().count(), result.err());
        }
    }

    @Test
    void aMissingDirectoryIsSaidAndNotMade() {
        for (final String[] arguments :
                new String[][] {
                    {"get", NONE},
                    {"votes", NONE},
                    {"epoch", NONE},
                    {"subject", "x"},
                    {"subjects"},
                    {"verify"}
                }) {
            final Cli.Result result = cli.run(arguments);
            assertEquals(3, result.exitCode(), result.err());
            assertTrue(result.err().startsWith("stemedb: no such directory: "), result.err());
            assertEquals(1, result.err().lines().count(), result.err());
            assertFalse(Files.exists(directory));
        }
    }

    @Test
    void aLostOrAlteredManifestIsSaidWithTheWayOut() throws IOException {
        ingest(Cli.claim("s", 1, 1));
        final Path manifest = directory.resolve("manifest");
        final String text = Files.readString(manifest);
        for (final String altered : new String[] {"", text.replace('4', '5'), null}) {
            Files.delete(manifest);
            if (altered != null) {
                Files.writeString(manifest, altered);
            }
            for (final String command : new String[] {"subjects", "verify", "quarantine"}) {
                final Cli.Result result = cli.run(command);
                assertEquals(3, result.exitCode(), result.err());
                assertTrue(result.err().contains("repair make it anew"), result.err());
                assertTrue(result.err().contains("manifest"), result.err());
            }
            if (altered == null) {
                assertEquals(0, cli.run("repair").exitCode());
                assertEquals(0, cli.run("verify").exitCode());
            }
        }
    }

    @Test
    void theDirectoryIsTheOptionThenTheEnvironment() {
        ingest(Cli.claim("s", 1, 1));
        final Cli elsewhere = new Cli(temporary.resolve("elsewhere"));
        assertEquals(3, elsewhere.run("subject", "s").exitCode());
        assertEquals(0, elsewhere.run("subject", "s", "--dir", directory.toString()).exitCode());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "demo",
                "ingest",
                "get",
                "subject",
                "votes",
                "epoch",
                "subjects",
                "verify"
            })
    void helpHasExamplesEverywhere(final String command) {
        final Cli.Result result =
                command.isEmpty() ? cli.run("--help") : cli.run(command, "--help");
        assertEquals(0, result.exitCode(), result.err());
        assertTrue(result.out().contains("Examples:\n  "), result.out());
        assertEquals("", result.err());
        assertTrue(
                result.out().lines().allMatch(line -> line.length() <= 90),
                () -> "a line is too long:\n" + result.out());
    }

    @Test
    void verboseShowsWhereAnErrorCameFrom() {
        assertFalse(cli.run("verify").err().contains("\tat "));
        assertTrue(cli.run("verify", "--verbose").err().contains("\tat io.stemedb"));
    }

    private void ingest(final String... lines) {
        final Cli.Result result = cli.runWith(String.join("\n", lines), "ingest", "-");
        assertEquals(0, result.exitCode(), result.err());
    }

    private static String subjectOf(final String line) {
        try (com.fasterxml.jackson.core.JsonParser parser =
                new com.fasterxml.jackson.core.JsonFactory().createParser(line)) {
            while (parser.nextToken() != com.fasterxml.jackson.core.JsonToken.VALUE_STRING) {
                // up to the one value of the line
            }
            return parser.getText();
        } catch (final IOException e) {
            throw new AssertionError(line, e);
        }
    }
}
