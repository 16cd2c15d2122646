package io.stemedb.bench.rig;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

class WatermarkLogTest {
    /** One a microsecond, the first at 10,000 ns with sequence 101. */
    private final Schedule schedule = new Schedule(10_000, 101, 1_000_000, 10);

    @Test
    void eachRecordIsDelayedUntilTheFirstStepThatCoversIt() {
        final WatermarkLog log = new WatermarkLog(10, 100);
        assertFalse(log.hasMoved(100));
        assertTrue(log.hasMoved(101));
        log.moved(101, 10_300);
        log.moved(109, 30_000); // a stall: the records of meanwhile wait since they were due
        log.moved(110, 30_100);
        final Histogram delays = log.delays(schedule, 0);
        assertEquals(10, delays.getTotalCount());
        assertEquals(300, delays.getMinValue(), 1);
        assertEquals(19_000, delays.getMaxValue(), 20);
        assertEquals(11_100, delays.getValueAtPercentile(20), 10);
        assertEquals(12_000, delays.getValueAtPercentile(30), 10);
    }

    @Test
    void recordsOfTheWarmUpAreLeftOut() {
        final WatermarkLog log = new WatermarkLog(10, 100);
        log.moved(105, 20_000);
        log.moved(110, 20_000);
        final Histogram delays = log.delays(schedule, 8);
        assertEquals(2, delays.getTotalCount());
        assertEquals(1_000, delays.getMinValue(), 1);
        assertEquals(2_000, delays.getMaxValue(), 2);
    }
}
