package io.stemedb.codecs;

import static io.stemedb.codecs.Limits.HEADER_LENGTH;

import io.stemedb.codecs.sbe.EpochDecoder;
import io.stemedb.codecs.sbe.EpochFlagsEncoder;

/**
 * Where the fields of an epoch stand, from the first byte of the record; taken from the schema.
 *
 * <pre>
 *    0 header        8 start         16 supersessionType      17 flags, 6 x 0
 *   24 epochId      56 supersedes    88 name (u16 length), description (u32 length)
 * </pre>
 */
final class EpochLayout {
    static final int START = HEADER_LENGTH + EpochDecoder.startEncodingOffset();
    static final int SUPERSESSION_TYPE =
            HEADER_LENGTH + EpochDecoder.supersessionTypeEncodingOffset();
    static final int FLAGS = HEADER_LENGTH + EpochDecoder.flagsEncodingOffset();
    static final int PADDING = HEADER_LENGTH + EpochDecoder.paddingEncodingOffset();
    static final int PADDING_LENGTH = EpochDecoder.paddingEncodingLength();
    static final int EPOCH_ID = HEADER_LENGTH + EpochDecoder.epochIdEncodingOffset();
    static final int SUPERSEDES = HEADER_LENGTH + EpochDecoder.supersedesEncodingOffset();

    /** End of the fixed fields: the length of the name. */
    static final int NAME = HEADER_LENGTH + EpochDecoder.BLOCK_LENGTH;

    static final int HAS_SUPERSEDES = EpochFlagsEncoder.supersedes((byte) 0, true);

    private EpochLayout() {}
}
