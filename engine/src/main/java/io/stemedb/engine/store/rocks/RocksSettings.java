package io.stemedb.engine.store.rocks;

import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.CompressionType;
import org.rocksdb.DataBlockIndexType;
import org.rocksdb.EnvOptions;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.IngestExternalFileOptions;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.ReadOptions;

/**
 * How we use RocksDB, and the native objects that say so. One set for each store.
 *
 * <p>No memtable and no write-ahead log of its own is ever filled: everything arrives as whole SST
 * files. No event listener is registered: with one, exit hangs and recovery from a full disk is
 * switched off.
 */
final class RocksSettings implements AutoCloseable {
    private static final long BLOCK_CACHE_BYTES = 64L << 20;
    private static final int BLOCK_CACHE_SHARD_BITS = 4;
    private static final int BLOCK_BYTES = 4096;
    private static final int BLOOM_BITS = 10;
    private static final int FORMAT_VERSION = 6;
    private static final int BACKGROUND_JOBS = 2;
    // A scan looks into every file of level 0: keep them few.
    private static final int LEVEL_0_FILES = 3;
    private static final long FILE_BYTES = 64L << 20;
    private static final long LEVEL_1_BYTES = 512L << 20;
    // Spreads the writing of compactions out, so that it does not meet a sync of the journal whole.
    private static final long BYTES_PER_SYNC = 1L << 20;
    private static final long WRITE_BUFFER_BYTES = 64L << 10; // never filled
    private static final int LOG_FILES = 2;
    private static final long LOG_FILE_BYTES = 1L << 20;

    final Options options;
    final EnvOptions envOptions = new EnvOptions();
    final IngestExternalFileOptions ingestOptions;
    final ReadOptions getOptions = new ReadOptions();
    final ReadOptions scanOptions;
    private final Cache cache = new LRUCache(BLOCK_CACHE_BYTES, BLOCK_CACHE_SHARD_BITS);
    private final BloomFilter filter = new BloomFilter(BLOOM_BITS, false);

    RocksSettings() {
        // Index and filter blocks stay outside the cache, as long as their file is open: all are.
        final BlockBasedTableConfig table =
                new BlockBasedTableConfig()
                        .setBlockCache(cache)
                        .setBlockSize(BLOCK_BYTES)
                        .setFormatVersion(FORMAT_VERSION)
                        .setFilterPolicy(filter)
                        .setWholeKeyFiltering(true)
                        .setDataBlockIndexType(DataBlockIndexType.kDataBlockBinaryAndHash)
                        .setCacheIndexAndFilterBlocks(false);
        options =
                new Options()
                        .setCreateIfMissing(true)
                        .setTableFormatConfig(table)
                        .setCompressionType(CompressionType.NO_COMPRESSION)
                        .setMaxOpenFiles(-1)
                        .setMaxBackgroundJobs(BACKGROUND_JOBS)
                        .setLevel0FileNumCompactionTrigger(LEVEL_0_FILES)
                        .setTargetFileSizeBase(FILE_BYTES)
                        .setMaxBytesForLevelBase(LEVEL_1_BYTES)
                        .setBytesPerSync(BYTES_PER_SYNC)
                        .setWriteBufferSize(WRITE_BUFFER_BYTES)
                        .setAvoidUnnecessaryBlockingIO(true)
                        .setStatsDumpPeriodSec(0)
                        .setStatsPersistPeriodSec(0)
                        .setInfoLogLevel(InfoLogLevel.ERROR_LEVEL)
                        .setKeepLogFileNum(LOG_FILES)
                        .setMaxLogFileSize(LOG_FILE_BYTES);
        envOptions.setBytesPerSync(BYTES_PER_SYNC);
        // A file keeps the bytes it was written and synced with: its global sequence number is
        // kept in the manifest alone.
        ingestOptions =
                new IngestExternalFileOptions()
                        .setMoveFiles(true)
                        .setSnapshotConsistency(true)
                        .setAllowGlobalSeqNo(true)
                        .setAllowBlockingFlush(false)
                        .setWriteGlobalSeqno(false);
        scanOptions = new ReadOptions().setBackgroundPurgeOnIteratorCleanup(true);
    }

    @Override
    public void close() {
        scanOptions.close();
        getOptions.close();
        ingestOptions.close();
        envOptions.close();
        options.close();
        filter.close();
        cache.close();
    }
}
