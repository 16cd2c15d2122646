package io.stemedb.engine;

import io.stemedb.engine.memtable.MemtableReader;
import io.stemedb.engine.memtable.MemtableSubjectHandler;
import io.stemedb.engine.store.KeyOrder;
import io.stemedb.engine.store.Keys;
import io.stemedb.engine.store.KvHandler;
import io.stemedb.engine.store.KvReader;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Lists distinct subjects: those of the memtables and those of the store are both in order, so they
 * are merged. In the store it jumps from subject to subject, however many claims each has.
 */
final class SubjectList {
    /** Sorts behind every sequence of a subject and before every longer subject. */
    private static final byte AFTER_SEPARATOR = 1;

    private final MemtableReader memtable;
    private final KvReader index;
    private final UnsafeBuffer prefix = new UnsafeBuffer(new byte[Keys.MAX_LENGTH]);
    private final UnsafeBuffer stored = new UnsafeBuffer(new byte[Keys.MAX_LENGTH]);
    private final KvHandler takeFirst = this::takeFirst;
    private final MemtableSubjectHandler merge = this::merge;
    private SubjectHandler handler;
    private int limit;
    private int count;
    private int prefixLength;

    /**
     * Length of the subject in {@link #stored}, behind the key prefix; -1 when the store has no
     * more.
     */
    private int storedLength;

    SubjectList(final MemtableReader memtable, final KvReader index) {
        this.memtable = memtable;
        this.index = index;
    }

    int list(
            final DirectBuffer text,
            final int offset,
            final int length,
            final int atMost,
            final SubjectHandler toHandler) {
        if (atMost < 0) {
            throw new IllegalArgumentException("limit: must be 0 or more, is " + atMost);
        }
        handler = toHandler;
        limit = atMost;
        count = 0;
        prefixLength = Keys.subjectsPrefix(prefix, 0, text, offset, length);
        storedLength = -1;
        index.scanForward(prefix, 0, prefixLength, null, 0, 0, takeFirst);
        memtable.subjects(text, offset, length, merge);
        while (count < limit && storedLength >= 0) {
            deliverStored();
        }
        handler = null;
        return count;
    }

    private boolean takeFirst(
            final DirectBuffer key,
            final int keyOffset,
            final int keyLength,
            final DirectBuffer value,
            final int valueOffset,
            final int valueLength) {
        storedLength = Keys.subjectLength(keyLength);
        stored.putBytes(0, key, keyOffset, Keys.PREFIX_LENGTH + storedLength);
        return false;
    }

    /** A subject of the memtables: first all of the store that come before it. */
    private boolean merge(final DirectBuffer buffer, final int offset, final int length) {
        while (count < limit && storedLength >= 0) {
            final int order =
                    KeyOrder.compare(
                            stored, Keys.PREFIX_LENGTH, storedLength, buffer, offset, length);
            if (order > 0) {
                break;
            }
            if (order == 0) {
                nextStored();
                break;
            }
            deliverStored();
        }
        if (count < limit) {
            count++;
            handler.onSubject(buffer, offset, length);
        }
        return count < limit;
    }

    private void deliverStored() {
        count++;
        handler.onSubject(stored, Keys.PREFIX_LENGTH, storedLength);
        nextStored();
    }

    private void nextStored() {
        final int fromLength = Keys.PREFIX_LENGTH + storedLength;
        stored.putByte(fromLength, AFTER_SEPARATOR);
        storedLength = -1;
        index.scanForward(prefix, 0, prefixLength, stored, 0, fromLength + 1, takeFirst);
    }
}
