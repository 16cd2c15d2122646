package io.stemedb.engine.hash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.stream.Stream;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What would crash the JVM behind the native call is an exception before it. */
class Blake3RefusalTest {
    private final UnsafeBuffer in = direct(100);
    private final UnsafeBuffer out = direct(64);
    private final UnsafeBuffer descriptors = direct(2 * Blake3.DESCRIPTOR_LENGTH);

    static Stream<Blake3> implementations() {
        return Blake3Test.implementations();
    }

    private static UnsafeBuffer direct(final int length) {
        return new UnsafeBuffer(BufferUtil.allocateDirectAligned(length, 64));
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void addresses(final Blake3 blake3) {
        final long from = in.addressOffset();
        final long to = out.addressOffset();
        refused("length must be at least 0, is -1", () -> blake3.hash(from, -1, to));
        refused(
                "length must be at least 0, is " + Long.MIN_VALUE,
                () -> blake3.hash(from, Long.MIN_VALUE, to));
        refused("outAddress must not be null, is 0", () -> blake3.hash(from, 1, 0));
        refused("address must not be null for length 1, is 0", () -> blake3.hash(0, 1, to));
        blake3.hash(0, 0, to);
        assertEquals(0xaf, out.getByte(0) & 0xff, "nothing at nowhere is the empty input");
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void ranges(final Blake3 blake3) {
        for (final UnsafeBuffer from : new UnsafeBuffer[] {in, new UnsafeBuffer(new byte[100])}) {
            final String range = "in range must lie within the buffer's capacity of 100, is ";
            refused(range + "offset -1, length 4", () -> blake3.hash(from, -1, 4, out, 0));
            refused(range + "offset 0, length -4", () -> blake3.hash(from, 0, -4, out, 0));
            refused(range + "offset 97, length 4", () -> blake3.hash(from, 97, 4, out, 0));
            refused(range + "offset 101, length 0", () -> blake3.hash(from, 101, 0, out, 0));
            refused(
                    range + "offset " + Integer.MAX_VALUE + ", length " + Integer.MAX_VALUE,
                    () -> blake3.hash(from, Integer.MAX_VALUE, Integer.MAX_VALUE, out, 0));
            blake3.hash(from, 96, 4, out, 0);
            blake3.hash(from, 100, 0, out, 0);
        }
        final String range = "out range must lie within the buffer's capacity of 64, is ";
        refused(range + "offset 33, length 32", () -> blake3.hash(in, 0, 4, out, 33));
        refused(range + "offset -1, length 32", () -> blake3.hash(in, 0, 4, out, -1));
        blake3.hash(in, 0, 4, out, 32);
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void batches(final Blake3 blake3) {
        final long address = descriptors.addressOffset();
        refused("count must be at least 0, is -1", () -> blake3.hashBatch(address, -1));
        refused("descriptorsAddress must not be null (0)", () -> blake3.hashBatch(0, 1));
        blake3.hashBatch(0, 0);

        describe(0, in.addressOffset(), 4, out.addressOffset());
        describe(1, in.addressOffset(), -2, out.addressOffset());
        refused(
                "descriptor 1 of 2: length must be at least 0, is -2",
                () -> blake3.hashBatch(address, 2));
        describe(1, in.addressOffset(), 4, 0);
        refused(
                "descriptor 1 of 2: outAddress must not be null, is 0",
                () -> blake3.hashBatch(address, 2));
        describe(1, 0, 4, out.addressOffset());
        refused(
                "descriptor 1 of 2: address must not be null for length 4, is 0",
                () -> blake3.hashBatch(address, 2));
        assertEquals(0L, out.getLong(0), "a refused batch hashes nothing");
        blake3.hashBatch(address, 1);
    }

    private void describe(
            final int i, final long address, final long length, final long outAddress) {
        final int at = i * Blake3.DESCRIPTOR_LENGTH;
        descriptors.putLong(at, address);
        descriptors.putLong(at + 8, length);
        descriptors.putLong(at + 16, outAddress);
    }

    private static void refused(final String message, final Executable action) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, action).getMessage());
    }
}
