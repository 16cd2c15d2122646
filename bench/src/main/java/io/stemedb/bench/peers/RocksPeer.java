package io.stemedb.bench.peers;

import io.stemedb.bench.Claims;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.HashLinkedListMemTableConfig;
import org.rocksdb.HashSkipListMemTableConfig;
import org.rocksdb.LRUCache;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksObject;
import org.rocksdb.SkipListMemTableConfig;
import org.rocksdb.WriteOptions;

/**
 * RocksDB alone at the engine's logical work: each claim encoded, hashed with BLAKE3, stored under
 * its hash, and its hash stored under subject and sequence, in one atomic batch with a write-ahead
 * log that is not forced. So it promises less than STORED: what it has survives the death of the
 * process, not the loss of power.
 *
 * <p>Tuned for this: two column families, prebuilt batches of 1,000 records, no compression, large
 * write buffers, recycled logs, compaction that never slows writers down.
 */
public final class RocksPeer implements AutoCloseable {
    static final int KEY_HASH_LENGTH = 32;
    static final int SUBJECT_KEY_LENGTH = Claims.SUBJECT_LENGTH + 1 + Long.BYTES;

    private static final long WRITE_BUFFER_BYTES = 64L << 20;
    private static final int WRITE_BUFFERS = 6;

    /** How records wait in memory. All of them can be read at once, unlike a vector. */
    public enum Memtable {
        /** RocksDB's default; the only one that several threads fill at a time. */
        SKIP_LIST,
        /** A small skip list for each prefix. */
        HASH_SKIP_LIST,
        /** A linked list for each prefix. */
        HASH_LINKED_LIST
    }

    private final List<RocksObject> settings = new ArrayList<>();
    private final List<ColumnFamilyHandle> families = new ArrayList<>();
    private final RocksDB db;
    private final WriteOptions writeOptions;
    private final AtomicLong nextSequence = new AtomicLong(1);

    private RocksPeer(final Path directory, final Memtable memtable) throws RocksDBException {
        RocksDB.loadLibrary();
        final LRUCache cache = keep(new LRUCache(64L << 20, 4));
        final BlockBasedTableConfig table =
                new BlockBasedTableConfig()
                        .setBlockCache(cache)
                        .setFormatVersion(6)
                        .setFilterPolicy(keep(new BloomFilter(10, false)));
        final DBOptions options =
                keep(new DBOptions())
                        .setCreateIfMissing(true)
                        .setCreateMissingColumnFamilies(true)
                        .setMaxBackgroundJobs(2)
                        .setMaxOpenFiles(-1)
                        .setBytesPerSync(1 << 20)
                        .setRecycleLogFileNum(WRITE_BUFFERS)
                        .setAllowConcurrentMemtableWrite(memtable == Memtable.SKIP_LIST)
                        .setEnablePipelinedWrite(true)
                        .setAvoidFlushDuringShutdown(true)
                        .setStatsDumpPeriodSec(0)
                        .setStatsPersistPeriodSec(0);
        // The prefix is the whole hash, and the whole subject: no bucket mixes what need not mix.
        final List<ColumnFamilyDescriptor> descriptors =
                List.of(
                        new ColumnFamilyDescriptor(
                                RocksDB.DEFAULT_COLUMN_FAMILY,
                                family(memtable, table, KEY_HASH_LENGTH)),
                        new ColumnFamilyDescriptor(
                                new byte[] {'S'},
                                family(memtable, table, Claims.SUBJECT_LENGTH + 1)));
        db = RocksDB.open(options, directory.toString(), descriptors, families);
        writeOptions = keep(new WriteOptions().setSync(false).setDisableWAL(false));
    }

    private ColumnFamilyOptions family(
            final Memtable memtable, final BlockBasedTableConfig table, final int prefixLength) {
        final ColumnFamilyOptions options =
                keep(new ColumnFamilyOptions())
                        .setTableFormatConfig(table)
                        .setCompressionType(CompressionType.NO_COMPRESSION)
                        .setWriteBufferSize(WRITE_BUFFER_BYTES)
                        .setMaxWriteBufferNumber(WRITE_BUFFERS)
                        .setLevel0SlowdownWritesTrigger(1_000)
                        .setLevel0StopWritesTrigger(2_000)
                        .setSoftPendingCompactionBytesLimit(0)
                        .setHardPendingCompactionBytesLimit(0);
        switch (memtable) {
            case SKIP_LIST -> options.setMemTableConfig(new SkipListMemTableConfig());
            case HASH_SKIP_LIST ->
                    options.useFixedLengthPrefixExtractor(prefixLength)
                            .setMemTableConfig(new HashSkipListMemTableConfig());
            case HASH_LINKED_LIST ->
                    options.useFixedLengthPrefixExtractor(prefixLength)
                            .setMemTableConfig(
                                    new HashLinkedListMemTableConfig().setBucketCount(1_000_000));
            default -> throw new IllegalArgumentException("memtable: " + memtable);
        }
        return options;
    }

    private <T extends RocksObject> T keep(final T object) {
        settings.add(object);
        return object;
    }

    /**
     * Opens an empty database.
     *
     * @param directory of the database
     * @param memtable how records wait in memory
     * @return the database
     */
    public static RocksPeer open(final Path directory, final Memtable memtable) {
        try {
            return new RocksPeer(directory, memtable);
        } catch (final RocksDBException e) {
            throw new IllegalStateException(directory + ": cannot be opened by RocksDB", e);
        }
    }

    /**
     * Stores claims 0 to {@code count - 1}; returns when every write has.
     *
     * @param count claims, a multiple of threads times {@link RocksPeerWriter#BATCH}
     * @param subjectCount subjects they are on
     * @param threads threads that do it, each its share
     * @return time it took, ns
     */
    public long run(final int count, final int subjectCount, final int threads) {
        final int share = count / threads;
        if (share * threads != count || share % RocksPeerWriter.BATCH != 0) {
            throw new IllegalArgumentException(
                    "count: must be a multiple of "
                            + threads * RocksPeerWriter.BATCH
                            + ", is "
                            + count);
        }
        final List<RocksPeerWriter> writers = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            writers.add(
                    new RocksPeerWriter(
                            db,
                            writeOptions,
                            families.get(1).getID(),
                            nextSequence,
                            new Claims(subjectCount),
                            i * share,
                            share));
        }
        final long startNs = System.nanoTime();
        writers.forEach(RocksPeerWriter::start);
        writers.forEach(RocksPeerWriter::await);
        final long timeNs = System.nanoTime() - startNs;
        writers.forEach(this::check);
        return timeNs;
    }

    /** A baseline that loses what it is given is none. */
    private void check(final RocksPeerWriter writer) {
        try {
            final byte[] hash = db.get(families.get(1), writer.lastSubjectKey());
            final byte[] record = hash == null ? null : db.get(families.get(0), hash);
            if (!Arrays.equals(record, writer.lastRecord())) {
                throw new IllegalStateException("RocksDB does not have the last claim written");
            }
        } catch (final RocksDBException e) {
            throw new IllegalStateException("RocksDB cannot be read back", e);
        }
    }

    @Override
    public void close() {
        families.forEach(ColumnFamilyHandle::close);
        db.close();
        for (int i = settings.size() - 1; i >= 0; i--) {
            settings.get(i).close();
        }
    }
}
