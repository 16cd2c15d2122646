package io.stemedb.engine.store.lmdb;

import static java.nio.ByteOrder.BIG_ENDIAN;

import io.stemedb.engine.store.KeyBuffer;
import io.stemedb.engine.store.KeyOrder;
import io.stemedb.engine.store.Keys;
import java.nio.ByteBuffer;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.lmdbjava.Cursor;
import org.lmdbjava.GetOp;
import org.lmdbjava.SeekOp;

/**
 * Moves over the subject index as if it were one flat map. For one thread at a time, inside one
 * transaction. Positions are found with unsigned comparison of outer keys only; a bound may end
 * anywhere, also inside a subject or a sequence.
 */
final class SubjectCursor {
    private final UnsafeBuffer subject = new UnsafeBuffer(0, 0);
    private final KeyBuffer bound = new KeyBuffer();
    private final UnsafeBuffer sought =
            new UnsafeBuffer(ByteBuffer.allocateDirect(SubjectKey.VALUE_LENGTH));
    private final UnsafeBuffer outerKey =
            new UnsafeBuffer(ByteBuffer.allocateDirect(Keys.STORE_MAX_LENGTH + 1 + Long.BYTES));
    private int outerLength;
    private Cursor<DirectBuffer> cursor;

    /** Uses a cursor of the current transaction. */
    void use(final Cursor<DirectBuffer> newCursor) {
        cursor = newCursor;
    }

    /** Moves to the first entry whose outer key is not below a bound. */
    boolean seekAtOrAbove(final DirectBuffer key, final int offset, final int length) {
        bound.set(key, offset, length);
        return ceiling();
    }

    /** Moves to the last entry whose outer key is below a bound. */
    boolean seekBelow(final DirectBuffer key, final int offset, final int length) {
        bound.set(key, offset, length);
        return lower();
    }

    /** Moves to the last entry whose outer key starts with a prefix, or is below all that do. */
    boolean seekLast(final DirectBuffer prefix, final int offset, final int length) {
        // The first byte of the prefix is that of the family: there is a successor.
        bound.setSuccessor(prefix, offset, length);
        return lower();
    }

    /** Moves to an entry by its whole outer key. */
    boolean find(final DirectBuffer key, final int offset, final int length) {
        if (!SubjectKey.isWhole(key, offset, length)) {
            return false;
        }
        bound.set(key, offset, length);
        final long sequence = Keys.sequence(bound.buffer(), 0, length);
        subject.wrap(bound.buffer(), 0, length - Long.BYTES - 1);
        SubjectKey.leastValue(sought, sequence);
        return cursor.get(subject, sought, SeekOp.MDB_GET_BOTH_RANGE)
                && cursor.val().getLong(0, BIG_ENDIAN) == sequence;
    }

    boolean next() {
        return cursor.seek(SeekOp.MDB_NEXT);
    }

    boolean previous() {
        return cursor.seek(SeekOp.MDB_PREV);
    }

    /** Builds the outer key of the current entry, and says whether it starts with a prefix. */
    boolean load(final DirectBuffer prefix, final int prefixOffset, final int prefixLength) {
        final DirectBuffer inner = cursor.key();
        final int length = inner.capacity();
        outerKey.putBytes(0, inner, 0, length);
        outerKey.putByte(length, (byte) 0);
        outerKey.putBytes(length + 1, cursor.val(), 0, Long.BYTES);
        outerLength = length + 1 + Long.BYTES;
        return KeyOrder.startsWith(outerKey, 0, outerLength, prefix, prefixOffset, prefixLength);
    }

    /** The outer key last loaded. */
    DirectBuffer outerKey() {
        return outerKey;
    }

    int outerLength() {
        return outerLength;
    }

    /** The hash of the current entry lies here, at {@code Long.BYTES}. */
    DirectBuffer innerValue() {
        return cursor.val();
    }

    private boolean ceiling() {
        final UnsafeBuffer key = bound.buffer();
        final int separator = SubjectKey.separator(key, 0, bound.length());
        if (separator < 0) {
            subject.wrap(key, 0, bound.length());
            return cursor.get(subject, GetOp.MDB_SET_RANGE);
        }
        subject.wrap(key, 0, separator);
        if (seekSequence(separator)) {
            return true;
        }
        // None of this subject's entries is as great: the next subject's are.
        if (!cursor.get(subject, GetOp.MDB_SET_RANGE)) {
            return false;
        }
        return !isAtSubject() || cursor.seek(SeekOp.MDB_NEXT_NODUP);
    }

    private boolean lower() {
        final UnsafeBuffer key = bound.buffer();
        final int separator = SubjectKey.separator(key, 0, bound.length());
        if (separator < 0) {
            subject.wrap(key, 0, bound.length());
        } else {
            subject.wrap(key, 0, separator);
            if (seekSequence(separator)) {
                return cursor.seek(SeekOp.MDB_PREV);
            }
        }
        if (!cursor.get(subject, GetOp.MDB_SET_RANGE)) {
            return cursor.seek(SeekOp.MDB_LAST);
        }
        if (separator >= 0 && isAtSubject()) {
            return cursor.seek(SeekOp.MDB_LAST_DUP); // all of its entries are below
        }
        return cursor.seek(SeekOp.MDB_PREV);
    }

    /** Moves to the subject's first entry not below what the bound has after its separator. */
    private boolean seekSequence(final int separator) {
        final int at = separator + 1;
        final int length = bound.length() - at;
        long sequence = SubjectKey.sequence(bound.buffer(), at, length);
        // Longer than any key: whoever has just these 8 bytes is a prefix of it, hence below.
        if (length > Long.BYTES && ++sequence == 0) {
            return false;
        }
        SubjectKey.leastValue(sought, sequence);
        return cursor.get(subject, sought, SeekOp.MDB_GET_BOTH_RANGE);
    }

    private boolean isAtSubject() {
        final DirectBuffer inner = cursor.key();
        return KeyOrder.compare(inner, 0, inner.capacity(), subject, 0, subject.capacity()) == 0;
    }
}
