package io.stemedb.codecs;

import static io.stemedb.codecs.Limits.HEADER_LENGTH;

import io.stemedb.codecs.sbe.VoteDecoder;
import io.stemedb.codecs.sbe.VoteFlagsEncoder;

/**
 * Where the fields of a vote stand, from the first byte of the record; taken from the schema.
 *
 * <pre>
 *    0 header        8 timestamp     16 weight       20 flags, 3 x 0
 *   24 assertionHash                 56 agentId      88 signature       152 end
 * </pre>
 */
final class VoteLayout {
    static final int TIMESTAMP = HEADER_LENGTH + VoteDecoder.timestampEncodingOffset();
    static final int WEIGHT = HEADER_LENGTH + VoteDecoder.weightEncodingOffset();
    static final int FLAGS = HEADER_LENGTH + VoteDecoder.flagsEncodingOffset();
    static final int PADDING = HEADER_LENGTH + VoteDecoder.paddingEncodingOffset();
    static final int PADDING_LENGTH = VoteDecoder.paddingEncodingLength();
    static final int ASSERTION_HASH = HEADER_LENGTH + VoteDecoder.assertionHashEncodingOffset();
    static final int AGENT_ID = HEADER_LENGTH + VoteDecoder.agentIdEncodingOffset();
    static final int SIGNATURE = HEADER_LENGTH + VoteDecoder.signatureEncodingOffset();
    static final int LENGTH = HEADER_LENGTH + VoteDecoder.BLOCK_LENGTH;

    static final int HAS_SIGNATURE = VoteFlagsEncoder.signature((byte) 0, true);

    private VoteLayout() {}
}
