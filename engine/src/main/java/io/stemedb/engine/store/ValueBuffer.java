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

    /** The caller's direct memory that was seen last, and a window onto it. */
    private ByteBuffer seen;

    private ByteBuffer window;

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
     * A value where native code can read it: in place if it lies in a direct byte buffer, else
     * copied in.
     *
     * @param value buffer of the value
     * @param offset its first byte
     * @param length its bytes
     * @return from the position of the value to the limit at its end; good until the next call
     */
    public ByteBuffer of(final DirectBuffer value, final int offset, final int length) {
        final ByteBuffer memory = value.byteBuffer();
        if (memory == null || !memory.isDirect()) {
            return set(value, offset, length);
        }
        if (memory != seen) {
            seen = memory;
            window = memory.duplicate();
            window.clear();
        }
        final int position = value.wrapAdjustment() + offset;
        window.limit(position + length).position(position);
        return window;
    }

    /** Lets go of memory that is not ours. */
    public void forget() {
        seen = null;
        window = null;
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
