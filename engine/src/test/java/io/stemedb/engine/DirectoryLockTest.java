package io.stemedb.engine;

import static io.stemedb.engine.TestEngines.TIMEOUT_NS;
import static io.stemedb.engine.TestEngines.claim;
import static io.stemedb.engine.TestEngines.context;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.faults.EngineChild;
import io.stemedb.engine.platform.DirectoryInUseException;
import io.stemedb.engine.platform.DirectoryLock;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
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

    /** Has the lock and does nothing. */
    static final class Holding {
        private Holding() {}

        public static void main(final String[] arguments) throws IOException {
            try (DirectoryLock lock = DirectoryLock.acquire(Path.of(arguments[0]))) {
                System.out.println("holding: " + lock);
                System.in.read();
            }
        }
    }

    /** Stops in the middle of a look. */
    static final class Looking {
        private Looking() {}

        public static void main(final String[] arguments) throws IOException {
            try (FileChannel channel =
                    FileChannel.open(Path.of(arguments[0]), StandardOpenOption.READ)) {
                System.out.println("looking: " + channel.lock(1, 1, true).isValid());
                System.in.read();
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
            while (holder.lines().stream().noneMatch(line -> line.startsWith("APPENDED"))
                    && holder.process().isAlive()) {
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

    /** A hard link of the lock file is what a bind mount of the directory shows. */
    @Test
    void aLookByAnotherPathLeavesTheLock() throws Exception {
        final Path directory = work.resolve("data");
        final Path other = Files.createDirectory(work.resolve("other"));
        final String pid = "this process, pid " + ProcessHandle.current().pid();
        try (DirectoryLock lock = DirectoryLock.acquire(Files.createDirectory(directory))) {
            Files.createLink(other.resolve("lock"), directory.resolve("lock"));
            assertEquals(pid, DirectoryLock.holder(other));
            assertTrue(DirectoryLock.isHeldHere(other));
            assertEquals(
                    other + ": in use by " + pid,
                    assertThrows(DirectoryInUseException.class, () -> DirectoryLock.acquire(other))
                            .getMessage());
            final String answer = String.join("\n", second(directory, "refused"));
            assertTrue(answer.contains("in use"), answer);
            assertTrue(lock != null);
        }
        assertEquals(null, DirectoryLock.holder(other));
        DirectoryLock.acquire(other).close();
    }

    /** As one that another class loader has: it is not in the table, and the channel tells. */
    @Test
    void aLookLeavesALockThatIsNotInTheTable() throws Exception {
        final Path directory = Files.createDirectory(work.resolve("data"));
        DirectoryLock.acquire(directory).close();
        try (FileChannel channel =
                FileChannel.open(directory.resolve("lock"), StandardOpenOption.WRITE)) {
            assertTrue(channel.lock(0, 2, false).isValid());
            final String holder = DirectoryLock.holder(directory);
            assertTrue(holder.startsWith("this process"), holder);
            assertThrows(
                    DirectoryInUseException.class, () -> DirectoryLock.acquire(directory).close());
            final String answer = String.join("\n", second(directory, "refused"));
            assertTrue(answer.contains("in use"), answer);
        }
        DirectoryLock.acquire(directory).close();
    }

    @Test
    void aLookThatWasStoppedIsNotWaitedForForEver() throws Exception {
        final Path directory = Files.createDirectory(work.resolve("data"));
        DirectoryLock.acquire(directory).close();
        try (ChildJvm child =
                ChildJvm.start(
                        work.resolve("looking"),
                        Looking.class,
                        directory.resolve("lock").toString())) {
            while (child.lines().isEmpty() && child.process().isAlive()) {
                Thread.onSpinWait();
            }
            assertEquals(List.of("looking: true"), child.lines());
            final DirectoryInUseException refused =
                    assertTimeoutPreemptively(
                            Duration.ofSeconds(20),
                            () ->
                                    assertThrows(
                                            DirectoryInUseException.class,
                                            () -> DirectoryLock.acquire(directory)));
            assertTrue(refused.getMessage().contains("looks"), refused.getMessage());
            child.kill();
        }
        DirectoryLock.acquire(directory).close();
    }

    /** A snapshot that cannot be had beside another process says who that is. */
    @Test
    void aSnapshotThatFailsNamesTheHolder() throws Exception {
        final Path directory = work.resolve("data");
        try (Engine engine = Engine.launch(context(directory))) {
            assertEquals(1, claim(engine.newAppender(), "a", 1, 1));
            assertTrue(engine.checkpoint(TIMEOUT_NS));
        }
        final Path data = directory.resolve("lmdb").resolve("data.mdb");
        Files.write(data, Arrays.copyOf(Files.readAllBytes(data), 9_000));
        try (ChildJvm child =
                ChildJvm.start(work.resolve("holder"), Holding.class, directory.toString())) {
            while (child.lines().isEmpty() && child.process().isAlive()) {
                Thread.onSpinWait();
            }
            final EngineException failed =
                    assertThrows(
                            EngineException.class,
                            () -> Snapshot.open(directory, error -> {}).close());
            assertTrue(
                    failed.getMessage().contains("pid " + child.process().pid())
                            && failed.getMessage().contains("is damaged at page"),
                    failed.getMessage());
        }
    }
}
