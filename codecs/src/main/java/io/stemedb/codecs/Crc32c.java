package io.stemedb.codecs;

import static java.lang.invoke.MethodType.methodType;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.Method;
import java.util.zip.CRC32C;
import org.agrona.DirectBuffer;

/**
 * CRC-32C (Castagnoli, RFC 3720) over addresses and buffers, chained, without allocation.
 *
 * <p>The JDK's own intrinsics are reached through method handles, because its public class is
 * stateful and takes no address. That needs the JVM flag {@link #REQUIRED_FLAG}.
 */
public final class Crc32c {
    /** The JVM flag without which nothing can be computed. */
    public static final String REQUIRED_FLAG = "--add-opens java.base/java.util.zip=ALL-UNNAMED";

    private static final MethodHandle UPDATE_BYTES;
    private static final MethodHandle UPDATE_ADDRESS;
    private static final RuntimeException UNAVAILABLE;

    static {
        MethodHandle updateBytes = null;
        MethodHandle updateAddress = null;
        RuntimeException unavailable = null;
        try {
            updateBytes =
                    handle(
                            "updateBytes",
                            methodType(int.class, int.class, byte[].class, int.class, int.class));
            updateAddress =
                    handle(
                            "updateDirectByteBuffer",
                            methodType(int.class, int.class, long.class, int.class, int.class));
        } catch (final ReflectiveOperationException | InaccessibleObjectException ex) {
            // Kept and thrown at each use: thrown here, only the first caller would see the reason.
            unavailable = ex instanceof RuntimeException rt ? rt : new IllegalStateException(ex);
        }
        UPDATE_BYTES = updateBytes;
        UPDATE_ADDRESS = updateAddress;
        UNAVAILABLE = unavailable;
    }

    private Crc32c() {}

    private static MethodHandle handle(final String name, final MethodType type)
            throws ReflectiveOperationException {
        final Method method = CRC32C.class.getDeclaredMethod(name, type.parameterArray());
        method.setAccessible(true);
        return MethodHandles.lookup().unreflect(method).asType(type);
    }

    /**
     * Checks that checksums can be computed.
     *
     * @throws IllegalStateException naming the JVM flag that is missing
     */
    public static void requireAvailable() {
        if (UNAVAILABLE != null) {
            throw new IllegalStateException(
                    "CRC32C needs the JVM flag " + REQUIRED_FLAG, UNAVAILABLE);
        }
    }

    /**
     * Checksum of memory at an address.
     *
     * @param address of the first byte; the caller answers for the memory
     * @param length in bytes, at least 0
     * @param crc of what comes before these bytes, 0 if nothing does
     * @return checksum of all bytes so far
     * @throws IllegalStateException naming the JVM flag that is missing
     */
    public static int compute(final long address, final int length, final int crc) {
        if (UNAVAILABLE != null) {
            requireAvailable();
        }
        try {
            return ~(int) UPDATE_ADDRESS.invokeExact(~crc, address, 0, length);
        } catch (final Throwable t) {
            throw unexpected(t);
        }
    }

    /**
     * Checksum of a range of a buffer, on or off the heap.
     *
     * @param buffer to read
     * @param offset of the first byte
     * @param length in bytes, at least 0
     * @param crc of what comes before these bytes, 0 if nothing does
     * @return checksum of all bytes so far
     * @throws IndexOutOfBoundsException if the range is not inside the buffer
     * @throws IllegalStateException naming the JVM flag that is missing
     */
    public static int compute(
            final DirectBuffer buffer, final int offset, final int length, final int crc) {
        // The intrinsics check nothing.
        buffer.boundsCheck(offset, length);
        final byte[] array = buffer.byteArray();
        if (array == null) {
            return compute(buffer.addressOffset() + offset, length, crc);
        }
        if (UNAVAILABLE != null) {
            requireAvailable();
        }
        final int from = buffer.wrapAdjustment() + offset;
        try {
            return ~(int) UPDATE_BYTES.invokeExact(~crc, array, from, from + length);
        } catch (final Throwable t) {
            throw unexpected(t);
        }
    }

    private static IllegalStateException unexpected(final Throwable t) {
        if (t instanceof Error error) {
            throw error;
        }
        return new IllegalStateException("CRC32C failed", t);
    }
}
