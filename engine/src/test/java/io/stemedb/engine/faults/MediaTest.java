package io.stemedb.engine.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.ChildJvm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * P8: a full disk, a full map, no descriptors, a read-only file system. A typed error in time, no
 * crash of the process, reads go on, and ingest with them when there is room again.
 */
@Tag("faults")
class MediaTest {
    @TempDir static Path shared;
    private static Children children;

    @TempDir Path work;

    @BeforeAll
    static void start() {
        children = new Children(shared);
    }

    @AfterAll
    static void end() {
        children.close();
    }

    private List<String> child(final List<String> before, final String... arguments)
            throws Exception {
        final Path output = Files.createTempFile(work, "child", ".out");
        final Path crash = work.resolve("hs_err.log");
        final List<String> lines;
        try (ChildJvm child =
                ChildJvm.start(
                        output,
                        before,
                        List.of(
                                "-XX:ErrorFile=" + crash,
                                "-XX:TieredStopAtLevel=1",
                                "-XX:+UseSerialGC"),
                        MediaChild.class,
                        arguments)) {
            assertTrue(Machine.hasEnded(child.process()), "the child hangs");
            lines = child.lines();
            final String said =
                    lines.stream()
                            .filter(line -> !line.startsWith("APPENDED "))
                            .collect(Collectors.joining("\n"));
            assertEquals(0, child.process().exitValue(), said);
            assertFalse(said.contains("InternalError"), said);
            assertTrue(lines.contains("DONE"), said);
        }
        lines.stream()
                .filter(line -> line.startsWith("told ") || line.startsWith("resumed "))
                .forEach(line -> System.out.println("MediaTest: " + line));
        assertFalse(Files.exists(crash), "a native crash");
        return lines;
    }

    /** What another process finds wrong with the directory, by what the child acknowledged. */
    private List<String> wrong(final List<String> lines) throws Exception {
        final Ledger ledger = new Ledger();
        final List<String> wrong = ledger.add(Children.name(work), lines);
        ledger.write(EngineChild.obligations(work), Children.name(work));
        assertTrue(ledger.size() > 1_000, () -> "obligations: " + ledger.size());
        wrong.addAll(children.check(work, false));
        // the verifying launch takes blocks of the same small medium, and may be refused the next
        wrong.removeIf(line -> line.startsWith("ERROR") && line.contains("FullException: "));
        return wrong;
    }

    private void check(final List<String> before, final String... arguments) throws Exception {
        assertEquals(List.of(), wrong(child(before, arguments)));
    }

    @ParameterizedTest
    @CsvSource({
        "tmpfs, journal, journal, 20",
        "tmpfs, rocks, RocksDB store, 12",
        "tmpfs, lmdb, LMDB store, 4",
        "tmpfs, ., journal, 60",
        "ext4, journal, journal, 24",
        "ext4, rocks, RocksDB store, 16",
        "ext4, lmdb, LMDB store, 8",
        "ext4, ., journal, 70",
        "ext4 without fallocate, journal, journal, 24",
    })
    void aFullDisk(
            final String kind, final String part, final String component, final int megabytes)
            throws Exception {
        Mounts.assume(work, !"tmpfs".equals(kind));
        final Path media = data().resolve(part).normalize();
        try (Mounts mounts = new Mounts(work)) {
            mount(mounts, kind, media, megabytes);
            check(List.of(), "fill", work.toString(), media.toString(), component);
        }
    }

    /** The control: a fault in mapped memory is a failure, also if it is only told. */
    @ParameterizedTest
    @ValueSource(strings = {"bare", "bareAndTold"})
    void aJournalWithoutReservedBlocksIsCaught(final String mode) throws Exception {
        Mounts.assume(work, false);
        final Path media = data().resolve("journal");
        try (Mounts mounts = new Mounts(work)) {
            mounts.tmpfs(media, 16);
            final String message = caught(List.of(), mode, work.toString(), media.toString(), "");
            assertTrue(
                    message.contains("java.lang.InternalError") || message.contains("SIGBUS"),
                    message);
        }
    }

    /** The control: an engine for which space never returns has not resumed. */
    @ParameterizedTest
    @CsvSource({
        "fill, journal, journal, 16, no append after space returned",
        "fill, rocks, RocksDB store, 12, not stored",
        "backlog, lmdb, LMDB store, 6, LMDB store"
    })
    void anEngineThatDoesNotResumeIsCaught(
            final String scenario,
            final String part,
            final String component,
            final int megabytes,
            final String why)
            throws Exception {
        Mounts.assume(work, false);
        final Path media = data().resolve(part);
        try (Mounts mounts = new Mounts(work)) {
            mounts.tmpfs(media, megabytes);
            final String message =
                    caught(
                            List.of(),
                            "stuck " + scenario,
                            work.toString(),
                            media.toString(),
                            component);
            assertTrue(message.contains(why), message);
        }
    }

    /** What the judge of all scenarios says of a child that does not behave. */
    private String caught(final List<String> before, final String... arguments) {
        return assertThrows(AssertionError.class, () -> child(before, arguments)).getMessage();
    }

    private Path data() {
        return EngineChild.data(work);
    }

    private static void mount(
            final Mounts mounts, final String kind, final Path media, final int megabytes)
            throws Exception {
        switch (kind) {
            case "tmpfs" -> mounts.tmpfs(media, megabytes);
            case "ext4" -> mounts.ext4(media, megabytes, "^has_journal", "loop");
            default -> mounts.ext4(media, megabytes, "^has_journal,^extent,^64bit", "loop");
        }
    }

    @Test
    void theMapLimitOfLmdb() throws Exception {
        check(List.of(), "limit", work.toString());
    }

    /** The control: it is not raised. */
    @Test
    void aMapLimitThatStaysIsCaught() {
        final String message = caught(List.of(), "stuck limit", work.toString());
        assertTrue(message.contains("AssertionError: not stored"), message);
    }

    @Test
    void noDescriptorLeft() throws Exception {
        check(fewDescriptors(), "descriptors", work.toString());
    }

    /** The control: they are not given back. */
    @Test
    void anEngineWithoutDescriptorsIsCaught() {
        final String message = caught(fewDescriptors(), "stuck descriptors", work.toString());
        assertTrue(message.contains("AssertionError: no"), message);
    }

    private static List<String> fewDescriptors() {
        Machine.needs(Machine.has("prlimit"), "no descriptor left", "no prlimit");
        return List.of("prlimit", "--nofile=400:400");
    }

    @ParameterizedTest
    @CsvSource({"rocks, RocksDB store, 32", "lmdb, LMDB store, 6"})
    void launchWithABacklogThatAFullStoreCannotTake(
            final String part, final String component, final int megabytes) throws Exception {
        Mounts.assume(work, false);
        final Path media = data().resolve(part);
        try (Mounts mounts = new Mounts(work)) {
            mounts.tmpfs(media, megabytes);
            check(List.of(), "backlog", work.toString(), media.toString(), component);
        }
    }

    /** What was SYNCED before is there after the next mount; or, for the control, more is said. */
    @ParameterizedTest
    @ValueSource(strings = {"readonly", "readonlyAndGoesOn"})
    void aFileSystemThatTurnsReadOnly(final String scenario) throws Exception {
        Mounts.assume(work, true);
        Machine.needs(
                Files.isWritable(Path.of("/sys/fs/ext4")),
                "a file system that turns read-only",
                "/sys/fs/ext4 cannot be written");
        try (Mounts mounts = new Mounts(work)) {
            mounts.ext4(data(), 200, "has_journal", "loop,errors=remount-ro");
            final List<String> lines =
                    child(List.of(), scenario, work.toString(), Machine.deviceUnder(data()));
            mounts.remountLast();
            final List<String> wrong = wrong(durable(lines));
            assertEquals("readonly".equals(scenario), wrong.isEmpty(), wrong::toString);
            assertTrue(wrong.isEmpty() || wrong.get(0).contains("READABLE below"), wrong::toString);
        }
    }

    /** Without what was only appended when the file system failed. */
    private List<String> durable(final List<String> lines) {
        final Ledger ledger = new Ledger();
        ledger.add(Children.name(work), lines);
        return lines.stream()
                .filter(line -> !line.startsWith("APPENDED ") || isDurable(line, ledger))
                .toList();
    }

    private static boolean isDurable(final String line, final Ledger ledger) {
        return Long.parseLong(line.split(" ")[2]) <= ledger.durable();
    }

    @Test
    void launchOnAReadOnlyFileSystem() throws Exception {
        Mounts.assume(work, false);
        try (Mounts mounts = new Mounts(work)) {
            mounts.tmpfs(data(), 100);
            final List<String> lines =
                    child(List.of(), "fill", work.toString(), data().toString(), "journal");
            Machine.run("mount", "-o", "remount,ro", data().toString());
            child(List.of(), "refused", work.toString());
            Machine.run("mount", "-o", "remount,rw", data().toString());
            assertEquals(List.of(), wrong(lines));
        }
    }
}
