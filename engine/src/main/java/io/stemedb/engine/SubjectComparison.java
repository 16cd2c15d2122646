package io.stemedb.engine;

import io.stemedb.codecs.AssertionView;
import io.stemedb.codecs.InvalidRecordException;
import io.stemedb.codecs.Limits;
import io.stemedb.codecs.RecordHeader;
import io.stemedb.codecs.RecordType;
import io.stemedb.codecs.RecordValidator;
import io.stemedb.engine.hash.Blake3;
import io.stemedb.engine.journal.JournalHandler;
import io.stemedb.engine.journal.JournalTail;
import io.stemedb.engine.store.KeyFamily;
import io.stemedb.engine.store.Keys;
import io.stemedb.engine.store.KvReader;
import java.nio.file.Path;
import java.util.List;
import java.util.function.LongConsumer;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Names the subject entries in which journal and store differ, once it is known that they do. */
final class SubjectComparison implements JournalHandler, AutoCloseable {
    private final ExaminedStore store;
    private final long oldest;
    private final List<JournalDamage> damages;
    private final LongConsumer progress;
    private final KvReader reader;
    private final RecordValidator validator = new RecordValidator();
    private final Blake3 blake3 = Blake3.newInstance();
    private final AssertionView assertion = new AssertionView();
    private final UnsafeBuffer hash =
            new UnsafeBuffer(java.nio.ByteBuffer.allocateDirect(Limits.HASH_LENGTH));
    private final UnsafeBuffer key = new UnsafeBuffer(new byte[Keys.MAX_LENGTH]);
    private final FingerprintTable expected = new FingerprintTable();
    private boolean equal;
    private long records;

    SubjectComparison(
            final ExaminedStore store,
            final long oldest,
            final List<JournalDamage> damages,
            final LongConsumer progress) {
        this.store = store;
        this.oldest = oldest;
        this.damages = damages;
        this.progress = progress;
        reader = store.store().newReader();
    }

    void compare(final Path journal) {
        try (JournalTail tail =
                JournalTail.openLocked(journal, oldest - 1)) { // the same as its caller's
            while (tail.poll(this, Integer.MAX_VALUE) > 0) {
                Thread.onSpinWait();
            }
        }
        ExaminedStore.scan(
                reader,
                KeyFamily.SUBJECT,
                (k, keyOffset, keyLength, value, valueOffset, valueLength) -> {
                    final long sequence = Keys.sequence(k, keyOffset, keyLength);
                    final long fingerprint =
                            Fingerprints.subject(
                                    k,
                                    Keys.subjectOffset(keyOffset),
                                    Keys.subjectLength(keyLength),
                                    sequence,
                                    value,
                                    valueOffset);
                    if (sequence >= oldest
                            && !expected.contains(fingerprint)
                            && !isLost(sequence)) {
                        store.add(
                                "SUBJECT entry of record "
                                        + sequence
                                        + " to "
                                        + StoredRecords.hex(value, valueOffset)
                                        + " comes from no record");
                    }
                    return true;
                });
    }

    private boolean isLost(final long sequence) {
        for (final JournalDamage damage : damages) {
            if (sequence >= damage.firstSequence() && sequence <= damage.lastSequence()) {
                return true;
            }
        }
        return false;
    }

    @Override
    public void onRecord(
            final long sequence, final DirectBuffer buffer, final int offset, final int length) {
        if (++records % 10_000 == 0) {
            progress.accept(records);
        }
        if (sequence > store.cursor()
                || RecordHeader.type(buffer, offset) != RecordType.ASSERTION.id()) {
            return;
        }
        try {
            validator.validate(buffer, offset, length);
        } catch (final InvalidRecordException e) {
            return; // told by the comparison
        }
        blake3.hash(buffer, offset + Limits.HEADER_LENGTH, length - Limits.HEADER_LENGTH, hash, 0);
        assertion.wrap(buffer, offset, length);
        final int subject = assertion.subjectOffset();
        expected.add(
                Fingerprints.subject(
                        buffer, subject, assertion.subjectLength(), sequence, hash, 0));
        equal = false;
        final int keyLength =
                Keys.subject(key, 0, buffer, subject, assertion.subjectLength(), sequence);
        final boolean found =
                reader.get(
                        key,
                        0,
                        keyLength,
                        (k, ko, kl, value, valueOffset, valueLength) -> {
                            equal = StoredRecords.equal(value, valueOffset, hash, 0);
                            return false;
                        });
        if (!equal && !isLost(sequence)) {
            store.add(
                    "subject entry of record "
                            + sequence
                            + (found ? " differs in the store" : " is not in the store"));
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
        // told by the comparison
    }

    @Override
    public void close() {
        reader.close();
        expected.close();
    }
}
