package io.stemedb.codecs;

import static io.stemedb.codecs.Limits.HEADER_LENGTH;
import static io.stemedb.codecs.Limits.RECORD_MAX;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.stemedb.codecs.sbe.AssertionDecoder;
import io.stemedb.codecs.sbe.EpochDecoder;
import io.stemedb.codecs.sbe.MessageHeaderDecoder;
import io.stemedb.codecs.sbe.VoteDecoder;
import org.agrona.DirectBuffer;

/**
 * The 8 bytes before each body, little-endian: the SBE message header.
 *
 * <pre>
 *  byte 0      1         2..3               4..7
 *  type u8   version u8  blockLength u16    crc32c u32
 * </pre>
 *
 * <p>crc32c covers bytes 0-3 and the body. All methods are stateless and do not allocate.
 */
public final class RecordHeader {
    /** The version of the schema that writers write and the validator accepts. */
    public static final int SCHEMA_VERSION = AssertionDecoder.SCHEMA_VERSION;

    static final int TYPE_OFFSET = MessageHeaderDecoder.templateIdEncodingOffset();
    static final int VERSION_OFFSET = MessageHeaderDecoder.versionEncodingOffset();
    static final int BLOCK_LENGTH_OFFSET = MessageHeaderDecoder.blockLengthEncodingOffset();
    static final int CRC_OFFSET = MessageHeaderDecoder.crc32cEncodingOffset();

    private RecordHeader() {}

    /**
     * Type of a record, as it stands there: see {@link RecordType#of(int)}.
     *
     * @param buffer that holds the record
     * @param offset of the record
     * @return 0 to 255
     */
    public static int type(final DirectBuffer buffer, final int offset) {
        return buffer.getByte(offset + TYPE_OFFSET) & 0xFF;
    }

    /**
     * Version of the schema a record was written with.
     *
     * @param buffer that holds the record
     * @param offset of the record
     * @return 0 to 255
     */
    public static int version(final DirectBuffer buffer, final int offset) {
        return buffer.getByte(offset + VERSION_OFFSET) & 0xFF;
    }

    /**
     * Bytes of a record's fixed fields.
     *
     * @param buffer that holds the record
     * @param offset of the record
     * @return 0 to 65,535
     */
    public static int blockLength(final DirectBuffer buffer, final int offset) {
        return buffer.getShort(offset + BLOCK_LENGTH_OFFSET, LITTLE_ENDIAN) & 0xFFFF;
    }

    /**
     * Checksum of a record, as it stands there.
     *
     * @param buffer that holds the record
     * @param offset of the record
     * @return 32 bits
     */
    public static int crc(final DirectBuffer buffer, final int offset) {
        return buffer.getInt(offset + CRC_OFFSET, LITTLE_ENDIAN);
    }

    /**
     * Checksum of a record, computed from its bytes 0-3 and its body.
     *
     * @param buffer that holds the record
     * @param offset of the record
     * @param length of the record, header included, at least 8
     * @return 32 bits
     * @throws IndexOutOfBoundsException if the record is not inside the buffer or shorter than its
     *     header
     */
    public static int computeCrc(final DirectBuffer buffer, final int offset, final int length) {
        final int head = Crc32c.compute(buffer, offset, CRC_OFFSET, 0);
        return Crc32c.compute(buffer, offset + HEADER_LENGTH, length - HEADER_LENGTH, head);
    }

    /** Bytes of the fixed fields in the version of the schema that is written. */
    static int blockLengthOf(final RecordType type) {
        return switch (type) {
            case ASSERTION -> AssertionDecoder.BLOCK_LENGTH;
            case VOTE -> VoteDecoder.BLOCK_LENGTH;
            case EPOCH -> EpochDecoder.BLOCK_LENGTH;
        };
    }

    /**
     * Checks the range and all of the header but the checksum; the fixed fields are inside after
     * this.
     */
    static RecordType check(final DirectBuffer buffer, final int offset, final int length) {
        if (offset < 0 || length < 0 || length > buffer.capacity() - offset) {
            throw new InvalidRecordException(
                    "length",
                    "inside a buffer of " + buffer.capacity() + " bytes",
                    length + " bytes at " + offset);
        }
        if (length < HEADER_LENGTH || length > RECORD_MAX) {
            throw Refusal.range("length", HEADER_LENGTH, RECORD_MAX, length);
        }
        final RecordType type = RecordType.of(type(buffer, offset));
        final int version = version(buffer, offset);
        if (version != SCHEMA_VERSION) {
            throw Refusal.range("version", SCHEMA_VERSION, SCHEMA_VERSION, version);
        }
        final int expected = blockLengthOf(type);
        final int blockLength = blockLength(buffer, offset);
        if (blockLength != expected) {
            throw Refusal.range("blockLength", expected, expected, blockLength);
        }
        if (length < HEADER_LENGTH + expected) {
            throw Refusal.range("length", HEADER_LENGTH + expected, RECORD_MAX, length);
        }
        return type;
    }
}
