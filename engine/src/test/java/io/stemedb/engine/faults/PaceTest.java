package io.stemedb.engine.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.TestEngines;
import java.nio.file.Files;
import java.nio.file.Path;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.SleepingIdleStrategy;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The clock of limits must not be ahead, and must not stand for good. */
@Tag("faults")
class PaceTest {
    private static final long MS = 1_000_000;

    @TempDir Path work;

    @Test
    void aStallHardlyCounts() {
        assertEquals(12 * MS, Pace.counted(12 * MS, 1));
        assertEquals(15 * MS, Pace.counted(3_000 * MS, 1));
    }

    @Test
    void whatOthersRanDoesNotCount() {
        assertEquals(4 * MS, Pace.counted(12 * MS, 1.0 / 3));
        assertEquals(0, Pace.counted(12 * MS, 0));
    }

    @Test
    void itGoesOnAndIsNeverAhead() throws Exception {
        final Path file = work.resolve("pace");
        final IdleStrategy pause = new SleepingIdleStrategy(MS);
        final long startNs = System.nanoTime();
        try (Pace pace = new Pace(file)) {
            while (pace.nanoTime() < 100 * MS) {
                assertTrue(System.nanoTime() - startNs < TestEngines.TIMEOUT_NS, "it stands");
                assertTrue(pace.nanoTime() <= System.nanoTime() - startNs, "it is ahead");
                pause.idle();
            }
        }
        assertFalse(Files.exists(file));
    }
}
