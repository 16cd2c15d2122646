package io.stemedb.engine.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LatencyReportTest {

    @TempDir private Path directory;

    @Test
    void latenciesCountFromWhenEachRecordWasDue() {
        final long[] dueNs = {100, 200, 300, 400, 500};
        final WatermarkLog log = new WatermarkLog(5, 10);
        log.observe(10, 150);
        log.observe(12, 250);
        log.observe(12, 260);
        assertFalse(log.hasReached(13));
        log.observe(15, 600);
        assertTrue(log.hasReached(15));
        final Histogram histogram = log.latencies(11, dueNs, 5);
        assertEquals(5, histogram.getTotalCount());
        // 11: 250-100, 12: 250-200, 13: 600-300, 14: 600-400, 15: 600-500
        assertEquals(50, histogram.getMinValue());
        assertEquals(300, histogram.getMaxValue());
        assertEquals(150, histogram.getValueAtPercentile(60));
    }

    @Test
    void theTableHasARowForEachSeries() {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        report().printTable(new PrintStream(out, true, StandardCharsets.UTF_8));
        final String[] lines = out.toString(StandardCharsets.UTF_8).split("\n");
        assertEquals(3, lines.length);
        assertTrue(lines[0].matches("us +p50 +p90 +p99 +p99\\.9 +max"), lines[0]);
        assertTrue(lines[1].matches("append +5\\.0 +9\\.0 +9\\.9 +10\\.0 +10\\.0"), lines[1]);
    }

    @Test
    void thePictureIsAPicture() throws IOException {
        final Path path = directory.resolve("latencies.png");
        final String home = System.getProperty("user.home");
        report().writePicture("title", path);
        assertEquals(home, System.getProperty("user.home"));
        final BufferedImage image = ImageIO.read(path.toFile());
        assertEquals(1_000, image.getWidth());
        int coloured = 0;
        for (int x = 0; x < image.getWidth(); x++) {
            for (int y = 0; y < image.getHeight(); y++) {
                final int rgb = image.getRGB(x, y);
                coloured += (rgb >> 16 & 0xFF) != (rgb & 0xFF) ? 1 : 0;
            }
        }
        assertTrue(coloured > 500, "only " + coloured + " coloured points");
    }

    @Test
    void theAxisCountsNines() {
        assertEquals("0%", LatencyReport.percentileLabel(1));
        assertEquals("90%", LatencyReport.percentileLabel(10));
        assertEquals("99%", LatencyReport.percentileLabel(100));
        assertEquals("99.9%", LatencyReport.percentileLabel(1_000));
        assertEquals("99.999%", LatencyReport.percentileLabel(100_000));
    }

    private static LatencyReport report() {
        final Histogram append = WatermarkLog.newHistogram();
        final Histogram stored = WatermarkLog.newHistogram();
        for (int i = 1; i <= 1_000; i++) {
            append.recordValue(i * 10);
            stored.recordValue(i * 100_000L);
        }
        return new LatencyReport().add("append", append).add("stored", stored);
    }
}
