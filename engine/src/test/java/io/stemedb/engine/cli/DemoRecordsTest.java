package io.stemedb.engine.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.codecs.AssertionView;
import io.stemedb.codecs.AssertionWriter;
import io.stemedb.codecs.EpochView;
import io.stemedb.codecs.EpochWriter;
import io.stemedb.codecs.Limits;
import io.stemedb.codecs.RecordValidator;
import io.stemedb.codecs.RecordWriter;
import io.stemedb.codecs.SupersessionType;
import io.stemedb.codecs.VoteView;
import io.stemedb.codecs.VoteWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Records of four trades on two days: the second confirms the first, the third is far off. */
class DemoRecordsTest {

    private static final String CSV =
            "timestamp,price,amount\n"
                    + "1385337600,800.000000000000,0.100000000000\n"
                    + "1385337613,800.400000000000,0.200000000000\n"
                    + "1385337700,810.000000000000,0.300000000000\n"
                    + "1385424000,810.810000000001,0.400000000000";

    @TempDir private Path directory;

    private final ContentHash contentHash = new ContentHash();

    @Test
    void everyTradeGivesItsRecordsInOrder() throws Exception {
        final List<UnsafeBuffer> records = records(CSV);
        final StringBuilder order = new StringBuilder();
        for (final UnsafeBuffer record : records) {
            order.append("ave".charAt(record.getByte(0)));
        }
        // epoch, price, amount | price, amount, vote | price, amount | epoch, price, amount
        assertEquals("eaaaavaaeaa", order.toString());
        final RecordValidator validator = new RecordValidator();
        for (final UnsafeBuffer record : records) {
            validator.validate(record, 0, record.capacity());
        }
    }

    @Test
    void aClaimHasTheTradeAndWhereItIsFrom() throws Exception {
        final List<UnsafeBuffer> records = records(CSV);
        final AssertionView price = new AssertionView();
        price.wrap(records.get(1), 0, records.get(1).capacity());
        assertEquals("BTCUSD@bitstamp", price.subject());
        assertEquals("trade_price", price.predicate());
        assertEquals(800.0, price.number());
        assertEquals(1_385_337_600_000_000_000L, price.timestamp());
        assertEquals(hex(contentHash.ofText(CSV)), hex(price.buffer(), price.sourceHashOffset()));
        assertEquals(
                hex(contentHash.ofText("2013-11-25")), hex(price.buffer(), price.epochOffset()));
        final AssertionView amount = new AssertionView();
        amount.wrap(records.get(2), 0, records.get(2).capacity());
        assertEquals("trade_amount", amount.predicate());
        assertEquals(0.1, amount.number());
    }

    @Test
    void aVoteIsForThePriceBeforeItByHowCloseItIs() throws Exception {
        final List<UnsafeBuffer> records = records(CSV);
        final VoteView vote = new VoteView().wrap(records.get(5), 0, records.get(5).capacity());
        final UnsafeBuffer hash = new UnsafeBuffer(new byte[32]);
        contentHash.ofRecord(records.get(1), 0, records.get(1).capacity(), hash);
        assertEquals(hex(hash, 0), hex(vote.buffer(), vote.assertionHashOffset()));
        assertEquals(hex(contentHash.ofText("bitstamp")), hex(vote.buffer(), vote.agentIdOffset()));
        assertEquals(0.5f, vote.weight(), 1e-6f);
        assertEquals(1_385_337_613_000_000_000L, vote.timestamp());
    }

    @Test
    void eachDayReplacesTheDayBefore() throws Exception {
        final List<UnsafeBuffer> records = records(CSV);
        final EpochView first = new EpochView().wrap(records.get(0), 0, records.get(0).capacity());
        assertEquals("2013-11-25", first.name());
        assertEquals(SupersessionType.None, first.supersessionType());
        final EpochView second = new EpochView().wrap(records.get(8), 0, records.get(8).capacity());
        assertEquals("2013-11-26", second.name());
        assertEquals(1_385_424_000_000_000_000L, second.start());
        assertEquals(SupersessionType.Replaces, second.supersessionType());
        assertEquals(
                hex(first.buffer(), first.epochIdOffset()),
                hex(second.buffer(), second.supersedesOffset()));
    }

    @Test
    void whatIsNoTradeIsNamedByItsLine() throws IOException {
        final String[] bad = {"1385337600,1", "x,1,1", "1,NaN,1", "1,-1,1", "1,1,1,1", ""};
        for (final String line : bad) {
            final CommandException e =
                    assertThrows(
                            CommandException.class,
                            () -> trades("timestamp,price,amount\n1,1,1\n" + line + "\n2,2,2"));
            assertTrue(e.getMessage().endsWith("line 3 is no trade"), e.getMessage());
        }
        assertThrows(CommandException.class, () -> trades("time,price\n1,1"));
    }

    private List<UnsafeBuffer> records(final String csv) throws Exception {
        final DemoRecords demo =
                new DemoRecords(
                        trades(csv), new AssertionWriter(), new VoteWriter(), new EpochWriter());
        final List<UnsafeBuffer> records = new ArrayList<>();
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[Limits.RECORD_MAX]);
        for (RecordWriter writer = demo.next(); writer != null; writer = demo.next()) {
            final int length = writer.encode(buffer, 0);
            final byte[] bytes = new byte[length];
            buffer.getBytes(0, bytes);
            records.add(new UnsafeBuffer(bytes));
        }
        assertEquals(4, demo.tradesDone());
        return records;
    }

    private TradeFile trades(final String csv) throws IOException, CommandException {
        final Path path = directory.resolve("trades.csv");
        Files.writeString(path, csv);
        return TradeFile.read(path);
    }

    private static String hex(final byte[] bytes) {
        return Hex.of(new UnsafeBuffer(bytes), 0, bytes.length);
    }

    private static String hex(final org.agrona.DirectBuffer buffer, final int offset) {
        return Hex.of(buffer, offset, 32);
    }
}
