package io.stemedb.engine.hash;

import java.lang.ref.Reference;
import java.nio.file.Path;
import org.agrona.BufferUtil;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.UnsafeApi;

/**
 * BLAKE3 with 32 bytes of output, over memory that stays where it is. Allocates nothing.
 *
 * <p>There are two implementations with the same results, one in C and one in Java. Which one a JVM
 * uses is decided once, by {@link #load} or else by the first {@link #newInstance()}; see {@link
 * #PROPERTY}.
 *
 * <p>An instance is for one thread at a time. Whoever passes addresses vouches for the memory
 * behind them: what can be checked is checked, but an address that is not mapped ends the JVM.
 */
public abstract class Blake3 {
    /** Length of a hash in bytes. */
    public static final int HASH_LENGTH = 32;

    /**
     * Length of one descriptor of {@link #hashBatch}: address, length, outAddress, 8 bytes each.
     */
    public static final int DESCRIPTOR_LENGTH = 24;

    /**
     * System property that says which implementation to use: {@code native}, {@code java}, or
     * {@code auto} (the default) for native where it can be had and Java elsewhere.
     */
    public static final String PROPERTY = "io.stemedb.blake3";

    Blake3() {}

    /**
     * Makes the choice of this JVM, if it was not made before, with the native library kept in a
     * directory of the caller's. Without this call it is unpacked into a temporary directory that
     * is removed as soon as the library is loaded.
     *
     * @param nativeDirectory where the native library is unpacked once and used again; holds
     *     nothing but native libraries
     * @throws IllegalArgumentException when {@link #PROPERTY} has a value it does not know
     * @throws IllegalStateException when native is asked for and cannot be had
     */
    public static void load(final Path nativeDirectory) {
        Blake3Choice.make(nativeDirectory);
    }

    /**
     * A hasher for one thread.
     *
     * @return a new instance of the implementation this JVM uses
     * @throws IllegalArgumentException when {@link #PROPERTY} has a value it does not know
     * @throws IllegalStateException when native is asked for and cannot be had
     */
    public static Blake3 newInstance() {
        return Blake3Choice.make(null).newInstance();
    }

    /**
     * What this JVM uses and why, in one line for people. Chooses nothing by itself.
     *
     * @return such as {@code java: there is no C library for linux-riscv64 in the jar}
     */
    public static String description() {
        return Blake3Choice.description();
    }

    /**
     * Which implementation this is.
     *
     * @return {@code native} or {@code java}
     */
    public abstract String implementation();

    /**
     * Hashes memory outside the heap.
     *
     * @param address of the first byte
     * @param length in bytes, at least 0
     * @param outAddress where the 32 bytes of the hash go; they are written last, so this may lie
     *     within what is hashed
     * @throws IllegalArgumentException when the length is negative or an address is null
     */
    public final void hash(final long address, final long length, final long outAddress) {
        checkMemory(address, length, outAddress);
        digest(address, length, outAddress);
    }

    /**
     * Hashes a range of a buffer, on the heap or off it. The native implementation holds off the
     * garbage collector for as long as it reads or writes an array; hot paths pass direct buffers.
     *
     * @param in what to hash
     * @param offset of the first byte
     * @param length in bytes
     * @param out where the hash goes; may be the buffer that is hashed
     * @param outOffset of the first of its 32 bytes
     * @throws IllegalArgumentException when a range does not lie within its buffer
     */
    public final void hash(
            final DirectBuffer in,
            final int offset,
            final int length,
            final MutableDirectBuffer out,
            final int outOffset) {
        checkRange("in", in, offset, length);
        checkRange("out", out, outOffset, HASH_LENGTH);
        final byte[] inArray = in.byteArray();
        final byte[] outArray = out.byteArray();
        final long inPosition = position(in, inArray) + offset;
        final long outPosition = position(out, outArray) + outOffset;
        if (inArray == null && outArray == null) {
            checkMemory(inPosition, length, outPosition);
            digest(inPosition, length, outPosition);
        } else {
            digest(inArray, inPosition, length, outArray, outPosition);
        }
        // the memory behind a direct buffer goes with the buffer
        Reference.reachabilityFence(in);
        Reference.reachabilityFence(out);
    }

    /**
     * Hashes many ranges of memory outside the heap in one go. All descriptors are checked before
     * anything is hashed. No hash may be written into a range or descriptor of the same batch.
     *
     * @param descriptorsAddress of {@code count} descriptors of {@link #DESCRIPTOR_LENGTH} bytes
     *     each: address, length, outAddress, as longs in the byte order of this machine
     * @param count how many, at least 0
     * @throws IllegalArgumentException when the count or a length is negative or an address is
     *     null; nothing was hashed
     */
    public final void hashBatch(final long descriptorsAddress, final int count) {
        if (count < 0) {
            throw new IllegalArgumentException("count must be at least 0, is " + count);
        }
        if (count == 0) {
            return;
        }
        if (descriptorsAddress == 0) {
            throw new IllegalArgumentException("descriptorsAddress must not be null (0)");
        }
        for (int i = 0; i < count; i++) {
            final long descriptor = descriptorsAddress + (long) i * DESCRIPTOR_LENGTH;
            final long address = UnsafeApi.getLong(descriptor);
            final long length = UnsafeApi.getLong(descriptor + Long.BYTES);
            final long outAddress = UnsafeApi.getLong(descriptor + 2 * Long.BYTES);
            if (length < 0 || outAddress == 0 || (address == 0 && length > 0)) {
                throw refused(
                        "descriptor " + i + " of " + count + ": ", address, length, outAddress);
            }
        }
        digestBatch(descriptorsAddress, count);
    }

    /** As {@link #hash(long, long, long)}, with everything checked. */
    abstract void digest(long address, long length, long outAddress);

    /** As above; a position is an index into its array, or an address where the array is null. */
    abstract void digest(byte[] in, long inPosition, long length, byte[] out, long outPosition);

    /** As {@link #hashBatch}, with everything checked and count above 0. */
    abstract void digestBatch(long descriptorsAddress, int count);

    private static long position(final DirectBuffer buffer, final byte[] array) {
        return array == null
                ? buffer.addressOffset()
                : buffer.addressOffset() - BufferUtil.ARRAY_BASE_OFFSET;
    }

    private static void checkRange(
            final String field, final DirectBuffer buffer, final int offset, final int length) {
        final int capacity = buffer.capacity();
        if (offset < 0 || length < 0 || length > capacity - offset) {
            throw new IllegalArgumentException(
                    field
                            + " range must lie within the buffer's capacity of "
                            + capacity
                            + ", is offset "
                            + offset
                            + ", length "
                            + length);
        }
    }

    private static void checkMemory(final long address, final long length, final long outAddress) {
        if (length < 0 || outAddress == 0 || (address == 0 && length > 0)) {
            throw refused("", address, length, outAddress);
        }
    }

    private static IllegalArgumentException refused(
            final String where, final long address, final long length, final long outAddress) {
        if (length < 0) {
            return new IllegalArgumentException(where + "length must be at least 0, is " + length);
        }
        if (outAddress == 0) {
            return new IllegalArgumentException(where + "outAddress must not be null, is 0");
        }
        return new IllegalArgumentException(
                where + "address must not be null for length " + length + ", is " + address);
    }
}
