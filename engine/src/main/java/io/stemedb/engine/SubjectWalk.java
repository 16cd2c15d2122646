package io.stemedb.engine;

import io.stemedb.codecs.AssertionView;
import io.stemedb.codecs.Limits;
import io.stemedb.engine.memtable.MemtableReader;
import io.stemedb.engine.store.KeyFamily;
import io.stemedb.engine.store.Keys;
import io.stemedb.engine.store.KvHandler;
import io.stemedb.engine.store.KvReader;
import java.util.Arrays;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Walks the claims on one subject through memtables and stores. Inside {@link Reader}, with the
 * memtables pinned: every sequence from {@link MemtableReader#firstSequence()} on is theirs, all
 * below are the stores'.
 */
final class SubjectWalk {
    private static final int HASH = Limits.HASH_LENGTH;

    private final MemtableReader memtable;
    private final KvReader index;
    private final KvReader records;
    private final SeenHashes seen;
    private final UnsafeBuffer prefix = new UnsafeBuffer(new byte[Keys.MAX_LENGTH]);
    private final UnsafeBuffer below = new UnsafeBuffer(new byte[Keys.MAX_LENGTH]);
    private final UnsafeBuffer key = new UnsafeBuffer(new byte[Keys.MAX_LENGTH]);
    private final UnsafeBuffer hash = new UnsafeBuffer(new byte[HASH]);
    private final UnsafeBuffer entryHash = new UnsafeBuffer(0, 0);
    private final KvHandler deliverStored = this::deliverStored;
    private final KvHandler collectStored = this::collectStored;
    private final KvHandler deliverRecord = this::deliverRecord;

    private ClaimHandler handler;
    private int limit;
    private int count;
    private long sequence;
    private int subjectLength;
    private final AssertionView assertion = new AssertionView();

    // Places of the store's part, newest first, for the walk from the oldest.
    private long[] sequences = new long[1024];
    private ExpandableArrayBuffer hashes = new ExpandableArrayBuffer(1024 * HASH);
    private int collected;

    SubjectWalk(
            final MemtableReader memtable,
            final KvReader index,
            final KvReader records,
            final SeenHashes seen) {
        this.memtable = memtable;
        this.index = index;
        this.records = records;
        this.seen = seen;
    }

    int newestFirst(
            final DirectBuffer subject,
            final int offset,
            final int length,
            final int atMost,
            final ClaimHandler toHandler) {
        begin(atMost, toHandler);
        for (boolean more = memtable.seekNewest(subject, offset, length);
                more && count < limit;
                more = memtable.older()) {
            if (seen.add(memtable.buffer(), memtable.hashOffset())) {
                deliverEntry();
            }
        }
        if (count < limit) {
            scanStored(subject, offset, length, deliverStored);
        }
        return end();
    }

    int oldestFirst(
            final DirectBuffer subject,
            final int offset,
            final int length,
            final int atMost,
            final ClaimHandler toHandler) {
        begin(atMost, toHandler);
        collected = 0;
        final boolean inMemory = memtable.seekOldest(subject, offset, length);
        scanStored(subject, offset, length, collectStored);
        for (int i = collected - 1; i >= 0 && count < limit; i--) {
            sequence = sequences[i];
            hash.putBytes(0, hashes, i * HASH, HASH);
            deliverHash();
        }
        if (inMemory) {
            // the lookups above were in the stores: the walk in memory stands where it was sought
            boolean more = true;
            while (more && count < limit) {
                if (!memtable.isRepeatedLater()) {
                    deliverEntry();
                }
                more = memtable.newer();
            }
        }
        return end();
    }

    private void begin(final int atMost, final ClaimHandler toHandler) {
        if (atMost < 0) {
            throw new IllegalArgumentException("limit: must be 0 or more, is " + atMost);
        }
        seen.clear();
        limit = atMost;
        handler = toHandler;
        count = 0;
    }

    private int end() {
        handler = null;
        return count;
    }

    private void scanStored(
            final DirectBuffer subject, final int offset, final int length, final KvHandler each) {
        final int prefixLength = Keys.subjectPrefix(prefix, 0, subject, offset, length);
        subjectLength = length;
        final int belowLength =
                Keys.subject(below, 0, subject, offset, length, memtable.firstSequence());
        index.scanBackward(prefix, 0, prefixLength, below, 0, belowLength, each);
    }

    private void deliverEntry() {
        count++;
        entryHash.wrap(memtable.buffer(), memtable.hashOffset(), HASH);
        handler.onClaim(
                memtable.sequence(),
                entryHash,
                memtable.buffer(),
                memtable.recordOffset(),
                memtable.recordLength());
    }

    private boolean deliverStored(
            final DirectBuffer keyBuffer,
            final int keyOffset,
            final int keyLength,
            final DirectBuffer value,
            final int valueOffset,
            final int valueLength) {
        if (seen.add(value, valueOffset)) {
            sequence = Keys.sequence(keyBuffer, keyOffset, keyLength);
            hash.putBytes(0, value, valueOffset, HASH);
            deliverHash();
        }
        return count < limit;
    }

    private boolean collectStored(
            final DirectBuffer keyBuffer,
            final int keyOffset,
            final int keyLength,
            final DirectBuffer value,
            final int valueOffset,
            final int valueLength) {
        if (seen.add(value, valueOffset) && !memtable.walkHolds(value, valueOffset)) {
            if (collected == sequences.length) {
                sequences = Arrays.copyOf(sequences, 2 * collected);
            }
            sequences[collected] = Keys.sequence(keyBuffer, keyOffset, keyLength);
            hashes.putBytes(collected * HASH, value, valueOffset, HASH);
            collected++;
        }
        return true;
    }

    private void deliverHash() {
        if (!records.get(key, 0, Keys.assertion(key, 0, hash, 0), deliverRecord)) {
            throw new EngineException(
                    "subject index names, at sequence "
                            + sequence
                            + ", a record that is in no store",
                    null);
        }
    }

    private boolean deliverRecord(
            final DirectBuffer keyBuffer,
            final int keyOffset,
            final int keyLength,
            final DirectBuffer value,
            final int valueOffset,
            final int valueLength) {
        Stored.check(keyBuffer, keyOffset, value, valueOffset, valueLength);
        assertion.wrap(value, valueOffset, valueLength);
        if (assertion.subjectLength() != subjectLength) {
            throw new EngineException(
                    "subject index names, at sequence " + sequence + ", a claim on another", null);
        }
        Stored.checkSame(
                KeyFamily.SUBJECT,
                value,
                assertion.subjectOffset(),
                prefix,
                Keys.PREFIX_LENGTH,
                subjectLength);
        count++;
        handler.onClaim(sequence, hash, value, valueOffset, valueLength);
        return false;
    }
}
