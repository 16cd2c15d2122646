package io.stemedb.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.platform.ManifestException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
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
        Engine.launch(TestEngines.context(directory)).close();
        Engine.launch(TestEngines.context(directory)).close();
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
}
