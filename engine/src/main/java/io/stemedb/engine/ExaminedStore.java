package io.stemedb.engine;

import io.stemedb.codecs.InvalidRecordException;
import io.stemedb.codecs.Limits;
import io.stemedb.codecs.RecordHeader;
import io.stemedb.codecs.RecordType;
import io.stemedb.codecs.RecordValidator;
import io.stemedb.engine.Findings.Part;
import io.stemedb.engine.hash.Blake3;
import io.stemedb.engine.ingest.QuarantineEntry;
import io.stemedb.engine.store.KeyFamily;
import io.stemedb.engine.store.Keys;
import io.stemedb.engine.store.KvHandler;
import io.stemedb.engine.store.KvReader;
import io.stemedb.engine.store.KvStore;
import io.stemedb.engine.store.MemoryKvStore;
import io.stemedb.engine.store.StoreException;
import io.stemedb.engine.store.StoreIdentityException;
import java.util.function.Supplier;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * One store under verification: whether it opens, whether its files are sound, and whether each of
 * its entries is right by itself. One thread.
 */
final class ExaminedStore implements AutoCloseable {
    /** Told of each entry, also of one that is damaged. */
    interface EntryHandler {
        void onEntry(
                KeyFamily family,
                DirectBuffer key,
                int keyOffset,
                int keyLength,
                DirectBuffer value,
                int valueOffset,
                int valueLength);
    }

    private final Part part;
    private final Findings findings;
    private final KvStore store;
    private final boolean foreign;
    private final RecordValidator validator = new RecordValidator();
    private final Blake3 blake3 = Blake3.newInstance();
    private final UnsafeBuffer hash =
            new UnsafeBuffer(java.nio.ByteBuffer.allocateDirect(Limits.HASH_LENGTH));
    private boolean complete;
    private long unmarked;

    private ExaminedStore(
            final Part part, final Findings findings, final KvStore store, final boolean foreign) {
        this.part = part;
        this.findings = findings;
        this.store = store;
        this.foreign = foreign;
        complete = store != null && !isMissing();
    }

    /** Opens a store; what hinders it is a finding. */
    static ExaminedStore open(
            final Part part, final Findings findings, final Supplier<KvStore> opening) {
        try {
            return new ExaminedStore(part, findings, opening.get(), false);
        } catch (final StoreException e) {
            findings.add(part, e.getMessage());
            return new ExaminedStore(part, findings, null, e instanceof StoreIdentityException);
        }
    }

    Part part() {
        return part;
    }

    KvStore store() {
        return store;
    }

    boolean isMissing() {
        return store instanceof MemoryKvStore;
    }

    /** Belongs to another engine. */
    boolean isForeign() {
        return foreign;
    }

    /** Whether all its entries could be read. */
    boolean isComplete() {
        return complete;
    }

    /** 0 if it did not open. */
    long cursor() {
        return store == null ? 0 : store.cursor();
    }

    /** How many of its entries come from no record that the journal has. */
    long unmarked() {
        return unmarked;
    }

    void unmarked(final long count) {
        unmarked = count;
    }

    void add(final String finding) {
        findings.add(part, finding);
    }

    void checkFiles() {
        if (complete) {
            try {
                store.verify();
            } catch (final StoreException e) {
                add(e.getMessage());
                for (final Throwable other : e.getSuppressed()) {
                    add(other.getMessage());
                }
            }
        }
    }

    /** Reads all entries, each checked by itself. */
    void scan(final EntryHandler handler) {
        if (!complete) {
            return;
        }
        try (KvReader reader = store.newReader()) {
            for (final KeyFamily family : KeyFamily.values()) {
                scan(
                        reader,
                        family,
                        (key, keyOffset, keyLength, value, valueOffset, valueLength) -> {
                            final String wrong =
                                    wrong(
                                            family,
                                            key,
                                            keyOffset,
                                            keyLength,
                                            value,
                                            valueOffset,
                                            valueLength);
                            if (wrong != null) {
                                add(wrong);
                            }
                            if (wrong == null || hasKey(family, keyLength)) {
                                handler.onEntry(
                                        family,
                                        key,
                                        keyOffset,
                                        keyLength,
                                        value,
                                        valueOffset,
                                        valueLength);
                            }
                            return true;
                        });
            }
        } catch (final StoreException e) {
            complete = false;
            add(e.getMessage());
        }
    }

    static void scan(final KvReader reader, final KeyFamily family, final KvHandler handler) {
        final UnsafeBuffer prefix = new UnsafeBuffer(new byte[Keys.PREFIX_LENGTH]);
        reader.scanForward(prefix, 0, Keys.family(prefix, 0, family), null, 0, 0, handler);
    }

    private static boolean hasKey(final KeyFamily family, final int keyLength) {
        return switch (family) {
            case ASSERTION -> keyLength == Keys.ASSERTION_LENGTH;
            case VOTE -> keyLength == Keys.VOTE_LENGTH;
            case EPOCH -> keyLength == Keys.EPOCH_LENGTH;
            default -> false;
        };
    }

    /** What is wrong with an entry by itself; null if nothing is. */
    private String wrong(
            final KeyFamily family,
            final DirectBuffer key,
            final int keyOffset,
            final int keyLength,
            final DirectBuffer value,
            final int valueOffset,
            final int valueLength) {
        return switch (family) {
            case ASSERTION, VOTE, EPOCH ->
                    hasKey(family, keyLength)
                            ? wrongRecord(family, key, keyOffset, value, valueOffset, valueLength)
                            : family + ": key of " + keyLength + " bytes";
            case SUBJECT -> {
                if (keyLength <= Keys.SUBJECT_OVERHEAD || valueLength != Keys.HASH_LENGTH) {
                    yield "SUBJECT: key of " + keyLength + " bytes with a value of " + valueLength;
                }
                yield wrongSequence(family, Keys.sequence(key, keyOffset, keyLength));
            }
            case QUARANTINE ->
                    wrongQuarantine(key, keyOffset, keyLength, value, valueOffset, valueLength);
        };
    }

    private String wrongSequence(final KeyFamily family, final long sequence) {
        return sequence > 0 && sequence <= store.cursor()
                ? null
                : family
                        + " entry of sequence "
                        + sequence
                        + ": the store is complete up to "
                        + store.cursor();
    }

    private String wrongQuarantine(
            final DirectBuffer key,
            final int keyOffset,
            final int keyLength,
            final DirectBuffer value,
            final int valueOffset,
            final int valueLength) {
        if (keyLength != Keys.QUARANTINE_LENGTH) {
            return "QUARANTINE: key of " + keyLength + " bytes";
        }
        try {
            QuarantineEntry.bytesOffset(value, valueOffset, valueLength);
        } catch (final IllegalArgumentException e) {
            return "QUARANTINE entry: " + e.getMessage();
        }
        return wrongSequence(KeyFamily.QUARANTINE, Keys.sequence(key, keyOffset, keyLength));
    }

    private String wrongRecord(
            final KeyFamily family,
            final DirectBuffer key,
            final int keyOffset,
            final DirectBuffer value,
            final int valueOffset,
            final int valueLength) {
        String wrong = null;
        try {
            validator.validate(value, valueOffset, valueLength);
            final int type = RecordHeader.type(value, valueOffset);
            if (type != typeOf(family).id()) {
                wrong = "holds a record of type " + type;
            } else if (!keyFits(family, key, keyOffset, value, valueOffset, valueLength)) {
                wrong =
                        family == KeyFamily.EPOCH
                                ? "the stored epoch has another id"
                                : "the stored bytes have another hash";
            }
        } catch (final InvalidRecordException e) {
            wrong = e.getMessage();
        }
        return wrong == null ? null : name(family, key, keyOffset) + ": " + wrong;
    }

    private static RecordType typeOf(final KeyFamily family) {
        return switch (family) {
            case ASSERTION -> RecordType.ASSERTION;
            case VOTE -> RecordType.VOTE;
            default -> RecordType.EPOCH;
        };
    }

    /** Assertions and votes carry the hash of their value in their key, epochs their id. */
    private boolean keyFits(
            final KeyFamily family,
            final DirectBuffer key,
            final int keyOffset,
            final DirectBuffer value,
            final int valueOffset,
            final int valueLength) {
        if (family == KeyFamily.EPOCH) {
            Keys.epochId(key, keyOffset, hash, 0);
            return StoredRecords.equal(
                    hash, 0, value, StoredRecords.epochIdOffset(value, valueOffset, valueLength));
        }
        blake3.hash(
                value,
                valueOffset + Limits.HEADER_LENGTH,
                valueLength - Limits.HEADER_LENGTH,
                hash,
                0);
        if (family == KeyFamily.ASSERTION) {
            return StoredRecords.equal(hash, 0, key, Keys.assertionHashOffset(keyOffset));
        }
        return StoredRecords.equal(hash, 0, key, Keys.voteHashOffset(keyOffset))
                && StoredRecords.equal(
                        key,
                        Keys.assertionHashOffset(keyOffset),
                        value,
                        StoredRecords.assertionHashOffset(value, valueOffset, valueLength));
    }

    /** An entry's key in words. */
    static String name(final KeyFamily family, final DirectBuffer key, final int keyOffset) {
        if (family == KeyFamily.EPOCH) {
            return family
                    + " "
                    + key.getStringWithoutLengthAscii(
                            keyOffset + Keys.PREFIX_LENGTH, 2 * Keys.HASH_LENGTH);
        }
        final int hashOffset =
                family == KeyFamily.VOTE
                        ? Keys.voteHashOffset(keyOffset)
                        : Keys.assertionHashOffset(keyOffset);
        return family + " " + StoredRecords.hex(key, hashOffset);
    }

    @Override
    public void close() {
        if (store != null) {
            store.close();
        }
    }
}
