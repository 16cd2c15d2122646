package io.stemedb.engine.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(900) // only for what hangs
class DemoCommandTest {

    private static final int TRADES = 400;

    @TempDir private Path temporary;

    @Test
    void tradesBecomeClaimsVotesEpochsAndAPicture() throws IOException {
        final Path trades = temporary.resolve("trades.csv");
        final StringBuilder csv = new StringBuilder("timestamp,price,amount\n");
        for (int i = 0; i < TRADES; i++) {
            // every tenth equal to the one before; 300 of each 400 on the first day
            final int n = i % 10 == 9 ? i - 1 : i;
            csv.append(1_385_337_600L + n * 288L)
                    .append(',')
                    .append(800 + n * 0.01)
                    .append(",1.5\n");
        }
        Files.writeString(trades, csv);
        final Path directory = temporary.resolve("data");
        final Cli cli = new Cli(directory);
        final Cli.Result first = cli.run("demo", "--trades", trades.toString(), "--rate", "20000");
        assertEquals(0, first.exitCode(), first.err() + first.out());
        assertTrue(
                first.out().startsWith("400 trades: 800 claims, 399 votes, 2 epochs "),
                first.out());
        assertTrue(first.out().contains("\n80 of these records are equal "), first.out());
        assertTrue(first.out().contains("In the directory: 720 assertions, "), first.out());
        for (final String row : new String[] {"append", "synced", "readable", "stored"}) {
            assertTrue(
                    first.out().matches("(?s).*\n" + row + "( +[0-9,]+\\.[0-9]){5}\n.*"),
                    first.out());
        }
        assertEquals(3, first.outLines().stream().filter(l -> l.startsWith("{\"type\"")).count());
        assertTrue(ImageIO.read(directory.resolve("demo-latencies.png").toFile()).getWidth() > 0);

        // nothing of a clock or of chance gets into what is stored
        final Cli elsewhere = new Cli(temporary.resolve("elsewhere"));
        final Cli.Result second =
                elsewhere.run("demo", "--trades", trades.toString(), "--rate", "1000000");
        assertEquals(0, second.exitCode(), second.err() + second.out());
        assertEquals(countsAndDigest(first.out()), countsAndDigest(second.out()));
    }

    @Test
    void tradesThatAreNotThereAreSaid() {
        final Cli cli = new Cli(temporary.resolve("data"));
        final Cli.Result result =
                cli.run("demo", "--trades", temporary.resolve("no.csv").toString());
        assertEquals(3, result.exitCode());
        assertTrue(result.err().startsWith("stemedb: no such file: "), result.err());
        assertEquals(2, cli.run("demo", "--rate", "0").exitCode());
    }

    private static String countsAndDigest(final String out) {
        return out.substring(out.indexOf("In the directory: "));
    }
}
