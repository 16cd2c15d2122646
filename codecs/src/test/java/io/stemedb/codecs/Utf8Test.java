package io.stemedb.codecs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** The JDK's decoder, told to report, is the judge of what is UTF-8. */
class Utf8Test {
    private static final long SEED = 3629;

    private final CharsetDecoder judge =
            StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT);

    private boolean isUtf8(final byte[] bytes) {
        try {
            judge.decode(ByteBuffer.wrap(bytes));
            return true;
        } catch (final CharacterCodingException ex) {
            return false;
        }
    }

    private void check(final byte[] bytes, final String where) {
        final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
        final int invalid = Utf8.firstInvalid(buffer, 0, bytes.length, false);
        assertEquals(isUtf8(bytes), invalid < 0, () -> where + Bytes.hex(bytes));
        if (invalid >= 0) {
            final byte[] before = Arrays.copyOf(bytes, invalid);
            assertEquals(true, isUtf8(before), () -> where + Bytes.hex(bytes));
        }
        boolean control = false;
        for (final byte b : bytes) {
            control |= b >= 0 && b < 0x20 || b == 0x7F;
        }
        final boolean name = Utf8.firstInvalid(buffer, 0, bytes.length, true) < 0;
        assertEquals(isUtf8(bytes) && !control, name, () -> where + Bytes.hex(bytes));
    }

    @Test
    void everySequenceOfUpToThreeBytes() {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[3]);
        for (int i = 0; i < 1 << 8; i++) {
            check(new byte[] {(byte) i}, "");
        }
        for (int i = 0; i < 1 << 16; i++) {
            check(new byte[] {(byte) (i >> 8), (byte) i}, "");
        }
        for (int i = 0xC0; i < 0x100; i++) {
            for (int j = 0; j < 1 << 16; j++) {
                final byte[] bytes = {(byte) i, (byte) (j >> 8), (byte) j};
                buffer.putBytes(0, bytes);
                final boolean good = Utf8.firstInvalid(buffer, 0, 3, false) < 0;
                if (good != isWellFormed(bytes)) {
                    check(bytes, "three bytes ");
                }
            }
        }
    }

    /** Three bytes from 0xC0 on, by the table of the Unicode standard written out plainly. */
    private static boolean isWellFormed(final byte[] bytes) {
        final int a = bytes[0] & 0xFF;
        final int b = bytes[1] & 0xFF;
        final int c = bytes[2] & 0xFF;
        final boolean tails = b >= 0x80 && b < 0xC0 && c >= 0x80 && c < 0xC0;
        if (a < 0xC2 || a > 0xEF) {
            return false;
        }
        if (a <= 0xDF) {
            return b >= 0x80 && b < 0xC0 && c < 0x80;
        }
        return tails && !(a == 0xE0 && b < 0xA0) && !(a == 0xED && b > 0x9F);
    }

    @Test
    void fourByteSequences() {
        for (int a = 0xEF; a < 0x100; a++) {
            for (int b = 0; b < 256; b++) {
                for (final int c : new int[] {0x00, 0x7F, 0x80, 0xBF, 0xC0, 0xFF}) {
                    for (final int d : new int[] {0x41, 0x7F, 0x80, 0xBF, 0xC0}) {
                        check(new byte[] {(byte) a, (byte) b, (byte) c, (byte) d}, "");
                    }
                }
            }
        }
    }

    @Test
    void anyByteAtAnyPlaceOfLongerText() {
        for (int length = 1; length <= 25; length++) {
            final byte[] bytes =
                    "The quick brown fox jumps"
                            .substring(0, length)
                            .getBytes(StandardCharsets.US_ASCII);
            for (int at = 0; at < length; at++) {
                final byte kept = bytes[at];
                for (int value = 0; value < 256; value++) {
                    bytes[at] = (byte) value;
                    check(bytes, "");
                }
                bytes[at] = kept;
            }
        }
    }

    @Test
    void randomMixtures() {
        final Random random = new Random(SEED);
        for (int i = 0; i < 20_000; i++) {
            final StringBuilder text = new StringBuilder();
            for (int n = random.nextInt(30); n > 0; n--) {
                final int[] bounds = {0x80, 0x800, 0xD800, 0x110000};
                int point = random.nextInt(bounds[random.nextInt(4)]);
                if (point >= 0xD800 && point <= 0xDFFF) {
                    point = 'x';
                }
                text.appendCodePoint(point);
            }
            final byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
            check(bytes, "seed " + SEED + " ");
            assertEncodes(text.toString());
            if (bytes.length > 0) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
                check(bytes, "seed " + SEED + " ");
            }
        }
    }

    private static void assertEncodes(final String text) {
        final byte[] expected = text.getBytes(StandardCharsets.UTF_8);
        for (final CharSequence chars : new CharSequence[] {text, CharBuffer.wrap(text)}) {
            assertEquals(expected.length, Utf8.encodedLength(chars, false));
            final byte[] actual = new byte[expected.length];
            Utf8.encode(chars, actual);
            assertArrayEquals(expected, actual);
            final byte[] ascii = new byte[text.length()];
            assertEquals(
                    expected.length == text.length(),
                    Utf8.copyAscii(chars, text.length(), ascii, new char[7]));
            if (expected.length == text.length()) {
                assertArrayEquals(expected, ascii);
            }
        }
    }

    @Test
    void everyCodePointIsEncoded() {
        for (int point = 0; point < 0x110000; point++) {
            if (point < 0xD800 || point > 0xDFFF) {
                final String text = Character.toString(point);
                final byte[] expected = text.getBytes(StandardCharsets.UTF_8);
                final byte[] actual = new byte[Utf8.encodedLength(text, false)];
                Utf8.encode(text, actual);
                if (!Arrays.equals(expected, actual)) {
                    assertEquals(Bytes.hex(expected), Bytes.hex(actual), "U+" + point);
                }
            }
        }
    }
}
