package io.stemedb.engine.store;

import java.nio.ByteBuffer;
import org.agrona.BitUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Direct memory of our own that grows to the largest value it has held. For one thread at a time;
 * for the rooms below the store room.
 */
public final class ValueBuffer {
    private ByteBuffer bytes;
    private final UnsafeBuffer buffer;

    /**
     * Allocates.
     *
     * @param initialLength bytes to begin with
     */
    public ValueBuffer(final int initialLength) {
        bytes = ByteBuffer.allocateDirect(initialLength);
        buffer = new UnsafeBuffer(bytes);
    }

    /**
     * The memory, from index 0 on.
     *
     * @return always the same buffer; wraps other memory once that grew
     */
    public UnsafeBuffer buffer() {
        return buffer;
    }

    /**
     * The whole memory, for native code to fill.
     *
     * @return from position 0 to the limit at its end
     */
    public ByteBuffer bytes() {
        bytes.clear();
        return bytes;
    }

    /**
     * Copies a value in.
     *
     * @param value buffer of the value
     * @param offset its first byte
     * @param length its bytes
     * @return from position 0 to the limit at the end of the value
     */
    public ByteBuffer set(final DirectBuffer value, final int offset, final int length) {
        ensure(length);
        buffer.putBytes(0, value, offset, length);
        bytes.limit(length).position(0);
        return bytes;
    }

    /**
     * Makes room; what was in it is lost if it has to grow.
     *
     * @param length bytes needed
     */
    public void ensure(final int length) {
        if (length > bytes.capacity()) {
            bytes = ByteBuffer.allocateDirect(BitUtil.findNextPositivePowerOfTwo(length));
            buffer.wrap(bytes);
        }
    }
}
