package io.stemedb.engine.store;

import java.util.Arrays;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Keeps everything on the heap and nothing on disk: the reference the other stores are compared
 * with, and the store of a directory that was never created. Each commit replaces one immutable
 * sorted state, so readers need no lock, and a commit costs as much as the store is large.
 */
public final class MemoryKvStore implements KvStore {
    private static final String NAME = "memory store";

    private final boolean readOnly;
    private final Gate gate = new Gate(NAME);
    private volatile State state = new State(new byte[0][], new byte[0][], 0);
    private boolean batchOpen; // writing thread

    /** Creates an empty store. */
    public MemoryKvStore() {
        this(false);
    }

    private MemoryKvStore(final boolean readOnly) {
        this.readOnly = readOnly;
    }

    /**
     * A store that is empty and stays so.
     *
     * @return a store without entries, cursor 0, that takes no batch
     */
    public static KvStore empty() {
        return new MemoryKvStore(true);
    }

    @Override
    public long cursor() {
        gate.check();
        return state.cursor;
    }

    @Override
    public KvReader newReader() {
        return new Reader();
    }

    @Override
    public KvBatch newBatch() {
        gate.check();
        if (readOnly) {
            throw new StoreException(NAME + " is read-only", null);
        }
        if (batchOpen) {
            throw new IllegalStateException(NAME + " has an open batch");
        }
        batchOpen = true;
        return new Batch();
    }

    @Override
    public void flush() {
        gate.check();
    }

    @Override
    public void verify() {
        gate.check();
        final State now = state;
        for (int i = 1; i < now.keys.length; i++) {
            if (Arrays.compareUnsigned(now.keys[i - 1], now.keys[i]) >= 0) {
                throw new StoreException(NAME + ": keys out of order at " + i, null);
            }
        }
    }

    @Override
    public void close() {
        gate.close();
    }

    private record State(byte[][] keys, byte[][] values, long cursor) {
        /** Index of the first key not below this one. */
        int ceiling(final UnsafeBuffer view, final DirectBuffer key, final int at, final int len) {
            int low = 0;
            int high = keys.length;
            while (low < high) {
                final int middle = (low + high) >>> 1;
                final byte[] candidate = keys[middle];
                view.wrap(candidate);
                if (KeyOrder.compare(view, 0, candidate.length, key, at, len) < 0) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            return low;
        }

        State with(final byte[][] newKeys, final byte[][] newValues, final int n, final long c) {
            final byte[][] k = new byte[keys.length + n][];
            final byte[][] v = new byte[keys.length + n][];
            int i = 0;
            int j = 0;
            int out = 0;
            while (i < keys.length || j < n) {
                final int order =
                        i == keys.length
                                ? 1
                                : j == n ? -1 : Arrays.compareUnsigned(keys[i], newKeys[j]);
                if (order < 0) {
                    k[out] = keys[i];
                    v[out++] = values[i++];
                } else {
                    i += order == 0 ? 1 : 0;
                    k[out] = newKeys[j];
                    v[out++] = newValues[j++];
                }
            }
            return new State(Arrays.copyOf(k, out), Arrays.copyOf(v, out), Math.max(cursor, c));
        }
    }

    private final class Batch implements KvBatch {
        private final KeyBuffer last = new KeyBuffer();
        private byte[][] keys = new byte[16][];
        private byte[][] values = new byte[16][];
        private int count;
        private boolean finished;

        @Override
        public void put(
                final DirectBuffer key,
                final int keyOffset,
                final int keyLength,
                final DirectBuffer value,
                final int valueOffset,
                final int valueLength) {
            checkOpen();
            last.setNext(key, keyOffset, keyLength);
            if (count == keys.length) {
                keys = Arrays.copyOf(keys, 2 * count);
                values = Arrays.copyOf(values, 2 * count);
            }
            keys[count] = new byte[keyLength];
            key.getBytes(keyOffset, keys[count]);
            values[count] = new byte[valueLength];
            value.getBytes(valueOffset, values[count]);
            count++;
        }

        @Override
        public void commit(final long cursor) {
            checkOpen();
            state = state.with(keys, values, count, cursor);
            close();
        }

        @Override
        public void close() {
            if (!finished) {
                finished = true;
                batchOpen = false;
            }
        }

        private void checkOpen() {
            gate.check();
            if (finished) {
                throw new IllegalStateException("batch of " + NAME + " is finished");
            }
        }
    }

    private final class Reader implements KvReader {
        private final Gate.Pass pass = gate.newPass(() -> {});
        // A handler of a scan may look a key up, so these two do not share buffers.
        private final Window getWindow = new Window();
        private final Window scanWindow = new Window();
        private final KeyBuffer bound = new KeyBuffer();

        @Override
        public boolean get(
                final DirectBuffer key,
                final int keyOffset,
                final int keyLength,
                final KvHandler handler) {
            getWindow.enter(pass);
            try {
                final State now = state;
                final UnsafeBuffer view = getWindow.key;
                final int i = now.ceiling(view, key, keyOffset, keyLength);
                if (i == now.keys.length) {
                    return false;
                }
                view.wrap(now.keys[i]);
                final int length = now.keys[i].length;
                if (KeyOrder.compare(view, 0, length, key, keyOffset, keyLength) != 0) {
                    return false;
                }
                getWindow.emit(now, i, handler);
                return true;
            } finally {
                getWindow.exit(pass);
            }
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
            scanWindow.enter(pass);
            try {
                final State now = state;
                final UnsafeBuffer view = scanWindow.key;
                int i =
                        from == null
                                ? now.ceiling(view, prefix, prefixOffset, prefixLength)
                                : now.ceiling(view, from, fromOffset, fromLength);
                final int end = end(now, prefix, prefixOffset, prefixLength);
                while (i < end && scanWindow.emit(now, i, handler)) {
                    i++;
                }
            } finally {
                scanWindow.exit(pass);
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
            scanWindow.enter(pass);
            try {
                final State now = state;
                final UnsafeBuffer view = scanWindow.key;
                final int first = now.ceiling(view, prefix, prefixOffset, prefixLength);
                int i =
                        below == null
                                ? end(now, prefix, prefixOffset, prefixLength)
                                : now.ceiling(view, below, belowOffset, belowLength);
                i--;
                while (i >= first && scanWindow.emit(now, i, handler)) {
                    i--;
                }
            } finally {
                scanWindow.exit(pass);
            }
        }

        @Override
        public void close() {
            pass.close();
        }

        private int end(
                final State now,
                final DirectBuffer prefix,
                final int prefixOffset,
                final int prefixLength) {
            return bound.setSuccessor(prefix, prefixOffset, prefixLength)
                    ? now.ceiling(scanWindow.key, bound.buffer(), 0, bound.length())
                    : now.keys.length;
        }
    }

    /** What a handler sees of one entry. */
    private static final class Window {
        private final UnsafeBuffer key = new UnsafeBuffer(0, 0);
        private final UnsafeBuffer value = new UnsafeBuffer(0, 0);
        private boolean busy;

        void enter(final Gate.Pass pass) {
            pass.enter();
            if (busy) {
                pass.exit();
                throw new IllegalStateException(
                        "reader of " + NAME + " used again from inside its handler");
            }
            busy = true;
        }

        void exit(final Gate.Pass pass) {
            busy = false;
            pass.exit();
        }

        boolean emit(final State now, final int i, final KvHandler handler) {
            key.wrap(now.keys[i]);
            value.wrap(now.values[i]);
            return handler.onEntry(key, 0, now.keys[i].length, value, 0, now.values[i].length);
        }
    }
}
