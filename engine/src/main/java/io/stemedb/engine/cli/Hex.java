package io.stemedb.engine.cli;

import org.agrona.DirectBuffer;

/** Hexadecimal digits, lower case when written, either case when read. */
final class Hex {

    private static final char[] DIGITS = "0123456789abcdef".toCharArray();

    private Hex() {}

    static String of(final DirectBuffer buffer, final int offset, final int length) {
        final char[] text = new char[2 * length];
        for (int i = 0; i < length; i++) {
            final int value = buffer.getByte(offset + i) & 0xFF;
            text[2 * i] = DIGITS[value >>> 4];
            text[2 * i + 1] = DIGITS[value & 0xF];
        }
        return new String(text);
    }

    /** Writes the digits as ASCII and returns where they end. */
    static int write(
            final DirectBuffer from,
            final int offset,
            final int length,
            final byte[] to,
            final int toOffset) {
        int at = toOffset;
        for (int i = 0; i < length; i++) {
            final int value = from.getByte(offset + i) & 0xFF;
            to[at++] = (byte) DIGITS[value >>> 4];
            to[at++] = (byte) DIGITS[value & 0xF];
        }
        return at;
    }

    /**
     * Reads exactly {@code length} bytes from twice as many digits.
     *
     * @return what is wrong with the text, or null once the bytes are written
     */
    static String read(final String text, final byte[] to, final int offset, final int length) {
        if (text.length() != 2 * length) {
            return "must have " + 2 * length + " hex digits, has " + text.length();
        }
        for (int i = 0; i < length; i++) {
            final int high = digit(text.charAt(2 * i));
            final int low = digit(text.charAt(2 * i + 1));
            if (high < 0 || low < 0) {
                return "has no hex digit at character " + (2 * i + (high < 0 ? 1 : 2));
            }
            to[offset + i] = (byte) (high << 4 | low);
        }
        return null;
    }

    private static int digit(final char character) {
        if (character >= '0' && character <= '9') {
            return character - '0';
        }
        final int lower = character | 0x20;
        return lower >= 'a' && lower <= 'f' && character < 0x80 ? lower - 'a' + 10 : -1;
    }
}
