package io.stemedb.bench.jmh;

import io.stemedb.bench.Claims;
import io.stemedb.codecs.AssertionView;
import io.stemedb.engine.hash.Blake3;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;

/** Claims 0 to count - 1, encoded and hashed, one behind the other outside the heap. */
final class EncodedClaims {
    /** Where the subject stands in each record. */
    static final int SUBJECT_OFFSET = subjectOffset();

    private static final int HEADER_LENGTH = 8;

    private final UnsafeBuffer records;
    private final UnsafeBuffer hashes;

    EncodedClaims(final int subjects, final int count) {
        final Claims claims = new Claims(subjects);
        final Blake3 blake3 = Blake3.newInstance();
        records = direct(count * Claims.LENGTH);
        hashes = direct(count * Blake3.HASH_LENGTH);
        for (int i = 0; i < count; i++) {
            final int at = i * Claims.LENGTH;
            claims.encode(i, records, at);
            blake3.hash(
                    records,
                    at + HEADER_LENGTH,
                    Claims.LENGTH - HEADER_LENGTH,
                    hashes,
                    i * Blake3.HASH_LENGTH);
        }
    }

    private static int subjectOffset() {
        final UnsafeBuffer record = new UnsafeBuffer(new byte[Claims.LENGTH]);
        new Claims(1).encode(0, record, 0);
        return new AssertionView().wrap(record, 0, Claims.LENGTH).subjectOffset();
    }

    private static UnsafeBuffer direct(final int length) {
        return new UnsafeBuffer(BufferUtil.allocateDirectAligned(length, 64));
    }

    UnsafeBuffer records() {
        return records;
    }

    UnsafeBuffer hashes() {
        return hashes;
    }
}
