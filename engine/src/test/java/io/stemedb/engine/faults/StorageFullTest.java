package io.stemedb.engine.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.Appender;
import io.stemedb.engine.Engine;
import io.stemedb.engine.Reader;
import io.stemedb.engine.TestEngines;
import io.stemedb.engine.Watermark;
import io.stemedb.engine.status.StorageFull;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The journal's disk runs full and gets room again; {@link MediaTest} has the other media. */
@Timeout(900) // only for what hangs
class StorageFullTest {
    private static final int MEGABYTES = 24;
    private static final int MORE = 1_000;

    @TempDir Path work;

    @Test
    void appendSaysSoReadsGoOnAndIngestResumes() throws Exception {
        Mounts.assume(work, false);
        final Path data = Files.createDirectories(work.resolve("data"));
        final Path journal = data.resolve("journal");
        try (Mounts mounts = new Mounts(work)) {
            mounts.tmpfs(journal, MEGABYTES);
            fillAndFree(data, journal.resolve("filler"));
        }
    }

    private static void fillAndFree(final Path data, final Path filler) throws IOException {
        final Queue<Throwable> told = new ConcurrentLinkedQueue<>();
        try (Engine engine = Engine.launch(TestEngines.context(data).errorHandler(told::add));
                Reader reader = engine.newReader()) {
            final Appender appender = engine.newAppender();
            fill(filler);
            int claims = 0;
            long answer = claim(appender, claims);
            while (answer != Appender.STORAGE_FULL) {
                assertTrue(answer > 0 || answer == Appender.BACK_PRESSURED, "answer " + answer);
                claims += answer > 0 ? 1 : 0;
                answer = claim(appender, claims);
            }
            assertEquals(Appender.STORAGE_FULL, claim(appender, claims), "and again");
            assertEquals(claims, engine.watermark(Watermark.APPENDED), "nothing was appended");
            assertTrue(engine.await(Watermark.READABLE, claims, TestEngines.TIMEOUT_NS));
            assertEquals(claims, count(reader));
            assertTrue(engine.checkpoint(TestEngines.TIMEOUT_NS), "flush goes on");
            assertEquals(claims, count(reader));
            assertEquals(1, told.size(), told::toString);
            assertTrue(told.peek() instanceof StorageFull, told::toString);

            Files.delete(filler);
            for (int i = 0; i < MORE; i++) {
                final int number = claims++;
                TestEngines.append(() -> claim(appender, number));
            }
            assertTrue(engine.await(Watermark.READABLE, claims, TestEngines.TIMEOUT_NS));
            assertTrue(engine.checkpoint(TestEngines.TIMEOUT_NS));
            assertEquals(claims, count(reader));
            assertEquals(1, told.size(), told::toString);
        }
    }

    private static long claim(final Appender appender, final int number) {
        appender.assertion().subject("s").predicate("p").number(number);
        return appender.assertion().confidence(1).timestamp(number).append();
    }

    private static int count(final Reader reader) {
        return reader.newestFirst("s", Integer.MAX_VALUE, (s, h, r, o, l) -> {});
    }

    private static void fill(final Path filler) throws IOException {
        final byte[] block = new byte[1 << 16];
        try (RandomAccessFile file = new RandomAccessFile(filler.toFile(), "rw")) {
            while (file.getFilePointer() < (long) MEGABYTES << 20) {
                file.write(block);
            }
        } catch (final IOException full) {
            assertTrue(full.getMessage().contains("space"), full::toString);
        }
    }
}
