package io.stemedb.engine.faults;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.ChildJvm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
    @TempDir Path work;

    private List<String> child(final List<String> before, final String... arguments)
            throws Exception {
        final Path output = Files.createTempFile(work, "child", ".out");
        final Path crash = work.resolve("hs_err.log");
        final List<String> lines;
        try (ChildJvm child =
                ChildJvm.start(
                        output,
                        before,
                        List.of("-XX:ErrorFile=" + crash),
                        MediaChild.class,
                        arguments)) {
            lines = child.end();
        }
        assertFalse(Files.exists(crash), "a native crash");
        final String said = String.join("\n", lines);
        assertFalse(said.contains("InternalError"), said);
        assertTrue(lines.contains("DONE"), said);
        return lines;
    }

    @ParameterizedTest
    @CsvSource({
        "tmpfs, journal, journal, 16",
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
        final Path data = Files.createDirectories(work.resolve("data"));
        final Path media = data.resolve(part).normalize();
        try (Mounts mounts = new Mounts(work)) {
            mount(mounts, kind, media, megabytes);
            child(List.of(), "fill", data.toString(), media.toString(), component);
        }
    }

    /** The control: a fault in mapped memory is a failure, also if it is only told. */
    @ParameterizedTest
    @ValueSource(strings = {"bare", "bareAndTold"})
    void aJournalWithoutReservedBlocksIsCaught(final String mode) throws Exception {
        Mounts.assume(work, false);
        final Path data = Files.createDirectories(work.resolve("data"));
        final Path media = data.resolve("journal");
        try (Mounts mounts = new Mounts(work)) {
            mounts.tmpfs(media, 16);
            final String message = caught(mode, data, media, "");
            assertTrue(
                    message.contains("java.lang.InternalError") || message.contains("SIGBUS"),
                    message);
        }
    }

    /** The control: an engine for which space never returns has not resumed. */
    @ParameterizedTest
    @CsvSource({
        "journal, journal, 16, no append after space returned",
        "rocks, RocksDB store, 12, not stored",
    })
    void anEngineThatDoesNotResumeIsCaught(
            final String part, final String component, final int megabytes, final String why)
            throws Exception {
        Mounts.assume(work, false);
        final Path data = Files.createDirectories(work.resolve("data"));
        final Path media = data.resolve(part);
        try (Mounts mounts = new Mounts(work)) {
            mounts.tmpfs(media, megabytes);
            final String message = caught("stuck", data, media, component);
            assertTrue(message.contains("AssertionError: " + why), message);
        }
    }

    /** What the judge of all scenarios says of a child that does not behave. */
    private String caught(
            final String mode, final Path data, final Path media, final String component) {
        return assertThrows(
                        AssertionError.class,
                        () -> child(List.of(), mode, data.toString(), media.toString(), component))
                .getMessage();
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
        child(List.of(), "limit", work.resolve("data").toString());
    }

    @Test
    void noDescriptorLeft() throws Exception {
        child(
                List.of("prlimit", "--nofile=400:400"),
                "descriptors",
                work.resolve("data").toString());
    }

    @ParameterizedTest
    @CsvSource({"rocks, RocksDB store, 32", "lmdb, LMDB store, 6"})
    void launchWithABacklogThatAFullStoreCannotTake(
            final String part, final String component, final int megabytes) throws Exception {
        Mounts.assume(work, false);
        final Path data = Files.createDirectories(work.resolve("data"));
        try (Mounts mounts = new Mounts(work)) {
            mounts.tmpfs(data.resolve(part), megabytes);
            child(List.of(), "backlog", data.toString(), data.resolve(part).toString(), component);
        }
    }

    @Test
    void aFileSystemThatTurnsReadOnly() throws Exception {
        Mounts.assume(work, true);
        final Path data = work.resolve("data");
        try (Mounts mounts = new Mounts(work)) {
            mounts.ext4(data, 200, "has_journal", "loop,errors=remount-ro");
            child(List.of(), "readonly", data.toString(), Mounts.device(data));
        }
    }

    @Test
    void launchOnAReadOnlyFileSystem() throws Exception {
        Mounts.assume(work, false);
        final Path data = work.resolve("data");
        try (Mounts mounts = new Mounts(work)) {
            mounts.tmpfs(data, 100);
            child(List.of(), "fill", data.toString(), data.toString(), "journal");
            Machine.run("mount", "-o", "remount,ro", data.toString());
            child(List.of(), "refused", data.toString());
        }
    }
}
