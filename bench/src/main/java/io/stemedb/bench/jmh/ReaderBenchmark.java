package io.stemedb.bench.jmh;

import io.stemedb.bench.Claims;
import io.stemedb.bench.DataDirectory;
import io.stemedb.bench.Engines;
import io.stemedb.codecs.AssertionView;
import io.stemedb.engine.ClaimHandler;
import io.stemedb.engine.Engine;
import io.stemedb.engine.Reader;
import io.stemedb.engine.Watermark;
import io.stemedb.engine.hash.Blake3;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
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

/** Reads through an idle engine's reader, 1,000 subjects, S: in LMDB. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 400, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 400, timeUnit = TimeUnit.MILLISECONDS)
public class ReaderBenchmark {
    private static final int SUBJECTS = 1_000;
    private static final int LIMIT = 10;
    private static final int SAMPLE = 1 << 14;
    private static final long SEED = 20261122;

    /** Where the records are. */
    public enum Where {
        /** None was flushed. */
        MEMTABLE,
        /** All were. */
        STORES
    }

    /** Where the records are. */
    @Param({"MEMTABLE", "STORES"})
    public Where where;

    /** Records in the engine: they fit one generation. */
    @Param("150000")
    public int records;

    private final UnsafeBuffer hashes = new UnsafeBuffer(new byte[SAMPLE * Blake3.HASH_LENGTH]);
    private final int[] subjects = new int[SAMPLE];
    private final AssertionView view = new AssertionView();
    private final ClaimHandler handler = (sequence, hash, record, offset, length) -> sum(sequence);
    private Claims claims;
    private DataDirectory directory;
    private Engine engine;
    private Reader reader;
    private int next;
    private long sum;

    /** A benchmark. */
    public ReaderBenchmark() {}

    /** Fills the engine. */
    @Setup(Level.Trial)
    public void fill() {
        directory = DataDirectory.make();
        claims = new Claims(SUBJECTS);
        engine = Engine.launch(Engines.context(directory.path()).flushIntervalNs(Long.MAX_VALUE));
        final long last = Engines.append(engine, claims, 0, records);
        engine.await(Watermark.READABLE, last, Engines.TIMEOUT_NS);
        if (where == Where.STORES) {
            Engines.store(engine);
        }
        reader = engine.newReader();
        sample();
    }

    private void sample() {
        final SplittableRandom random = new SplittableRandom(SEED);
        final UnsafeBuffer record = new UnsafeBuffer(new byte[Claims.LENGTH]);
        final Blake3 blake3 = Blake3.newInstance();
        for (int i = 0; i < SAMPLE; i++) {
            claims.encode(random.nextInt(records), record, 0);
            blake3.hash(record, 8, Claims.LENGTH - 8, hashes, i * Blake3.HASH_LENGTH);
            subjects[i] = claims.subjectOf(random.nextInt(records));
        }
    }

    private void sum(final long sequence) {
        sum += sequence;
    }

    /** Stops the engine. */
    @TearDown(Level.Trial)
    public void close() {
        reader.close();
        engine.close();
        directory.close();
    }

    /**
     * Gets an assertion by its hash.
     *
     * @return its timestamp
     */
    @Benchmark
    public long assertion() {
        next = (next + 1) & (SAMPLE - 1);
        if (!reader.assertion(hashes, next * Blake3.HASH_LENGTH, view)) {
            throw new IllegalStateException("an assertion that was appended is not found");
        }
        return view.timestamp();
    }

    /**
     * The newest ten claims on a subject, with their records.
     *
     * @return sum of their sequences
     */
    @Benchmark
    public long newestTen() {
        next = (next + 1) & (SAMPLE - 1);
        final int delivered =
                reader.newestFirst(
                        claims.subject(subjects[next]), 0, Claims.SUBJECT_LENGTH, LIMIT, handler);
        if (delivered == 0) {
            throw new IllegalStateException("a subject that has claims is not found");
        }
        return sum;
    }
}
