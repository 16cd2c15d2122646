package io.stemedb.bench.peers;

import java.nio.ByteOrder;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A RocksDB write batch in its serialised form, so that a thousand records cross JNI once.
 *
 * <pre>
 *   sequence u64 = 0, count u32, then for each put:
 *   default column family:  tag 0x01,                      varint keyLength, key, varint valueLength, value
 *   any other:              tag 0x05, varint familyId,     varint keyLength, key, varint valueLength, value
 * </pre>
 *
 * <p>Source: comment at the head of {@code db/write_batch.cc} of RocksDB. Numbers are
 * little-endian.
 */
final class WriteBatchBytes {
    private static final int COUNT_OFFSET = 8;
    private static final int HEADER_LENGTH = 12;
    private static final byte TAG_PUT = 0x01;
    private static final byte TAG_PUT_IN_FAMILY = 0x05;

    private final byte[] bytes;
    private final UnsafeBuffer buffer;
    private int count;
    private int length = HEADER_LENGTH;

    /**
     * An empty batch.
     *
     * @param capacity bytes of the array; must be filled whole, as RocksDB takes whole arrays
     */
    WriteBatchBytes(final int capacity) {
        bytes = new byte[capacity];
        buffer = new UnsafeBuffer(bytes);
    }

    void clear() {
        count = 0;
        length = HEADER_LENGTH;
    }

    /** Bytes that a put takes. */
    static int putLength(final int family, final int keyLength, final int valueLength) {
        return 1
                + (family == 0 ? 0 : varintLength(family))
                + varintLength(keyLength)
                + keyLength
                + varintLength(valueLength)
                + valueLength;
    }

    static int batchLength(final int putsLength) {
        return HEADER_LENGTH + putsLength;
    }

    void put(
            final int family,
            final DirectBuffer key,
            final int keyOffset,
            final int keyLength,
            final DirectBuffer value,
            final int valueOffset,
            final int valueLength) {
        buffer.putByte(length++, family == 0 ? TAG_PUT : TAG_PUT_IN_FAMILY);
        if (family != 0) {
            putVarint(family);
        }
        putVarint(keyLength);
        buffer.putBytes(length, key, keyOffset, keyLength);
        length += keyLength;
        putVarint(valueLength);
        buffer.putBytes(length, value, valueOffset, valueLength);
        length += valueLength;
        count++;
    }

    private void putVarint(final int value) {
        int rest = value;
        while (rest > 0x7f) {
            buffer.putByte(length++, (byte) (rest | 0x80));
            rest >>>= 7;
        }
        buffer.putByte(length++, (byte) rest);
    }

    private static int varintLength(final int value) {
        int bytes = 1;
        for (int rest = value >>> 7; rest != 0; rest >>>= 7) {
            bytes++;
        }
        return bytes;
    }

    /** The array, which must be full. */
    byte[] finish() {
        if (length != bytes.length) {
            throw new IllegalStateException(
                    "batch: must have " + bytes.length + " bytes, has " + length);
        }
        buffer.putInt(COUNT_OFFSET, count, ByteOrder.LITTLE_ENDIAN);
        return bytes;
    }
}
