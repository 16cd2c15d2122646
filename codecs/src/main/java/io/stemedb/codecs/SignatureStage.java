package io.stemedb.codecs;

import static io.stemedb.codecs.AssertionLayout.DIMENSION_LENGTH;
import static io.stemedb.codecs.AssertionLayout.SIGNATURE_AGENT_ID;
import static io.stemedb.codecs.AssertionLayout.SIGNATURE_BYTES;
import static io.stemedb.codecs.AssertionLayout.SIGNATURE_ENTRY;
import static io.stemedb.codecs.AssertionLayout.SIGNATURE_SCHEME;
import static io.stemedb.codecs.AssertionLayout.SIGNATURE_TIMESTAMP;
import static io.stemedb.codecs.Limits.HASH_LENGTH;
import static io.stemedb.codecs.Limits.SIGNATURES_MAX;
import static io.stemedb.codecs.Limits.SIGNATURE_LENGTH;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.util.Arrays;
import java.util.Objects;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The signatures of an assertion, as they will stand in the record: sorted by agentId, each agent
 * once.
 */
final class SignatureStage {
    private static final int INITIAL_CAPACITY = 4;

    /** The entry that is being added; its padding is never written, so it stays zero. */
    private final byte[] candidate = new byte[SIGNATURE_ENTRY];

    private final UnsafeBuffer candidateBuffer = new UnsafeBuffer(candidate);
    private byte[] entries = new byte[INITIAL_CAPACITY * SIGNATURE_ENTRY];
    private int count;

    void clear() {
        count = 0;
    }

    void add(final byte[] agentId, final byte[] signature, final long timestamp, final int scheme) {
        Objects.requireNonNull(agentId, "agentId");
        Objects.requireNonNull(signature, "signature");
        if (agentId.length != HASH_LENGTH) {
            throw Refusal.byteCount("agentId", HASH_LENGTH, HASH_LENGTH, agentId.length);
        }
        if (signature.length != SIGNATURE_LENGTH) {
            throw Refusal.byteCount(
                    "signature", SIGNATURE_LENGTH, SIGNATURE_LENGTH, signature.length);
        }
        candidateBuffer.putBytes(SIGNATURE_AGENT_ID, agentId);
        candidateBuffer.putBytes(SIGNATURE_BYTES, signature);
        insert(timestamp, scheme);
    }

    void add(
            final DirectBuffer agentId,
            final int agentIdOffset,
            final DirectBuffer signature,
            final int signatureOffset,
            final long timestamp,
            final int scheme) {
        agentId.getBytes(agentIdOffset, candidate, SIGNATURE_AGENT_ID, HASH_LENGTH);
        signature.getBytes(signatureOffset, candidate, SIGNATURE_BYTES, SIGNATURE_LENGTH);
        insert(timestamp, scheme);
    }

    private void insert(final long timestamp, final int scheme) {
        if (timestamp < 0) {
            throw Refusal.time("signatures.timestamp", timestamp);
        }
        if (scheme < 0 || scheme > 255) {
            throw Refusal.range("signatures.scheme", 0, 255, scheme);
        }
        if (count == SIGNATURES_MAX) {
            throw Refusal.range("signatures", 0, SIGNATURES_MAX, count + 1L);
        }
        candidateBuffer.putLong(SIGNATURE_TIMESTAMP, timestamp, LITTLE_ENDIAN);
        candidateBuffer.putByte(SIGNATURE_SCHEME, (byte) scheme);

        // From the end: agents that come in order are not compared with more than one other.
        int at = count;
        int order = 1;
        while (at > 0 && (order = compareWithEntry(at - 1)) < 0) {
            at--;
        }
        if (at > 0 && order == 0) {
            throw new InvalidRecordException(
                    "signatures.agentId", "there once", "there twice (entry " + (at - 1) + ")");
        }
        if ((count + 1) * SIGNATURE_ENTRY > entries.length) {
            entries = Arrays.copyOf(entries, 2 * entries.length);
        }
        final int from = at * SIGNATURE_ENTRY;
        System.arraycopy(
                entries, from, entries, from + SIGNATURE_ENTRY, count * SIGNATURE_ENTRY - from);
        System.arraycopy(candidate, 0, entries, from, SIGNATURE_ENTRY);
        count++;
    }

    private int compareWithEntry(final int index) {
        final int other = index * SIGNATURE_ENTRY + SIGNATURE_AGENT_ID;
        return Arrays.compareUnsigned(
                candidate,
                SIGNATURE_AGENT_ID,
                SIGNATURE_AGENT_ID + HASH_LENGTH,
                entries,
                other,
                other + HASH_LENGTH);
    }

    int length() {
        return DIMENSION_LENGTH + count * SIGNATURE_ENTRY;
    }

    int write(final MutableDirectBuffer target, final int offset) {
        target.putLong(offset, AssertionLayout.dimension(SIGNATURE_ENTRY, count), LITTLE_ENDIAN);
        if (count > 0) {
            target.putBytes(offset + DIMENSION_LENGTH, entries, 0, count * SIGNATURE_ENTRY);
        }
        return offset + length();
    }
}
