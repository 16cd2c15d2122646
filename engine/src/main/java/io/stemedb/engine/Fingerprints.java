package io.stemedb.engine;

import org.agrona.DirectBuffer;

/** 64 bits that stand for an entry of a store while it is compared with the journal. */
final class Fingerprints {
    private static final long FACTOR = 0x9E3779B97F4A7C15L;

    private Fingerprints() {}

    /** Of an assertion: part of its content hash, whose bits are as good as random. */
    static long assertion(final DirectBuffer hash, final int offset) {
        return hash.getLong(offset);
    }

    static long vote(
            final DirectBuffer assertionHash,
            final int assertionHashOffset,
            final DirectBuffer hash,
            final int hashOffset) {
        return Long.rotateLeft(assertionHash.getLong(assertionHashOffset), 17)
                ^ hash.getLong(hashOffset);
    }

    static long epoch(final DirectBuffer id, final int offset) {
        return of(FACTOR, id, offset, Long.BYTES * 4);
    }

    static long subject(
            final DirectBuffer subject,
            final int subjectOffset,
            final int subjectLength,
            final long sequence,
            final DirectBuffer hash,
            final int hashOffset) {
        final long seed = mix(sequence * FACTOR ^ subjectLength) ^ hash.getLong(hashOffset);
        return of(seed, subject, subjectOffset, subjectLength);
    }

    private static long of(
            final long seed, final DirectBuffer bytes, final int offset, final int length) {
        long value = seed;
        int i = 0;
        for (; i + Long.BYTES <= length; i += Long.BYTES) {
            value = mix((value ^ bytes.getLong(offset + i)) * FACTOR);
        }
        for (; i < length; i++) {
            value = (value ^ bytes.getByte(offset + i)) * FACTOR;
        }
        return mix(value);
    }

    /** Every bit of the result follows from every bit of the value. */
    static long mix(final long value) {
        long mixed = (value ^ value >>> 33) * 0xFF51AFD7ED558CCDL;
        mixed = (mixed ^ mixed >>> 33) * 0xC4CEB9FE1A85EC53L;
        return mixed ^ mixed >>> 33;
    }

    /** What a set of fingerprints adds up to, in any order: equal sums, equal sets. */
    static final class Sum {
        private long count;
        private long one;
        private long other;

        void add(final long fingerprint) {
            count++;
            one += mix(fingerprint);
            other += mix(fingerprint ^ FACTOR);
        }

        boolean isSame(final Sum sum) {
            return count == sum.count && one == sum.one && other == sum.other;
        }
    }
}
