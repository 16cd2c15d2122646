package io.stemedb.bench.rig;

import io.stemedb.bench.Claims;
import io.stemedb.bench.DataDirectory;
import io.stemedb.bench.Engines;
import io.stemedb.engine.Engine;
import io.stemedb.engine.status.Counter;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * Latency at a given rate, with a control of what the machine takes from spinning threads before
 * each repetition.
 */
public final class LatencyRig {
    private static final int SUBJECTS = 1_000;
    private static final double RATE_SHARE_MIN = 0.99;
    private static final int TARGET_RATE = 100_000;
    private static final double TARGET_US = 5;
    private static final String[] METRICS = {
        "append cost", "due to appended", "due to READABLE", "due to SYNCED", "due to STORED"
    };
    private static final int READABLE = 2;

    private final Session session;
    private final int ratePerSecond;
    private final int seconds;
    private final int warmupSeconds;
    private final int repetitions;
    private final Table raw = Percentiles.kept();
    private final Table runs =
            new Table(
                    "repetition",
                    "rate",
                    "achieved",
                    "worst_second_percent",
                    "rate_held",
                    "back_pressured",
                    "ingest_stalls",
                    "flushes",
                    "syncs",
                    "sync_mean_us",
                    "sync_max_us",
                    "collections",
                    "control_gaps_over_10us_per_s",
                    "control_gaps_over_100us_per_s",
                    "control_gaps_over_1ms_per_s",
                    "control_max_us",
                    "control_lost_percent");

    /**
     * A rig.
     *
     * @param session where results go
     * @param ratePerSecond records a second
     * @param seconds measured, each repetition
     * @param warmupSeconds sent at the same rate before that
     * @param repetitions how often, each with a new engine
     */
    public LatencyRig(
            final Session session,
            final int ratePerSecond,
            final int seconds,
            final int warmupSeconds,
            final int repetitions) {
        this.session = session;
        this.ratePerSecond = ratePerSecond;
        this.seconds = seconds;
        this.warmupSeconds = warmupSeconds;
        this.repetitions = repetitions;
    }

    /** Measures. */
    public void run() {
        session.section(
                String.format(Locale.ROOT, "Latency at %,d records/s", ratePerSecond),
                String.format(
                        Locale.ROOT,
                        "Open loop: all but the append cost counts from when a record was due. %d"
                                + " repetitions of %d s after %d s of the same, a new engine for each,"
                                + " GROUP, %,d subjects, S: in LMDB, a flush a second. Percentiles are"
                                + " median [min..max] of the repetitions.",
                        repetitions,
                        seconds,
                        warmupSeconds,
                        SUBJECTS));
        final Histogram[][] histograms = new Histogram[METRICS.length][repetitions];
        boolean held = true;
        warmUp();
        for (int repetition = 0; repetition < repetitions; repetition++) {
            held &= measure(repetition, histograms);
        }
        final Table table = Percentiles.shown("latency");
        for (int metric = 0; metric < METRICS.length; metric++) {
            Percentiles.show(table, METRICS[metric], histograms[metric]);
        }
        session.table(table);
        verdict(histograms[READABLE], held);
        session.table(runs);
        session.raw("latency-runs.csv", runs);
        session.raw("latency-percentiles.csv", raw);
    }

    private void verdict(final Histogram[] readable, final boolean rateHeld) {
        final Spread p50 = Percentiles.spread(50, readable);
        session.verdict(
                String.format(
                        Locale.ROOT,
                        "append to READABLE at %,d/s, p50 at most %.0f us",
                        ratePerSecond,
                        TARGET_US),
                p50.text(2) + " us" + (rateHeld ? "" : ", FAIL: the rate was not held"),
                rateHeld && ratePerSecond >= TARGET_RATE && p50.median() <= TARGET_US);
    }

    /** What the JIT has not seen yet is not the engine's latency. */
    private void warmUp() {
        try (DataDirectory directory = DataDirectory.make();
                Engine engine = Engine.launch(Engines.context(directory.path()))) {
            final int count = ratePerSecond * warmupSeconds;
            new OpenLoop(engine, new Claims(SUBJECTS), ratePerSecond, count, 0).run();
        }
    }

    /** One repetition. False if the rate was missed: then the latencies say little. */
    private boolean measure(final int repetition, final Histogram[][] histograms) {
        Settle.down();
        final JitterControl control = JitterControl.run(TimeUnit.SECONDS.toNanos(1));
        try (DataDirectory directory = DataDirectory.make();
                Engine engine = Engine.launch(Engines.context(directory.path()))) {
            final int warmup = ratePerSecond * warmupSeconds;
            final OpenLoop loop =
                    new OpenLoop(
                            engine,
                            new Claims(SUBJECTS),
                            ratePerSecond,
                            warmup + ratePerSecond * seconds,
                            warmup);
            loop.run();
            final boolean held = loop.worstSecond() >= RATE_SHARE_MIN;
            keep(repetition, histograms, loop);
            keepRun(repetition, loop, engine, control, held);
            session.say(
                    String.format(
                            Locale.ROOT,
                            "repetition %d: %s %,.0f/s, READABLE p50 %.2f us p99 %.1f us",
                            repetition + 1,
                            held ? "held" : "FAIL, rate missed:",
                            loop.achievedRate(),
                            histograms[READABLE][repetition].getValueAtPercentile(50) / 1e3,
                            histograms[READABLE][repetition].getValueAtPercentile(99) / 1e3));
            return held;
        }
    }

    private void keep(final int repetition, final Histogram[][] histograms, final OpenLoop loop) {
        final Histogram[] measured = {
            loop.appendCost(), loop.appended(), loop.readable(), loop.synced(), loop.stored()
        };
        for (int metric = 0; metric < METRICS.length; metric++) {
            histograms[metric][repetition] = measured[metric];
            Percentiles.keep(raw, "latency", repetition, METRICS[metric], measured[metric]);
        }
    }

    private void keepRun(
            final int repetition,
            final OpenLoop loop,
            final Engine engine,
            final JitterControl control,
            final boolean held) {
        final long syncs = engine.counters().get(Counter.SYNCS);
        runs.row(
                repetition,
                ratePerSecond,
                f(loop.achievedRate()),
                f(100 * loop.worstSecond()),
                held ? "yes" : "FAIL",
                loop.backPressured(),
                engine.counters().get(Counter.INGEST_STALLS),
                engine.counters().get(Counter.FLUSHES),
                syncs,
                f(engine.counters().get(Counter.SYNC_TIME_NS) / 1e3 / Math.max(1, syncs)),
                f(engine.counters().get(Counter.SYNC_TIME_MAX_NS) / 1e3),
                loop.garbageCollections(),
                f(control.gapsPerSecond(10_000)),
                f(control.gapsPerSecond(100_000)),
                f(control.gapsPerSecond(1_000_000)),
                f(control.maxUs()),
                f(control.lostPercent()));
    }

    private static String f(final double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }
}
