package io.stemedb.codecs;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.util.Objects;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * One string field of a writer, as checked UTF-8. Its buffer grows to the longest string it was
 * given.
 */
final class TextStage {
    private static final int UNSET = -1;
    private static final int INITIAL_CAPACITY = 64;
    private static final int SCRATCH_CAPACITY = 256;

    private final String field;
    private final int min;
    private final int max;
    private final boolean name;
    private byte[] bytes = new byte[INITIAL_CAPACITY];
    private final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
    private final char[] scratch = new char[SCRATCH_CAPACITY];
    private int length = UNSET;

    /**
     * The String whose encoding the bytes are, or null: a predicate is often the same as before.
     */
    private String encoded;

    private int encodedLength;

    /** A field of min to max bytes; a name holds no control characters. */
    TextStage(final String field, final int min, final int max, final boolean name) {
        this.field = field;
        this.min = min;
        this.max = max;
        this.name = name;
    }

    boolean isSet() {
        return length != UNSET;
    }

    void clear() {
        length = UNSET;
    }

    /** Bytes held; 0 if not set. */
    int length() {
        return Math.max(0, length);
    }

    void set(final CharSequence value) {
        set(value, min);
    }

    void set(final CharSequence value, final int atLeast) {
        length = UNSET;
        Objects.requireNonNull(value, field);
        if (value != encoded) {
            encode(value, atLeast);
        }
        if (encodedLength < atLeast) {
            throw Refusal.byteCount(field, atLeast, max, encodedLength);
        }
        length = encodedLength;
    }

    private void encode(final CharSequence value, final int atLeast) {
        encoded = null;
        final int chars = value.length();
        // No character has less than one byte, so this bounds the memory before anything is copied.
        if (chars > max) {
            throw Refusal.byteCount(field, atLeast, max, chars);
        }
        ensureCapacity(chars);
        if (Utf8.copyAscii(value, chars, bytes, scratch)) {
            if (name) {
                check(field, buffer, 0, chars, true);
            }
            encodedLength = chars;
        } else {
            encodedLength = encodeAny(value, atLeast);
        }
        if (value instanceof String string) {
            encoded = string;
        }
    }

    private int encodeAny(final CharSequence value, final int atLeast) {
        final int count = Utf8.encodedLength(value, name);
        if (count < 0) {
            final String code = String.format("U+%04X", (int) value.charAt(~count));
            throw refused(code + " at character " + ~count);
        }
        if (count > max) {
            throw Refusal.byteCount(field, atLeast, max, count);
        }
        ensureCapacity(count);
        Utf8.encode(value, bytes);
        return count;
    }

    void set(final DirectBuffer source, final int offset, final int count) {
        set(source, offset, count, min);
    }

    void set(final DirectBuffer source, final int offset, final int count, final int atLeast) {
        length = UNSET;
        encoded = null;
        Objects.requireNonNull(source, field);
        if (count < atLeast || count > max) {
            throw Refusal.byteCount(field, atLeast, max, count);
        }
        ensureCapacity(count);
        source.getBytes(offset, bytes, 0, count);
        check(field, buffer, 0, count, name);
        length = count;
    }

    private void ensureCapacity(final int count) {
        if (count > bytes.length) {
            bytes = new byte[Math.min(max, Math.max(count, 2 * bytes.length))];
            buffer.wrap(bytes);
        }
    }

    /** Writes length and bytes; returns their end. */
    int writeU16(final MutableDirectBuffer target, final int offset) {
        target.putShort(offset, (short) length(), LITTLE_ENDIAN);
        return writeBytes(target, offset + Short.BYTES);
    }

    /** Writes length and bytes; returns their end. */
    int writeU32(final MutableDirectBuffer target, final int offset) {
        target.putInt(offset, length(), LITTLE_ENDIAN);
        return writeBytes(target, offset + Integer.BYTES);
    }

    private int writeBytes(final MutableDirectBuffer target, final int offset) {
        final int count = length();
        if (count > 0) {
            target.putBytes(offset, bytes, 0, count);
        }
        return offset + count;
    }

    private InvalidRecordException refused(final String what) {
        return new InvalidRecordException(field, name ? Refusal.NAME_TEXT : Refusal.TEXT, what);
    }

    /** Refuses bytes that are not strict UTF-8, or hold controls where a name may not. */
    static void check(
            final String field,
            final UnsafeBuffer buffer,
            final int offset,
            final int count,
            final boolean name) {
        final int invalid = Utf8.firstInvalid(buffer, offset, count, name);
        if (invalid >= 0) {
            throw new InvalidRecordException(
                    field,
                    name ? Refusal.NAME_TEXT : Refusal.TEXT,
                    String.format("0x%02X at byte %d", buffer.getByte(invalid), invalid - offset));
        }
    }
}
