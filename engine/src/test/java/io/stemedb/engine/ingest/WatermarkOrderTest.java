package io.stemedb.engine.ingest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.faults.Litmus;
import io.stemedb.engine.faults.Scale;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The memory order of READABLE and STORED. */
@Tag("faults")
class WatermarkOrderTest {
    private static final long VALUES = 300_000;

    private static long missed(
            final LongConsumer release, final LongSupplier acquire, final boolean releaseFirst)
            throws InterruptedException {
        return Litmus.missed(
                Scale.of(1) * VALUES, release, acquire, sequence -> true, releaseFirst);
    }

    @Test
    void readableComesAfterWhatItStandsFor() throws InterruptedException {
        final Watermarks watermarks = new Watermarks(0);
        assertEquals(0, missed(watermarks::readable, watermarks::readable, false));
    }

    @Test
    void storedComesAfterWhatItStandsFor() throws InterruptedException {
        final Watermarks watermarks = new Watermarks(0);
        assertEquals(0, missed(watermarks::stored, watermarks::stored, false));
    }

    /** The control: released before it is written. */
    @Test
    void theWrongOrderIsCaught() throws InterruptedException {
        final Watermarks watermarks = new Watermarks(0);
        assertTrue(missed(watermarks::readable, watermarks::readable, true) > 0);
    }
}
