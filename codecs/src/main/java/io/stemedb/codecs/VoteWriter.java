package io.stemedb.codecs;

import static io.stemedb.codecs.Limits.HASH_LENGTH;
import static io.stemedb.codecs.Limits.SIGNATURE_LENGTH;
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
import org.agrona.MutableDirectBuffer;

/**
 * Writes votes. Needed: assertion, agentId, weight, timestamp; the signature is absent unless set.
 */
public final class VoteWriter extends RecordWriter {
    private static final int HAS_ASSERTION = 1;
    private static final int HAS_AGENT = 1 << 1;
    private static final int HAS_WEIGHT = 1 << 2;
    private static final int HAS_TIMESTAMP = 1 << 3;
    private static final int HAS_ALL = HAS_ASSERTION | HAS_AGENT | HAS_WEIGHT | HAS_TIMESTAMP;

    private int present;

    /** A writer whose records are taken by {@link #encode}. */
    public VoteWriter() {
        this(null);
    }

    /**
     * A writer whose records are taken by {@link #append()} too.
     *
     * @param sink that takes them
     */
    public VoteWriter(final RecordSink sink) {
        super(RecordType.VOTE, sink);
        clear();
    }

    @Override
    public VoteWriter clear() {
        clearBlock();
        present = 0;
        return this;
    }

    /**
     * Sets the content hash of the assertion voted on.
     *
     * @param value 32 bytes, copied
     * @return this
     */
    public VoteWriter assertion(final byte[] value) {
        present &= ~HAS_ASSERTION;
        putFixed("assertionHash", ASSERTION_HASH, value, HASH_LENGTH);
        present |= HAS_ASSERTION;
        return this;
    }

    /**
     * Sets the content hash of the assertion voted on.
     *
     * @param buffer that holds 32 bytes, copied
     * @param offset of the first
     * @return this
     */
    public VoteWriter assertion(final DirectBuffer buffer, final int offset) {
        present &= ~HAS_ASSERTION;
        putFixed("assertionHash", ASSERTION_HASH, buffer, offset, HASH_LENGTH);
        present |= HAS_ASSERTION;
        return this;
    }

    /**
     * Sets the agent that votes.
     *
     * @param value 32 bytes, copied
     * @return this
     */
    public VoteWriter agentId(final byte[] value) {
        present &= ~HAS_AGENT;
        putFixed("agentId", AGENT_ID, value, HASH_LENGTH);
        present |= HAS_AGENT;
        return this;
    }

    /**
     * Sets the agent that votes.
     *
     * @param buffer that holds 32 bytes, copied
     * @param offset of the first
     * @return this
     */
    public VoteWriter agentId(final DirectBuffer buffer, final int offset) {
        present &= ~HAS_AGENT;
        putFixed("agentId", AGENT_ID, buffer, offset, HASH_LENGTH);
        present |= HAS_AGENT;
        return this;
    }

    /**
     * Sets the weight given to the assertion.
     *
     * @param value finite; -0.0 becomes 0.0
     * @return this
     */
    public VoteWriter weight(final float value) {
        present &= ~HAS_WEIGHT;
        if (!Float.isFinite(value)) {
            throw Refusal.of("weight", Refusal.FINITE, value);
        }
        // Adding 0.0 turns -0.0 into 0.0 and changes nothing else.
        block.putFloat(WEIGHT, value + 0.0f, LITTLE_ENDIAN);
        present |= HAS_WEIGHT;
        return this;
    }

    /**
     * Sets the time of the vote.
     *
     * @param timestampNs ns since 1970-01-01T00:00:00Z, not negative
     * @return this
     */
    public VoteWriter timestamp(final long timestampNs) {
        present &= ~HAS_TIMESTAMP;
        if (timestampNs < 0) {
            throw Refusal.time("timestamp", timestampNs);
        }
        block.putLong(TIMESTAMP, timestampNs, LITTLE_ENDIAN);
        present |= HAS_TIMESTAMP;
        return this;
    }

    /**
     * Sets the agent's signature.
     *
     * @param value 64 bytes, copied
     * @return this
     */
    public VoteWriter signature(final byte[] value) {
        putOptional("signature", SIGNATURE, value, SIGNATURE_LENGTH, FLAGS, HAS_SIGNATURE);
        return this;
    }

    /**
     * Sets the agent's signature.
     *
     * @param buffer that holds 64 bytes, copied
     * @param offset of the first
     * @return this
     */
    public VoteWriter signature(final DirectBuffer buffer, final int offset) {
        putOptional("signature", SIGNATURE, buffer, offset, SIGNATURE_LENGTH, FLAGS, HAS_SIGNATURE);
        return this;
    }

    @Override
    public int encodedLength() {
        return LENGTH;
    }

    @Override
    void requireComplete() {
        if (present != HAS_ALL) {
            throw Refusal.notSet(firstMissing());
        }
    }

    private String firstMissing() {
        if ((present & HAS_ASSERTION) == 0) {
            return "assertionHash";
        }
        if ((present & HAS_AGENT) == 0) {
            return "agentId";
        }
        return (present & HAS_WEIGHT) == 0 ? "weight" : "timestamp";
    }

    @Override
    void write(final MutableDirectBuffer buffer, final int offset) {
        buffer.putBytes(offset, block, 0, LENGTH);
    }
}
