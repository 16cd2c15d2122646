package io.stemedb.engine.faults;

import static io.stemedb.engine.TestEngines.TIMEOUT_NS;
import static io.stemedb.engine.TestEngines.claim;
import static io.stemedb.engine.TestEngines.context;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.ChildJvm;
import io.stemedb.engine.Engine;
import io.stemedb.engine.StoreContent;
import io.stemedb.engine.TestEngines;
import io.stemedb.engine.Watermark;
import io.stemedb.engine.platform.DirectoryInUseException;
import io.stemedb.engine.platform.DirectoryLock;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** P10: one engine on a directory; and whoever only looks keeps none from it. */
@Tag("faults")
class ExclusivityTest {
    private static final long WAITED_NS = 1_000_000_000;
    private static final int ROUNDS = 400 * Integer.getInteger("io.stemedb.faults.scale", 1);

    @TempDir Path work;

    /** Looks who holds a directory until it is killed; or takes it and says so. */
    static final class Child {
        private Child() {}

        public static void main(final String[] arguments) throws IOException {
            final Path directory = Path.of(arguments[1]);
            if ("look".equals(arguments[0])) {
                System.out.println("LOOKING");
                while (true) {
                    DirectoryLock.holder(directory);
                }
            }
            try (Engine engine = Engine.launch(context(directory))) {
                System.out.println("LAUNCHED " + engine.watermark(Watermark.READABLE));
                System.in.read(); // until the parent has seen both
            } catch (final DirectoryInUseException e) {
                System.out.println("IN USE " + e.getMessage());
            }
        }
    }

    private ChildJvm child(final String what, final Path directory) throws IOException {
        return ChildJvm.start(
                Files.createTempFile(work, "child", ".out"),
                Child.class,
                what,
                directory.toString());
    }

    private static void awaitLine(final ChildJvm child) {
        final long startNs = System.nanoTime();
        while (child.lines().isEmpty()) {
            assertTrue(System.nanoTime() - startNs < TIMEOUT_NS, "child says nothing");
            Thread.yield();
        }
    }

    /** Takes the lock again and again while others look; how often it was refused. */
    private int refusals(final Path directory, final Locker locker) throws Exception {
        final AtomicBoolean end = new AtomicBoolean();
        int refused = 0;
        try (ChildJvm looking = child("look", directory)) {
            awaitLine(looking);
            final TestEngines.Running here =
                    TestEngines.start(
                            "looking",
                            () -> {
                                while (!end.get()) {
                                    DirectoryLock.holder(directory);
                                }
                            });
            for (int i = 0; i < ROUNDS; i++) {
                final long startNs = System.nanoTime();
                try (AutoCloseable lock = locker.lock()) {
                    assertTrue(lock != null);
                } catch (final DirectoryInUseException e) {
                    // later: of one who stood still while it looked
                    refused += System.nanoTime() - startNs < WAITED_NS ? 1 : 0;
                }
            }
            end.set(true);
            here.end();
        }
        return refused;
    }

    @FunctionalInterface
    private interface Locker {
        AutoCloseable lock() throws IOException;
    }

    @Test
    void aLookRefusesNobody() throws Exception {
        final Path directory = Files.createDirectories(work.resolve("data"));
        assertEquals(0, refusals(directory, () -> DirectoryLock.acquire(directory)));
    }

    /** The control: a lock of the byte that others look at is refused now and then. */
    @Test
    void aLockOfTheByteLookedAtIsRefused() throws Exception {
        final Path directory = Files.createDirectories(work.resolve("data"));
        DirectoryLock.acquire(directory).close();
        try (FileChannel channel =
                FileChannel.open(directory.resolve("lock"), StandardOpenOption.WRITE)) {
            int refused = 0;
            final long startNs = System.nanoTime();
            try (ChildJvm looking = child("look", directory)) {
                awaitLine(looking);
                while (refused == 0 && System.nanoTime() - startNs < TIMEOUT_NS) {
                    try (var lock = channel.tryLock(1, 1, false)) {
                        refused += lock == null ? 1 : 0;
                    }
                }
            }
            assertTrue(refused > 0, "nobody looked");
        }
    }

    @Test
    void whileItIsHeldAnybodySeesTheHolder() throws Exception {
        final Path directory = Files.createDirectories(work.resolve("data"));
        try (DirectoryLock lock = DirectoryLock.acquire(directory);
                ChildJvm child = child("launch", directory)) {
            final String said = String.join("\n", child.end());
            final String pid = "pid " + ProcessHandle.current().pid();
            assertTrue(said.contains("IN USE") && said.contains(pid), said);
            assertTrue(DirectoryLock.holder(directory).contains(pid));
            assertTrue(lock != null);
        }
        assertEquals(null, DirectoryLock.holder(directory));
    }

    @Test
    void ofTwoProcessesOneLaunches() throws Exception {
        final Path directory = work.resolve("data");
        Engine.launch(context(directory)).close();
        try (ChildJvm one = child("launch", directory);
                ChildJvm two = child("launch", directory)) {
            awaitLine(one);
            awaitLine(two);
            checkThatOneLaunched(one, two);
        }
    }

    private static void checkThatOneLaunched(final ChildJvm one, final ChildJvm two) {
        final List<String> said = new ArrayList<>(one.lines());
        said.addAll(two.lines());
        final long winner =
                one.lines().get(0).startsWith("LAUNCHED")
                        ? one.process().pid()
                        : two.process().pid();
        assertEquals(
                1,
                said.stream().filter(line -> line.startsWith("LAUNCHED")).count(),
                said::toString);
        assertTrue(
                said.stream()
                        .anyMatch(
                                line ->
                                        line.startsWith("IN USE")
                                                && line.contains("pid " + winner)),
                said::toString);
    }

    /** The control: the second launch does not see the first one's lock. */
    @Test
    void aLaunchWithoutTheLockIsCaught() throws Exception {
        final Path directory = work.resolve("data");
        Engine.launch(context(directory)).close();
        try (ChildJvm one = child("launch", directory)) {
            awaitLine(one);
            Files.delete(directory.resolve("lock"));
            try (ChildJvm two = child("launch", directory)) {
                awaitLine(two);
                assertThrows(AssertionError.class, () -> checkThatOneLaunched(one, two));
            }
        }
    }

    @Test
    void ofManyThreadsOneLaunches() throws Exception {
        final Path directory = work.resolve("data");
        Engine.launch(context(directory)).close();
        final AtomicInteger launched = new AtomicInteger();
        final AtomicInteger refused = new AtomicInteger();
        final List<TestEngines.Running> threads = new ArrayList<>();
        final int count = 4;
        for (int i = 0; i < count; i++) {
            threads.add(
                    TestEngines.start(
                            "launch-" + i,
                            () -> {
                                try (Engine engine = Engine.launch(context(directory))) {
                                    launched.incrementAndGet();
                                    while (refused.get() < count - 1) {
                                        Thread.onSpinWait();
                                    }
                                    assertEquals(0, engine.watermark(Watermark.APPENDED));
                                } catch (final DirectoryInUseException e) {
                                    refused.incrementAndGet();
                                }
                            }));
        }
        for (final TestEngines.Running thread : threads) {
            thread.end();
        }
        assertEquals(1, launched.get());
    }

    @Test
    void aLockFileWithoutItsHolderHoldsNothing() throws Exception {
        final Path directory = work.resolve("data");
        Engine.launch(context(directory)).close();
        for (final String stale : List.of("pid 1 since ever", "", "\0\0\0", "x".repeat(5_000))) {
            Files.writeString(directory.resolve("lock"), stale);
            Engine.launch(context(directory)).close();
        }
    }

    @Test
    void aCopyIsADirectoryOfItsOwn() throws Exception {
        final Path directory = work.resolve("data");
        try (Engine engine = Engine.launch(context(directory))) {
            claim(engine.newAppender(), "a", 1, 1);
        }
        final Path copy = work.resolve("copy");
        Damage.copy(directory, copy);
        try (Engine first = Engine.launch(context(directory));
                Engine second = Engine.launch(context(copy))) {
            assertEquals(2, claim(first.newAppender(), "a", 2, 2));
            assertEquals(2, claim(second.newAppender(), "b", 3, 3));
            assertEquals(3, claim(second.newAppender(), "b", 4, 4));
            assertTrue(first.checkpoint(TIMEOUT_NS) && second.checkpoint(TIMEOUT_NS));
        }
        assertEquals(2, StoreContent.read(directory).lmdbCursor());
        assertEquals(3, StoreContent.read(copy).lmdbCursor());
    }

    /** P14: also where it was there before, and open to others. */
    @Test
    void theDirectoryIsItsOwnersAlone() throws Exception {
        final Path directory = Files.createDirectories(work.resolve("data"));
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        Engine.launch(context(directory)).close();
        assertEquals(
                "rwx------",
                PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)));
    }
}
