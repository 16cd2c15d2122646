package io.stemedb.bench.rig;

import io.stemedb.bench.Claims;
import io.stemedb.bench.Engines;
import io.stemedb.codecs.AssertionWriter;
import io.stemedb.engine.Appender;
import io.stemedb.engine.Engine;
import io.stemedb.engine.Watermark;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import org.HdrHistogram.Histogram;

/**
 * Appends at a given rate, whatever the engine does: each record has a time at which it should be
 * sent, and all delays count from there, so that a stall delays every record that was due meanwhile
 * (no coordinated omission).
 *
 * <p>The one thread that sends also watches the watermarks between two records: with the ingest
 * thread that makes two spinning threads, no more than the machine has cores. A watermark that
 * moves while a record is appended is seen after that, so what is observed is never too early.
 */
final class OpenLoop {
    private static final int WATERMARK_STEPS_SPARE = 1 << 16;
    private static final long START_DELAY_NS = 1_000_000;

    private final Engine engine;
    private final Claims claims;
    private final int warmup;
    private final long[] startsNs;
    private final long[] endsNs;
    private final int count;
    private final int ratePerSecond;
    private Schedule schedule;
    private WatermarkLog readable;
    private WatermarkLog synced;
    private WatermarkLog stored;
    private long backPressured;
    private long collections;

    /** The first {@code warmup} of the {@code count} records are sent like all, and not counted. */
    OpenLoop(
            final Engine engine,
            final Claims claims,
            final int ratePerSecond,
            final int count,
            final int warmup) {
        this.engine = engine;
        this.claims = claims;
        this.ratePerSecond = ratePerSecond;
        this.count = count;
        this.warmup = warmup;
        startsNs = new long[count];
        endsNs = new long[count];
    }

    void run() {
        final Appender appender = engine.newAppender();
        final long before = engine.watermark(Watermark.APPENDED);
        readable = new WatermarkLog(count + 1, before);
        synced = new WatermarkLog(count + 1, before);
        stored = new WatermarkLog(WATERMARK_STEPS_SPARE, engine.watermark(Watermark.STORED));
        collections = collections();
        schedule =
                new Schedule(System.nanoTime() + START_DELAY_NS, before + 1, ratePerSecond, count);
        final long last = schedule.lastSequence();
        final long deadlineNs = schedule.intendedNs(count - 1) + Engines.TIMEOUT_NS;
        int sent = 0;
        long dueNs = schedule.startNs();
        while (stored.last() < last) {
            final long nowNs = watch();
            if (sent < count) {
                if (nowNs - dueNs >= 0) {
                    send(appender, sent, nowNs);
                    sent++;
                    dueNs = schedule.intendedNs(sent);
                }
            } else if (nowNs - deadlineNs > 0) {
                throw new IllegalStateException(
                        "not stored in time: " + stored.last() + " of " + last);
            }
        }
        collections = collections() - collections;
    }

    private long watch() {
        final long readableSequence = engine.watermark(Watermark.READABLE);
        final long syncedSequence = engine.watermark(Watermark.SYNCED);
        final long storedSequence = engine.watermark(Watermark.STORED);
        final long nowNs = System.nanoTime();
        if (readable.hasMoved(readableSequence)) {
            readable.moved(readableSequence, nowNs);
        }
        if (synced.hasMoved(syncedSequence)) {
            synced.moved(syncedSequence, nowNs);
        }
        if (stored.hasMoved(storedSequence)) {
            stored.moved(storedSequence, nowNs);
        }
        return nowNs;
    }

    private void send(final Appender appender, final int index, final long startNs) {
        final AssertionWriter claim = claims.set(appender.assertion(), index);
        long sequence = claim.append();
        while (sequence < 0) {
            if (sequence == Appender.STORAGE_FULL) {
                throw new IllegalStateException("append: the disk is full");
            }
            backPressured++;
            watch();
            sequence = claim.append();
        }
        startsNs[index] = startNs;
        endsNs[index] = System.nanoTime();
        if (sequence != schedule.firstSequence() + index) {
            throw new IllegalStateException(
                    "sequence: must be " + (schedule.firstSequence() + index) + ", is " + sequence);
        }
    }

    private static long collections() {
        long sum = 0;
        for (final GarbageCollectorMXBean collector :
                ManagementFactory.getGarbageCollectorMXBeans()) {
            sum += Math.max(0, collector.getCollectionCount());
        }
        return sum;
    }

    /** Time inside {@code append}, fields and encoding included. */
    Histogram appendCost() {
        final Histogram histogram = Percentiles.newHistogram();
        for (int i = warmup; i < count; i++) {
            histogram.recordValue(endsNs[i] - startsNs[i]);
        }
        return histogram;
    }

    /** From when a record should have been sent until append returned. */
    Histogram appended() {
        final Histogram histogram = Percentiles.newHistogram();
        for (int i = warmup; i < count; i++) {
            histogram.recordValue(endsNs[i] - schedule.intendedNs(i));
        }
        return histogram;
    }

    Histogram readable() {
        return readable.delays(schedule, warmup);
    }

    Histogram synced() {
        return synced.delays(schedule, warmup);
    }

    Histogram stored() {
        return stored.delays(schedule, warmup);
    }

    double achievedRate() {
        return (count - warmup) * 1e9 / (endsNs[count - 1] - schedule.intendedNs(warmup));
    }

    /**
     * The fewest records appended in a second of the measured time, as a share of those due in it.
     * A stall that is made up for later does not hide here, as it does in the rate of the whole
     * run.
     */
    double worstSecond() {
        double worst = 1;
        for (int from = warmup; from + ratePerSecond <= count; from += ratePerSecond) {
            final long endNs = schedule.intendedNs(from + ratePerSecond);
            int done = 0;
            for (int i = from; i < from + ratePerSecond && endsNs[i] - endNs <= 0; i++) {
                done++;
            }
            worst = Math.min(worst, (double) done / ratePerSecond);
        }
        return worst;
    }

    long backPressured() {
        return backPressured;
    }

    long garbageCollections() {
        return collections;
    }
}
