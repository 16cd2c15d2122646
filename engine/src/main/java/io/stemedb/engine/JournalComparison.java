package io.stemedb.engine;

import io.stemedb.codecs.AssertionView;
import io.stemedb.codecs.EpochView;
import io.stemedb.codecs.InvalidRecordException;
import io.stemedb.codecs.Limits;
import io.stemedb.codecs.RecordHeader;
import io.stemedb.codecs.RecordType;
import io.stemedb.codecs.RecordValidator;
import io.stemedb.codecs.VoteView;
import io.stemedb.engine.hash.Blake3;
import io.stemedb.engine.journal.JournalHandler;
import io.stemedb.engine.store.KeyFamily;
import io.stemedb.engine.store.Keys;
import io.stemedb.engine.store.KvHandler;
import io.stemedb.engine.store.KvReader;
import io.stemedb.engine.store.KvStore;
import java.util.function.LongConsumer;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Replays the journal against the stores: for each record it looks up the entries that the record
 * must have left, and remembers the keys, so that entries without a record can be told from the
 * others.
 */
final class JournalComparison implements JournalHandler, AutoCloseable {
    private static final char[] HEX = "0123456789abcdef".toCharArray();

    private final KvStore rocks;
    private final KvStore lmdb;
    private final KvStore subjects;
    private final KvReader rocksReader;
    private final KvReader lmdbReader;
    private final KvReader subjectReader;
    private final Findings findings;
    private final LongConsumer progress;
    private final RecordValidator validator = new RecordValidator();
    private final Blake3 blake3 = Blake3.newInstance();
    private final AssertionView assertion = new AssertionView();
    private final VoteView vote = new VoteView();
    private final EpochView epoch = new EpochView();
    private final UnsafeBuffer hash =
            new UnsafeBuffer(java.nio.ByteBuffer.allocateDirect(Limits.HASH_LENGTH));
    private final UnsafeBuffer key = new UnsafeBuffer(new byte[Keys.MAX_LENGTH]);
    private final SeenHashes assertions = new SeenHashes(1 << 16);
    private final SeenHashes votes = new SeenHashes(1 << 16);
    private final SeenHashes epochs = new SeenHashes(1 << 10);
    private final KvHandler compareValue = this::compareValue;
    private final KvHandler anyValue = (k, ko, kl, v, vo, vl) -> false;
    private DirectBuffer expected;
    private int expectedOffset;
    private int expectedLength;
    private boolean equal;
    private long records;
    private long notYetStored;
    private long subjectEntries;
    private long oldest;

    JournalComparison(
            final KvStore rocks,
            final KvStore lmdb,
            final KvStore subjects,
            final Findings findings,
            final LongConsumer progress) {
        this.rocks = rocks;
        this.lmdb = lmdb;
        this.subjects = subjects;
        this.findings = findings;
        this.progress = progress;
        rocksReader = rocks.newReader();
        lmdbReader = lmdb.newReader();
        subjectReader = subjects.newReader();
    }

    void startsAt(final long oldestSequence) {
        oldest = oldestSequence;
    }

    /** The journal ends here, and a store says it is complete up to there. */
    void endsAt(final long last, final long cursor) {
        if (last < cursor) {
            findings.add(
                    "journal: sequences "
                            + (last + 1)
                            + "-"
                            + cursor
                            + " are missing at its end, a store has had them");
        }
    }

    long records() {
        return records;
    }

    long notYetStored() {
        return notYetStored;
    }

    @Override
    public void onRecord(
            final long sequence, final DirectBuffer buffer, final int offset, final int length) {
        if (++records % 10_000 == 0) {
            progress.accept(records);
        }
        if (sequence > Math.min(rocks.cursor(), lmdb.cursor())) {
            notYetStored++;
        }
        try {
            validator.validate(buffer, offset, length);
        } catch (final InvalidRecordException e) {
            findings.add("journal: record " + sequence + ": " + e.getMessage());
            expectQuarantined(sequence);
            return;
        }
        blake3.hash(buffer, offset + Limits.HEADER_LENGTH, length - Limits.HEADER_LENGTH, hash, 0);
        final int type = RecordHeader.type(buffer, offset);
        if (type == RecordType.ASSERTION.id()) {
            compareAssertion(sequence, buffer, offset, length);
        } else if (type == RecordType.VOTE.id()) {
            vote.wrap(buffer, offset, length);
            if (sequence <= rocks.cursor()) {
                votes.add(hash, 0);
                final int keyLength =
                        Keys.vote(key, 0, buffer, vote.assertionHashOffset(), hash, 0);
                expect(rocksReader, "vote", sequence, keyLength, buffer, offset, length);
            }
        } else {
            compareEpoch(sequence, buffer, offset, length);
        }
    }

    private void compareAssertion(
            final long sequence, final DirectBuffer buffer, final int offset, final int length) {
        if (sequence <= rocks.cursor()) {
            assertions.add(hash, 0);
            expect(
                    rocksReader,
                    "assertion",
                    sequence,
                    Keys.assertion(key, 0, hash, 0),
                    buffer,
                    offset,
                    length);
        }
        if (sequence <= subjects.cursor()) {
            subjectEntries++;
            assertion.wrap(buffer, offset, length);
            final int keyLength =
                    Keys.subject(
                            key,
                            0,
                            buffer,
                            assertion.subjectOffset(),
                            assertion.subjectLength(),
                            sequence);
            expect(
                    subjectReader,
                    "subject entry",
                    sequence,
                    keyLength,
                    hash,
                    0,
                    Limits.HASH_LENGTH);
        }
    }

    /** The first epoch with an id stands; another with other content is set aside. */
    private void compareEpoch(
            final long sequence, final DirectBuffer buffer, final int offset, final int length) {
        if (sequence > lmdb.cursor()) {
            return;
        }
        epoch.wrap(buffer, offset, length);
        final boolean first = epochs.add(buffer, epoch.epochIdOffset());
        final int keyLength = Keys.epoch(key, 0, buffer, epoch.epochIdOffset());
        if (first && oldest <= 1) {
            expect(lmdbReader, "epoch", sequence, keyLength, buffer, offset, length);
        } else if (!isStored(lmdbReader, keyLength, buffer, offset, length)) {
            expectQuarantined(sequence);
        }
    }

    private void expectQuarantined(final long sequence) {
        if (sequence <= lmdb.cursor()
                && !lmdbReader.get(key, 0, Keys.quarantine(key, 0, sequence), anyValue)) {
            findings.add("record " + sequence + ": refused, and not in quarantine");
        }
    }

    @Override
    public void onDamage(
            final long firstSequence,
            final long lastSequence,
            final String reason,
            final DirectBuffer buffer,
            final int offset,
            final int length) {
        findings.add("journal: " + reason);
        if (lastSequence >= firstSequence) {
            records += lastSequence - firstSequence + 1;
            expectQuarantined(firstSequence);
        }
    }

    private void expect(
            final KvReader reader,
            final String what,
            final long sequence,
            final int keyLength,
            final DirectBuffer value,
            final int valueOffset,
            final int valueLength) {
        if (!isStored(reader, keyLength, value, valueOffset, valueLength)) {
            findings.add(
                    what
                            + " of record "
                            + sequence
                            + (expected == null
                                    ? " differs in the store"
                                    : " is not in the store"));
        }
    }

    private boolean isStored(
            final KvReader reader,
            final int keyLength,
            final DirectBuffer value,
            final int valueOffset,
            final int valueLength) {
        expected = value;
        expectedOffset = valueOffset;
        expectedLength = valueLength;
        equal = false;
        return reader.get(key, 0, keyLength, compareValue) && equal;
    }

    /** Forgets what was expected: there is a value, equal or not. */
    private boolean compareValue(
            final DirectBuffer keyBuffer,
            final int keyOffset,
            final int keyLength,
            final DirectBuffer value,
            final int valueOffset,
            final int valueLength) {
        equal =
                valueLength == expectedLength
                        && equal(value, valueOffset, expected, expectedOffset, valueLength);
        expected = null;
        return false;
    }

    /**
     * Whether a store's entry comes from a record of the journal; where the journal was trimmed,
     * nobody can tell.
     */
    void checkOrigin(
            final KeyFamily family,
            final DirectBuffer entryKey,
            final int keyOffset,
            final int keyLength) {
        if (oldest > 1) {
            return;
        }
        final boolean foreign =
                switch (family) {
                    case ASSERTION -> assertions.add(entryKey, Keys.assertionHashOffset(keyOffset));
                    case VOTE -> votes.add(entryKey, Keys.voteHashOffset(keyOffset));
                    case EPOCH -> {
                        Keys.epochId(entryKey, keyOffset, hash, 0);
                        yield epochs.add(hash, 0);
                    }
                    default -> false;
                };
        if (foreign) {
            final String name =
                    family == KeyFamily.EPOCH
                            ? hex(hash, 0)
                            : hex(
                                    entryKey,
                                    family == KeyFamily.VOTE
                                            ? Keys.voteHashOffset(keyOffset)
                                            : Keys.assertionHashOffset(keyOffset));
            findings.add(family + " " + name + " is in the store and in no record of the journal");
        }
    }

    /**
     * Subject entries are one for each assertion, found each by its key: more of them come from no
     * record.
     */
    void compareCounts(final long[] counts) {
        final long stored = counts[KeyFamily.SUBJECT.prefix()];
        if (oldest <= 1 && stored > subjectEntries) {
            findings.add(
                    (stored - subjectEntries)
                            + " subject entries are in the store and come from no record");
        }
    }

    static boolean equal(
            final DirectBuffer a,
            final int aOffset,
            final DirectBuffer b,
            final int bOffset,
            final int length) {
        for (int i = 0; i < length; i++) {
            if (a.getByte(aOffset + i) != b.getByte(bOffset + i)) {
                return false;
            }
        }
        return true;
    }

    static String hex(final DirectBuffer buffer, final int offset) {
        final StringBuilder text = new StringBuilder(2 * Limits.HASH_LENGTH);
        for (int i = 0; i < Limits.HASH_LENGTH; i++) {
            final int value = buffer.getByte(offset + i);
            text.append(HEX[value >> 4 & 15]).append(HEX[value & 15]);
        }
        return text.toString();
    }

    @Override
    public void close() {
        rocksReader.close();
        lmdbReader.close();
        subjectReader.close();
    }
}
