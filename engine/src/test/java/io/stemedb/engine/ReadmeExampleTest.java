package io.stemedb.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.codecs.AssertionView;
import io.stemedb.codecs.AssertionWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The embedding example of README.md: it runs, and it is what stands there. */
class ReadmeExampleTest {

    private static final String SOURCE =
            "src/test/java/" + ReadmeExampleTest.class.getName().replace('.', '/') + ".java";

    @TempDir private Path temporary;

    @Test
    @Timeout(60)
    void runs() {
        final Path directory = temporary.resolve("data");
        final List<Double> prices = new ArrayList<>();
        // example: begin
        try (Engine engine =
                Engine.launch(
                        new EngineContext().directory(directory).durability(Durability.GROUP))) {
            final Appender appender = engine.newAppender(); // one per producing thread
            final AssertionWriter claim = appender.assertion();
            claim.subject("BTCUSD@bitstamp").predicate("trade_price").number(912.44);
            claim.confidence(1.0f).timestamp(1_385_337_601_000_000_000L);
            long sequence = claim.append();
            while (sequence == Appender.BACK_PRESSURED) {
                Thread.onSpinWait();
                sequence = claim.append();
            }
            engine.await(Watermark.SYNCED, sequence, TimeUnit.SECONDS.toNanos(10));
            engine.await(Watermark.READABLE, sequence, TimeUnit.SECONDS.toNanos(10));

            final AssertionView view = new AssertionView();
            try (Reader reader = engine.newReader()) { // one per reading thread
                reader.newestFirst(
                        "BTCUSD@bitstamp",
                        10,
                        (place, hash, record, offset, length) -> {
                            prices.add(view.wrap(record, offset, length).number());
                        });
            }
        }
        // example: end
        assertEquals(List.of(912.44), prices);
    }

    @Test
    void isWhatStandsInTheReadme() throws IOException {
        final String source = Files.readString(Path.of(SOURCE));
        final int begin = source.indexOf("// example: begin") + "// example: begin".length();
        final String example = source.substring(begin, source.indexOf("// example: end"));
        final String readme = Files.readString(Path.of("../README.md"));
        assertTrue(
                withoutSpace(readme).contains("```java" + withoutSpace(example) + "```"),
                "README.md has another example than " + SOURCE);
    }

    /** The formatter breaks lines as it likes. */
    private static String withoutSpace(final String text) {
        return text.replaceAll("\\s", "");
    }
}
