package io.stemedb.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.platform.Manifest;
import io.stemedb.engine.platform.ManifestException;
import io.stemedb.engine.store.SubjectIndex;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where an engine is made, and where not. */
class FirstLaunchTest {
    @TempDir Path work;

    @Test
    void aDirectoryWithOtherFilesIsRefusedAndLeftAsItIs() throws IOException {
        final Path directory = Files.createDirectory(work.resolve("home"));
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.writeString(directory.resolve("counters"), "mine");
        final EngineException refused =
                assertThrows(
                        EngineException.class, () -> Engine.launch(TestEngines.context(directory)));
        assertTrue(refused.getMessage().contains("holds counters"), refused.getMessage());
        assertEquals("mine", Files.readString(directory.resolve("counters")));
        assertEquals(
                "rwxr-xr-x",
                PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)));
        assertEquals(1, directory.toFile().list().length);
    }

    @Test
    void anEmptyDirectoryIsTaken() throws IOException {
        final Path directory = Files.createDirectory(work.resolve("empty"));
        Files.createDirectory(directory.resolve("lost+found"));
        Files.createDirectory(directory.resolve("journal")); // where a disk is mounted
        Files.createDirectory(directory.resolve("native"));
        for (int life = 0; life < 2; life++) {
            try (Engine engine = Engine.launch(TestEngines.context(directory))) {
                final OpeningReport report = engine.openingReport();
                assertTrue(report.isSound(), report.toString());
            }
        }
    }

    @Test
    void aLostManifestIsNotReplaced() throws IOException {
        final Path directory = work.resolve("data");
        Engine.launch(TestEngines.context(directory)).close();
        final Path manifest = directory.resolve("manifest");
        final byte[] bytes = Files.readAllBytes(manifest);
        Files.delete(manifest);
        final ManifestException refused =
                assertThrows(
                        ManifestException.class,
                        () -> Engine.launch(TestEngines.context(directory)));
        assertTrue(refused.getMessage().contains("manifest: missing"), refused.getMessage());
        assertFalse(Files.exists(manifest));
        Files.write(manifest, bytes);
        Engine.launch(TestEngines.context(directory)).close();
        assertArrayEquals(bytes, Files.readAllBytes(manifest));
    }

    @Test
    void aBackPressureCodeIsNoSequenceToWaitFor() {
        try (Engine engine = Engine.launch(TestEngines.context(work.resolve("data")))) {
            final IllegalArgumentException refused =
                    assertThrows(
                            IllegalArgumentException.class,
                            () -> engine.await(Watermark.SYNCED, Appender.BACK_PRESSURED, 1));
            assertTrue(refused.getMessage().startsWith("sequence: "), refused.getMessage());
        }
    }

    @Test
    void aBackupInsideTheDataDirectoryIsRefused() {
        final Path directory = work.resolve("data");
        try (Engine engine = Engine.launch(TestEngines.context(directory))) {
            assertThrows(
                    EngineException.class,
                    () -> engine.backup(directory.resolve("backup"), done -> {}));
            assertFalse(Files.exists(directory.resolve("backup")));
        }
    }

    @Test
    void aBackupThatALinkLeadsInsideIsRefused() throws IOException {
        final Path directory = work.resolve("data");
        final Path link = Files.createSymbolicLink(work.resolve("link"), directory);
        try (Engine engine = Engine.launch(TestEngines.context(directory))) {
            assertThrows(
                    EngineException.class,
                    () -> engine.backup(link.resolve("of/today"), done -> {}));
            final Path around = work.resolve("missing/../data/of");
            assertThrows(EngineException.class, () -> engine.backup(around, done -> {}));
            assertFalse(Files.exists(directory.resolve("of")));
        }
        try (Engine engine = Engine.launch(TestEngines.context(link))) {
            assertThrows(
                    EngineException.class,
                    () -> engine.backup(directory.resolve("backup"), done -> {}));
            assertFalse(Files.exists(directory.resolve("backup")));
        }
    }

    /** An engine makes nothing before its manifest but the lock. */
    @Test
    void aDirectoryWithNativeLibrariesOfOthersIsRefused() throws IOException {
        final Path directory = Files.createDirectory(work.resolve("project"));
        Files.createFile(Files.createDirectory(directory.resolve("native")).resolve("lib.so"));
        assertThrows(EngineException.class, () -> Engine.launch(TestEngines.context(directory)));
        assertEquals(1, directory.toFile().list().length);
    }

    /** Where the data's disk is mounted noexec, libraries are unpacked behind a link. */
    @Test
    void aLinkToWhereNativeLibrariesGoIsTaken() throws IOException {
        final Path directory = Files.createDirectory(work.resolve("data"));
        final Path libraries = Files.createDirectory(work.resolve("libraries"));
        Files.createSymbolicLink(directory.resolve("native"), libraries);
        Engine.launch(TestEngines.context(directory)).close();
        assertTrue(Files.exists(directory.resolve("manifest")));
    }

    /** What another process makes at this moment is no foreign directory: its lock tells. */
    @Test
    void aDirectoryThatIsBeingMadeIsNotForeign() throws Exception {
        for (int round = 0; round < 40; round++) {
            final Path directory = Files.createDirectory(work.resolve("new-" + round));
            final Path rocks = directory.resolve("rocks");
            final TestEngines.Running other =
                    TestEngines.start(
                            "other",
                            () -> {
                                new Manifest(
                                                UUID.randomUUID(),
                                                Manifest.FORMAT,
                                                "cycle",
                                                1 << 21,
                                                SubjectIndex.LMDB.name())
                                        .write(directory);
                                Files.createDirectory(rocks);
                                Files.createFile(rocks.resolve("CURRENT"));
                            });
            while (!Files.exists(rocks)) {
                EngineParts.checkOurs(directory);
            }
            other.end();
        }
    }

    /** Launches where direct memory is short; says what it was told. */
    static final class Child {
        private Child() {}

        public static void main(final String[] arguments) {
            try {
                Engine.launch(
                                TestEngines.context(Path.of(arguments[0]))
                                        .generationBytes(1 << 30)
                                        .errorHandler(Throwable::printStackTrace))
                        .close();
            } catch (final EngineException e) {
                System.out.println("TOLD " + e.getMessage());
            }
        }
    }

    @Test
    void tooLittleMemoryIsToldWithItsNumbers() throws InterruptedException {
        try (ChildJvm child =
                ChildJvm.start(
                        work.resolve("said"),
                        List.of(),
                        List.of("-XX:MaxDirectMemorySize=32m"),
                        Child.class,
                        work.resolve("data").toString())) {
            final String said = String.join("\n", child.end());
            assertTrue(
                    said.contains("TOLD memory: 3 generations of 1073741824 bytes do not fit"),
                    said);
            assertTrue(said.contains("-XX:MaxDirectMemorySize"), said);
        }
    }
}
