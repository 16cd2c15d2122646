package io.stemedb.engine.cli;

import io.stemedb.codecs.AssertionView;
import io.stemedb.codecs.EpochView;
import io.stemedb.codecs.RecordHeader;
import io.stemedb.codecs.RecordType;
import io.stemedb.codecs.VoteView;
import io.stemedb.engine.Engine;
import io.stemedb.engine.Reader;
import io.stemedb.engine.Watermark;
import java.util.concurrent.TimeUnit;
import org.agrona.DirectBuffer;

/**
 * Answers whether a record is there already, in the directory or earlier in the input. What was
 * appended lately is remembered here, everything older is READABLE and asked of the reader. For the
 * ingesting thread.
 */
final class KnownRecords {

    private static final int WINDOW = 1 << 17;
    private static final long READABLE_TIMEOUT_NS = TimeUnit.MINUTES.toNanos(1);

    private final Engine engine;
    private final Reader reader;
    private final HashWindow window = new HashWindow(WINDOW);
    private final AssertionView assertion = new AssertionView();
    private final VoteView vote = new VoteView();
    private final EpochView epoch = new EpochView();
    private final EpochView sameId = new EpochView();
    private final VoteView knownVote = new VoteView();
    private long lastEpochSequence;

    KnownRecords(final Engine engine, final Reader reader) {
        this.engine = engine;
        this.reader = reader;
    }

    /**
     * Whether the record, which starts at 0, is known.
     *
     * @throws RecordSyntaxException if it is an epoch whose id has another content already
     */
    boolean isKnown(final DirectBuffer hash, final DirectBuffer record, final int length)
            throws RecordSyntaxException, CommandException {
        if (window.contains(hash)) {
            return true;
        }
        return switch (RecordType.of(RecordHeader.type(record, 0))) {
            case ASSERTION -> reader.assertion(hash, 0, assertion);
            case VOTE -> {
                vote.wrap(record, 0, length);
                yield reader.vote(record, vote.assertionHashOffset(), hash, 0, knownVote);
            }
            case EPOCH -> isKnownEpoch(epoch.wrap(record, 0, length));
        };
    }

    void appended(final DirectBuffer hash, final DirectBuffer record, final long sequence)
            throws CommandException {
        if (window.isFull()) {
            awaitReadable(window.olderLastSequence());
        }
        window.add(hash, sequence);
        if (RecordHeader.type(record, 0) == RecordType.EPOCH.id()) {
            lastEpochSequence = sequence;
        }
    }

    /** Epochs are few: each waits until the one before it can be read. */
    private boolean isKnownEpoch(final EpochView view)
            throws RecordSyntaxException, CommandException {
        awaitReadable(lastEpochSequence);
        if (!reader.epoch(view.buffer(), view.epochIdOffset(), sameId)) {
            return false;
        }
        if (sameId.bodyLength() != view.bodyLength()
                || !equal(
                        sameId.buffer(),
                        sameId.bodyOffset(),
                        view.buffer(),
                        view.bodyOffset(),
                        view.bodyLength())) {
            throw new RecordSyntaxException(
                    JsonField.ID.text(), "is the id of another epoch already: " + sameId.name());
        }
        return true;
    }

    private void awaitReadable(final long sequence) throws CommandException {
        if (sequence > 0 && !engine.await(Watermark.READABLE, sequence, READABLE_TIMEOUT_NS)) {
            throw new CommandException(
                    ExitCode.FAILED,
                    "sequence "
                            + sequence
                            + " did not become readable within "
                            + TimeUnit.NANOSECONDS.toSeconds(READABLE_TIMEOUT_NS)
                            + " s, the watermark is at "
                            + engine.watermark(Watermark.READABLE));
        }
    }

    private static boolean equal(
            final DirectBuffer left,
            final int leftOffset,
            final DirectBuffer right,
            final int rightOffset,
            final int length) {
        for (int i = 0; i < length; i++) {
            if (left.getByte(leftOffset + i) != right.getByte(rightOffset + i)) {
                return false;
            }
        }
        return true;
    }
}
