package io.stemedb.bench.rig;

import io.stemedb.bench.Claims;
import io.stemedb.bench.DataDirectory;
import io.stemedb.engine.journal.JournalConfig;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Function;
import org.HdrHistogram.Histogram;

/**
 * What an append costs its caller, against a raw Chronicle append of as many bytes: flat out in
 * bursts that fit into the blocks touched ahead, and paced.
 */
public final class AppendRig {
    private static final int RATE = 100_000;
    private static final double TARGET_RATIO = 2;

    /** Neither side rolls within a turn. */
    private static final int EXCERPT_LENGTH_MAX = Claims.LENGTH + 32;

    /** Fewer would end before the JIT has seen the loop. */
    private static final int WARMUP_BURSTS = 5;

    private final Session session;
    private final int pairs;
    private final int bursts;
    private final int burstRecords;
    private final int pacedRecords;
    private final Table raw = new Table("pair", "side", "mode", "statistic", "ns", "records");
    private int next;

    private record Cost(double burstNs, double pacedNs, double pacedP99Ns) {}

    /**
     * A rig.
     *
     * @param session where results go
     * @param pairs how often both take turns
     * @param bursts of each turn
     * @param burstRecords records of each burst
     * @param pacedRecords records of each turn at 100,000 a second; as many come before and are not
     *     counted
     */
    public AppendRig(
            final Session session,
            final int pairs,
            final int bursts,
            final int burstRecords,
            final int pacedRecords) {
        final long bytes =
                ((long) (WARMUP_BURSTS + bursts) * burstRecords + 2L * pacedRecords)
                        * EXCERPT_LENGTH_MAX;
        if (bytes > JournalConfig.SEGMENT_LENGTH_DEFAULT) {
            throw new IllegalArgumentException(
                    "records of a turn: must fit one segment of "
                            + JournalConfig.SEGMENT_LENGTH_DEFAULT
                            + " bytes, take "
                            + bytes);
        }
        this.session = session;
        this.pairs = pairs;
        this.bursts = bursts;
        this.burstRecords = burstRecords;
        this.pacedRecords = pacedRecords;
    }

    /** Measures. */
    public void run() {
        session.section(
                "Cost of an append",
                String.format(
                        Locale.ROOT,
                        "AssertionWriter.append() of %d bytes, GROUP, fields and encoding included,"
                                + " against a raw Chronicle in-place append of as many encoded bytes."
                                + " Same segment length, blocks reserved and touched ahead on another"
                                + " thread in the same steps; the engine also syncs, ingests and"
                                + " flushes meanwhile, the raw queue does nothing else. Turns alternate"
                                + " in one process, a new directory for each. Burst: median of %d bursts"
                                + " of %,d, mean of each; paced: median of %,d at %,d/s, two clock"
                                + " readings included (%.0f ns). Median [min..max] of %d pairs.",
                        Claims.LENGTH,
                        bursts,
                        burstRecords,
                        pacedRecords,
                        RATE,
                        clockNs(),
                        pairs));
        compare();
        session.raw("append.csv", raw);
    }

    private static double clockNs() {
        final int count = 1_000_000;
        long sink = 0;
        final long startNs = System.nanoTime();
        for (int i = 0; i < count; i++) {
            sink |= System.nanoTime();
        }
        final long timeNs = System.nanoTime() - startNs;
        return sink == 0 ? 0 : (double) timeNs / count;
    }

    private void compare() {
        turn(-1, "engine", AppendSide.OfEngine::new);
        turn(-1, "chronicle", AppendSide.OfChronicle::new);
        final double[][] values = new double[9][pairs];
        for (int pair = 0; pair < pairs; pair++) {
            final Cost[] costs = new Cost[2];
            for (int i = 0; i < 2; i++) {
                final int side = (pair + i) % 2;
                costs[side] =
                        side == 0
                                ? turn(pair, "engine", AppendSide.OfEngine::new)
                                : turn(pair, "chronicle", AppendSide.OfChronicle::new);
            }
            put(values, 0, pair, costs[0].burstNs(), costs[1].burstNs());
            put(values, 3, pair, costs[0].pacedNs(), costs[1].pacedNs());
            put(values, 6, pair, costs[0].pacedP99Ns(), costs[1].pacedP99Ns());
        }
        final Table table = new Table("cost of append", "engine ns", "raw Chronicle ns", "ratio");
        final String[] modes = {"burst, mean", "100,000/s, p50", "100,000/s, p99"};
        for (int i = 0; i < modes.length; i++) {
            table.row(
                    modes[i],
                    Spread.of(values[3 * i]).text(0),
                    Spread.of(values[3 * i + 1]).text(0),
                    Spread.of(values[3 * i + 2]).text(2));
        }
        session.table(table);
        for (int i = 0; i < 2; i++) {
            final Spread ratio = Spread.of(values[3 * i + 2]);
            session.verdict(
                    String.format(
                            Locale.ROOT,
                            "append at most %.0fx raw Chronicle, %s",
                            TARGET_RATIO,
                            modes[i]),
                    ratio.text(2) + "x",
                    ratio.median() <= TARGET_RATIO);
        }
    }

    private static void put(
            final double[][] values,
            final int row,
            final int pair,
            final double engineNs,
            final double rawNs) {
        values[row][pair] = engineNs;
        values[row + 1][pair] = rawNs;
        values[row + 2][pair] = engineNs / rawNs;
    }

    private Cost turn(final int pair, final String name, final Function<Path, AppendSide> open) {
        Settle.down();
        try (DataDirectory directory = DataDirectory.make();
                AppendSide side = open.apply(directory.path())) {
            final double[] means = new double[bursts];
            for (int i = -WARMUP_BURSTS; i < bursts; i++) {
                side.settle();
                final double meanNs = burst(side);
                if (i >= 0) {
                    means[i] = meanNs;
                    raw.row(pair, name, "burst", "mean", f(meanNs), burstRecords);
                }
            }
            side.settle();
            paced(side);
            final Histogram paced = paced(side);
            for (final double percentile : new double[] {50, 90, 99, 99.9, 100}) {
                raw.row(
                        pair,
                        name,
                        "paced",
                        "p" + percentile,
                        paced.getValueAtPercentile(percentile),
                        pacedRecords);
            }
            final Cost cost =
                    new Cost(
                            Spread.of(means).median(),
                            paced.getValueAtPercentile(50),
                            paced.getValueAtPercentile(99));
            session.say(
                    String.format(
                            Locale.ROOT,
                            "pair %2d  %-9s  burst %,7.0f ns  paced p50 %,7.0f ns p99 %,7.0f ns",
                            pair + 1,
                            name,
                            cost.burstNs(),
                            cost.pacedNs(),
                            cost.pacedP99Ns()));
            return cost;
        }
    }

    private double burst(final AppendSide side) {
        final int first = next;
        next += burstRecords;
        final long startNs = System.nanoTime();
        for (int i = first; i < next; i++) {
            side.append(i);
        }
        return (double) (System.nanoTime() - startNs) / burstRecords;
    }

    private Histogram paced(final AppendSide side) {
        final int first = next;
        next += pacedRecords;
        return AppendSide.paced(side, first, pacedRecords, RATE);
    }

    private static String f(final double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }
}
