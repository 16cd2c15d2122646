package io.stemedb.engine.hash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.stream.Stream;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class Blake3AllocationTest {
    private static final int BATCH = 16;
    private static final int RECORD_LENGTH = 240;
    private static final int TREE_LENGTH = 5_000;
    private static final int CALLS = 500;
    private static final int ROUNDS = 10;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final UnsafeBuffer direct = direct(8_192);
    private final UnsafeBuffer heap = new UnsafeBuffer(new byte[8_192]);
    private final UnsafeBuffer heapOut = new UnsafeBuffer(new byte[32]);
    private final UnsafeBuffer directOut = direct(BATCH * 32);
    private final UnsafeBuffer descriptors = direct(BATCH * Blake3.DESCRIPTOR_LENGTH);
    private Object kept;

    static Stream<Blake3> implementations() {
        return Blake3Test.implementations();
    }

    private static UnsafeBuffer direct(final int length) {
        return new UnsafeBuffer(BufferUtil.allocateDirectAligned(length, 64));
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void hashingAllocatesNothing(final Blake3 blake3) {
        for (int i = 0; i < BATCH; i++) {
            final int at = i * Blake3.DESCRIPTOR_LENGTH;
            descriptors.putLong(at, direct.addressOffset() + i * 256L);
            descriptors.putLong(at + 8, RECORD_LENGTH);
            descriptors.putLong(at + 16, directOut.addressOffset() + i * 32L);
        }
        final long allocated = leastAllocated(() -> hashEveryWay(blake3));
        assertEquals(
                0, allocated, () -> "bytes in " + CALLS + " calls: " + blake3.implementation());
    }

    @Test
    void theMeasurementSeesOneAllocation() {
        final long allocated = leastAllocated(() -> kept = new byte[16]);
        assertTrue(allocated >= CALLS * 16L, () -> allocated + " bytes, " + kept);
    }

    private void hashEveryWay(final Blake3 blake3) {
        blake3.hash(direct.addressOffset(), RECORD_LENGTH, directOut.addressOffset());
        blake3.hash(direct.addressOffset(), TREE_LENGTH, directOut.addressOffset());
        blake3.hash(direct, 0, RECORD_LENGTH, directOut, 0);
        blake3.hash(heap, 0, RECORD_LENGTH, heapOut, 0);
        blake3.hash(heap, 0, TREE_LENGTH, directOut, 0);
        blake3.hash(direct, 0, RECORD_LENGTH, heapOut, 0);
        blake3.hashBatch(descriptors.addressOffset(), BATCH);
    }

    /** Of several rounds, as the first ones also load classes and link call sites. */
    private static long leastAllocated(final Runnable action) {
        long least = Long.MAX_VALUE;
        for (int round = 0; round < ROUNDS; round++) {
            final long before = THREADS.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < CALLS; i++) {
                action.run();
            }
            least = Math.min(least, THREADS.getCurrentThreadAllocatedBytes() - before);
        }
        return least;
    }
}
