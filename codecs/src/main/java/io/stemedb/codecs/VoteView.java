package io.stemedb.codecs;

import static io.stemedb.codecs.VoteLayout.AGENT_ID;
import static io.stemedb.codecs.VoteLayout.ASSERTION_HASH;
import static io.stemedb.codecs.VoteLayout.FLAGS;
import static io.stemedb.codecs.VoteLayout.HAS_SIGNATURE;
import static io.stemedb.codecs.VoteLayout.LENGTH;
import static io.stemedb.codecs.VoteLayout.SIGNATURE;
import static io.stemedb.codecs.VoteLayout.TIMESTAMP;
import static io.stemedb.codecs.VoteLayout.WEIGHT;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import org.agrona.DirectBuffer;

/** Looks at a vote. Offsets are in {@link #buffer()}, not relative to the record. */
public final class VoteView extends RecordView {
    /** A view of nothing yet. */
    public VoteView() {}

    @Override
    public RecordType type() {
        return RecordType.VOTE;
    }

    /**
     * Looks at a record.
     *
     * @param buffer that holds it
     * @param offset of the record, of its header
     * @param length of the record, header included
     * @return this
     * @throws InvalidRecordException if the bytes do not have the shape of a vote of this length
     */
    public VoteView wrap(final DirectBuffer buffer, final int offset, final int length) {
        wrapHeader(buffer, offset, length);
        checkEnd(offset + LENGTH);
        return this;
    }

    /**
     * Time of the vote.
     *
     * @return ns since 1970-01-01T00:00:00Z
     */
    public long timestamp() {
        return buffer.getLong(offset + TIMESTAMP, LITTLE_ENDIAN);
    }

    /**
     * Weight given to the assertion.
     *
     * @return finite
     */
    public float weight() {
        return buffer.getFloat(offset + WEIGHT, LITTLE_ENDIAN);
    }

    /**
     * Place of the content hash of the assertion voted on (32 bytes).
     *
     * @return offset in the buffer
     */
    public int assertionHashOffset() {
        return offset + ASSERTION_HASH;
    }

    /**
     * Place of the agent that votes (32 bytes).
     *
     * @return offset in the buffer
     */
    public int agentIdOffset() {
        return offset + AGENT_ID;
    }

    /**
     * Whether there is the agent's signature (64 bytes).
     *
     * @return true if there is
     */
    public boolean hasSignature() {
        return (flags() & HAS_SIGNATURE) != 0;
    }

    /**
     * Place of the agent's signature (64 bytes); the bytes are zero if there is none.
     *
     * @return offset in the buffer
     */
    public int signatureOffset() {
        return offset + SIGNATURE;
    }

    int flags() {
        return buffer.getByte(offset + FLAGS) & 0xFF;
    }
}
