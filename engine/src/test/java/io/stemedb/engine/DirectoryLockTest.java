package io.stemedb.engine;

import static io.stemedb.engine.TestEngines.TIMEOUT_NS;
import static io.stemedb.engine.TestEngines.claim;
import static io.stemedb.engine.TestEngines.context;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.faults.EngineChild;
import io.stemedb.engine.platform.DirectoryInUseException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One engine on a directory, whoever asks. */
class DirectoryLockTest {
    @TempDir Path work;

    /** Tries to launch, and says how that went. */
    static final class Child {
        private Child() {}

        public static void main(final String[] arguments) {
            try (Engine engine = Engine.launch(context(Path.of(arguments[0])))) {
                System.out.println("launched at " + engine.watermark(Watermark.READABLE));
            } catch (final DirectoryInUseException e) {
                System.out.println("in use: " + e.getMessage());
            }
        }
    }

    private List<String> second(final Path directory, final String output) throws Exception {
        try (ChildJvm child =
                ChildJvm.start(work.resolve(output), Child.class, directory.toString())) {
            return child.end();
        }
    }

    @Test
    void aSecondEngineIsToldWhoHoldsTheDirectory() throws Exception {
        final Path directory = work.resolve("data");
        final String pid = "pid " + ProcessHandle.current().pid();
        try (Engine engine = Engine.launch(context(directory))) {
            final Path link = Files.createSymbolicLink(work.resolve("link"), directory);
            for (final Path same :
                    List.of(directory, link, directory.resolve("..").resolve("data"))) {
                final DirectoryInUseException refused =
                        assertThrows(
                                DirectoryInUseException.class, () -> Engine.launch(context(same)));
                assertTrue(refused.getMessage().contains(pid), refused.getMessage());
            }
            // refused twice, and again after a refusal in this process: the first still holds it
            for (int i = 0; i < 2; i++) {
                final String answer = String.join("\n", second(directory, "refused-" + i));
                assertTrue(answer.contains("in use") && answer.contains(pid), answer);
            }
            assertEquals(1, claim(engine.newAppender(), "a", 1, 1));
            assertTrue(engine.checkpoint(TIMEOUT_NS));
        }
        assertEquals(List.of("launched at 1"), second(directory, "free"));
        Engine.launch(context(directory)).close();
    }

    @Test
    void aHolderThatWasKilledHoldsNothing() throws Exception {
        final Path data = EngineChild.data(work);
        final Path output = work.resolve("holder");
        try (ChildJvm holder =
                ChildJvm.start(
                        output, EngineChild.class, "live", "1", "USUAL", "-", work.toString())) {
            while (holder.lines().size() < 3 && holder.process().isAlive()) {
                Thread.onSpinWait();
            }
            final DirectoryInUseException refused =
                    assertThrows(DirectoryInUseException.class, () -> Engine.launch(context(data)));
            assertTrue(
                    refused.getMessage().contains("pid " + holder.process().pid()),
                    refused.getMessage());
            holder.kill();
        }
        try (Engine engine = Engine.launch(context(data))) {
            assertTrue(engine.watermark(Watermark.READABLE) > 0);
        }
    }
}
