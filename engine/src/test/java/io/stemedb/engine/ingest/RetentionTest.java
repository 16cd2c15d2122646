package io.stemedb.engine.ingest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.TestEngines;
import io.stemedb.engine.journal.Journal;
import io.stemedb.engine.store.KvStore;
import io.stemedb.engine.store.MemoryKvStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A directory that kept its whole journal, launched with retention. */
class RetentionTest extends IngestorFixture {
    private static final int LIVES = 11;

    private static final int CYCLES = 1_000;

    private long lives() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(Files::isDirectory).count();
        }
    }

    @Test
    void oneFlushIsEnoughForAllThatIsTooMuch() throws IOException {
        for (int n = 1; n < LIVES; n++) {
            try (Journal journal = open()) {
                assertEquals(n, append(journal, n));
            }
        }
        try (Journal journal = open();
                KvStore store = new MemoryKvStore();
                Ingestor ingestor =
                        ingestor(
                                journal,
                                store,
                                1 << 20,
                                0,
                                error -> {
                                    throw new AssertionError(error);
                                })) {
            assertEquals(LIVES, append(journal, LIVES));
            ingestor.startInvoked();
            final long startNs = System.nanoTime();
            while (ingestor.readable() < LIVES) {
                ingestor.invoke();
                assertTrue(System.nanoTime() - startNs < TestEngines.TIMEOUT_NS);
            }
            assertEquals(LIVES, lives());
            ingestor.requestFlush(LIVES);
            for (int i = 0; i < CYCLES; i++) {
                ingestor.invoke();
            }
            assertEquals(LIVES, ingestor.stored());
            assertEquals(1, lives());
        }
    }
}
