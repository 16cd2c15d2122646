package io.stemedb.bench.rig;

import io.stemedb.bench.DataDirectory;
import io.stemedb.bench.Engines;
import io.stemedb.engine.Durability;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/** What forcing the journal in the background costs those who append: GROUP against ASYNC. */
public final class DurabilityRig {
    private static final int RATE = 100_000;
    private static final double P50_RATIO_MAX = 1.1;
    private static final double P99_RATIO_MAX = 1.5;
    private static final Durability[] SIDES = {Durability.ASYNC, Durability.GROUP};

    private final Session session;
    private final int pairs;
    private final int records;
    private final Table raw = Percentiles.kept();

    /**
     * A rig.
     *
     * @param session where results go
     * @param pairs how often both take turns
     * @param records of each turn; as many come before and are not counted
     */
    public DurabilityRig(final Session session, final int pairs, final int records) {
        this.session = session;
        this.pairs = pairs;
        this.records = records;
    }

    /** Measures. */
    public void run() {
        session.section(
                "Cost of durability to the appender",
                String.format(
                        Locale.ROOT,
                        "Cost of append() at %,d/s with GROUP (a force each millisecond) and with ASYNC"
                                + " (none before a flush). Turns alternate in one process, a new"
                                + " directory for each, %,d records a turn after as many; the ratio is"
                                + " taken within a pair; median [min..max] of %d pairs.",
                        RATE,
                        records,
                        pairs));
        for (final Durability durability : SIDES) {
            turn(durability, -1);
        }
        final Histogram[][] costs = new Histogram[SIDES.length][pairs];
        for (int pair = 0; pair < pairs; pair++) {
            for (int i = 0; i < SIDES.length; i++) {
                final int side = (pair + i) % SIDES.length;
                costs[side][pair] = turn(SIDES[side], pair);
            }
        }
        final Table table = Percentiles.shown("cost of append");
        for (int side = 0; side < SIDES.length; side++) {
            Percentiles.show(table, SIDES[side].name(), costs[side]);
        }
        session.table(table);
        verdict(50, P50_RATIO_MAX, costs);
        verdict(99, P99_RATIO_MAX, costs);
        session.raw("durability.csv", raw);
    }

    private void verdict(
            final double percentile, final double ratioMax, final Histogram[][] costs) {
        final double[] ratios = new double[pairs];
        for (int pair = 0; pair < pairs; pair++) {
            ratios[pair] =
                    (double) costs[1][pair].getValueAtPercentile(percentile)
                            / costs[0][pair].getValueAtPercentile(percentile);
        }
        final Spread ratio = Spread.of(ratios);
        session.verdict(
                String.format(
                        Locale.ROOT,
                        "append with GROUP at most %.1fx that with ASYNC, p%.0f",
                        ratioMax,
                        percentile),
                ratio.text(2) + "x",
                ratio.median() <= ratioMax);
    }

    private Histogram turn(final Durability durability, final int pair) {
        Settle.down();
        try (DataDirectory directory = DataDirectory.make();
                AppendSide side =
                        new AppendSide.OfEngine(
                                Engines.context(directory.path()).durability(durability))) {
            AppendSide.paced(side, 0, records, RATE);
            side.settle();
            final Histogram costs = AppendSide.paced(side, records, records, RATE);
            if (pair >= 0) {
                Percentiles.keep(raw, durability.name(), pair, "append cost", costs);
            }
            session.say(
                    String.format(
                            Locale.ROOT,
                            "%-6s pair %2d  append p50 %,7d ns  p99 %,9d ns",
                            durability,
                            pair + 1,
                            costs.getValueAtPercentile(50),
                            costs.getValueAtPercentile(99)));
            return costs;
        }
    }
}
