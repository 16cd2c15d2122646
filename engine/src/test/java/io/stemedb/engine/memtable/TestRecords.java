package io.stemedb.engine.memtable;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Records whose every byte follows from an id, so that a torn or foreign one gives itself away. One
 * instance builds one record at a time in its own buffers; the record is at {@link #OFFSET}.
 *
 * <pre>
 * [id i64][length i32][subjectLength i32][32 bytes: assertion hash or epoch id][subject][filler]
 * </pre>
 */
final class TestRecords {
    static final int OFFSET = 24;
    static final int ID = 0;
    static final int LENGTH = 8;
    static final int SUBJECT_LENGTH = 12;
    static final int HASH = 16;
    static final int SUBJECT = 48;
    static final int MAX = 1024;

    final UnsafeBuffer buffer = new UnsafeBuffer(new byte[OFFSET + MAX]);
    final UnsafeBuffer hash = new UnsafeBuffer(new byte[40]);
    int length;
    int subjectLength;

    static long mix(final long value) {
        long z = value + 0x9E3779B97F4A7C15L;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    static void hash(final long id, final UnsafeBuffer out, final int offset) {
        for (int i = 0; i < 4; i++) {
            out.putLong(offset + i * 8, mix(id * 4 + i));
        }
    }

    static byte[] hash(final long id) {
        final byte[] out = new byte[32];
        hash(id, new UnsafeBuffer(out), 0);
        return out;
    }

    static boolean isHash(final long id, final DirectBuffer in, final int offset) {
        for (int i = 0; i < 4; i++) {
            if (in.getLong(offset + i * 8) != mix(id * 4 + i)) {
                return false;
            }
        }
        return true;
    }

    /** Builds the record of an id; allocation-free. */
    TestRecords build(final long id, final long referredId, final byte[] subject, final int size) {
        subjectLength = subject.length;
        length = Math.max(SUBJECT + subjectLength, size);
        buffer.putLong(OFFSET + ID, id);
        buffer.putInt(OFFSET + LENGTH, length);
        buffer.putInt(OFFSET + SUBJECT_LENGTH, subjectLength);
        hash(referredId, buffer, OFFSET + HASH);
        buffer.putBytes(OFFSET + SUBJECT, subject);
        for (int i = SUBJECT + subjectLength; i < length; i++) {
            buffer.putByte(OFFSET + i, filler(id, i));
        }
        hash(id, hash, 4);
        return this;
    }

    /** The record of an id as an array of its own. */
    byte[] bytes() {
        return Arrays.copyOfRange(buffer.byteArray(), OFFSET, OFFSET + length);
    }

    static byte filler(final long id, final int index) {
        return (byte) (id * 31 + index);
    }

    /** What is wrong with the record at this place, or null. */
    static String defect(final DirectBuffer in, final int offset, final int length) {
        final long id = in.getLong(offset + ID);
        if (in.getInt(offset + LENGTH) != length) {
            return "length " + in.getInt(offset + LENGTH) + " in a record of " + length;
        }
        for (int i = SUBJECT + in.getInt(offset + SUBJECT_LENGTH); i < length; i++) {
            if (in.getByte(offset + i) != filler(id, i)) {
                return "byte " + i + " of record " + id;
            }
        }
        return null;
    }

    boolean putAssertion(final Memtable memtable, final long sequence) {
        return memtable.putAssertion(
                sequence, hash, 4, buffer, OFFSET, length, OFFSET + SUBJECT, subjectLength);
    }

    boolean putVote(final Memtable memtable, final long sequence) {
        return memtable.putVote(sequence, hash, 4, buffer, OFFSET, length, OFFSET + HASH);
    }

    boolean putEpoch(final Memtable memtable, final long sequence) {
        return memtable.putEpoch(sequence, buffer, OFFSET, length, OFFSET + HASH);
    }

    static byte[] utf8(final String value) {
        return value.getBytes(StandardCharsets.UTF_8);
    }

    static UnsafeBuffer wrap(final byte[] bytes) {
        return new UnsafeBuffer(bytes);
    }

    static byte[] copy(final DirectBuffer in, final int offset, final int length) {
        final byte[] out = new byte[length];
        in.getBytes(offset, out);
        return out;
    }
}
