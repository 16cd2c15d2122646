package io.stemedb.bench.jmh;

import io.stemedb.bench.Claims;
import io.stemedb.bench.DataDirectory;
import io.stemedb.bench.Engines;
import io.stemedb.engine.hash.Blake3;
import io.stemedb.engine.ingest.Ingestor;
import io.stemedb.engine.journal.ChronicleJournal;
import io.stemedb.engine.journal.JournalConfig;
import io.stemedb.engine.store.HybridStore;
import io.stemedb.engine.store.Keys;
import io.stemedb.engine.store.KvHandler;
import io.stemedb.engine.store.KvReader;
import io.stemedb.engine.store.KvStore;
import io.stemedb.engine.store.StoreIdentity;
import io.stemedb.engine.store.SubjectIndex;
import io.stemedb.engine.store.lmdb.LmdbKvStore;
import io.stemedb.engine.store.rocks.RocksKvStore;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.SleepingIdleStrategy;
import org.agrona.concurrent.SystemNanoClock;
import org.agrona.concurrent.UnsafeBuffer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Reads from the stores, filled by the ingestor in generations of the default size, with nothing
 * being written meanwhile.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 400, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 400, timeUnit = TimeUnit.MILLISECONDS)
public class StoreBenchmark {
    private static final int SAMPLE = 1 << 14;
    private static final long MAP_LIMIT = 16L << 30;
    private static final long SEED = 20261122;
    private static final IdleStrategy POLL = new SleepingIdleStrategy(100_000);

    /** Store of the subject index. */
    @Param({"LMDB", "ROCKSDB"})
    public SubjectIndex subjectIndex;

    /** Subjects that the records are on, at random. */
    @Param({"1000", "1000000"})
    public int subjects;

    /** Records in the stores: of three generations. */
    @Param("600000")
    public int records;

    private final UnsafeBuffer key = new UnsafeBuffer(new byte[Keys.MAX_LENGTH]);
    private final KvHandler handler = this::onEntry;
    private Claims claims;
    private DataDirectory directory;
    private KvStore store;
    private KvReader reader;

    /** Hashes of some of the records, and subjects of others. */
    private final UnsafeBuffer hashes = new UnsafeBuffer(new byte[SAMPLE * Blake3.HASH_LENGTH]);

    private final int[] sampledSubjects = new int[SAMPLE];
    private int next;
    private long seen;

    /** A benchmark. */
    public StoreBenchmark() {}

    /** Fills the stores. */
    @Setup(Level.Trial)
    public void fill() {
        directory = DataDirectory.make();
        claims = new Claims(subjects);
        store = open(directory.path());
        sample();
        try (ChronicleJournal journal =
                        ChronicleJournal.open(
                                directory.path().resolve("journal"),
                                new JournalConfig(
                                        JournalConfig.SEGMENT_LENGTH_DEFAULT,
                                        JournalConfig.PREPARE_AHEAD_DEFAULT,
                                        JournalConfig.BACKLOG_LIMIT_DEFAULT,
                                        0,
                                        SystemNanoClock.INSTANCE));
                Ingestor ingestor = new Ingestor(journal, store)) {
            ingestor.start();
            final UnsafeBuffer record = new UnsafeBuffer(new byte[Claims.LENGTH]);
            for (int i = 0; i < records; i++) {
                claims.encode(i, record, 0);
                while (journal.append(record, 0, Claims.LENGTH) < 0) {
                    POLL.idle();
                }
            }
            ingestor.requestFlush(records);
            final long deadlineNs = System.nanoTime() + Engines.TIMEOUT_NS;
            while (ingestor.stored() < records) {
                if (ingestor.failure() != null || System.nanoTime() - deadlineNs > 0) {
                    throw new IllegalStateException(
                            "stored: " + ingestor.stored() + " of " + records, ingestor.failure());
                }
                POLL.idle();
            }
        }
        reader = store.newReader();
    }

    private KvStore open(final Path path) {
        final StoreIdentity identity = new StoreIdentity(1, 2, 1);
        final Path natives = path.resolve("native");
        final KvStore rocks = RocksKvStore.open(path.resolve("rocks"), identity, natives);
        final KvStore lmdb = LmdbKvStore.open(path.resolve("lmdb"), identity, MAP_LIMIT, natives);
        return new HybridStore(rocks, lmdb, subjectIndex);
    }

    private void sample() {
        final SplittableRandom random = new SplittableRandom(SEED);
        final UnsafeBuffer record = new UnsafeBuffer(new byte[Claims.LENGTH]);
        final Blake3 blake3 = Blake3.newInstance();
        for (int i = 0; i < SAMPLE; i++) {
            claims.encode(random.nextInt(records), record, 0);
            blake3.hash(record, 8, Claims.LENGTH - 8, hashes, i * Blake3.HASH_LENGTH);
            sampledSubjects[i] = claims.subjectOf(random.nextInt(records));
        }
    }

    private boolean onEntry(
            final DirectBuffer keyBuffer,
            final int keyOffset,
            final int keyLength,
            final DirectBuffer value,
            final int valueOffset,
            final int valueLength) {
        seen += value.getByte(valueOffset) + 1_000L;
        return false;
    }

    private long seenSince(final long before) {
        if (seen == before) {
            throw new IllegalStateException("an entry that was stored is not found");
        }
        return seen;
    }

    /** Closes the stores. */
    @TearDown(Level.Trial)
    public void close() {
        reader.close();
        store.close();
        directory.close();
    }

    /**
     * Gets an assertion by its hash.
     *
     * @return something of it
     */
    @Benchmark
    public long getByHash() {
        final long before = seen;
        next = (next + 1) & (SAMPLE - 1);
        final int length = Keys.assertion(key, 0, hashes, next * Blake3.HASH_LENGTH);
        reader.get(key, 0, length, handler);
        return seenSince(before);
    }

    /**
     * Finds the hash of the newest claim on a subject.
     *
     * @return something of it
     */
    @Benchmark
    public long newestOfSubject() {
        final long before = seen;
        next = (next + 1) & (SAMPLE - 1);
        final int length =
                Keys.subjectPrefix(
                        key, 0, claims.subject(sampledSubjects[next]), 0, Claims.SUBJECT_LENGTH);
        reader.scanBackward(key, 0, length, null, 0, 0, handler);
        return seenSince(before);
    }
}
