package io.stemedb.bench.jmh;

import io.stemedb.bench.Claims;
import io.stemedb.codecs.AssertionView;
import io.stemedb.codecs.AssertionWriter;
import io.stemedb.codecs.RecordValidator;
import io.stemedb.codecs.VoteWriter;
import java.util.concurrent.TimeUnit;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Writing, checking and reading the bytes of a record, in memory. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 4, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
public class EncodeBenchmark {
    private static final int CAPACITY = 512;

    private final Claims claims = new Claims(1_000);
    private final AssertionWriter assertion = new AssertionWriter();
    private final VoteWriter vote = new VoteWriter();
    private final RecordValidator validator = new RecordValidator();
    private final AssertionView view = new AssertionView();
    private final byte[] hash = new byte[32];
    private final byte[] signature = new byte[64];
    private final UnsafeBuffer buffer =
            new UnsafeBuffer(BufferUtil.allocateDirectAligned(CAPACITY, 64));
    private final UnsafeBuffer record =
            new UnsafeBuffer(BufferUtil.allocateDirectAligned(CAPACITY, 64));
    private int length;
    private int index;

    /** A benchmark. */
    public EncodeBenchmark() {}

    /** The record that is checked and read. */
    @Setup
    public void encode() {
        length = claims.encode(0, record, 0);
        signature[0] = 1;
    }

    /**
     * Sets the fields of an assertion of 240 bytes and encodes it, checksum included.
     *
     * @return its length
     */
    @Benchmark
    public int assertionWriter() {
        assertion.clear();
        return claims.set(assertion, index++ & Integer.MAX_VALUE).encode(buffer, 0);
    }

    /**
     * Sets the fields of a vote of 152 bytes and encodes it, checksum included.
     *
     * @return its length
     */
    @Benchmark
    public int voteWriter() {
        return vote.clear()
                .assertion(hash)
                .agentId(hash)
                .weight(0.5f)
                .timestamp(index++ & Integer.MAX_VALUE)
                .signature(signature)
                .encode(buffer, 0);
    }

    /**
     * Checks an assertion of 240 bytes whole.
     *
     * @return its length
     */
    @Benchmark
    public int validator() {
        validator.validate(record, 0, length);
        return length;
    }

    /**
     * Wraps a view and reads fields from its start and its end.
     *
     * @return something of each
     */
    @Benchmark
    public long assertionView() {
        view.wrap(record, 0, length);
        return view.timestamp()
                + view.subjectOffset()
                + view.subjectLength()
                + view.predicateOffset()
                + view.objectTextOffset()
                + view.objectTextLength();
    }
}
