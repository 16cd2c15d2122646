package io.stemedb.engine.cli;

import io.stemedb.codecs.AssertionWriter;
import io.stemedb.codecs.EpochWriter;
import io.stemedb.codecs.Limits;
import io.stemedb.codecs.RecordWriter;
import io.stemedb.codecs.SourceClass;
import io.stemedb.codecs.SupersessionType;
import io.stemedb.codecs.VoteWriter;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.concurrent.TimeUnit;
import org.agrona.BitUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Makes records of trades, in their order: an epoch before the first trade of each UTC day, a price
 * claim and an amount claim a trade, and after them a vote for the price claim before when the two
 * prices are close. The same file always gives the same records. For one thread.
 */
final class DemoRecords {

    static final String SUBJECT = "BTCUSD@bitstamp";
    static final int RECORDS_A_TRADE_MAX = 4;
    static final double CLOSE_BASIS_POINTS = 10;

    private static final long NANOS_PER_DAY = TimeUnit.DAYS.toNanos(1);
    private static final long NO_DAY = -1;

    private enum Step {
        EPOCH,
        PRICE,
        AMOUNT,
        VOTE
    }

    private final TradeFile trades;
    private final AssertionWriter assertion;
    private final VoteWriter vote;
    private final EpochWriter epoch;
    private final ContentHash contentHash = new ContentHash();
    private final UnsafeBuffer scratch = new UnsafeBuffer(new byte[Limits.RECORD_MAX]);
    private final UnsafeBuffer priceHash = new UnsafeBuffer(new byte[Limits.HASH_LENGTH]);
    private final UnsafeBuffer previousPriceHash = new UnsafeBuffer(new byte[Limits.HASH_LENGTH]);
    private final byte[] fileHash;
    private final byte[] agentId;
    private byte[] epochId;
    private long day = NO_DAY;
    private int trade;
    private Step step = Step.EPOCH;

    DemoRecords(
            final TradeFile trades,
            final AssertionWriter assertion,
            final VoteWriter vote,
            final EpochWriter epoch) {
        this.trades = trades;
        this.assertion = assertion;
        this.vote = vote;
        this.epoch = epoch;
        this.fileHash = contentHash.ofBytes(trades.content());
        this.agentId = contentHash.ofText("bitstamp");
    }

    /**
     * How many records of these trades are equal to an earlier one, as when two trades of a second
     * have the same price: they are one entry in the stores.
     */
    static long countEqual(final TradeFile trades) {
        final DemoRecords records =
                new DemoRecords(trades, new AssertionWriter(), new VoteWriter(), new EpochWriter());
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[Limits.RECORD_MAX]);
        final UnsafeBuffer hash = new UnsafeBuffer(new byte[Limits.HASH_LENGTH]);
        final HashWindow seen =
                new HashWindow(
                        BitUtil.findNextPositivePowerOfTwo(RECORDS_A_TRADE_MAX * trades.count()));
        long equal = 0;
        for (RecordWriter writer = records.next(); writer != null; writer = records.next()) {
            final int length = writer.encode(buffer, 0);
            records.contentHash.ofRecord(buffer, 0, length, hash);
            if (seen.contains(hash)) {
                equal++;
            } else {
                seen.add(hash, 0);
            }
        }
        return equal;
    }

    /** Trades whose records were all given out. */
    int tradesDone() {
        return trade;
    }

    /**
     * Fills the writer of the next record.
     *
     * @return it, or null after the last record of the last trade
     */
    RecordWriter next() {
        while (trade < trades.count()) {
            final int current = trade;
            switch (step) {
                case EPOCH -> {
                    step = Step.PRICE;
                    if (trades.timeNs(current) / NANOS_PER_DAY != day) {
                        return nextEpoch(trades.timeNs(current) / NANOS_PER_DAY);
                    }
                }
                case PRICE -> {
                    step = Step.AMOUNT;
                    return nextPrice(current);
                }
                case AMOUNT -> {
                    step = Step.VOTE;
                    return claim(current, "trade_amount", trades.amount(current));
                }
                case VOTE -> {
                    step = Step.EPOCH;
                    trade++;
                    if (current > 0 && basisPoints(current) <= CLOSE_BASIS_POINTS) {
                        return nextVote(current);
                    }
                }
            }
        }
        return null;
    }

    private EpochWriter nextEpoch(final long nextDay) {
        final byte[] previousId = epochId;
        final long startNs = nextDay * NANOS_PER_DAY;
        final String name =
                Instant.ofEpochSecond(0, startNs).atZone(ZoneOffset.UTC).toLocalDate().toString();
        day = nextDay;
        epochId = contentHash.ofText(name);
        epoch.clear().id(epochId).name(name).description("UTC day").start(startNs);
        if (previousId != null) {
            epoch.supersedes(previousId).supersessionType(SupersessionType.Replaces);
        }
        return epoch;
    }

    private AssertionWriter nextPrice(final int current) {
        previousPriceHash.putBytes(0, priceHash, 0, Limits.HASH_LENGTH);
        claim(current, "trade_price", trades.price(current));
        final int length = assertion.encode(scratch, 0);
        contentHash.ofRecord(scratch, 0, length, priceHash);
        return assertion;
    }

    private AssertionWriter claim(final int current, final String predicate, final double value) {
        return assertion
                .clear()
                .subject(SUBJECT)
                .predicate(predicate)
                .number(value)
                .confidence(1.0f)
                .timestamp(trades.timeNs(current))
                .sourceClass(SourceClass.Observational)
                .sourceHash(fileHash)
                .epoch(epochId);
    }

    /**
     * The trade speaks for the price before it: by 1 when the prices are equal, by 0 at the limit.
     */
    private VoteWriter nextVote(final int current) {
        return vote.clear()
                .assertion(previousPriceHash, 0)
                .agentId(agentId)
                .weight((float) (1 - basisPoints(current) / CLOSE_BASIS_POINTS))
                .timestamp(trades.timeNs(current));
    }

    private double basisPoints(final int current) {
        final double before = trades.price(current - 1);
        return Math.abs(trades.price(current) - before) / before * 10_000;
    }
}
