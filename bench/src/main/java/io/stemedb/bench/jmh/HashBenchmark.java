package io.stemedb.bench.jmh;

import io.stemedb.engine.hash.Blake3;
import java.util.concurrent.TimeUnit;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
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
import org.openjdk.jmh.annotations.Warmup;

/** BLAKE3 over memory outside the heap. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 400, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 400, timeUnit = TimeUnit.MILLISECONDS)
public class HashBenchmark {
    private static final int BATCH = 32;
    private static final int BODY_LENGTH = 232;

    /** A benchmark. */
    public HashBenchmark() {}

    /** Which code; decided once in a JVM, so each value needs a fork of its own. */
    @State(Scope.Thread)
    public static class Hasher {
        /** Value of {@link Blake3#PROPERTY}. */
        @Param({"native", "java"})
        public String implementation;

        private Blake3 blake3;
        private final UnsafeBuffer out = direct(Blake3.HASH_LENGTH);

        /** A state. */
        public Hasher() {}

        /** Chooses the code. */
        @Setup(Level.Trial)
        public void choose() {
            System.setProperty(Blake3.PROPERTY, implementation);
            blake3 = Blake3.newInstance();
            if (!blake3.implementation().equals(implementation)) {
                throw new IllegalStateException(
                        "implementation: this JVM has chosen " + blake3.implementation());
            }
        }
    }

    /** One input. */
    @State(Scope.Thread)
    public static class Input {
        /** Bytes to hash. */
        @Param({"240", "1024", "65536"})
        public int length;

        private UnsafeBuffer in;

        /** A state. */
        public Input() {}

        /** Fills the input. */
        @Setup(Level.Trial)
        public void fill() {
            in = direct(length);
            for (int i = 0; i < length; i++) {
                in.putByte(i, (byte) i);
            }
        }
    }

    /** As many record bodies as the ingest agent hashes at once. */
    @State(Scope.Thread)
    public static class Batch {
        private final UnsafeBuffer in = direct(BATCH * BODY_LENGTH);
        private final UnsafeBuffer out = direct(BATCH * Blake3.HASH_LENGTH);
        private final UnsafeBuffer descriptors = direct(BATCH * Blake3.DESCRIPTOR_LENGTH);

        /** A state. */
        public Batch() {}

        /** Describes the inputs. */
        @Setup(Level.Trial)
        public void describe() {
            for (int i = 0; i < BATCH; i++) {
                in.putInt(i * BODY_LENGTH, i);
                final int at = i * Blake3.DESCRIPTOR_LENGTH;
                descriptors.putLong(at, in.addressOffset() + (long) i * BODY_LENGTH);
                descriptors.putLong(at + 8, BODY_LENGTH);
                descriptors.putLong(at + 16, out.addressOffset() + (long) i * Blake3.HASH_LENGTH);
            }
        }
    }

    private static UnsafeBuffer direct(final int length) {
        return new UnsafeBuffer(BufferUtil.allocateDirectAligned(length, 64));
    }

    /**
     * One input.
     *
     * @param hasher which code
     * @param input the input
     * @return first byte of the hash
     */
    @Benchmark
    public byte one(final Hasher hasher, final Input input) {
        hasher.blake3.hash(input.in.addressOffset(), input.length, hasher.out.addressOffset());
        return hasher.out.getByte(0);
    }

    /**
     * 32 bodies of 232 bytes in one call; time for each.
     *
     * @param hasher which code
     * @param batch the bodies
     * @return first byte of the first hash
     */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public byte batch(final Hasher hasher, final Batch batch) {
        hasher.blake3.hashBatch(batch.descriptors.addressOffset(), BATCH);
        return batch.out.getByte(0);
    }
}
