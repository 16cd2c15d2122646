package io.stemedb.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** SIGKILL at a random moment, during recovery too: nothing that was acknowledged is missing. */
class KillTest {
    private static final int LIVES = 20;

    @TempDir Path work;

    @Test
    void whatWasAppendedSurvivesAKill() throws Exception {
        final long seed = TestEngines.newSeed();
        final Random random = new Random(seed);
        final String at = "seed " + seed;
        final Path data = work.resolve("data");
        final Path acknowledged = work.resolve("acknowledged");
        Files.createFile(acknowledged);
        for (int life = 0; life < LIVES; life++) {
            final long before = Files.size(acknowledged);
            try (ChildJvm child =
                    ChildJvm.start(
                            acknowledged,
                            KillChild.class,
                            "append",
                            data.toString(),
                            Long.toString(random.nextLong()))) {
                if (life % 4 != 3) { // every fourth anywhere, also in start and recovery
                    while (Files.size(acknowledged) == before && child.process().isAlive()) {
                        child.process().waitFor(1, TimeUnit.MILLISECONDS);
                    }
                }
                final boolean ended =
                        child.process().waitFor(random.nextInt(350_000), TimeUnit.MICROSECONDS);
                assertTrue(
                        !ended,
                        () -> {
                            final List<String> lines = child.lines();
                            return at
                                    + ": it ended by itself: "
                                    + lines.subList(Math.max(0, lines.size() - 40), lines.size());
                        });
                child.kill();
            }
            separate(acknowledged);
        }
        final List<String> lines = Files.readAllLines(acknowledged);
        checkAcknowledgements(lines, at);
        try (ChildJvm child =
                ChildJvm.start(
                        work.resolve("check"),
                        KillChild.class,
                        "check",
                        data.toString(),
                        acknowledged.toString())) {
            final List<String> answer = child.end();
            assertEquals(
                    List.of(),
                    answer.stream().filter(line -> line.startsWith("ERROR")).toList(),
                    () -> at);
            assertTrue(answer.stream().anyMatch(line -> line.startsWith("SAME")), at);
        }
    }

    /** Ends the line in which the child was killed. */
    private static void separate(final Path file) throws Exception {
        Files.writeString(file, "\n", java.nio.file.StandardOpenOption.APPEND);
    }

    private static void checkAcknowledgements(final List<String> lines, final String at) {
        final Map<String, String> seen = new HashMap<>();
        for (final String line : lines) {
            assertTrue(!line.startsWith("ERROR"), () -> at + ": a kill is no damage: " + line);
            if (line.startsWith("ACK ") && line.endsWith(" .")) {
                final String[] fields = line.split(" ");
                assertEquals(null, seen.put(fields[1], line), at + ": given twice");
            }
        }
        assertTrue(seen.size() > 1_000, at + ": hardly anything was appended: " + seen.size());
    }
}
