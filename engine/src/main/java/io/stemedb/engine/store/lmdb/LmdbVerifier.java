package io.stemedb.engine.store.lmdb;

import io.stemedb.engine.store.KeyOrder;
import io.stemedb.engine.store.Keys;
import io.stemedb.engine.store.StoreException;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.lmdbjava.Cursor;
import org.lmdbjava.Dbi;
import org.lmdbjava.SeekOp;
import org.lmdbjava.Txn;

/**
 * Walks both maps and checks order, shape and count of what is there. LMDB keeps no checksums, so a
 * flipped bit inside a value is not seen here; and a torn page may end the process: verify in a
 * child process after an unclean stop.
 */
final class LmdbVerifier {
    private final LmdbEnvironment environment;
    private final UnsafeBuffer lastKey = new UnsafeBuffer(new byte[Keys.STORE_MAX_LENGTH]);
    private final UnsafeBuffer lastValue = new UnsafeBuffer(new byte[SubjectKey.VALUE_LENGTH]);

    LmdbVerifier(final LmdbEnvironment environment) {
        this.environment = environment;
    }

    void verify(final Txn<DirectBuffer> txn) {
        verify(txn, environment.main, false);
        verify(txn, environment.subjects, true);
    }

    private void verify(
            final Txn<DirectBuffer> txn, final Dbi<DirectBuffer> map, final boolean subjects) {
        long count = 0;
        int lastLength = 0;
        try (Cursor<DirectBuffer> cursor = map.openCursor(txn)) {
            boolean found = cursor.seek(SeekOp.MDB_FIRST);
            while (found) {
                final DirectBuffer key = cursor.key();
                final DirectBuffer value = cursor.val();
                final int length = key.capacity();
                check(length >= 1 && length <= Keys.STORE_MAX_LENGTH, "key length", count);
                check(SubjectKey.isSubject(key, 0) == subjects, "family", count);
                final int order = KeyOrder.compare(lastKey, 0, lastLength, key, 0, length);
                if (subjects) {
                    check(value.capacity() == SubjectKey.VALUE_LENGTH, "value length", count);
                    check(order < 0 || order == 0 && isAbove(value), "order of subjects", count);
                    lastValue.putBytes(0, value, 0, SubjectKey.VALUE_LENGTH);
                } else {
                    check(order < 0, "order of keys", count);
                }
                lastKey.putBytes(0, key, 0, length);
                lastLength = length;
                touch(value);
                count++;
                found = cursor.seek(SeekOp.MDB_NEXT);
            }
        }
        check(count == map.stat(txn).entries, "count of entries", count);
    }

    /** Sequences ascend within a subject, each once. */
    private boolean isAbove(final DirectBuffer value) {
        return KeyOrder.compare(lastValue, 0, Long.BYTES, value, 0, Long.BYTES) < 0;
    }

    /** Every page of a long value is read at least once. */
    private static void touch(final DirectBuffer value) {
        for (int i = 0; i < value.capacity(); i += Keys.STORE_MAX_LENGTH) {
            value.getByte(i);
        }
    }

    private void check(final boolean good, final String what, final long entry) {
        if (!good) {
            throw new StoreException(
                    environment.name + " is damaged: " + what + " at entry " + entry, null);
        }
    }
}
