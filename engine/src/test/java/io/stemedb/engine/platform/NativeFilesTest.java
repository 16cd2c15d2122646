package io.stemedb.engine.platform;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeFilesTest {
    /** Any bytes in the class path do. */
    private static final String RESOURCE = "NativeFiles.class";

    @TempDir Path work;

    @Test
    void aResourceBecomesAFileNamedByItsContent() throws Exception {
        final Path directory = work.resolve("data").resolve("natives");
        final Path file = extract(directory);
        assertArrayEquals(resource(), Files.readAllBytes(file));
        final CRC32 crc = new CRC32();
        crc.update(resource());
        final String content = String.format("%08x%08x", crc.getValue(), resource().length);
        assertEquals(directory.resolve(content).resolve(RESOURCE), file);
        assertEquals("rwx------", permissions(directory));
        assertEquals("rwx------", permissions(file.getParent()));
        assertEquals(List.of(file), filesUnder(work));
    }

    @Test
    void aPathInTheNameOfTheResourceIsNotKept() {
        final String resource = "/" + NativeFiles.class.getName().replace('.', '/') + ".class";
        final Path file = NativeFiles.extract(NativeFiles.class, resource, work);
        assertEquals(extract(work), file);
    }

    @Test
    void aFileThatIsThereIsUsedAgain() throws Exception {
        final Path file = extract(work);
        final FileTime longAgo = FileTime.fromMillis(1_000_000_000_000L);
        Files.setLastModifiedTime(file, longAgo);
        final Object key = key(file);
        assertEquals(file, extract(work));
        assertEquals(key, key(file));
        assertEquals(longAgo, Files.getLastModifiedTime(file));
    }

    @Test
    void aFileThatWasCutShortOrChangedIsReplacedByANewOne() throws Exception {
        final Path file = extract(work);
        final byte[] changed = resource();
        changed[changed.length / 2] ^= 1;
        final byte[][] damages = {{}, new byte[] {1, 2, 3}, changed};
        for (final byte[] damage : damages) {
            Files.write(file, damage);
            final Path kept = Files.createLink(work.resolve("kept" + damage.length), file);
            assertEquals(file, extract(work));
            assertArrayEquals(resource(), Files.readAllBytes(file));
            assertArrayEquals(damage, Files.readAllBytes(kept), "who has it mapped keeps it");
            assertNotEquals(key(kept), key(file));
        }
    }

    @Test
    void aDirectoryOpenToOthersIsClosedToThem() throws Exception {
        final Path directory = work.resolve("natives");
        Files.createDirectory(directory);
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
        extract(directory);
        assertEquals("rwx------", permissions(directory));
    }

    @Test
    void whatAKilledProcessLeftBehindIsRemoved() throws Exception {
        final Path file = extract(work);
        Files.delete(file);
        final Path left = Files.createFile(file.resolveSibling("1.tmp"));
        Files.setLastModifiedTime(
                left, FileTime.fromMillis(System.currentTimeMillis() - 2 * 3_600_000L));
        final Path beingWritten = Files.createFile(file.resolveSibling("2.tmp"));
        extract(work);
        assertFalse(Files.exists(left));
        assertTrue(Files.exists(beingWritten), "another process may be at it");
    }

    @Test
    void manyAtOnceGetOneWholeFile() throws Exception {
        final int count = 8;
        final ExecutorService threads = Executors.newFixedThreadPool(count);
        try {
            for (int round = 0; round < 20; round++) {
                final Path directory = work.resolve("round" + round);
                final CyclicBarrier start = new CyclicBarrier(count);
                final List<Future<byte[]>> results = new ArrayList<>();
                for (int i = 0; i < count; i++) {
                    results.add(
                            threads.submit(
                                    () -> {
                                        start.await();
                                        return Files.readAllBytes(extract(directory));
                                    }));
                }
                for (final Future<byte[]> result : results) {
                    assertArrayEquals(resource(), result.get());
                }
                assertEquals(1, filesUnder(directory).size(), "no temporary file stays");
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void aMissingResourceIsNamed() {
        final UncheckedIOException ex =
                assertThrows(
                        UncheckedIOException.class,
                        () -> NativeFiles.extract(NativeFiles.class, "none.so", work));
        assertTrue(ex.getMessage().contains("resource none.so"), ex::getMessage);
        assertTrue(ex.getMessage().contains(work.toString()), ex::getMessage);
        assertTrue(ex.getMessage().contains(NativeFiles.class.getName()), ex::getMessage);
    }

    @Test
    void aFileInTheWayIsNamed() throws Exception {
        final Path directory = Files.createFile(work.resolve("natives"));
        final UncheckedIOException ex =
                assertThrows(UncheckedIOException.class, () -> extract(directory));
        assertTrue(ex.getMessage().contains(directory.toString()), ex::getMessage);
    }

    @Test
    void removeLeavesNothingAndFollowsNoLink() throws Exception {
        final Path outside = Files.createDirectory(work.resolve("outside"));
        final Path other = Files.createFile(outside.resolve("other"));
        final Path directory = work.resolve("natives");
        extract(directory);
        Files.createSymbolicLink(directory.resolve("link"), outside);
        NativeFiles.remove(directory);
        assertFalse(Files.exists(directory, LinkOption.NOFOLLOW_LINKS));
        assertTrue(Files.exists(other));
        NativeFiles.remove(directory);
    }

    @Test
    void thePlatformIsSystemAndMachine() {
        final Set<String> parts = new HashSet<>(List.of(NativeFiles.platform().split("-")));
        assertEquals(2, parts.size(), NativeFiles::platform);
        assertFalse(parts.contains("amd64"), "the machine is called x86_64 everywhere");
    }

    private static Path extract(final Path directory) {
        return NativeFiles.extract(NativeFiles.class, RESOURCE, directory);
    }

    private static byte[] resource() throws IOException {
        try (InputStream in = NativeFiles.class.getResourceAsStream(RESOURCE)) {
            return in.readAllBytes();
        }
    }

    private static String permissions(final Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    private static Object key(final Path file) throws IOException {
        return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
    }

    private static List<Path> filesUnder(final Path directory) throws IOException {
        try (Stream<Path> paths = Files.walk(directory)) {
            return paths.filter(Files::isRegularFile).toList();
        }
    }
}
