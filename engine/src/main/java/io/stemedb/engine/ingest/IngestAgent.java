package io.stemedb.engine.ingest;

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
import io.stemedb.engine.journal.JournalReader;
import io.stemedb.engine.memtable.EntryView;
import io.stemedb.engine.memtable.Memtable;
import io.stemedb.engine.status.Counter;
import io.stemedb.engine.status.Counters;
import io.stemedb.engine.store.Keys;
import io.stemedb.engine.store.KvHandler;
import io.stemedb.engine.store.KvReader;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;
import org.agrona.BufferUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Tails the journal: checks each record again, hashes a batch at once, puts it into the memtable,
 * then moves READABLE.
 *
 * <p>What ingest writes follows from the journal's order alone: no clock, no randomness decides it.
 * When every memtable is full it holds at most one batch, whose bytes stay mapped, and stops
 * tailing until a generation comes free.
 */
final class IngestAgent implements Agent, JournalHandler {
    private static final int BATCH = 32;

    /**
     * Damage and the record behind it come in one call, so a poll may bring one more than asked.
     */
    private static final int GATHERED_MAX = BATCH + 1;

    private static final int REASON_MAX = 1024;

    private final JournalReader reader;
    private final Memtable memtable;
    private final KvReader storeReader;
    private final Watermarks watermarks;
    private final Counters counters;
    private final NanoClock clock;
    private final long flushIntervalNs;
    private final DamageListener damageListener;

    private final Blake3 blake3 = Blake3.newInstance();
    private final RecordValidator validator = new RecordValidator();
    private final AssertionView assertion = new AssertionView();
    private final VoteView vote = new VoteView();
    private final EpochView epoch = new EpochView();
    private final EntryView knownEpoch = new EntryView();
    private final UnsafeBuffer key = new UnsafeBuffer(new byte[Keys.MAX_LENGTH]);
    private final KvHandler compareEpoch = this::compareEpoch;
    private boolean sameEpoch;
    private boolean knownEpochIsSound;

    // The batch: journal memory, good until onPolled returns true.
    private final UnsafeBuffer[] buffers = new UnsafeBuffer[GATHERED_MAX];
    private final long[] sequences = new long[GATHERED_MAX];
    private final long[] lastSequences = new long[GATHERED_MAX];
    private final String[] refusals = new String[GATHERED_MAX];
    private final UnsafeBuffer hashes;
    private final UnsafeBuffer descriptors;
    private final UnsafeBuffer reason = new UnsafeBuffer(new byte[REASON_MAX]);
    private int gathered;
    private int hashed;
    private int put;

    private long oldestNs;

    /** No generation has room: until a flush is done there is nothing to be quick about. */
    private boolean stalled;

    private final AtomicLong flushRequest = new AtomicLong();

    IngestAgent(final IngestParts parts, final JournalReader reader, final KvReader storeReader) {
        this.reader = reader;
        this.storeReader = storeReader;
        memtable = parts.memtable();
        watermarks = parts.watermarks();
        counters = parts.counters();
        clock = parts.config().nanoClock();
        flushIntervalNs = parts.config().flushIntervalNs();
        damageListener = parts.damageListener();
        hashes = direct(GATHERED_MAX * Blake3.HASH_LENGTH);
        descriptors = direct(GATHERED_MAX * Blake3.DESCRIPTOR_LENGTH);
        for (int i = 0; i < GATHERED_MAX; i++) {
            buffers[i] = new UnsafeBuffer(0, 0);
        }
    }

    private static UnsafeBuffer direct(final int length) {
        return new UnsafeBuffer(BufferUtil.allocateDirectAligned(length, 64));
    }

    @Override
    public int doWork() {
        return reader.poll(this, Math.max(0, BATCH - gathered)) + rotateIfDue();
    }

    /** Its own thread: whether it holds records that no generation has room for. */
    boolean isStalled() {
        return stalled;
    }

    /** Any thread: seal the generation that holds a sequence as soon as it is in. */
    void requestFlush(final long sequence) {
        flushRequest.accumulateAndGet(sequence, Math::max);
    }

    @Override
    public void onRecord(
            final long sequence, final DirectBuffer buffer, final int offset, final int length) {
        gather(sequence, sequence, buffer, offset, length, null);
    }

    @Override
    public void onDamage(
            final long firstSequence,
            final long lastSequence,
            final String found,
            final DirectBuffer buffer,
            final int offset,
            final int length) {
        if (lastSequence >= firstSequence) {
            counters.add(Counter.MISSING, lastSequence - firstSequence + 1);
            gather(firstSequence, lastSequence, buffer, offset, length, found);
        }
        damageListener.onDamage(firstSequence, lastSequence, found);
    }

    private void gather(
            final long sequence,
            final long lastSequence,
            final DirectBuffer buffer,
            final int offset,
            final int length,
            final String refusal) {
        buffers[gathered].wrap(buffer, offset, length);
        sequences[gathered] = sequence;
        lastSequences[gathered] = lastSequence;
        refusals[gathered] = refusal;
        gathered++;
    }

    /** Takes what was gathered. False while a record waits for room: its bytes must stay. */
    @Override
    public boolean onPolled() {
        if (gathered == 0) {
            return true;
        }
        if (hashed < gathered) {
            validateAndHash();
        }
        while (put < gathered && putNext()) {
            put++;
        }
        if (put > 0) {
            watermarks.readable(lastSequences[put - 1]);
        }
        if (put < gathered) {
            if (!stalled) {
                stalled = true;
                counters.add(Counter.INGEST_STALLS, 1);
            }
            return false;
        }
        stalled = false;
        gathered = 0;
        hashed = 0;
        put = 0;
        return true;
    }

    private void validateAndHash() {
        int count = 0;
        for (int i = hashed; i < gathered; i++) {
            if (refusals[i] == null) {
                final UnsafeBuffer record = buffers[i];
                try {
                    validator.validate(record, 0, record.capacity());
                    final int descriptor = count++ * Blake3.DESCRIPTOR_LENGTH;
                    descriptors.putLong(descriptor, record.addressOffset() + Limits.HEADER_LENGTH);
                    descriptors.putLong(descriptor + 8, record.capacity() - Limits.HEADER_LENGTH);
                    descriptors.putLong(
                            descriptor + 16,
                            hashes.addressOffset() + (long) i * Blake3.HASH_LENGTH);
                } catch (final InvalidRecordException e) {
                    refusals[i] = e.getMessage();
                    damageListener.onDamage(
                            sequences[i],
                            sequences[i],
                            "record " + sequences[i] + ": " + e.getMessage());
                }
            }
        }
        blake3.hashBatch(descriptors.addressOffset(), count);
        hashed = gathered;
    }

    private boolean putNext() {
        if (tryPut()) {
            return true;
        }
        if (put > 0) {
            watermarks.readable(lastSequences[put - 1]); // before a flush of it can be STORED
        }
        return rotate() && tryPut();
    }

    private boolean tryPut() {
        final long sequence = sequences[put];
        final UnsafeBuffer record = buffers[put];
        final boolean first = memtable.activeFirstSequence() == 0;
        final boolean done =
                refusals[put] != null
                        ? quarantine(sequence, record, refusals[put])
                        : putRecord(sequence, record);
        if (done) {
            if (first) {
                oldestNs = clock.nanoTime();
            }
            memtable.advance(lastSequences[put]);
        }
        return done;
    }

    private boolean putRecord(final long sequence, final UnsafeBuffer record) {
        final int length = record.capacity();
        final int hashOffset = put * Blake3.HASH_LENGTH;
        final int type = RecordHeader.type(record, 0);
        if (type == RecordType.ASSERTION.id()) {
            assertion.wrap(record, 0, length);
            return memtable.putAssertion(
                    sequence,
                    hashes,
                    hashOffset,
                    record,
                    0,
                    length,
                    assertion.subjectOffset(),
                    assertion.subjectLength());
        }
        if (type == RecordType.VOTE.id()) {
            vote.wrap(record, 0, length);
            return memtable.putVote(
                    sequence, hashes, hashOffset, record, 0, length, vote.assertionHashOffset());
        }
        return putEpoch(sequence, record, length);
    }

    /**
     * The first epoch with an id stands; the same again changes nothing; another under its id is
     * set aside.
     */
    private boolean putEpoch(final long sequence, final UnsafeBuffer record, final int length) {
        epoch.wrap(record, 0, length);
        boolean known = memtable.findEpoch(record, epoch.epochIdOffset(), knownEpoch);
        knownEpochIsSound = true;
        if (known) {
            sameEpoch =
                    knownEpoch.recordLength() == length
                            && equal(
                                    knownEpoch.buffer(), knownEpoch.recordOffset(), record, length);
        } else {
            final int keyLength = Keys.epoch(key, 0, record, epoch.epochIdOffset());
            known = storeReader.get(key, 0, keyLength, compareEpoch);
        }
        if (!known) {
            return memtable.putEpoch(sequence, record, 0, length, epoch.epochIdOffset());
        }
        return sameEpoch
                || quarantine(
                        sequence,
                        record,
                        knownEpochIsSound
                                ? "epochId: known with other content"
                                : "epochId: known, and what is stored under it is damaged");
    }

    private boolean compareEpoch(
            final DirectBuffer keyBuffer,
            final int keyOffset,
            final int keyLength,
            final DirectBuffer value,
            final int valueOffset,
            final int valueLength) {
        sameEpoch =
                valueLength == epoch.length()
                        && equal(value, valueOffset, epoch.buffer(), valueLength);
        knownEpochIsSound =
                sameEpoch
                        || valueLength >= Limits.HEADER_LENGTH
                                && RecordHeader.crc(value, valueOffset)
                                        == RecordHeader.computeCrc(value, valueOffset, valueLength);
        return false;
    }

    private static boolean equal(
            final DirectBuffer a, final int aOffset, final DirectBuffer b, final int length) {
        for (int i = 0; i < length; i++) {
            if (a.getByte(aOffset + i) != b.getByte(i)) {
                return false;
            }
        }
        return true;
    }

    private boolean quarantine(final long sequence, final UnsafeBuffer bytes, final String why) {
        final byte[] text = why.getBytes(StandardCharsets.UTF_8);
        final int length = Math.min(text.length, REASON_MAX);
        reason.putBytes(0, text, 0, length);
        final boolean done =
                memtable.putQuarantine(sequence, reason, 0, length, bytes, 0, bytes.capacity());
        if (done) {
            counters.add(Counter.QUARANTINED, 1);
        }
        return done;
    }

    private int rotateIfDue() {
        final long first = memtable.activeFirstSequence();
        if (first == 0) {
            return 0;
        }
        final long ageNs = clock.nanoTime() - oldestNs; // below 0: the clock was set back
        final boolean due = flushRequest.get() >= first || ageNs >= flushIntervalNs || ageNs < 0;
        return due && rotate() ? 1 : 0;
    }

    private boolean rotate() {
        return memtable.rotate();
    }

    @Override
    public String roleName() {
        return "ingest";
    }

    /** On the agent's thread, or once that has ended. */
    void close() {
        reader.close();
        storeReader.close();
    }
}
