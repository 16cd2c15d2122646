package io.stemedb.bench.rig;

import java.util.Locale;
import org.HdrHistogram.Histogram;

/** How latencies are kept and shown. */
final class Percentiles {
    private static final double[] SHOWN = {50, 90, 99, 99.9};
    private static final double[] KEPT = {
        0, 10, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99, 99.999, 100
    };

    private Percentiles() {}

    static Histogram newHistogram() {
        final Histogram histogram = new Histogram(1, 60_000_000_000L, 3);
        histogram.setAutoResize(true);
        return histogram;
    }

    static Table shown(final String what) {
        return new Table(what, "p50 us", "p90 us", "p99 us", "p99.9 us", "max us");
    }

    /** Adds a row: of each percentile, the spread over several runs. */
    static void show(final Table table, final String name, final Histogram... runs) {
        final Object[] cells = new Object[SHOWN.length + 2];
        cells[0] = name;
        for (int i = 0; i < SHOWN.length; i++) {
            cells[i + 1] = spread(SHOWN[i], runs).text(2);
        }
        cells[SHOWN.length + 1] = spread(100, runs).text(0);
        table.row(cells);
    }

    static Spread spread(final double percentile, final Histogram... runs) {
        final double[] values = new double[runs.length];
        for (int i = 0; i < runs.length; i++) {
            values[i] = runs[i].getValueAtPercentile(percentile) / 1e3;
        }
        return Spread.of(values);
    }

    static Table kept() {
        return new Table("run", "repetition", "metric", "percentile", "value_ns", "records");
    }

    static void keep(
            final Table table,
            final String run,
            final int repetition,
            final String metric,
            final Histogram histogram) {
        for (final double percentile : KEPT) {
            table.row(
                    run,
                    repetition,
                    metric,
                    String.format(Locale.ROOT, "%s", percentile),
                    histogram.getValueAtPercentile(percentile),
                    histogram.getTotalCount());
        }
    }
}
