package io.stemedb.engine.cli;

import io.stemedb.codecs.RecordType;
import io.stemedb.codecs.RecordWriter;
import io.stemedb.engine.Appender;
import io.stemedb.engine.Engine;
import io.stemedb.engine.Watermark;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.SleepingIdleStrategy;

/**
 * Appends the demo's records in two phases and measures. First flat out, for records a second (and
 * to warm up); then paced: each record has a time at which it is due, and latencies count from that
 * time, whether it was sent on time or not. How far the watermarks are is looked at by the sending
 * thread while it waits for the next record to be due, so that no further thread takes a core from
 * the engine: a latency is at most one append too long, never too short.
 */
final class DemoRun {

    private static final long SETTLE_TIMEOUT_NS = TimeUnit.MINUTES.toNanos(2);
    private static final long IDLE_NS = TimeUnit.MICROSECONDS.toNanos(20);

    private final IdleStrategy idle = new SleepingIdleStrategy(IDLE_NS);

    private final Engine engine;
    private final TradeFile trades;
    private final DemoRecords records;
    private final Progress progress;
    private final long[] countsByType = new long[RecordType.values().length];

    private long flatOutRecords;
    private long flatOutAppendNs;
    private long flatOutReadableNs;
    private long flatOutStoredNs;
    private long pacedRecords;
    private long pacedNs;
    private long lastSequence;

    private final Histogram appendLatency = WatermarkLog.newHistogram();
    private final Histogram[] latencies = new Histogram[Watermark.values().length];

    DemoRun(
            final Engine engine,
            final Appender appender,
            final TradeFile trades,
            final Progress progress) {
        this.engine = engine;
        this.trades = trades;
        this.progress = progress;
        this.records =
                new DemoRecords(trades, appender.assertion(), appender.vote(), appender.epoch());
    }

    /** Appends as fast as it goes until {@code tradeCount} trades are in and stored. */
    void flatOut(final int tradeCount) throws CommandException {
        final long startNs = System.nanoTime();
        while (records.tradesDone() < tradeCount) {
            final RecordWriter writer = records.next();
            if (writer == null) {
                break;
            }
            countsByType[writer.type().ordinal()]++;
            lastSequence = append(writer);
            flatOutRecords++;
            progress.reached(records.tradesDone());
        }
        flatOutAppendNs = System.nanoTime() - startNs;
        await(Watermark.READABLE);
        flatOutReadableNs = System.nanoTime() - startNs;
        if (!engine.checkpoint(SETTLE_TIMEOUT_NS)) {
            throw behind(Watermark.STORED);
        }
        flatOutStoredNs = System.nanoTime() - startNs;
    }

    /** Appends the rest of the trades, {@code recordsPerSecond} of them, by the clock. */
    void paced(final long recordsPerSecond) throws CommandException {
        final int capacity =
                DemoRecords.RECORDS_A_TRADE_MAX * (trades.count() - records.tradesDone()) + 1;
        final long[] dueNs = new long[capacity];
        final WatermarkLog synced = new WatermarkLog(capacity, lastSequence);
        final WatermarkLog readable = new WatermarkLog(capacity, lastSequence);
        final WatermarkLog stored = new WatermarkLog(capacity, lastSequence);
        final long firstSequence = lastSequence + 1;
        final double intervalNs = 1e9 / recordsPerSecond;
        final long startNs = System.nanoTime();
        int count = 0;
        for (RecordWriter writer = records.next(); writer != null; writer = records.next()) {
            countsByType[writer.type().ordinal()]++;
            dueNs[count] = startNs + (long) (count * intervalNs);
            long nowNs = System.nanoTime();
            while (nowNs - dueNs[count] < 0) {
                observe(synced, readable, stored, nowNs);
                Thread.onSpinWait();
                nowNs = System.nanoTime();
            }
            lastSequence = append(writer);
            final long afterNs = System.nanoTime();
            appendLatency.recordValue(afterNs - nowNs);
            observe(synced, readable, stored, afterNs);
            count++;
            progress.reached(records.tradesDone());
        }
        pacedRecords = count;
        pacedNs = System.nanoTime() - startNs;
        if (count == 0) {
            return;
        }
        requireDense(firstSequence, count);
        final long deadlineNs = System.nanoTime() + SETTLE_TIMEOUT_NS;
        while (!synced.hasReached(lastSequence)
                || !readable.hasReached(lastSequence)
                || !stored.hasReached(lastSequence)) {
            if (System.nanoTime() - deadlineNs >= 0) {
                throw behind(Watermark.STORED);
            }
            idle.idle();
            observe(synced, readable, stored, System.nanoTime());
        }
        latencies[Watermark.SYNCED.ordinal()] = synced.latencies(firstSequence, dueNs, count);
        latencies[Watermark.READABLE.ordinal()] = readable.latencies(firstSequence, dueNs, count);
        latencies[Watermark.STORED.ordinal()] = stored.latencies(firstSequence, dueNs, count);
    }

    long count(final RecordType type) {
        return countsByType[type.ordinal()];
    }

    long flatOutRecords() {
        return flatOutRecords;
    }

    double flatOutAppendsPerSecond() {
        return perSecond(flatOutRecords, flatOutAppendNs);
    }

    double flatOutReadablePerSecond() {
        return perSecond(flatOutRecords, flatOutReadableNs);
    }

    double flatOutStoredPerSecond() {
        return perSecond(flatOutRecords, flatOutStoredNs);
    }

    long pacedRecords() {
        return pacedRecords;
    }

    double pacedPerSecond() {
        return perSecond(pacedRecords, pacedNs);
    }

    LatencyReport report() {
        return new LatencyReport()
                .add("append", appendLatency)
                .add("synced", latencies[Watermark.SYNCED.ordinal()])
                .add("readable", latencies[Watermark.READABLE.ordinal()])
                .add("stored", latencies[Watermark.STORED.ordinal()]);
    }

    private void observe(
            final WatermarkLog synced,
            final WatermarkLog readable,
            final WatermarkLog stored,
            final long nowNs) {
        synced.observe(engine.watermark(Watermark.SYNCED), nowNs);
        readable.observe(engine.watermark(Watermark.READABLE), nowNs);
        stored.observe(engine.watermark(Watermark.STORED), nowNs);
    }

    private long append(final RecordWriter writer) throws CommandException {
        long sequence = writer.append();
        while (sequence < 0) {
            if (sequence == Appender.STORAGE_FULL) {
                throw new CommandException(
                        ExitCode.FAILED,
                        "no room left on the disk of the journal after sequence " + lastSequence);
            }
            idle.idle();
            sequence = writer.append();
        }
        return sequence;
    }

    private void await(final Watermark watermark) throws CommandException {
        if (lastSequence > 0 && !engine.await(watermark, lastSequence, SETTLE_TIMEOUT_NS)) {
            throw behind(watermark);
        }
    }

    private CommandException behind(final Watermark watermark) {
        return new CommandException(
                ExitCode.FAILED,
                "sequence "
                        + lastSequence
                        + " was not "
                        + watermark
                        + " within "
                        + TimeUnit.NANOSECONDS.toSeconds(SETTLE_TIMEOUT_NS)
                        + " s, the watermark is at "
                        + engine.watermark(watermark));
    }

    /** The directory is ours alone, so the sequences of a phase follow one another. */
    private void requireDense(final long firstSequence, final long count) throws CommandException {
        if (lastSequence - firstSequence + 1 != count) {
            throw new CommandException(
                    ExitCode.FAILED,
                    count + " records have the sequences " + firstSequence + ".." + lastSequence);
        }
    }

    private static double perSecond(final long count, final long elapsedNs) {
        return count * 1e9 / Math.max(1, elapsedNs);
    }
}
