package io.stemedb.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.codecs.AssertionView;
import io.stemedb.codecs.AssertionWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example of the README: it stands there as it stands here, and it runs. */
class EmbeddingExampleTest {
    @TempDir Path dir;

    // example
    static double newestPrice(final Path directory) {
        final double[] price = new double[1];
        try (Engine engine = Engine.launch(new EngineContext().directory(directory))) {
            final Appender appender = engine.newAppender(); // one for each producing thread
            final AssertionWriter claim = appender.assertion(); // reusable, fields in any order
            claim.subject("BTCUSD@bitstamp").predicate("trade_price").number(912.44);
            claim.confidence(1.0f).timestamp(1385337601_000_000_000L);
            long sequence;
            while ((sequence = claim.append()) == Appender.BACK_PRESSURED) {
                Thread.onSpinWait(); // the engine is behind: try again
            }
            if (sequence == Appender.STORAGE_FULL // until the disk has room again
                    || !engine.await(Watermark.SYNCED, sequence, 60_000_000_000L)) { // on disk
                throw new IllegalStateException("disk full, or not durable within a minute");
            }
            engine.await(Watermark.READABLE, sequence, 60_000_000_000L);
            try (Reader reader = engine.newReader()) { // one for each reading thread
                final AssertionView view = new AssertionView();
                reader.newestFirst(
                        "BTCUSD@bitstamp",
                        1,
                        (at, hash, record, offset, length) ->
                                price[0] = view.wrap(record, offset, length).number());
            }
        }
        return price[0];
    }

    // end

    @Test
    void runs() {
        assertEquals(912.44, newestPrice(dir.resolve("data")));
    }

    @Test
    void standsInTheReadme() throws IOException {
        final List<String> source =
                Files.readAllLines(
                        Path.of("src/test/java/io/stemedb/engine/EmbeddingExampleTest.java"));
        final List<String> example =
                source
                        .subList(
                                source.indexOf("    // example") + 1,
                                source.indexOf("    // end") - 1)
                        .stream()
                        .map(line -> line.isEmpty() ? line : line.substring(4))
                        .toList();
        final String readme = Files.readString(Path.of("../README.md"));
        assertTrue(
                readme.contains(String.join("\n", example)),
                "README.md must hold:\n" + String.join("\n", example));
    }
}
