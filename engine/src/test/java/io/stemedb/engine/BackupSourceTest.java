package io.stemedb.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.store.StoreException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is wrong with the source of a backup is said of the source, before it is copied. */
@Timeout(120)
class BackupSourceTest {
    private static final int RECORDS = 200;

    @TempDir Path home;

    /**
     * A record's type, a length, the name of the manifest; the engine goes on as if nothing was.
     */
    @ParameterizedTest
    @CsvSource({"MANIFEST, 6", "MANIFEST, 4", "CURRENT, 2", "CURRENT, 12"})
    void aDamagedManifestOfARunningEngineIsNamed(final String name, final int at)
            throws IOException {
        final Path data = home.resolve("data");
        final Path target = home.resolve("backup");
        final Path rocks = data.resolve(EngineParts.ROCKS);
        try (Engine engine = Engine.launch(TestEngines.context(data))) {
            fill(engine);
            final Path current = rocks.resolve("CURRENT");
            final Path file =
                    "CURRENT".equals(name)
                            ? current
                            : rocks.resolve(Files.readString(current).strip());
            flip(file, at);
            final List<Long> copied = new CopyOnWriteArrayList<>();
            final StoreException refusal =
                    assertThrows(StoreException.class, () -> engine.backup(target, copied::add));
            final String told = refusal.getMessage();
            assertTrue(told.contains(rocks.toString()), told);
            assertFalse(told.contains(target.toString()), told);
            assertEquals(List.of(), copied);
            flip(file, at);
            fill(engine);
            assertEquals(2 * RECORDS, engine.backup(target, copied::add).lastSequence());
        }
    }

    private static void fill(final Engine engine) {
        final Appender appender = engine.newAppender();
        for (int n = 0; n < RECORDS; n++) {
            TestEngines.claim(appender, "s", n, n);
        }
        assertTrue(engine.checkpoint(TestEngines.TIMEOUT_NS));
    }

    /** In place: its writer has it open. */
    private static void flip(final Path file, final int at) throws IOException {
        final byte turned = (byte) (Files.readAllBytes(file)[at] ^ 0x80);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[] {turned}), at);
        }
    }
}
