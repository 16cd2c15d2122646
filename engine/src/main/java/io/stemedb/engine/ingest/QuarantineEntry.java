package io.stemedb.engine.ingest;

import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * Value of a quarantine entry.
 *
 * <pre>
 *   0              2                  2 + reasonLength
 *   +--------------+------------------+------------------+
 *   | reasonLength | reason, UTF-8    | refused bytes    |
 *   | u16          |                  |                  |
 *   +--------------+------------------+------------------+
 * </pre>
 */
public final class QuarantineEntry {
    private static final int REASON_OFFSET = Short.BYTES;

    private QuarantineEntry() {}

    static int encode(
            final MutableDirectBuffer target,
            final DirectBuffer source,
            final int reasonOffset,
            final int reasonLength,
            final int bytesOffset,
            final int bytesLength) {
        target.putShort(0, (short) reasonLength, ByteOrder.LITTLE_ENDIAN);
        target.putBytes(REASON_OFFSET, source, reasonOffset, reasonLength);
        target.putBytes(REASON_OFFSET + reasonLength, source, bytesOffset, bytesLength);
        return REASON_OFFSET + reasonLength + bytesLength;
    }

    /**
     * The reason of an entry.
     *
     * @param value buffer of the value
     * @param offset first byte of the value
     * @param length bytes of the value
     * @return text
     * @throws IllegalArgumentException if the value is no quarantine entry
     */
    public static String reason(final DirectBuffer value, final int offset, final int length) {
        final byte[] text = new byte[reasonLength(value, offset, length)];
        value.getBytes(offset + REASON_OFFSET, text);
        return new String(text, StandardCharsets.UTF_8);
    }

    /**
     * Where the refused bytes start.
     *
     * @param value buffer of the value
     * @param offset first byte of the value
     * @param length bytes of the value
     * @return offset in the buffer; the bytes reach to the end of the value
     * @throws IllegalArgumentException if the value is no quarantine entry
     */
    public static int bytesOffset(final DirectBuffer value, final int offset, final int length) {
        return offset + REASON_OFFSET + reasonLength(value, offset, length);
    }

    private static int reasonLength(final DirectBuffer value, final int offset, final int length) {
        final int reasonLength =
                length < REASON_OFFSET
                        ? -1
                        : value.getShort(offset, ByteOrder.LITTLE_ENDIAN) & 0xFFFF;
        if (reasonLength < 0 || REASON_OFFSET + reasonLength > length) {
            throw new IllegalArgumentException(
                    "reasonLength: must fit in "
                            + length
                            + " bytes of quarantine entry, is "
                            + reasonLength);
        }
        return reasonLength;
    }
}
