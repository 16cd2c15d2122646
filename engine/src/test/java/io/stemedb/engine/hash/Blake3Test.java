package io.stemedb.engine.hash;

import static org.agrona.BufferUtil.allocateDirectAligned;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class Blake3Test {
    private static final long SEED = 0x5eed_b3b3L;
    private static final int EVERY_LENGTH_TO = 4097;
    private static final int[] LONGER = {65_535, 65_536, 65_537, 1_048_576 + 1};
    private static final int SHIFTS = 67;
    private static final byte GUARD = 0x5a;

    private static final byte[] BYTES =
            Blake3Oracles.bytes(SEED, LONGER[LONGER.length - 1] + SHIFTS);
    private static final List<byte[]> EXPECTED = new ArrayList<>();

    static {
        for (int i = 0; i < lengths(); i++) {
            EXPECTED.add(Blake3Oracles.hash(BYTES, shift(i), length(i)));
        }
    }

    private final UnsafeBuffer heap = new UnsafeBuffer(BYTES);
    private final UnsafeBuffer direct = new UnsafeBuffer(allocateDirectAligned(BYTES.length, 64));

    Blake3Test() {
        direct.putBytes(0, BYTES);
    }

    private static int lengths() {
        return EVERY_LENGTH_TO + 1 + LONGER.length;
    }

    private static int length(final int i) {
        return i <= EVERY_LENGTH_TO ? i : LONGER[i - EVERY_LENGTH_TO - 1];
    }

    /** Where in BYTES the i-th range starts: every alignment comes up. */
    private static int shift(final int i) {
        return i * 7 % SHIFTS;
    }

    /** The native one, where this JVM has it, and the one in Java. */
    static Stream<Blake3> implementations() {
        final Blake3 chosen = Blake3.newInstance();
        return chosen instanceof NativeBlake3
                ? Stream.of(chosen, new JavaBlake3())
                : Stream.of(new JavaBlake3());
    }

    @Test
    @EnabledIfSystemProperty(named = "io.stemedb.requireNative", matches = "true")
    void nativeIsThereWhereItIsRequired() {
        assertEquals("native", Blake3.newInstance().implementation(), Blake3::description);
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void agreesWithBothOraclesAtAddresses(final Blake3 blake3) {
        final UnsafeBuffer out = guardedOut(allocateDirectAligned(64, 64));
        for (int i = 0; i < lengths(); i++) {
            final int outOffset = 1 + i % 8;
            blake3.hash(
                    direct.addressOffset() + shift(i), length(i), out.addressOffset() + outOffset);
            check(blake3, i, out, outOffset);
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void agreesWithBothOraclesInBuffersOnAndOffTheHeap(final Blake3 blake3) {
        final UnsafeBuffer heapOut = guardedOut(new byte[64]);
        final UnsafeBuffer directOut = guardedOut(allocateDirectAligned(64, 64));
        for (int i = 0; i < lengths(); i++) {
            final int outOffset = 1 + i % 8;
            blake3.hash(direct, shift(i), length(i), directOut, outOffset);
            check(blake3, i, directOut, outOffset);
            blake3.hash(heap, shift(i), length(i), heapOut, outOffset);
            check(blake3, i, heapOut, outOffset);
            blake3.hash(direct, shift(i), length(i), heapOut, outOffset);
            check(blake3, i, heapOut, outOffset);
            blake3.hash(heap, shift(i), length(i), directOut, outOffset);
            check(blake3, i, directOut, outOffset);
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void buffersThatAreWindowsCountFromTheirOwnStart(final Blake3 blake3) {
        final int i = 2_500;
        final UnsafeBuffer heapOut = guardedOut(new byte[80]);
        final UnsafeBuffer outWindow = new UnsafeBuffer(heapOut.byteArray(), 5, 32);
        blake3.hash(new UnsafeBuffer(BYTES, shift(i), length(i)), 0, length(i), outWindow, 0);
        check(blake3, i, heapOut, 5);
        blake3.hash(new UnsafeBuffer(direct, shift(i), length(i)), 0, length(i), outWindow, 0);
        check(blake3, i, heapOut, 5);
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void oneBatchHashesEveryLength(final Blake3 blake3) {
        final int count = lengths();
        final UnsafeBuffer out = new UnsafeBuffer(allocateDirectAligned(count * 32, 64));
        final UnsafeBuffer descriptors =
                new UnsafeBuffer(allocateDirectAligned(count * Blake3.DESCRIPTOR_LENGTH, 64));
        for (int i = 0; i < count; i++) {
            final int at = i * Blake3.DESCRIPTOR_LENGTH;
            descriptors.putLong(at, direct.addressOffset() + shift(i));
            descriptors.putLong(at + 8, length(i));
            descriptors.putLong(at + 16, out.addressOffset() + i * 32L);
        }
        blake3.hashBatch(descriptors.addressOffset(), count);
        final byte[] actual = new byte[32];
        for (int i = 0; i < count; i++) {
            out.getBytes(i * 32, actual);
            assertArrayEquals(EXPECTED.get(i), actual, message(blake3, i));
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void bytesBesideTheRangeDoNotCount(final Blake3 blake3) {
        final UnsafeBuffer out = new UnsafeBuffer(allocateDirectAligned(32, 64));
        final UnsafeBuffer in = new UnsafeBuffer(allocateDirectAligned(4_096, 64));
        for (final int length : new int[] {0, 1, 3, 63, 65, 127, 240, 1_023, 1_025, 2_049, 3_000}) {
            in.setMemory(0, in.capacity(), (byte) length);
            in.putBytes(64, BYTES, 0, length);
            blake3.hash(in, 64, length, out, 0);
            final byte[] actual = new byte[32];
            out.getBytes(0, actual);
            assertArrayEquals(
                    Blake3Oracles.hash(BYTES, 0, length), actual, () -> "length " + length);
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void theHashMayOverwriteItsInput(final Blake3 blake3) {
        for (final int i : new int[] {40, 240, 1_024, 1_500, 4_097}) {
            final byte[] copy = new byte[length(i)];
            final byte[] actual = new byte[32];
            final UnsafeBuffer onHeap = new UnsafeBuffer(copy);
            onHeap.putBytes(0, BYTES, shift(i), length(i));
            blake3.hash(onHeap, 0, length(i), onHeap, 4);
            onHeap.getBytes(4, actual);
            assertArrayEquals(EXPECTED.get(i), actual, message(blake3, i));

            final UnsafeBuffer offHeap = new UnsafeBuffer(allocateDirectAligned(length(i), 64));
            offHeap.putBytes(0, BYTES, shift(i), length(i));
            blake3.hash(offHeap, 0, length(i), offHeap, 4);
            offHeap.getBytes(4, actual);
            assertArrayEquals(EXPECTED.get(i), actual, message(blake3, i));
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void givesThePublishedVectors(final Blake3 blake3) {
        for (final Map.Entry<Integer, String> vector : Blake3Vectors.HASHES.entrySet()) {
            final int length = vector.getKey();
            final byte[] input = Blake3Oracles.vectorInput(length);
            assertEquals(
                    vector.getValue(),
                    HexFormat.of().formatHex(Blake3Oracles.hash(input, 0, length)),
                    () -> "the oracles, length " + length);
            final byte[] actual = new byte[32];
            blake3.hash(new UnsafeBuffer(input), 0, length, new UnsafeBuffer(actual), 0);
            assertEquals(
                    vector.getValue(),
                    HexFormat.of().formatHex(actual),
                    () -> blake3.implementation() + ", length " + length);
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void instancesDoNotDisturbEachOther(final Blake3 any) throws Exception {
        final ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            final List<Future<?>> results = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                final int first = t;
                results.add(
                        threads.submit(
                                () -> {
                                    final Blake3 own =
                                            any instanceof NativeBlake3
                                                    ? new NativeBlake3()
                                                    : new JavaBlake3();
                                    final UnsafeBuffer out =
                                            guardedOut(allocateDirectAligned(64, 64));
                                    for (int i = first; i < lengths(); i += 3) {
                                        own.hash(direct, shift(i), length(i), out, 8);
                                        check(own, i, out, 8);
                                    }
                                }));
            }
            for (final Future<?> result : results) {
                result.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    /** The JVM never compiles a method of 8,000 bytecodes or more: it would run 50 times slower. */
    @Test
    void compressionInJavaStaysSmallEnoughToBeCompiled() {
        final StringWriter text = new StringWriter();
        final PrintWriter to = new PrintWriter(text);
        final int result =
                ToolProvider.findFirst("javap")
                        .orElseThrow()
                        .run(
                                to,
                                to,
                                "-c",
                                "-p",
                                JavaBlake3.class.getResource("JavaBlake3.class").toString());
        to.flush();
        assertEquals(0, result, text::toString);
        final Matcher compress =
                Pattern.compile("void compress\\(.*?(\\d+): return", Pattern.DOTALL)
                        .matcher(text.toString());
        assertTrue(compress.find(), text::toString);
        final int length = Integer.parseInt(compress.group(1)) + 1;
        assertTrue(length > 1_000 && length < 8_000, () -> "compress has " + length + " bytecodes");
    }

    private static UnsafeBuffer guardedOut(final Object memory) {
        final UnsafeBuffer out = new UnsafeBuffer(0, 0);
        if (memory instanceof byte[] array) {
            out.wrap(array);
        } else {
            out.wrap((java.nio.ByteBuffer) memory);
        }
        out.setMemory(0, out.capacity(), GUARD);
        return out;
    }

    /** Compares the hash, checks that nothing beside it was written, and restores the guard. */
    private static void check(
            final Blake3 blake3, final int i, final UnsafeBuffer out, final int outOffset) {
        final byte[] actual = new byte[32];
        out.getBytes(outOffset, actual);
        assertArrayEquals(EXPECTED.get(i), actual, message(blake3, i));
        out.setMemory(outOffset, 32, GUARD);
        for (int at = 0; at < out.capacity(); at++) {
            assertEquals(GUARD, out.getByte(at), message(blake3, i));
        }
    }

    private static String message(final Blake3 blake3, final int i) {
        return blake3.implementation()
                + ", length "
                + length(i)
                + ", shift "
                + shift(i)
                + ", seed "
                + SEED;
    }
}
