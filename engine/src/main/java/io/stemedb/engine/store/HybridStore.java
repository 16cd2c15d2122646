package io.stemedb.engine.store;

import org.agrona.DirectBuffer;

/**
 * A table from key family to store, and nothing else: assertions and votes in RocksDB, epochs and
 * quarantine in LMDB, the subject index in either.
 *
 * <p>Commits RocksDB first, then LMDB. If the second fails the first stays as it is; {@link
 * #cursor()} is the smaller of both, and a batch done again from there changes nothing in the store
 * that is ahead.
 */
public final class HybridStore implements KvStore {
    private final KvStore rocks;
    private final KvStore lmdb;
    private final boolean[] inRocks = new boolean[128]; // by first byte of the key
    // Closes both stores or, from inside a handler of one of them, none.
    private final Gate gate = new Gate("hybrid store");

    /**
     * Puts two stores together; closes them when it is closed.
     *
     * @param rocks store of assertions and votes
     * @param lmdb store of epochs and quarantine
     * @param subjectIndex which of them has the subject index
     */
    public HybridStore(final KvStore rocks, final KvStore lmdb, final SubjectIndex subjectIndex) {
        this.rocks = rocks;
        this.lmdb = lmdb;
        inRocks[KeyFamily.ASSERTION.prefix()] = true;
        inRocks[KeyFamily.VOTE.prefix()] = true;
        inRocks[KeyFamily.SUBJECT.prefix()] = subjectIndex == SubjectIndex.ROCKSDB;
    }

    @Override
    public long cursor() {
        return Math.min(rocks.cursor(), lmdb.cursor());
    }

    @Override
    public KvReader newReader() {
        final KvReader rocksReader = rocks.newReader();
        try {
            return new Reader(rocksReader, lmdb.newReader());
        } catch (final RuntimeException e) {
            rocksReader.close();
            throw e;
        }
    }

    @Override
    public KvBatch newBatch() {
        final KvBatch rocksBatch = rocks.newBatch();
        try {
            return new Batch(rocksBatch, lmdb.newBatch());
        } catch (final RuntimeException e) {
            rocksBatch.close();
            throw e;
        }
    }

    @Override
    public void flush() {
        rocks.flush();
        lmdb.flush();
    }

    @Override
    public void verify() {
        rocks.verify();
        lmdb.verify();
    }

    @Override
    public void close() {
        if (!gate.close()) {
            return;
        }
        try {
            rocks.close();
        } finally {
            lmdb.close();
        }
    }

    private boolean isInRocks(final DirectBuffer key, final int keyOffset) {
        final byte first = key.getByte(keyOffset);
        return first >= 0 && inRocks[first];
    }

    private final class Batch implements KvBatch {
        private final KvBatch rocksBatch;
        private final KvBatch lmdbBatch;
        private int lastFirstByte;

        Batch(final KvBatch rocksBatch, final KvBatch lmdbBatch) {
            this.rocksBatch = rocksBatch;
            this.lmdbBatch = lmdbBatch;
        }

        @Override
        public void put(
                final DirectBuffer key,
                final int keyOffset,
                final int keyLength,
                final DirectBuffer value,
                final int valueOffset,
                final int valueLength) {
            if (keyLength < 1) {
                throw new IllegalArgumentException("key length below 1: " + keyLength);
            }
            // Keys of one first byte meet in one store, which checks their order.
            final int firstByte = key.getByte(keyOffset) & 0xFF;
            if (firstByte < lastFirstByte) {
                throw new IllegalArgumentException("key is not greater than the one before it");
            }
            final KvBatch batch = isInRocks(key, keyOffset) ? rocksBatch : lmdbBatch;
            batch.put(key, keyOffset, keyLength, value, valueOffset, valueLength);
            lastFirstByte = firstByte;
        }

        @Override
        public void commit(final long cursor) {
            try {
                rocksBatch.commit(cursor);
                lmdbBatch.commit(cursor);
            } finally {
                close();
            }
        }

        @Override
        public void close() {
            try {
                rocksBatch.close();
            } finally {
                lmdbBatch.close();
            }
        }
    }

    private final class Reader implements KvReader {
        private final KvReader rocksReader;
        private final KvReader lmdbReader;
        private final Gate.Pass pass = gate.newPass(this::release);

        Reader(final KvReader rocksReader, final KvReader lmdbReader) {
            this.rocksReader = rocksReader;
            this.lmdbReader = lmdbReader;
        }

        @Override
        public boolean get(
                final DirectBuffer key,
                final int keyOffset,
                final int keyLength,
                final KvHandler handler) {
            pass.enter();
            try {
                return of(key, keyOffset).get(key, keyOffset, keyLength, handler);
            } finally {
                pass.exit();
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
            pass.enter();
            try {
                of(prefix, prefixOffset)
                        .scanForward(
                                prefix,
                                prefixOffset,
                                prefixLength,
                                from,
                                fromOffset,
                                fromLength,
                                handler);
            } finally {
                pass.exit();
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
            pass.enter();
            try {
                of(prefix, prefixOffset)
                        .scanBackward(
                                prefix,
                                prefixOffset,
                                prefixLength,
                                below,
                                belowOffset,
                                belowLength,
                                handler);
            } finally {
                pass.exit();
            }
        }

        @Override
        public void close() {
            pass.close();
        }

        private void release() {
            try {
                rocksReader.close();
            } finally {
                lmdbReader.close();
            }
        }

        private KvReader of(final DirectBuffer key, final int keyOffset) {
            return isInRocks(key, keyOffset) ? rocksReader : lmdbReader;
        }
    }
}
