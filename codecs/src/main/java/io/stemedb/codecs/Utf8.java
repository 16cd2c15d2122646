package io.stemedb.codecs;

import org.agrona.concurrent.UnsafeBuffer;

/**
 * Strict UTF-8 (Unicode 15, table 3-7): no surrogates, no overlong forms, nothing above U+10FFFF. A
 * "name" additionally holds none of U+0000-U+001F and U+007F.
 */
final class Utf8 {
    private static final long HIGH_BITS = 0x8080808080808080L;
    private static final long ONES = 0x0101010101010101L;
    private static final long SPACES = 0x20L * ONES;
    private static final long DELETES = 0x7FL * ONES;

    private Utf8() {}

    /**
     * Checks bytes, eight at a time while they are ASCII.
     *
     * @return offset of the first byte that may not stand there, or -1
     */
    static int firstInvalid(
            final UnsafeBuffer buffer, final int offset, final int length, final boolean name) {
        final int end = offset + length;
        int i = offset;
        while (i < end) {
            if (end - i >= Long.BYTES) {
                if (isPlain(buffer.getLong(i), name)) {
                    i += Long.BYTES;
                    continue;
                }
            } else if (length >= Long.BYTES && isPlain(buffer.getLong(end - Long.BYTES), name)) {
                // All of the last eight bytes are ASCII, so the rest of them is.
                return -1;
            }
            final int b = buffer.getByte(i);
            if (b >= 0) {
                if (name && isControl(b)) {
                    return i;
                }
                i++;
            } else {
                final int n = sequenceLength(buffer, i, end);
                if (n == 0) {
                    return i;
                }
                i += n;
            }
        }
        return -1;
    }

    /** All eight bytes are ASCII, and for a name none is a control. */
    private static boolean isPlain(final long word, final boolean name) {
        long bad = word & HIGH_BITS;
        if (name) {
            final long delete = word ^ DELETES;
            // Once no high bit is set, the borrow of a subtraction sets it where a byte was below
            // U+0020, or zero; a borrow that runs on can only accuse words that are guilty anyway.
            bad |= (word - SPACES | delete - ONES) & HIGH_BITS;
        }
        return bad == 0;
    }

    static boolean isControl(final int c) {
        return c < 0x20 || c == 0x7F;
    }

    /** Bytes of the well-formed sequence of two to four bytes that begins here, or 0. */
    private static int sequenceLength(final UnsafeBuffer buffer, final int at, final int end) {
        final int lead = buffer.getByte(at) & 0xFF;
        final int length;
        int min = 0x80;
        int max = 0xBF;
        if (lead >= 0xC2 && lead <= 0xDF) {
            length = 2;
        } else if ((lead & 0xF0) == 0xE0) {
            length = 3;
            if (lead == 0xE0) {
                min = 0xA0;
            } else if (lead == 0xED) {
                max = 0x9F;
            }
        } else if (lead >= 0xF0 && lead <= 0xF4) {
            length = 4;
            if (lead == 0xF0) {
                min = 0x90;
            } else if (lead == 0xF4) {
                max = 0x8F;
            }
        } else {
            return 0;
        }
        if (end - at < length) {
            return 0;
        }
        final int second = buffer.getByte(at + 1) & 0xFF;
        if (second < min || second > max) {
            return 0;
        }
        for (int i = 2; i < length; i++) {
            if ((buffer.getByte(at + i) & 0xC0) != 0x80) {
                return 0;
            }
        }
        return length;
    }

    /**
     * Copies characters as single bytes if all are ASCII; the bytes have room for all.
     *
     * @param scratch for this call, of any length but 0
     * @return true if all were copied, false if one is not ASCII and the bytes are of no use
     */
    static boolean copyAscii(
            final CharSequence chars, final int length, final byte[] bytes, final char[] scratch) {
        if (chars instanceof String string) {
            for (int from = 0; from < length; from += scratch.length) {
                final int to = Math.min(length, from + scratch.length);
                if (!copyAscii(string, from, to, bytes, scratch)) {
                    return false;
                }
            }
            return true;
        }
        for (int i = 0; i < length; i++) {
            final char c = chars.charAt(i);
            if (c >= 0x80) {
                return false;
            }
            bytes[i] = (byte) c;
        }
        return true;
    }

    /**
     * Two bulk copies and one loop over an array cost half of a loop over charAt, for names
     * already.
     */
    @SuppressWarnings(
            "deprecation") // getBytes drops the high bytes: harmless, they are checked here
    private static boolean copyAscii(
            final String chars,
            final int from,
            final int to,
            final byte[] bytes,
            final char[] scratch) {
        chars.getChars(from, to, scratch, 0);
        chars.getBytes(from, to, bytes, from);
        int seen = 0;
        for (int i = 0; i < to - from; i++) {
            seen |= scratch[i];
        }
        return seen < 0x80;
    }

    /**
     * Bytes of characters.
     *
     * @return the count, or the complement (~) of the position of a character that may not stand
     *     there: a lone surrogate, or a control in a name
     */
    static int encodedLength(final CharSequence chars, final boolean name) {
        final int length = chars.length();
        int count = 0;
        for (int i = 0; i < length; i++) {
            final char c = chars.charAt(i);
            if (c < 0x80) {
                if (name && isControl(c)) {
                    return ~i;
                }
                count++;
            } else if (c < 0x800) {
                count += 2;
            } else if (!Character.isSurrogate(c)) {
                count += 3;
            } else if (Character.isHighSurrogate(c)
                    && i + 1 < length
                    && Character.isLowSurrogate(chars.charAt(i + 1))) {
                i++;
                count += 4;
            } else {
                return ~i;
            }
        }
        return count;
    }

    /** Encodes characters found good by {@link #encodedLength}; the bytes have room for them. */
    static void encode(final CharSequence chars, final byte[] bytes) {
        final int length = chars.length();
        int at = 0;
        for (int i = 0; i < length; i++) {
            final char c = chars.charAt(i);
            if (c < 0x80) {
                bytes[at++] = (byte) c;
            } else if (c < 0x800) {
                bytes[at++] = (byte) (0xC0 | c >> 6);
                bytes[at++] = continuation(c);
            } else if (!Character.isSurrogate(c)) {
                bytes[at++] = (byte) (0xE0 | c >> 12);
                bytes[at++] = continuation(c >> 6);
                bytes[at++] = continuation(c);
            } else {
                final int point = Character.toCodePoint(c, chars.charAt(++i));
                bytes[at++] = (byte) (0xF0 | point >> 18);
                bytes[at++] = continuation(point >> 12);
                bytes[at++] = continuation(point >> 6);
                bytes[at++] = continuation(point);
            }
        }
    }

    private static byte continuation(final int bits) {
        return (byte) (0x80 | bits & 0x3F);
    }
}
