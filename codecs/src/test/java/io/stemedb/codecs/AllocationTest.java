package io.stemedb.codecs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.function.IntConsumer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** Nothing is allocated once warm, by the JVM's own count for this thread. */
class AllocationTest {
    private static final int ROUNDS = 5;
    private static final int RECORDS = 20_000;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final UnsafeBuffer buffer = new UnsafeBuffer(ByteBuffer.allocateDirect(8192));
    private final UnsafeBuffer heap = new UnsafeBuffer(new byte[8192]);
    private final byte[] hash = Bytes.sequence(1, 32);
    private final byte[] signature = Bytes.sequence(1, 64);
    private final float[] vector = {1, -0.0f, 3};
    private final String[] subjects = {"BTCUSD@bitstamp", "ETHUSD@bitstamp", "señal/日本", "x"};
    private final StringBuilder predicate = new StringBuilder("trade_price");
    private Object sink;

    /**
     * Bytes of the best of some rounds: a compiler's deoptimization may allocate once, no loop may.
     */
    private long allocated(final IntConsumer perRecord) {
        final long thread = Thread.currentThread().getId();
        long least = Long.MAX_VALUE;
        for (int round = 0; round < ROUNDS; round++) {
            final long before = threads.getThreadAllocatedBytes(thread);
            for (int i = 0; i < RECORDS; i++) {
                perRecord.accept(i);
            }
            least = Math.min(least, threads.getThreadAllocatedBytes(thread) - before);
        }
        return least;
    }

    private AssertionWriter fill(final AssertionWriter writer, final int i) {
        writer.clear()
                .subject(subjects[i & 3])
                .predicate(predicate)
                .confidence(1)
                .timestamp(i)
                .sourceHash(hash)
                .visualHash(heap, 0)
                .addSignature(hash, signature, i, 1)
                .vector(vector);
        return switch (i & 3) {
            case 0 -> writer.number(i);
            case 1 -> writer.bool(true);
            case 2 -> writer.text(subjects[i & 3]);
            default -> writer.reference(subjects[i & 3]);
        };
    }

    @Test
    void encode() {
        final AssertionWriter assertion = new AssertionWriter();
        final VoteWriter vote = new VoteWriter(w -> w.encode(buffer, 0) > 0 ? 1 : -1);
        final EpochWriter epoch = new EpochWriter();
        final long bytes =
                allocated(
                        i -> {
                            fill(assertion, i).encode(buffer, i & 7);
                            fill(assertion, i).encode(heap, i & 7);
                            vote.assertion(hash).agentId(heap, 3).weight(i).timestamp(i);
                            vote.signature(signature).append();
                            epoch.clear().id(hash).name(subjects[i & 3]).start(i);
                            epoch.description("day").encode(buffer, 0);
                        });
        assertEquals(0, bytes, "bytes for " + RECORDS + " rounds");
    }

    @Test
    void validateAndView() {
        final RecordValidator validator = new RecordValidator();
        final int length = fill(new AssertionWriter(), 2).encode(buffer, 0);
        final int voteOffset = 4096;
        final int voteLength =
                new VoteWriter()
                        .assertion(hash)
                        .agentId(hash)
                        .weight(1)
                        .timestamp(1)
                        .encode(buffer, voteOffset);
        final AssertionView view = new AssertionView();
        final VoteView vote = new VoteView();
        final long[] sum = new long[1];
        final long bytes =
                allocated(
                        i -> {
                            validator.validate(buffer, 0, length);
                            validator.validate(buffer, voteOffset, voteLength);
                            view.wrap(buffer, 0, length);
                            sum[0] += view.timestamp() + view.lifecycle().id();
                            sum[0] += view.objectType().id() + view.sourceClass().id();
                            sum[0] += view.signatureTimestamp(0) + (long) view.vectorElement(2);
                            sum[0] += view.subjectOffset() + view.objectTextLength();
                            vote.wrap(buffer, voteOffset, voteLength);
                            sum[0] += vote.assertionHashOffset() + (long) vote.weight();
                        });
        assertEquals(0, bytes, "bytes for " + RECORDS + " rounds, sum " + sum[0]);
    }

    @Test
    void theMeterSeesWhatIsAllocated() {
        final long bytes = allocated(i -> sink = new byte[16]);
        assertTrue(bytes >= 16L * RECORDS, bytes + " bytes, " + sink);
    }
}
