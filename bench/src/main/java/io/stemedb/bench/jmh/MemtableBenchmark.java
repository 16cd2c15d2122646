package io.stemedb.bench.jmh;

import io.stemedb.bench.Claims;
import io.stemedb.engine.hash.Blake3;
import io.stemedb.engine.memtable.Generation;
import io.stemedb.engine.memtable.Memtable;
import io.stemedb.engine.memtable.MemtableReader;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The memtable alone, with a generation of the default size. Records are encoded and hashed before;
 * generations are recycled, as in an engine that has run for a while.
 */
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@BenchmarkMode(Mode.AverageTime)
@Fork(1)
@Warmup(iterations = 3, time = 400, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 400, timeUnit = TimeUnit.MILLISECONDS)
public class MemtableBenchmark {
    private static final int RECORDS = 200_000;
    private static final int BYTES = 80 << 20;
    private static final int GENERATIONS = 2;
    private static final long SEED = 20261122;

    /** A benchmark. */
    public MemtableBenchmark() {}

    /** A memtable, and records for one generation of it. */
    @State(Scope.Thread)
    public static class Table {
        /** Subjects that the records are on, at random. */
        @Param({"1000", "1000000"})
        public int subjects;

        private EncodedClaims claims;
        private Memtable memtable;
        private MemtableReader reader;
        private int[] order;
        private int next;
        private long sequence;

        /** A state. */
        public Table() {}

        /** Encodes the records. JMH keeps no order between the setups of a class and its base. */
        void make() {
            claims = new EncodedClaims(subjects, RECORDS);
            memtable = new Memtable(GENERATIONS, RECORDS, BYTES);
            order = new SplittableRandom(SEED).ints(RECORDS, 0, RECORDS).toArray();
        }

        void fill() {
            for (int i = 0; i < RECORDS; i++) {
                put(i);
            }
            memtable.advance(sequence);
        }

        void put(final int index) {
            final boolean done =
                    memtable.putAssertion(
                            ++sequence,
                            claims.hashes(),
                            index * Blake3.HASH_LENGTH,
                            claims.records(),
                            index * Claims.LENGTH,
                            Claims.LENGTH,
                            index * Claims.LENGTH + EncodedClaims.SUBJECT_OFFSET,
                            Claims.SUBJECT_LENGTH);
            if (!done) {
                throw new IllegalStateException("generation is full at record " + index);
            }
        }

        /** A free generation becomes the active one, and what was in the other is gone. */
        void recycle() {
            if (!memtable.rotate()) {
                throw new IllegalStateException("no generation is free");
            }
            final Generation full = memtable.sealed();
            while (!memtable.release(full)) {
                Thread.onSpinWait();
            }
        }

        int random() {
            next = next + 1 == RECORDS ? 0 : next + 1;
            return order[next];
        }

        /** Gives the memory back. */
        @TearDown(Level.Trial)
        public void close() {
            if (reader != null) {
                reader.exit();
                reader.close();
            }
            memtable.close();
        }
    }

    /** A memtable whose generation is empty before each invocation. */
    @State(Scope.Thread)
    public static class Empty extends Table {
        /** A state. */
        public Empty() {}

        /** Both generations have been in use before. */
        @Setup(Level.Trial)
        public void touch() {
            super.make();
            super.fill();
            super.recycle();
        }

        /** Empties. */
        @TearDown(Level.Invocation)
        public void empty() {
            super.memtable.advance(super.sequence);
            super.recycle();
        }
    }

    /** A memtable with one full generation, and a reader inside. */
    @State(Scope.Thread)
    public static class Full extends Table {
        /** A state. */
        public Full() {}

        /** Fills. */
        @Setup(Level.Trial)
        public void enter() {
            super.make();
            super.fill();
            super.reader = super.memtable.newReader();
            super.reader.enter();
        }
    }

    /**
     * Puts a generation full of assertions; time for each.
     *
     * @param table an empty one
     */
    @Benchmark
    @BenchmarkMode(Mode.SingleShotTime)
    @Warmup(iterations = 10)
    @Measurement(iterations = 15)
    @OperationsPerInvocation(RECORDS)
    public void put(final Empty table) {
        table.fill();
    }

    /**
     * Looks an assertion up that is there.
     *
     * @param table a full one
     * @return where it is
     */
    @Benchmark
    public int getHit(final Full table) {
        final Table all = table;
        if (!all.reader.findAssertion(all.claims.hashes(), all.random() * Blake3.HASH_LENGTH)) {
            throw new IllegalStateException("an assertion that was put is not found");
        }
        return all.reader.recordOffset();
    }

    /**
     * Looks a hash up that is not there: one read across two others.
     *
     * @param table a full one
     * @return false
     */
    @Benchmark
    public boolean getMiss(final Full table) {
        final Table all = table;
        return all.reader.findAssertion(
                all.claims.hashes(),
                Math.min(all.random(), RECORDS - 2) * Blake3.HASH_LENGTH + Blake3.HASH_LENGTH / 2);
    }

    /**
     * Finds the newest claim on a subject.
     *
     * @param table a full one
     * @return its sequence
     */
    @Benchmark
    public long newestOfSubject(final Full table) {
        final Table all = table;
        if (!all.reader.seekNewest(
                all.claims.records(),
                all.random() * Claims.LENGTH + EncodedClaims.SUBJECT_OFFSET,
                Claims.SUBJECT_LENGTH)) {
            throw new IllegalStateException("a subject that has claims is not found");
        }
        return all.reader.sequence();
    }
}
