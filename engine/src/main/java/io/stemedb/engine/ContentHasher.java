package io.stemedb.engine;

import io.stemedb.codecs.Limits;
import io.stemedb.codecs.RecordValidator;
import io.stemedb.engine.hash.Blake3;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * Content hashes of encoded records: BLAKE3-256 of the body, the header left out. For one thread.
 */
public final class ContentHasher {
    private final Blake3 blake3 = Blake3.newInstance();
    private final RecordValidator validator = new RecordValidator();

    /** A hasher. */
    public ContentHasher() {}

    /**
     * Hashes a record.
     *
     * @param record buffer of the record
     * @param offset first byte of the record, its header
     * @param length bytes of the record
     * @param hash where the 32 bytes go
     * @param hashOffset first of them
     * @throws io.stemedb.codecs.InvalidRecordException if it is no valid record
     */
    public void hash(
            final DirectBuffer record,
            final int offset,
            final int length,
            final MutableDirectBuffer hash,
            final int hashOffset) {
        validator.validate(record, offset, length);
        blake3.hash(
                record,
                offset + Limits.HEADER_LENGTH,
                length - Limits.HEADER_LENGTH,
                hash,
                hashOffset);
    }
}
