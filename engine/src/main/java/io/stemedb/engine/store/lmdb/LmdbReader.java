package io.stemedb.engine.store.lmdb;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.stemedb.engine.store.Gate;
import io.stemedb.engine.store.KeyBuffer;
import io.stemedb.engine.store.KeyOrder;
import io.stemedb.engine.store.Keys;
import io.stemedb.engine.store.KvHandler;
import io.stemedb.engine.store.KvReader;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.lmdbjava.Cursor;
import org.lmdbjava.Dbi;
import org.lmdbjava.GetOp;
import org.lmdbjava.LmdbException;
import org.lmdbjava.SeekOp;
import org.lmdbjava.Txn;

/**
 * Reads through one transaction that is renewed for each operation and reset after it: between
 * operations it pins no page. Handlers see LMDB's own memory.
 */
final class LmdbReader implements KvReader {
    private final LmdbKvStore store;
    private final LmdbEnvironment environment;
    private final Gate.Pass pass;
    // A handler of a scan may look a key up, so these two do not share buffers or cursors.
    private final KeyBuffer getKey = new KeyBuffer();
    private final SubjectCursor getSubject = new SubjectCursor();
    private final KeyBuffer scanKey = new KeyBuffer();
    private final SubjectCursor scanSubject = new SubjectCursor();
    private final UnsafeBuffer keyView = new UnsafeBuffer(0, 0);
    private Txn<DirectBuffer> txn;
    private Cursor<DirectBuffer> getSubjectCursor;
    private Cursor<DirectBuffer> scanSubjectCursor;
    private Cursor<DirectBuffer> scanMainCursor;
    private boolean getting;
    private boolean scanning;

    LmdbReader(final LmdbKvStore store) {
        this.store = store;
        this.environment = store.environment;
        this.pass = store.gate.newPass(this::release);
    }

    @Override
    public boolean get(
            final DirectBuffer key,
            final int keyOffset,
            final int keyLength,
            final KvHandler handler) {
        begin();
        try {
            checkFree(getting);
            getting = true;
            try {
                return getEntry(key, keyOffset, keyLength, handler);
            } catch (final LmdbException e) {
                throw environment.failure("get", e);
            } finally {
                getting = false;
            }
        } finally {
            end();
        }
    }

    private boolean getEntry(
            final DirectBuffer key,
            final int keyOffset,
            final int keyLength,
            final KvHandler handler) {
        if (keyLength < 1
                || keyLength > Keys.STORE_MAX_LENGTH
                || KeyOrder.isReserved(key, keyOffset)) {
            return false;
        }
        if (SubjectKey.isSubject(key, keyOffset)) {
            getSubjectCursor = renew(getSubjectCursor, environment.subjects);
            getSubject.use(getSubjectCursor);
            if (!getSubject.find(key, keyOffset, keyLength)) {
                return false;
            }
            handler.onEntry(
                    key,
                    keyOffset,
                    keyLength,
                    getSubject.innerValue(),
                    Long.BYTES,
                    Keys.HASH_LENGTH);
            return true;
        }
        getKey.set(key, keyOffset, keyLength);
        keyView.wrap(getKey.buffer(), 0, keyLength);
        final DirectBuffer value = environment.main.get(txn, keyView);
        if (value == null) {
            return false;
        }
        handler.onEntry(getKey.buffer(), 0, keyLength, value, 0, value.capacity());
        return true;
    }

    @Override
    public void scanForward(
            final DirectBuffer prefix,
            final int prefixOffset,
            final int prefixLength,
            final DirectBuffer from,
            final int fromOffset,
            final int fromLength,
            final KvHandler handler) {
        beginScan();
        try {
            final DirectBuffer start = from == null ? prefix : from;
            final int startOffset = from == null ? prefixOffset : fromOffset;
            final int startLength = from == null ? prefixLength : fromLength;
            if (KeyOrder.isReserved(prefix, prefixOffset)) {
                return;
            }
            if (SubjectKey.isSubject(prefix, prefixOffset)) {
                final SubjectCursor entries = beginSubjectScan();
                boolean found = entries.seekAtOrAbove(start, startOffset, startLength);
                while (found && emitSubject(prefix, prefixOffset, prefixLength, handler)) {
                    found = entries.next();
                }
                return;
            }
            scanMainCursor = renew(scanMainCursor, environment.main);
            scanKey.set(start, startOffset, startLength);
            keyView.wrap(scanKey.buffer(), 0, startLength);
            boolean found = scanMainCursor.get(keyView, GetOp.MDB_SET_RANGE);
            while (found && emitMain(prefix, prefixOffset, prefixLength, handler)) {
                found = scanMainCursor.seek(SeekOp.MDB_NEXT);
            }
        } catch (final LmdbException e) {
            throw environment.failure("scan", e);
        } finally {
            endScan();
        }
    }

    @Override
    public void scanBackward(
            final DirectBuffer prefix,
            final int prefixOffset,
            final int prefixLength,
            final DirectBuffer below,
            final int belowOffset,
            final int belowLength,
            final KvHandler handler) {
        beginScan();
        try {
            if (KeyOrder.isReserved(prefix, prefixOffset)) {
                return;
            }
            if (SubjectKey.isSubject(prefix, prefixOffset)) {
                final SubjectCursor entries = beginSubjectScan();
                boolean found =
                        below == null
                                ? entries.seekLast(prefix, prefixOffset, prefixLength)
                                : entries.seekBelow(below, belowOffset, belowLength);
                while (found && emitSubject(prefix, prefixOffset, prefixLength, handler)) {
                    found = entries.previous();
                }
                return;
            }
            scanMainCursor = renew(scanMainCursor, environment.main);
            // A prefix below the reserved bytes always has a successor.
            if (below == null) {
                scanKey.setSuccessor(prefix, prefixOffset, prefixLength);
            } else {
                scanKey.set(below, belowOffset, belowLength);
            }
            keyView.wrap(scanKey.buffer(), 0, scanKey.length());
            // What a store keeps about itself sorts last, so there always is a greater key.
            boolean found =
                    scanMainCursor.get(keyView, GetOp.MDB_SET_RANGE)
                            ? scanMainCursor.seek(SeekOp.MDB_PREV)
                            : scanMainCursor.seek(SeekOp.MDB_LAST);
            while (found && emitMain(prefix, prefixOffset, prefixLength, handler)) {
                found = scanMainCursor.seek(SeekOp.MDB_PREV);
            }
        } catch (final LmdbException e) {
            throw environment.failure("scan", e);
        } finally {
            endScan();
        }
    }

    /** A number kept about the store. */
    long meta(final byte[] key) {
        begin();
        try {
            final DirectBuffer value = environment.main.get(txn, LmdbEnvironment.direct(key));
            return value == null ? 0 : value.getLong(0, LITTLE_ENDIAN);
        } catch (final LmdbException e) {
            throw environment.failure("get", e);
        } finally {
            end();
        }
    }

    @Override
    public void close() {
        pass.close();
    }

    private void begin() {
        pass.enter();
        if (pass.depth() > 1) {
            return; // in the transaction of the call we are inside of
        }
        boolean begun = false;
        while (!begun) {
            final long commits = store.commitsBegun();
            boolean resized = false;
            try {
                if (txn == null) {
                    txn = environment.env.txnRead();
                } else {
                    txn.renew();
                }
                begun = true;
            } catch (final Dbi.MapResizedException e) {
                resized = true;
            } catch (final LmdbException e) {
                throw environment.failure("begin read", e);
            } finally {
                if (!begun) {
                    if (txn != null) {
                        txn.reset();
                    }
                    pass.exit();
                }
            }
            if (resized) {
                store.adoptMapSize();
                pass.enter();
            } else if (store.commitsBegun() != commits) {
                // LMDB reads which transaction is the newest, and then copies that one's meta
                // page; two commits later the page is another's, perhaps of one not ended yet.
                txn.reset();
                begun = false;
            }
        }
    }

    private void end() {
        if (pass.depth() == 1) {
            txn.reset();
        }
        pass.exit();
    }

    private void beginScan() {
        begin();
        try {
            checkFree(scanning);
            scanning = true;
        } catch (final IllegalStateException e) {
            end();
            throw e;
        }
    }

    private void endScan() {
        scanning = false;
        end();
    }

    private SubjectCursor beginSubjectScan() {
        scanSubjectCursor = renew(scanSubjectCursor, environment.subjects);
        scanSubject.use(scanSubjectCursor);
        return scanSubject;
    }

    private Cursor<DirectBuffer> renew(
            final Cursor<DirectBuffer> cursor, final Dbi<DirectBuffer> map) {
        if (cursor == null) {
            return map.openCursor(txn);
        }
        cursor.renew(txn);
        return cursor;
    }

    private boolean emitSubject(
            final DirectBuffer prefix,
            final int prefixOffset,
            final int prefixLength,
            final KvHandler handler) {
        return scanSubject.load(prefix, prefixOffset, prefixLength)
                && handler.onEntry(
                        scanSubject.outerKey(),
                        0,
                        scanSubject.outerLength(),
                        scanSubject.innerValue(),
                        Long.BYTES,
                        Keys.HASH_LENGTH);
    }

    private boolean emitMain(
            final DirectBuffer prefix,
            final int prefixOffset,
            final int prefixLength,
            final KvHandler handler) {
        final DirectBuffer key = scanMainCursor.key();
        final int keyLength = key.capacity();
        if (!KeyOrder.startsWith(key, 0, keyLength, prefix, prefixOffset, prefixLength)) {
            return false;
        }
        final DirectBuffer value = scanMainCursor.val();
        return handler.onEntry(key, 0, keyLength, value, 0, value.capacity());
    }

    private void checkFree(final boolean busy) {
        if (busy) {
            throw new IllegalStateException(
                    "reader of " + environment.name + " used again from inside its handler");
        }
    }

    /** Once, by the reader's thread or the thread that closes the store. */
    private void release() {
        close(getSubjectCursor);
        close(scanSubjectCursor);
        close(scanMainCursor);
        if (txn != null) {
            // Only a live transaction gives its slot in the reader table back.
            try {
                txn.renew();
            } catch (final LmdbException e) {
                txn.reset(); // the slot goes with the environment
            }
            txn.close();
        }
    }

    private static void close(final Cursor<DirectBuffer> cursor) {
        if (cursor != null) {
            cursor.close();
        }
    }
}
