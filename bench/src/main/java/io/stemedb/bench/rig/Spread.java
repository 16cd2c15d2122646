package io.stemedb.bench.rig;

import java.util.Arrays;
import java.util.Locale;

/** Values of the same thing measured several times. */
record Spread(double median, double min, double max) {
    static Spread of(final double... values) {
        final double[] sorted = values.clone();
        Arrays.sort(sorted);
        final int middle = sorted.length / 2;
        final double median =
                sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(median, sorted[0], sorted[sorted.length - 1]);
    }

    /**
     * As {@code median [min..max]}, or the value alone if there is but one; no decimals from 1,000
     * on.
     */
    String text(final int decimals) {
        if (min == max) {
            return text(median, decimals);
        }
        return text(median, decimals)
                + " ["
                + text(min, decimals)
                + ".."
                + text(max, decimals)
                + "]";
    }

    private static String text(final double value, final int decimals) {
        return String.format(Locale.ROOT, "%,." + (value < 1_000 ? decimals : 0) + "f", value);
    }
}
