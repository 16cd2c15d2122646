package io.stemedb.engine;

import io.stemedb.codecs.Limits;
import io.stemedb.codecs.RecordHeader;
import io.stemedb.engine.store.KeyFamily;
import org.agrona.DirectBuffer;

/**
 * What a reader looks at before it hands out what a store gave it: a store may keep no checksums,
 * or give the entry of another key.
 */
final class Stored {
    private Stored() {}

    /** The CRC of a record. */
    static void check(
            final DirectBuffer key,
            final int keyOffset,
            final DirectBuffer record,
            final int offset,
            final int length) {
        if (length < Limits.HEADER_LENGTH
                || length > Limits.RECORD_MAX
                || RecordHeader.crc(record, offset)
                        != RecordHeader.computeCrc(record, offset, length)) {
            throw new EngineException(
                    "a stored record of family "
                            + KeyFamily.of(key.getByte(keyOffset))
                            + " was altered: its CRC is wrong",
                    null);
        }
    }

    /** Whether a record is the one that was asked for, by a field that says so. */
    static void checkSame(
            final KeyFamily family,
            final DirectBuffer record,
            final int fieldOffset,
            final DirectBuffer asked,
            final int askedOffset,
            final int length) {
        for (int i = 0; i < length; i++) {
            if (record.getByte(fieldOffset + i) != asked.getByte(askedOffset + i)) {
                throw new EngineException(
                        "the store gave a record of family " + family + " for another's key", null);
            }
        }
    }
}
