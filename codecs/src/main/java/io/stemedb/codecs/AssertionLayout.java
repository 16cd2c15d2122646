package io.stemedb.codecs;

import static io.stemedb.codecs.Limits.HEADER_LENGTH;

import io.stemedb.codecs.sbe.AssertionDecoder;
import io.stemedb.codecs.sbe.AssertionDecoder.SignaturesDecoder;
import io.stemedb.codecs.sbe.AssertionDecoder.VectorDecoder;
import io.stemedb.codecs.sbe.AssertionFlagsEncoder;
import io.stemedb.codecs.sbe.GroupSizeEncodingDecoder;

/**
 * Where the fields of an assertion stand, from the first byte of the record; taken from the schema.
 *
 * <pre>
 *    0 header                8 timestamp          16 confidence      20 lifecycle
 *   21 sourceClass          22 objectType         23 flags           24 objectNumber
 *   32 sourceHash           64 parentHash         96 visualHash     104 epoch
 *  136 signatures: 8 bytes of dimension, n x 112 (agentId, signature, timestamp, scheme, 7 x 0)
 *      vector: 8 bytes of dimension, n x 4
 *      subject (u16 length), predicate (u16 length), objectText (u32 length)
 * </pre>
 */
final class AssertionLayout {
    static final int TIMESTAMP = HEADER_LENGTH + AssertionDecoder.timestampEncodingOffset();
    static final int CONFIDENCE = HEADER_LENGTH + AssertionDecoder.confidenceEncodingOffset();
    static final int LIFECYCLE = HEADER_LENGTH + AssertionDecoder.lifecycleEncodingOffset();
    static final int SOURCE_CLASS = HEADER_LENGTH + AssertionDecoder.sourceClassEncodingOffset();
    static final int OBJECT_TYPE = HEADER_LENGTH + AssertionDecoder.objectTypeEncodingOffset();
    static final int FLAGS = HEADER_LENGTH + AssertionDecoder.flagsEncodingOffset();
    static final int OBJECT_NUMBER = HEADER_LENGTH + AssertionDecoder.objectNumberEncodingOffset();
    static final int SOURCE_HASH = HEADER_LENGTH + AssertionDecoder.sourceHashEncodingOffset();
    static final int PARENT_HASH = HEADER_LENGTH + AssertionDecoder.parentHashEncodingOffset();
    static final int VISUAL_HASH = HEADER_LENGTH + AssertionDecoder.visualHashEncodingOffset();
    static final int EPOCH = HEADER_LENGTH + AssertionDecoder.epochEncodingOffset();

    /** End of the fixed fields: the dimension of the signatures. */
    static final int SIGNATURES = HEADER_LENGTH + AssertionDecoder.BLOCK_LENGTH;

    /** Both groups have the same dimension: blockLength u16, numInGroup u16, four zero bytes. */
    static final int DIMENSION_LENGTH = GroupSizeEncodingDecoder.ENCODED_LENGTH;

    static final int COUNT_SHIFT = GroupSizeEncodingDecoder.numInGroupEncodingOffset() * 8;

    static final int SIGNATURE_ENTRY = SignaturesDecoder.sbeBlockLength();
    static final int SIGNATURE_AGENT_ID = SignaturesDecoder.agentIdEncodingOffset();
    static final int SIGNATURE_BYTES = SignaturesDecoder.signatureEncodingOffset();
    static final int SIGNATURE_TIMESTAMP = SignaturesDecoder.timestampEncodingOffset();
    static final int SIGNATURE_SCHEME = SignaturesDecoder.schemeEncodingOffset();
    static final int SIGNATURE_PADDING = SignaturesDecoder.paddingEncodingOffset();
    static final int SIGNATURE_PADDING_LENGTH = SignaturesDecoder.paddingEncodingLength();
    static final int VECTOR_ENTRY = VectorDecoder.sbeBlockLength();

    static final int HAS_SOURCE_HASH = AssertionFlagsEncoder.sourceHash((byte) 0, true);
    static final int HAS_PARENT_HASH = AssertionFlagsEncoder.parentHash((byte) 0, true);
    static final int HAS_VISUAL_HASH = AssertionFlagsEncoder.visualHash((byte) 0, true);
    static final int HAS_EPOCH = AssertionFlagsEncoder.epoch((byte) 0, true);
    static final int OBJECT_BOOLEAN = AssertionFlagsEncoder.objectBoolean((byte) 0, true);
    static final int ALL_FLAGS =
            HAS_SOURCE_HASH | HAS_PARENT_HASH | HAS_VISUAL_HASH | HAS_EPOCH | OBJECT_BOOLEAN;

    private AssertionLayout() {}

    /** The dimension of a group as one little-endian word; its padding is the zero upper half. */
    static long dimension(final int entryLength, final int count) {
        return entryLength | (long) count << COUNT_SHIFT;
    }
}
