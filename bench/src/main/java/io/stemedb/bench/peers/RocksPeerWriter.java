package io.stemedb.bench.peers;

import io.stemedb.bench.Claims;
import io.stemedb.engine.hash.Blake3;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicLong;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/** One thread of {@link RocksPeer}: encodes and hashes a batch of claims, then writes it whole. */
final class RocksPeerWriter implements Runnable {
    static final int BATCH = 1_000;

    private static final int HEADER_LENGTH = 8;
    private static final int DEFAULT_FAMILY = 0;

    private final RocksDB db;
    private final WriteOptions writeOptions;
    private final int subjectFamily;
    private final AtomicLong nextSequence;
    private final Claims claims;
    private final int first;
    private final int count;

    private final Blake3 blake3 = Blake3.newInstance();
    private final UnsafeBuffer records = direct(BATCH * Claims.LENGTH);
    private final UnsafeBuffer hashes = direct(BATCH * Blake3.HASH_LENGTH);
    private final UnsafeBuffer descriptors = direct(BATCH * Blake3.DESCRIPTOR_LENGTH);
    private final UnsafeBuffer subjectKey =
            new UnsafeBuffer(new byte[RocksPeer.SUBJECT_KEY_LENGTH]);
    private final WriteBatchBytes batch;
    private final Thread thread = new Thread(this, "rocks-peer");
    private volatile Throwable failure;

    RocksPeerWriter(
            final RocksDB db,
            final WriteOptions writeOptions,
            final int subjectFamily,
            final AtomicLong nextSequence,
            final Claims claims,
            final int first,
            final int count) {
        this.db = db;
        this.writeOptions = writeOptions;
        this.subjectFamily = subjectFamily;
        this.nextSequence = nextSequence;
        this.claims = claims;
        this.first = first;
        this.count = count;
        batch =
                new WriteBatchBytes(
                        WriteBatchBytes.batchLength(
                                BATCH
                                        * (WriteBatchBytes.putLength(
                                                        DEFAULT_FAMILY,
                                                        Blake3.HASH_LENGTH,
                                                        Claims.LENGTH)
                                                + WriteBatchBytes.putLength(
                                                        subjectFamily,
                                                        RocksPeer.SUBJECT_KEY_LENGTH,
                                                        Blake3.HASH_LENGTH))));
        for (int i = 0; i < BATCH; i++) {
            final int at = i * Blake3.DESCRIPTOR_LENGTH;
            final long record = records.addressOffset() + (long) i * Claims.LENGTH;
            descriptors.putLong(at, record + HEADER_LENGTH);
            descriptors.putLong(at + 8, Claims.LENGTH - HEADER_LENGTH);
            descriptors.putLong(at + 16, hashes.addressOffset() + (long) i * Blake3.HASH_LENGTH);
        }
    }

    private static UnsafeBuffer direct(final int length) {
        return new UnsafeBuffer(BufferUtil.allocateDirectAligned(length, 64));
    }

    void start() {
        thread.start();
    }

    void await() {
        try {
            thread.join();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while RocksDB was writing", e);
        }
        if (failure != null) {
            throw new IllegalStateException("RocksDB failed: " + failure, failure);
        }
    }

    @Override
    public void run() {
        try {
            for (int done = 0; done < count; done += BATCH) {
                encodeAndHash(first + done);
                gather(first + done, nextSequence.getAndAdd(BATCH));
                try (WriteBatch whole = new WriteBatch(batch.finish())) {
                    db.write(writeOptions, whole);
                }
            }
        } catch (final RocksDBException | RuntimeException e) {
            failure = e;
        }
    }

    private void encodeAndHash(final int index) {
        for (int i = 0; i < BATCH; i++) {
            claims.encode(index + i, records, i * Claims.LENGTH);
        }
        blake3.hashBatch(descriptors.addressOffset(), BATCH);
    }

    private void gather(final int index, final long sequence) {
        batch.clear();
        for (int i = 0; i < BATCH; i++) {
            final int hash = i * Blake3.HASH_LENGTH;
            batch.put(
                    DEFAULT_FAMILY,
                    hashes,
                    hash,
                    Blake3.HASH_LENGTH,
                    records,
                    i * Claims.LENGTH,
                    Claims.LENGTH);
            subjectKey.putBytes(
                    0, claims.subject(claims.subjectOf(index + i)), 0, Claims.SUBJECT_LENGTH);
            subjectKey.putLong(Claims.SUBJECT_LENGTH + 1, sequence + i, ByteOrder.BIG_ENDIAN);
            batch.put(
                    subjectFamily,
                    subjectKey,
                    0,
                    RocksPeer.SUBJECT_KEY_LENGTH,
                    hashes,
                    hash,
                    Blake3.HASH_LENGTH);
        }
    }

    byte[] lastSubjectKey() {
        return subjectKey.byteArray().clone();
    }

    byte[] lastRecord() {
        final byte[] record = new byte[Claims.LENGTH];
        records.getBytes((BATCH - 1) * Claims.LENGTH, record);
        return record;
    }
}
