package io.stemedb.bench.jmh;

import io.stemedb.bench.Claims;
import io.stemedb.bench.DataDirectory;
import io.stemedb.bench.Engines;
import io.stemedb.bench.peers.RawChronicle;
import io.stemedb.engine.Appender;
import io.stemedb.engine.Durability;
import io.stemedb.engine.Engine;
import io.stemedb.engine.Watermark;
import io.stemedb.engine.journal.JournalConfig;
import java.util.concurrent.TimeUnit;
import org.agrona.BufferUtil;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.SleepingIdleStrategy;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * An append of 240 bytes, in bursts that fit into the blocks touched ahead; between two bursts
 * everything in the background catches up. For ratios use the rig, which lets both take turns.
 */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 15)
@Measurement(iterations = 25)
public class AppendBenchmark {
    private static final int BURST = 20_000;
    private static final int EXCERPT_LENGTH_MAX = Claims.LENGTH + 32;
    private static final long PREPARE_NS = 20_000_000;

    /** A benchmark. */
    public AppendBenchmark() {}

    /** An engine with default settings. */
    @State(Scope.Thread)
    public static class Ours {
        /** When records are made durable. */
        @Param({"GROUP", "ASYNC"})
        public Durability durability;

        private final Claims claims = new Claims(1_000);
        private final IdleStrategy idle = Engines.backPressureIdle();
        private DataDirectory directory;
        private Engine engine;
        private Appender appender;
        private int next;

        /** A state. */
        public Ours() {}

        /** Starts the engine. */
        @Setup(Level.Trial)
        public void launch() {
            directory = DataDirectory.make();
            engine = Engine.launch(Engines.context(directory.path()).durability(durability));
            appender = engine.newAppender();
        }

        /** Waits for the ingest thread, and for blocks. */
        @Setup(Level.Iteration)
        public void settle() {
            engine.await(
                    Watermark.READABLE, engine.watermark(Watermark.APPENDED), Engines.TIMEOUT_NS);
            new SleepingIdleStrategy(PREPARE_NS).idle();
        }

        /** Stops the engine. */
        @TearDown(Level.Trial)
        public void close() {
            engine.close();
            directory.close();
        }
    }

    /** A queue of Chronicle's, and a record that is encoded already. */
    @State(Scope.Thread)
    public static class Raw {
        private final UnsafeBuffer record =
                new UnsafeBuffer(BufferUtil.allocateDirectAligned(Claims.LENGTH, 64));
        private DataDirectory directory;
        private RawChronicle chronicle;
        private int queues;

        /** A state. */
        public Raw() {}

        /** Opens the queue. */
        @Setup(Level.Trial)
        public void open() {
            new Claims(1).encode(0, record, 0);
            directory = DataDirectory.make();
            openQueue();
        }

        private void openQueue() {
            chronicle =
                    new RawChronicle(
                            directory.path().resolve("raw-" + queues++),
                            JournalConfig.SEGMENT_LENGTH_DEFAULT,
                            JournalConfig.PREPARE_AHEAD_DEFAULT);
        }

        /** Waits for blocks; opens the next queue when the burst has no room in this one. */
        @Setup(Level.Iteration)
        public void settle() {
            if (!chronicle.hasRoom((long) BURST * EXCERPT_LENGTH_MAX)) {
                chronicle.close();
                openQueue();
            }
            chronicle.awaitTouched();
        }

        /** Closes the queue. */
        @TearDown(Level.Trial)
        public void close() {
            chronicle.close();
            directory.close();
        }
    }

    /**
     * AssertionWriter.append(), setting the fields included.
     *
     * @param ours the engine
     * @return last sequence
     */
    @Benchmark
    @OperationsPerInvocation(BURST)
    public long engine(final Ours ours) {
        long sequence = 0;
        for (int i = 0; i < BURST; i++) {
            sequence =
                    Engines.append(
                            ours.claims.set(ours.appender.assertion(), ours.next++), ours.idle);
        }
        return sequence;
    }

    /**
     * The same bytes in place into a Chronicle queue.
     *
     * @param raw the queue
     */
    @Benchmark
    @OperationsPerInvocation(BURST)
    public void rawChronicle(final Raw raw) {
        for (int i = 0; i < BURST; i++) {
            raw.chronicle.append(raw.record, 0, Claims.LENGTH);
        }
    }
}
