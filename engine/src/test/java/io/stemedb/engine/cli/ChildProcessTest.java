package io.stemedb.engine.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.TestEngines;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The command line as a process of its own, started with the flags of this one. */
@Timeout(1200)
class ChildProcessTest {

    private static final Duration PATIENCE = Duration.ofNanos(TestEngines.TIMEOUT_NS);

    @TempDir private Path directory;
    private final List<Process> children = new ArrayList<>();
    private final List<String> flags = new ArrayList<>();

    @AfterEach
    void endChildren() throws InterruptedException {
        for (final Process child : children) {
            child.destroyForcibly().waitFor();
        }
    }

    @Test
    void aRecordIsAcknowledgedWhileTheInputIsIdle() throws Exception {
        final Process child = start("ingest", "-", "--acks");
        final OutputStream in = child.getOutputStream();
        final BufferedReader out = child.inputReader(StandardCharsets.UTF_8);
        for (int line = 1; line <= 3; line++) {
            in.write((Cli.claim("s", line, line) + "\n").getBytes(StandardCharsets.UTF_8));
            in.flush();
            // nothing more is written until the acknowledgement is here
            final String ack = assertTimeoutPreemptively(PATIENCE, out::readLine);
            assertTrue(ack.startsWith(line + " " + line + " "), ack);
        }
        in.close();
        assertEquals(0, exitCode(child), errorsOf(child));
        assertTrue(errorsOf(child).strip().matches("(?s).*lines=3 ingested=3 .*"), errorsOf(child));
    }

    @Test
    void whatWasAcknowledgedIsThereAfterAKill() throws Exception {
        final Process child = start("ingest", "-", "--acks");
        final OutputStream in = child.getOutputStream();
        final BufferedReader out = child.inputReader(StandardCharsets.UTF_8);
        for (int line = 1; line <= 500; line++) {
            in.write((Cli.claim("s", line, line) + "\n").getBytes(StandardCharsets.UTF_8));
        }
        in.flush();
        String last = "";
        for (int i = 0; i < 300; i++) {
            last = assertTimeoutPreemptively(PATIENCE, out::readLine);
        }
        child.destroyForcibly().waitFor();
        final Process reader = start("get", last.split(" ")[2]);
        assertEquals(0, exitCode(reader), errorsOf(reader));
        assertTrue(reader.inputReader().readLine().contains("\"value\":300.0}"));
        final Process verify = start("verify");
        assertEquals(0, exitCode(verify), errorsOf(verify));
    }

    /** Reads go beside a running engine; what needs the directory for itself names who has it. */
    @Test
    void readCommandsOnADirectoryWhoseEngineRunsElsewhere() throws Exception {
        final Process child = start("ingest", "-", "--acks");
        final OutputStream in = child.getOutputStream();
        final BufferedReader out = child.inputReader(StandardCharsets.UTF_8);
        final String id = "0e".repeat(32);
        final Cli cli = new Cli(directory.resolve("data"));
        for (int round = 1; round <= 3; round++) {
            write(in, Cli.claim("s", round, round));
            final String hash = hashOf(assertTimeoutPreemptively(PATIENCE, out::readLine));
            write(in, Cli.vote(hash, 0.5));
            assertTimeoutPreemptively(PATIENCE, out::readLine);
            if (round == 1) {
                write(in, Cli.epoch(id, "day"));
                assertTimeoutPreemptively(PATIENCE, out::readLine);
            }
            assertPrints(1, "\"value\":" + round + ".0", cli.run("get", hash));
            assertPrints(round, "\"subject\":\"s\"", cli.run("subject", "s"));
            assertPrints(1, "\"weight\":0.5", cli.run("votes", hash));
            assertPrints(1, "\"name\":\"day\"", cli.run("epoch", id));
            assertPrints(1, "s", cli.run("subjects"));
        }
        for (final Cli.Result refused :
                List.of(cli.run("verify"), cli.runWith("", "ingest", "-"))) {
            assertEquals(3, refused.exitCode(), refused::err);
            assertEquals("", refused.out());
            assertTrue(
                    refused.err().matches("(?s)stemedb: .*\\b" + child.pid() + "\\b.*"),
                    refused::err);
        }
        in.close();
        assertEquals(0, exitCode(child), errorsOf(child));
        assertEquals(0, cli.run("verify").exitCode());
    }

    private static void write(final OutputStream in, final String line) throws IOException {
        in.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        in.flush();
    }

    private static String hashOf(final String ack) {
        return ack.split(" ")[2];
    }

    private static void assertPrints(final int lines, final String part, final Cli.Result printed) {
        assertEquals(0, printed.exitCode(), printed::err);
        assertEquals("", printed.err());
        assertEquals(lines, printed.outLines().size(), printed::out);
        assertTrue(printed.out().contains(part), printed::out);
    }

    @Test
    void aReaderThatLeavesEndsACommandQuietly() throws Exception {
        final Process ingest = start("ingest", "-");
        try (OutputStream in = ingest.getOutputStream()) {
            for (int line = 1; line <= 20_000; line++) {
                in.write((Cli.claim("s", line, line) + "\n").getBytes(StandardCharsets.UTF_8));
            }
        }
        assertEquals(0, exitCode(ingest), errorsOf(ingest));
        final Process child = start("subject", "s", "-n", "20000");
        child.inputReader().readLine();
        child.getInputStream().close();
        assertEquals(0, exitCode(child), errorsOf(child));
        assertEquals("", errorsOf(child));
    }

    @Test
    void anIngestWhoseAcksNobodyReadsEndsQuietlyButNotWell() throws Exception {
        final Process child = start("ingest", "-", "--acks");
        final OutputStream in = child.getOutputStream();
        final byte[] line = (Cli.claim("s", 1, 1) + "\n").getBytes(StandardCharsets.UTF_8);
        in.write(line);
        in.flush();
        assertTimeoutPreemptively(PATIENCE, () -> child.inputReader().readLine());
        child.getInputStream().close();
        try (in) {
            for (int i = 0; i < 1_000_000 && child.isAlive(); i++) {
                in.write(line);
                in.flush();
            }
        } catch (final IOException e) {
            // by the system, or by the JDK once it has seen the end of the process
            assertTrue(e.getMessage().matches(".*(pipe|Stream closed).*"), e.getMessage());
        }
        assertEquals(3, exitCode(child), errorsOf(child));
        assertTrue(errorsOf(child).matches("lines=\\d+ ingested=1 .*\n"), errorsOf(child));
    }

    @Test
    void errorsAreOneLineWithoutATrace() throws Exception {
        final Process child = start("get", "00".repeat(32));
        assertEquals(3, exitCode(child), errorsOf(child));
        assertEquals(
                "stemedb: no such directory: "
                        + directory.resolve("data")
                        + " (name one with --dir or STEMEDB_DIR)\n",
                errorsOf(child));
    }

    /** Errors go to a file, so that a full pipe blocks nobody. */
    private Process start(final String... arguments) throws IOException {
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        for (final String flag : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            if (flag.startsWith("--")) {
                command.add(flag);
            }
        }
        command.addAll(flags);
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(Main.class.getName());
        command.addAll(List.of(arguments));
        final ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("STEMEDB_DIR", directory.resolve("data").toString());
        builder.redirectError(directory.resolve("err-" + children.size()).toFile());
        final Process child = builder.start();
        children.add(child);
        return child;
    }

    private static int exitCode(final Process child) throws InterruptedException {
        assertTrue(child.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS), "child does not end");
        return child.exitValue();
    }

    private String errorsOf(final Process child) throws IOException {
        final Path errors = directory.resolve("err-" + children.indexOf(child));
        assertFalse(Files.notExists(errors));
        return Files.readString(errors);
    }

    /** The engine logs that there is no native library, and the command line says it. */
    @Test
    void withoutTheNativeLibraryThatIsSaidInOneLine() throws Exception {
        flags.add("-Dio.stemedb.blake3=java");
        final Process child = start("ingest", "-");
        try (OutputStream in = child.getOutputStream()) {
            in.write((Cli.claim("s", 1, 1) + "\n").getBytes(StandardCharsets.UTF_8));
        }
        assertEquals(0, exitCode(child), errorsOf(child));
        final List<String> lines = errorsOf(child).lines().toList();
        assertEquals("stemedb: BLAKE3: java: asked for by io.stemedb.blake3", lines.get(0));
        assertEquals(
                1, lines.stream().filter(line -> line.contains("BLAKE3")).count(), lines::toString);
        assertTrue(lines.stream().noneMatch(line -> line.contains("INFO")), lines::toString);
    }

    /** Two launches in one process: a store is rebuilt. */
    @Test
    void withoutTheNativeLibraryARepairSaysItOnce() throws Exception {
        final Process ingest = start("ingest", "-");
        try (OutputStream in = ingest.getOutputStream()) {
            in.write((Cli.claim("s", 1, 1) + "\n").getBytes(StandardCharsets.UTF_8));
        }
        assertEquals(0, exitCode(ingest), errorsOf(ingest));
        Files.delete(directory.resolve("data/lmdb/data.mdb"));
        flags.add("-Dio.stemedb.blake3=java");
        final Process repair = start("repair");
        assertEquals(0, exitCode(repair), errorsOf(repair));
        final String said = errorsOf(repair);
        assertEquals(1, said.split("BLAKE3", -1).length - 1, said);
        assertTrue(said.contains("stemedb: BLAKE3: java"), said);
    }
}
