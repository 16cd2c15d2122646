package io.stemedb.engine.cli;

import java.awt.Color;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.HdrHistogram.Histogram;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Latencies under their names: a table, and a picture of their percentiles. */
final class LatencyReport {

    private static final double[] PERCENTILES = {50, 90, 99, 99.9, 100};
    private static final double NS_PER_US = 1_000.0;
    private static final String HOME_PROPERTY = "user.home";
    private static final int WIDTH = 1_000;
    private static final int HEIGHT = 620;
    private static final int POINTS_A_DECADE = 20;

    private final Map<String, Histogram> histograms = new LinkedHashMap<>();

    LatencyReport add(final String name, final Histogram histogram) {
        histograms.put(name, histogram);
        return this;
    }

    void printTable(final PrintStream out) {
        out.printf("%-10s %12s %12s %12s %12s %12s%n", "us", "p50", "p90", "p99", "p99.9", "max");
        histograms.forEach(
                (name, histogram) -> {
                    final StringBuilder row = new StringBuilder(String.format("%-10s", name));
                    for (final double percentile : PERCENTILES) {
                        row.append(
                                String.format(
                                        " %,12.1f",
                                        histogram.getValueAtPercentile(percentile) / NS_PER_US));
                    }
                    out.println(row);
                });
    }

    /** Percentiles to the right, a decade for each nine; microseconds upwards, also by decades. */
    void writePicture(final String title, final Path path) throws IOException {
        final XYChart chart =
                new XYChartBuilder()
                        .width(WIDTH)
                        .height(HEIGHT)
                        .title(title)
                        .xAxisTitle("percentile")
                        .yAxisTitle("latency")
                        .build();
        chart.getStyler().setXAxisLogarithmic(true);
        chart.getStyler().setYAxisLogarithmic(true);
        chart.getStyler().setLegendPosition(LegendPosition.OutsideS);
        chart.getStyler().setChartBackgroundColor(Color.WHITE);
        chart.setCustomYAxisTickLabelsFormatter(LatencyReport::latencyLabel);
        chart.setCustomXAxisTickLabelsFormatter(LatencyReport::percentileLabel);
        histograms.forEach((name, histogram) -> addSeries(chart, name, histogram));
        draw(chart, path);
    }

    /**
     * The first text that Java draws makes it keep a list of fonts under the home directory, where
     * nothing of ours belongs; below a file it cannot, and goes on without.
     */
    private static void draw(final XYChart chart, final Path path) throws IOException {
        Files.write(path, new byte[0]);
        final String home = System.setProperty(HOME_PROPERTY, path.toString());
        try {
            ImageIO.write(BitmapEncoder.getBufferedImage(chart), "png", path.toFile());
        } finally {
            if (home != null) {
                System.setProperty(HOME_PROPERTY, home);
            }
        }
    }

    private static void addSeries(
            final XYChart chart, final String name, final Histogram histogram) {
        final List<Double> x = new ArrayList<>();
        final List<Double> y = new ArrayList<>();
        final double last = Math.max(10, histogram.getTotalCount());
        for (int i = 0; ; i++) {
            final double oneIn = Math.min(last, Math.pow(10, (double) i / POINTS_A_DECADE));
            x.add(oneIn);
            final long value =
                    oneIn >= last
                            ? histogram.getMaxValue()
                            : histogram.getValueAtPercentile(100 - 100 / oneIn);
            y.add(Math.max(1, value) / NS_PER_US);
            if (oneIn >= last) {
                break;
            }
        }
        chart.addSeries(name, x, y).setMarker(SeriesMarkers.NONE);
    }

    /** The axis counts "one in so many is slower": 1, 10, 100 are 0 %, 90 %, 99 %. */
    static String percentileLabel(final double oneIn) {
        if (oneIn < 10) {
            return "0%";
        }
        final int nines = (int) Math.round(Math.log10(oneIn));
        return nines == 1 ? "90%" : nines == 2 ? "99%" : "99." + "9".repeat(nines - 2) + "%";
    }

    static String latencyLabel(final double us) {
        if (us < 1) {
            return String.format("%.0f ns", us * 1e3);
        } else if (us < 1e3) {
            return String.format("%.0f us", us);
        } else if (us < 1e6) {
            return String.format("%.0f ms", us / 1e3);
        }
        return String.format("%.0f s", us / 1e6);
    }
}
