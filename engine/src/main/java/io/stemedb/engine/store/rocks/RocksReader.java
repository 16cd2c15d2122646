package io.stemedb.engine.store.rocks;

import io.stemedb.engine.store.Gate;
import io.stemedb.engine.store.KeyBuffer;
import io.stemedb.engine.store.KeyOrder;
import io.stemedb.engine.store.Keys;
import io.stemedb.engine.store.KvHandler;
import io.stemedb.engine.store.KvReader;
import io.stemedb.engine.store.ValueBuffer;
import org.agrona.DirectBuffer;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;

/** Reads through buffers and an iterator that are used again. */
final class RocksReader implements KvReader {
    private static final int INITIAL_VALUE_LENGTH = 4096;
    private static final int IDLE_COMMITS = 4;

    private final RocksKvStore store;
    private final Gate.Pass pass;
    // A handler of a scan may look a key up, so these two do not share buffers.
    private final KeyBuffer getKey = new KeyBuffer();
    private final ValueBuffer getValue = new ValueBuffer(INITIAL_VALUE_LENGTH);
    private final KeyBuffer seekKey = new KeyBuffer();
    private final ValueBuffer scanKey = new ValueBuffer(Keys.STORE_MAX_LENGTH);
    private final ValueBuffer scanValue = new ValueBuffer(INITIAL_VALUE_LENGTH);
    private RocksIterator iterator;
    private long iteratorCommit; // commits of the store when the iterator was last made current
    private boolean getting;
    private boolean scanning;

    RocksReader(final RocksKvStore store) {
        this.store = store;
        this.pass = store.gate.newPass(this::release, this::tend);
    }

    @Override
    public boolean get(
            final DirectBuffer key,
            final int keyOffset,
            final int keyLength,
            final KvHandler handler) {
        pass.enter();
        try {
            checkFree(getting);
            getting = true;
            try {
                return getEntry(key, keyOffset, keyLength, handler);
            } catch (final RocksDBException e) {
                throw store.failure("get", e);
            } finally {
                getting = false;
            }
        } finally {
            pass.exit();
        }
    }

    private boolean getEntry(
            final DirectBuffer key,
            final int keyOffset,
            final int keyLength,
            final KvHandler handler)
            throws RocksDBException {
        if (keyLength < 1
                || keyLength > Keys.STORE_MAX_LENGTH
                || KeyOrder.isReserved(key, keyOffset)) {
            return false;
        }
        getKey.set(key, keyOffset, keyLength);
        final RocksDB db = store.database.db();
        int length = db.get(store.settings.getOptions, getKey.bytes(), getValue.bytes());
        while (length > getValue.buffer().capacity()) {
            getValue.ensure(length);
            length = db.get(store.settings.getOptions, getKey.bytes(), getValue.bytes());
        }
        if (length == RocksDB.NOT_FOUND) {
            return false;
        }
        handler.onEntry(getKey.buffer(), 0, keyLength, getValue.buffer(), 0, length);
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
        if (!beginScan(prefix, prefixOffset)) {
            return;
        }
        try {
            if (from == null) {
                seekKey.set(prefix, prefixOffset, prefixLength);
            } else {
                seekKey.set(from, fromOffset, fromLength);
            }
            iterator.seek(seekKey.bytes());
            while (emit(prefix, prefixOffset, prefixLength, handler)) {
                iterator.next();
            }
            iterator.status();
        } catch (final RocksDBException e) {
            throw store.failure("scan", e);
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
        if (!beginScan(prefix, prefixOffset)) {
            return;
        }
        try {
            // A prefix below the reserved bytes always has a successor.
            if (below == null) {
                seekKey.setSuccessor(prefix, prefixOffset, prefixLength);
            } else {
                seekKey.set(below, belowOffset, belowLength);
            }
            iterator.seekForPrev(seekKey.bytes());
            if (iterator.isValid() && isAtSeekKey()) {
                iterator.prev(); // the bound is exclusive
            }
            while (emit(prefix, prefixOffset, prefixLength, handler)) {
                iterator.prev();
            }
            iterator.status();
        } catch (final RocksDBException e) {
            throw store.failure("scan", e);
        } finally {
            endScan();
        }
    }

    @Override
    public void close() {
        pass.close();
    }

    private boolean beginScan(final DirectBuffer prefix, final int prefixOffset) {
        pass.enter();
        try {
            checkFree(scanning);
            if (KeyOrder.isReserved(prefix, prefixOffset)) {
                pass.exit();
                return false;
            }
            iteratorCommit = store.commits();
            if (iterator == null) {
                iterator = store.database.db().newIterator(store.settings.scanOptions);
            } else if (!store.readOnly) {
                iterator.refresh(); // to the state of now
            }
            scanning = true;
            return true;
        } catch (final RocksDBException e) {
            pass.exit();
            throw store.failure("begin scan", e);
        } catch (final RuntimeException e) {
            pass.exit();
            throw e;
        }
    }

    private void endScan() {
        scanning = false;
        pass.exit();
    }

    /** Hands the current entry over; false at the end of the prefix, or when told to stop. */
    private boolean emit(
            final DirectBuffer prefix,
            final int prefixOffset,
            final int prefixLength,
            final KvHandler handler) {
        if (!iterator.isValid()) {
            return false;
        }
        final int keyLength = iterator.key(scanKey.bytes());
        if (!KeyOrder.startsWith(
                scanKey.buffer(), 0, keyLength, prefix, prefixOffset, prefixLength)) {
            return false;
        }
        int length = iterator.value(scanValue.bytes());
        if (length > scanValue.buffer().capacity()) {
            scanValue.ensure(length);
            length = iterator.value(scanValue.bytes());
        }
        return handler.onEntry(scanKey.buffer(), 0, keyLength, scanValue.buffer(), 0, length);
    }

    private boolean isAtSeekKey() {
        final int keyLength = iterator.key(scanKey.bytes());
        return KeyOrder.compare(
                        scanKey.buffer(), 0, keyLength, seekKey.buffer(), 0, seekKey.length())
                == 0;
    }

    private void checkFree(final boolean busy) {
        if (busy) {
            throw new IllegalStateException(
                    "reader of " + store.name + " used again from inside its handler");
        }
    }

    /**
     * On the writing thread, while the reader rests: an iterator keeps every file of its moment on
     * the disk, however long ago they were compacted away; and its database open.
     */
    private void tend() {
        if (store.database.isStopped()) {
            release();
        } else if (iterator != null && store.commits() - iteratorCommit >= IDLE_COMMITS) {
            iteratorCommit = store.commits();
            try {
                iterator.refresh();
            } catch (final RocksDBException e) {
                release(); // the reader makes another one, and is told if that fails
            }
        }
    }

    /** Once, by the reader's thread or the thread that closes the store. */
    private void release() {
        if (iterator != null) {
            iterator.close();
            iterator = null;
        }
    }
}
