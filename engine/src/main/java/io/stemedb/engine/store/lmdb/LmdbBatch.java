package io.stemedb.engine.store.lmdb;

import static java.nio.ByteOrder.BIG_ENDIAN;

import io.stemedb.engine.store.KeyBuffer;
import io.stemedb.engine.store.KeyOrder;
import io.stemedb.engine.store.Keys;
import io.stemedb.engine.store.KvBatch;
import io.stemedb.engine.store.StoreException;
import io.stemedb.engine.store.StoreRetryException;
import io.stemedb.engine.store.ValueBuffer;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.lmdbjava.Cursor;
import org.lmdbjava.Env;
import org.lmdbjava.LmdbException;
import org.lmdbjava.PutFlags;
import org.lmdbjava.SeekOp;
import org.lmdbjava.Txn;

/**
 * One write transaction.
 *
 * <p>Entries of the subject index arrive with ever greater sequences, so one above the greatest of
 * all batches before is appended to its subject's duplicates, many in one call. Any other (a batch
 * done again) is looked up first, as the same key may be there with another value.
 */
final class LmdbBatch implements KvBatch {
    private static final PutFlags[] APPEND = {PutFlags.MDB_APPENDDUP, PutFlags.MDB_NODUPDATA};
    private static final PutFlags[] APPEND_RUN = {PutFlags.MDB_APPENDDUP, PutFlags.MDB_MULTIPLE};
    private static final PutFlags[] PLAIN = {};
    private static final PutFlags[] DELETE_ONE = {};

    /** What one batch after another uses. */
    static final class Buffers {
        private static final int RUN_ENTRIES = 1024;
        private static final int INITIAL_VALUE_LENGTH = 4096;

        private final KeyBuffer key = new KeyBuffer();
        private final ValueBuffer heapValue = new ValueBuffer(INITIAL_VALUE_LENGTH);
        private final KeyBuffer runSubject = new KeyBuffer();
        private final UnsafeBuffer run =
                new ValueBuffer(RUN_ENTRIES * SubjectKey.VALUE_LENGTH).buffer();
        private final UnsafeBuffer sought = new ValueBuffer(SubjectKey.VALUE_LENGTH).buffer();
        // Windows onto the above, and onto values outside the heap.
        private final UnsafeBuffer keyView = new UnsafeBuffer(0, 0);
        private final UnsafeBuffer valueView = new UnsafeBuffer(0, 0);
    }

    private final LmdbKvStore store;
    private final LmdbEnvironment environment;
    private final Buffers buffers;
    private final Thread thread = Thread.currentThread();
    private final long newestBefore;
    private final Txn<DirectBuffer> txn;
    private final Cursor<DirectBuffer> mainCursor;
    private final Cursor<DirectBuffer> subjectCursor;
    private long newest;
    private long sum;
    private int runEntries;
    private boolean finished;

    LmdbBatch(final LmdbKvStore store, final long newestSequence) {
        this.store = store;
        this.environment = store.environment;
        this.buffers = store.batchBuffers;
        this.newestBefore = newestSequence;
        this.newest = newestSequence;
        buffers.key.clear();
        this.txn = environment.env.txnWrite();
        Cursor<DirectBuffer> main = null;
        Cursor<DirectBuffer> subjects = null;
        try {
            // As it is on disk: a commit that reported an error may have taken effect.
            sum = environment.meta(txn, LmdbEnvironment.SUM_KEY);
            main = environment.main.openCursor(txn);
            subjects = environment.subjects.openCursor(txn);
        } finally {
            if (subjects == null) {
                txn.close(); // takes its cursors with it
            }
        }
        this.mainCursor = main;
        this.subjectCursor = subjects;
    }

    @Override
    public void put(
            final DirectBuffer key,
            final int keyOffset,
            final int keyLength,
            final DirectBuffer value,
            final int valueOffset,
            final int valueLength) {
        checkOpen();
        final boolean subject = keyLength > 0 && SubjectKey.isSubject(key, keyOffset);
        if (subject) {
            checkSubject(key, keyOffset, keyLength, valueLength);
        }
        buffers.key.setNext(key, keyOffset, keyLength);
        try {
            if (subject) {
                putSubject(keyLength, value, valueOffset);
            } else {
                buffers.keyView.wrap(buffers.key.buffer(), 0, keyLength);
                wrapValue(value, valueOffset, valueLength);
                putMain(keyLength);
            }
        } catch (final LmdbException e) {
            throw failed("put", e);
        }
    }

    @Override
    public void commit(final long cursor) {
        checkOpen();
        final long newCursor = store.nextCursor(cursor);
        try {
            putRun();
            sum += environment.putMeta(txn, LmdbEnvironment.CURSOR_KEY, newCursor);
            sum += environment.putMeta(txn, LmdbEnvironment.NEWEST_KEY, newest);
            environment.putSum(txn, sum);
            mainCursor.close();
            subjectCursor.close();
            store.commitBegins();
            txn.commit();
            txn.close();
            store.committed(newCursor, newest);
            finish();
        } catch (final LmdbException e) {
            throw failed("commit", e);
        }
    }

    @Override
    public void close() {
        if (!finished) {
            discard();
            store.batchFinished();
        }
    }

    /** Ends the transaction without a trace. On its own thread, or when that has died. */
    void discard() {
        finished = true;
        if (thread == Thread.currentThread()) {
            txn.close(); // aborts, unless a failed commit has done so
        }
    }

    boolean isOfLiveOtherThread() {
        return thread != Thread.currentThread() && thread.isAlive();
    }

    private void finish() {
        finished = true;
        store.batchFinished();
    }

    private void checkOpen() {
        store.gate.check();
        if (finished) {
            throw new IllegalStateException("batch of " + environment.name + " is finished");
        }
    }

    private static void checkSubject(
            final DirectBuffer key,
            final int keyOffset,
            final int keyLength,
            final int valueLength) {
        if (!SubjectKey.isWhole(key, keyOffset, keyLength)) {
            throw new IllegalArgumentException(
                    "key of the subject index is not S: subject 0x00 sequence; length "
                            + keyLength);
        }
        if (valueLength != Keys.HASH_LENGTH) {
            throw new IllegalArgumentException(
                    "value length of the subject index is not "
                            + Keys.HASH_LENGTH
                            + ": "
                            + valueLength);
        }
    }

    private void putSubject(final int keyLength, final DirectBuffer value, final int valueOffset) {
        final UnsafeBuffer key = buffers.key.buffer();
        final int subjectEnd = keyLength - Long.BYTES - 1;
        final long sequence = Keys.sequence(key, 0, keyLength);
        if (Long.compareUnsigned(sequence, newestBefore) <= 0) {
            putRun();
            replace(subjectEnd, sequence, value, valueOffset);
            return;
        }
        final KeyBuffer subject = buffers.runSubject;
        final boolean sameSubject =
                runEntries > 0
                        && subject.length() == subjectEnd
                        && KeyOrder.startsWith(key, 0, subjectEnd, subject.buffer(), 0, subjectEnd);
        if (!sameSubject || runEntries == Buffers.RUN_ENTRIES) {
            putRun();
            subject.set(key, 0, subjectEnd);
        }
        final int at = runEntries * SubjectKey.VALUE_LENGTH;
        buffers.run.putLong(at, sequence, BIG_ENDIAN);
        buffers.run.putBytes(at + Long.BYTES, value, valueOffset, Keys.HASH_LENGTH);
        runEntries++;
        if (Long.compareUnsigned(sequence, newest) > 0) {
            newest = sequence;
        }
    }

    private void putMain(final int keyLength) {
        final UnsafeBuffer key = buffers.key.buffer();
        final DirectBuffer old = environment.main.get(txn, buffers.keyView);
        if (old != null) {
            sum -= EntrySum.of(key, 0, keyLength, old, 0, old.capacity());
        }
        final UnsafeBuffer value = buffers.valueView;
        sum += EntrySum.of(key, 0, keyLength, value, 0, value.capacity());
        mainCursor.put(buffers.keyView, value, PLAIN);
    }

    /** Appends the entries gathered for one subject. */
    private void putRun() {
        final int entries = runEntries;
        if (entries == 0) {
            return;
        }
        runEntries = 0;
        final KeyBuffer subject = buffers.runSubject;
        buffers.keyView.wrap(subject.buffer(), 0, subject.length());
        buffers.valueView.wrap(buffers.run, 0, entries * SubjectKey.VALUE_LENGTH);
        final long ofKey = EntrySum.ofKey(subject.buffer(), 0, subject.length());
        for (int i = 0; i < entries; i++) {
            final int at = i * SubjectKey.VALUE_LENGTH;
            sum += EntrySum.of(ofKey, buffers.run, at, SubjectKey.VALUE_LENGTH);
        }
        if (entries > 1) {
            subjectCursor.putMultiple(buffers.keyView, buffers.valueView, entries, APPEND_RUN);
        } else if (!subjectCursor.put(buffers.keyView, buffers.valueView, APPEND)) {
            close();
            throw new StoreException(
                    environment.name + ": newest sequence is below that of an entry", null);
        }
    }

    /** Puts one entry as a map would: what is there under the same sequence goes. */
    private void replace(
            final int subjectEnd,
            final long sequence,
            final DirectBuffer value,
            final int valueOffset) {
        buffers.keyView.wrap(buffers.key.buffer(), 0, subjectEnd);
        SubjectKey.leastValue(buffers.sought, sequence);
        final boolean found =
                subjectCursor.get(buffers.keyView, buffers.sought, SeekOp.MDB_GET_BOTH_RANGE)
                        && subjectCursor.val().getLong(0, BIG_ENDIAN) == sequence;
        if (found) {
            if (KeyOrder.compare(
                            subjectCursor.val(),
                            Long.BYTES,
                            Keys.HASH_LENGTH,
                            value,
                            valueOffset,
                            Keys.HASH_LENGTH)
                    == 0) {
                return;
            }
            sum -= ofEntry(subjectEnd, subjectCursor.val());
            subjectCursor.delete(DELETE_ONE);
        }
        buffers.sought.putBytes(Long.BYTES, value, valueOffset, Keys.HASH_LENGTH);
        buffers.keyView.wrap(buffers.key.buffer(), 0, subjectEnd);
        subjectCursor.put(buffers.keyView, buffers.sought, PLAIN);
        sum += ofEntry(subjectEnd, buffers.sought);
    }

    private long ofEntry(final int subjectEnd, final DirectBuffer value) {
        return EntrySum.of(buffers.key.buffer(), 0, subjectEnd, value, 0, SubjectKey.VALUE_LENGTH);
    }

    private void wrapValue(final DirectBuffer value, final int offset, final int length) {
        if (value.byteArray() == null) {
            buffers.valueView.wrap(value, offset, length);
        } else {
            buffers.heapValue.set(value, offset, length);
            buffers.valueView.wrap(buffers.heapValue.buffer(), 0, length);
        }
    }

    private StoreException failed(final String action, final LmdbException cause) {
        final StoreException failure;
        if (!(cause instanceof Env.MapFullException)) {
            failure = environment.batchFailure(action, cause);
        } else if (environment.isAtLimit()) {
            failure = environment.mapFull(cause);
        } else {
            store.wantGrowth();
            failure =
                    new StoreRetryException(
                            environment.name + ": batch outgrew the memory map", cause);
        }
        close();
        return failure;
    }
}
