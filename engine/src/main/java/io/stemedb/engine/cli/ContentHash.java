package io.stemedb.engine.cli;

import io.stemedb.codecs.Limits;
import io.stemedb.engine.hash.Blake3;
import java.nio.charset.StandardCharsets;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** BLAKE3 of records and of other bytes. For one thread. */
final class ContentHash {

    private final Blake3 blake3 = Blake3.newInstance();

    /** The content hash of a record: of its body, without the header. */
    void ofRecord(
            final DirectBuffer record,
            final int offset,
            final int length,
            final MutableDirectBuffer to) {
        blake3.hash(record, offset + Limits.HEADER_LENGTH, length - Limits.HEADER_LENGTH, to, 0);
    }

    byte[] ofBytes(final byte[] bytes) {
        final byte[] hash = new byte[Limits.HASH_LENGTH];
        blake3.hash(new UnsafeBuffer(bytes), 0, bytes.length, new UnsafeBuffer(hash), 0);
        return hash;
    }

    byte[] ofText(final String text) {
        return ofBytes(text.getBytes(StandardCharsets.UTF_8));
    }
}
