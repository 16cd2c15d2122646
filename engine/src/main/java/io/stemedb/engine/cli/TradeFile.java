package io.stemedb.engine.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Trades of an exchange: a CSV file of {@code timestamp,price,amount}, times in whole seconds since
 * 1970, ascending, a heading in the first line.
 */
final class TradeFile {

    private static final String HEADING = "timestamp,price,amount";
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private final byte[] content;
    private final long[] timesNs;
    private final double[] prices;
    private final double[] amounts;

    private TradeFile(
            final byte[] content,
            final long[] timesNs,
            final double[] prices,
            final double[] amounts) {
        this.content = content;
        this.timesNs = timesNs;
        this.prices = prices;
        this.amounts = amounts;
    }

    static TradeFile read(final Path path) throws IOException, CommandException {
        final byte[] content = Files.readAllBytes(path);
        final String[] lines = new String(content, StandardCharsets.US_ASCII).split("\r?\n");
        if (!lines[0].equals(HEADING)) {
            throw new CommandException(
                    ExitCode.FAILED, path + ": the first line must be " + HEADING);
        }
        final int count = lines.length - 1;
        final TradeFile trades =
                new TradeFile(content, new long[count], new double[count], new double[count]);
        for (int i = 0; i < count; i++) {
            trades.parse(path, i, lines[i + 1].split(","));
        }
        return trades;
    }

    private void parse(final Path path, final int index, final String[] columns)
            throws CommandException {
        try {
            if (columns.length == 3) {
                timesNs[index] = Math.multiplyExact(Long.parseLong(columns[0]), NANOS_PER_SECOND);
                prices[index] = Double.parseDouble(columns[1]);
                amounts[index] = Double.parseDouble(columns[2]);
                if (timesNs[index] >= 0
                        && prices[index] > 0
                        && prices[index] < Double.POSITIVE_INFINITY
                        && Double.isFinite(amounts[index])) {
                    return;
                }
            }
        } catch (final NumberFormatException | ArithmeticException e) {
            throw notATrade(path, index, e);
        }
        throw notATrade(path, index, null);
    }

    private static CommandException notATrade(
            final Path path, final int index, final Exception cause) {
        return new CommandException(
                ExitCode.FAILED, path + ": line " + (index + 2) + " is no trade", cause);
    }

    /** The bytes of the file. */
    byte[] content() {
        return content;
    }

    int count() {
        return prices.length;
    }

    long timeNs(final int index) {
        return timesNs[index];
    }

    double price(final int index) {
        return prices[index];
    }

    double amount(final int index) {
        return amounts[index];
    }
}
