package io.stemedb.engine;

import io.stemedb.codecs.EpochView;
import io.stemedb.codecs.Limits;
import io.stemedb.codecs.VoteView;
import org.agrona.DirectBuffer;

/** Hashes in records and keys, compared and shown. */
final class StoredRecords {
    private static final char[] HEX = "0123456789abcdef".toCharArray();

    private StoredRecords() {}

    static int epochIdOffset(final DirectBuffer record, final int offset, final int length) {
        return new EpochView().wrap(record, offset, length).epochIdOffset();
    }

    static int assertionHashOffset(final DirectBuffer record, final int offset, final int length) {
        return new VoteView().wrap(record, offset, length).assertionHashOffset();
    }

    /** Whether two hashes or ids are the same. */
    static boolean equal(
            final DirectBuffer a, final int aOffset, final DirectBuffer b, final int bOffset) {
        return equal(a, aOffset, b, bOffset, Limits.HASH_LENGTH);
    }

    static boolean equal(
            final DirectBuffer a,
            final int aOffset,
            final DirectBuffer b,
            final int bOffset,
            final int length) {
        for (int i = 0; i < length; i++) {
            if (a.getByte(aOffset + i) != b.getByte(bOffset + i)) {
                return false;
            }
        }
        return true;
    }

    static String hex(final DirectBuffer buffer, final int offset) {
        final StringBuilder text = new StringBuilder(2 * Limits.HASH_LENGTH);
        for (int i = 0; i < Limits.HASH_LENGTH; i++) {
            final int value = buffer.getByte(offset + i);
            text.append(HEX[value >> 4 & 15]).append(HEX[value & 15]);
        }
        return text.toString();
    }
}
