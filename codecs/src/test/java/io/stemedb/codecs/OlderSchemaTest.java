package io.stemedb.codecs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.codecs.sbe.v0.AssertionDecoder;
import io.stemedb.codecs.sbe.v0.EpochDecoder;
import io.stemedb.codecs.sbe.v0.MessageHeaderDecoder;
import io.stemedb.codecs.sbe.v0.SupersessionType;
import io.stemedb.codecs.sbe.v0.VoteDecoder;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/**
 * A decoder made from a schema without the last fields of each block finds all it knows in new
 * records.
 */
class OlderSchemaTest {
    private static final long TIMESTAMP = 1385337601000000000L;

    private final MessageHeaderDecoder header = new MessageHeaderDecoder();

    @Test
    void theOlderSchemaIsOlder() {
        assertTrue(AssertionDecoder.SCHEMA_VERSION < RecordHeader.SCHEMA_VERSION);
        assertTrue(
                AssertionDecoder.BLOCK_LENGTH < RecordHeader.blockLengthOf(RecordType.ASSERTION));
        assertTrue(VoteDecoder.BLOCK_LENGTH < RecordHeader.blockLengthOf(RecordType.VOTE));
        assertTrue(EpochDecoder.BLOCK_LENGTH < RecordHeader.blockLengthOf(RecordType.EPOCH));
    }

    @Test
    void assertion() {
        final byte[] golden = Bytes.golden("assertion-text-full");
        final AssertionDecoder old = new AssertionDecoder();
        old.wrapAndApplyHeader(new UnsafeBuffer(golden), 0, header);
        assertEquals(RecordHeader.SCHEMA_VERSION, header.version());
        assertEquals(0x392C08CCL, header.crc32c());

        assertEquals(TIMESTAMP, old.timestamp());
        assertEquals(0.75f, old.confidence());
        assertEquals(io.stemedb.codecs.sbe.v0.Lifecycle.Approved, old.lifecycle());
        assertEquals(io.stemedb.codecs.sbe.v0.SourceClass.Expert, old.sourceClass());
        assertEquals(io.stemedb.codecs.sbe.v0.ObjectType.Text, old.objectType());
        assertTrue(old.flags().sourceHash() && old.flags().visualHash());
        final byte[] hash = new byte[32];
        old.getParentHash(hash, 0, 32);
        assertArrayEquals(Bytes.sequence(0x30, 32), hash);

        final AssertionDecoder.SignaturesDecoder signatures = old.signatures();
        assertEquals(2, signatures.count());
        final byte[] signature = new byte[64];
        signatures.next().getSignature(signature, 0, 64);
        assertArrayEquals(Bytes.sequence(0xA0, 64), signature);
        assertEquals(TIMESTAMP + 1000000000L, signatures.timestamp());
        signatures.next().getSignature(signature, 0, 64);
        assertArrayEquals(Bytes.sequence(0x40, 64), signature);
        assertEquals(TIMESTAMP + 2000000000L, signatures.timestamp());

        final AssertionDecoder.VectorDecoder vector = old.vector();
        assertEquals(3, vector.count());
        assertEquals(0.5f, vector.next().element());
        assertEquals(0.0f, vector.next().element());
        assertEquals(-1.0f, vector.next().element());

        assertEquals("Semaglutide:Type2Diabetes", old.subject());
        assertEquals("wirkt_für", old.predicate());
        assertEquals("5 % ≤ x, 𝛼", old.objectText());
    }

    @Test
    void vote() {
        final byte[] golden = Bytes.golden("vote-full");
        final VoteDecoder old = new VoteDecoder();
        old.wrapAndApplyHeader(new UnsafeBuffer(golden), 0, header);
        assertEquals(-0.25f, old.weight());
        final byte[] agent = new byte[32];
        old.getAgentId(agent, 0, 32);
        assertArrayEquals(Bytes.sequence(0x20, 32), agent);
        assertEquals(golden.length - Limits.HEADER_LENGTH, old.sbeDecodedLength());
    }

    @Test
    void epoch() {
        final byte[] golden = Bytes.golden("epoch-full");
        final EpochDecoder old = new EpochDecoder();
        old.wrapAndApplyHeader(new UnsafeBuffer(golden), 0, header);
        assertEquals(TIMESTAMP - 1000000000L, old.start());
        assertEquals(SupersessionType.Replaces, old.supersessionType());
        final byte[] id = new byte[32];
        old.getEpochId(id, 0, 32);
        assertArrayEquals(Bytes.sequence(0, 32), id);
        assertEquals("2013-11-25", old.name());
        assertEquals("UTC day", old.description());
    }
}
