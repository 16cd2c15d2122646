package io.stemedb.engine.store.lmdb;

import static java.nio.ByteOrder.BIG_ENDIAN;

import io.stemedb.engine.store.KeyFamily;
import io.stemedb.engine.store.Keys;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The two shapes of the subject index. Outside: key {@code S:}subject 0x00 sequence, value hash.
 * Inside: key {@code S:}subject, value sequence and hash. Both sort alike, as no subject holds a
 * 0x00.
 */
final class SubjectKey {
    /** Bytes of an inner value. */
    static final int VALUE_LENGTH = Long.BYTES + Keys.HASH_LENGTH;

    private SubjectKey() {}

    /** Whether a key, prefix or bound belongs to the subject index. */
    static boolean isSubject(final DirectBuffer key, final int offset) {
        return key.getByte(offset) == KeyFamily.SUBJECT.prefix();
    }

    /** Index of the first 0x00 after the family prefix, relative to the offset; -1 if none. */
    static int separator(final DirectBuffer key, final int offset, final int length) {
        for (int i = Keys.PREFIX_LENGTH; i < length; i++) {
            if (key.getByte(offset + i) == 0) {
                return i;
            }
        }
        return -1;
    }

    /** Whether this is a whole key: {@code S:}, a subject without 0x00, 0x00, 8 bytes. */
    static boolean isWhole(final DirectBuffer key, final int offset, final int length) {
        return length > Keys.SUBJECT_OVERHEAD
                && key.getByte(offset + 1) == ':'
                && separator(key, offset, length) == length - Long.BYTES - 1;
    }

    /** The least sequence, unsigned, whose 8 bytes are not below the given 0 to 8 bytes. */
    static long sequence(final DirectBuffer bytes, final int offset, final int length) {
        long sequence = 0;
        for (int i = 0; i < Long.BYTES; i++) {
            sequence = sequence << 8 | (i < length ? bytes.getByte(offset + i) & 0xFF : 0);
        }
        return sequence;
    }

    /** Writes the least inner value of a sequence. */
    static void leastValue(final UnsafeBuffer value, final long sequence) {
        value.putLong(0, sequence, BIG_ENDIAN);
        value.setMemory(Long.BYTES, Keys.HASH_LENGTH, (byte) 0);
    }
}
