package io.stemedb.codecs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Bytes that were laid out by hand from the schema, not by this code. Nothing here ever writes
 * them.
 */
class GoldenBytesTest {
    private static final long TIMESTAMP = 1385337601000000000L;

    private static byte[] agent(final int first) {
        final byte[] agent = Bytes.sequence(0, 32);
        agent[0] = (byte) first;
        return agent;
    }

    @Test
    void assertionWithEverything() {
        final AssertionWriter writer =
                new AssertionWriter()
                        .subject("Semaglutide:Type2Diabetes")
                        .predicate("wirkt_für")
                        .text("5 % ≤ x, 𝛼")
                        .confidence(0.75f)
                        .timestamp(TIMESTAMP)
                        .lifecycle(Lifecycle.Approved)
                        .sourceClass(SourceClass.Expert)
                        .sourceHash(Bytes.sequence(0x10, 32))
                        .parentHash(Bytes.sequence(0x30, 32))
                        .visualHash(Bytes.sequence(0x50, 8))
                        .epoch(Bytes.sequence(0x60, 32))
                        .addSignature(
                                agent(0x80), Bytes.sequence(0x40, 64), TIMESTAMP + 2000000000L, 255)
                        .addSignature(
                                agent(0x7F), Bytes.sequence(0xA0, 64), TIMESTAMP + 1000000000L, 2)
                        .vector(new float[] {0.5f, -0.0f, -1.0f});
        assertGolden("assertion-text-full", writer);
    }

    @Test
    void assertionWithNothingOptional() {
        final AssertionWriter writer =
                new AssertionWriter()
                        .subject("BTCUSD@bitstamp")
                        .predicate("trade_price")
                        .number(912.44)
                        .confidence(1.0f)
                        .timestamp(TIMESTAMP + 1);
        assertGolden("assertion-number-bare", writer);
    }

    @Test
    void assertionOfTrue() {
        final AssertionWriter writer =
                new AssertionWriter()
                        .subject("s")
                        .predicate("p")
                        .bool(true)
                        .confidence(-0.0f)
                        .timestamp(0)
                        .lifecycle(Lifecycle.Rejected)
                        .sourceClass(SourceClass.Regulatory)
                        .sourceHash(new byte[32]);
        assertGolden("assertion-boolean", writer);
    }

    @Test
    void assertionOfReference() {
        final AssertionWriter writer =
                new AssertionWriter()
                        .subject("community://rust/http")
                        .predicate("same_as")
                        .reference("entity:42")
                        .confidence(0.5f)
                        .timestamp(Long.MAX_VALUE)
                        .lifecycle(Lifecycle.UnderReview)
                        .sourceClass(SourceClass.Anecdotal)
                        .epoch(Bytes.sequence(0xE0, 32))
                        .vector(new float[] {1.0f});
        assertGolden("assertion-reference", writer);
    }

    @Test
    void votes() {
        final VoteWriter writer =
                new VoteWriter()
                        .assertion(Bytes.sequence(0, 32))
                        .agentId(Bytes.sequence(0x20, 32))
                        .weight(-0.25f)
                        .timestamp(TIMESTAMP)
                        .signature(Bytes.sequence(0x80, 64));
        assertGolden("vote-full", writer);
        writer.clear()
                .timestamp(TIMESTAMP)
                .weight(2.0f)
                .agentId(Bytes.sequence(0x20, 32))
                .assertion(Bytes.sequence(0, 32));
        assertGolden("vote-bare", writer);
    }

    @Test
    void epochs() {
        final EpochWriter writer =
                new EpochWriter()
                        .id(Bytes.sequence(0, 32))
                        .name("2013-11-25")
                        .description("UTC day")
                        .start(TIMESTAMP - 1000000000L)
                        .supersedes(Bytes.sequence(0xC0, 32))
                        .supersessionType(SupersessionType.Replaces);
        assertGolden("epoch-full", writer);
        writer.clear().id(Bytes.sequence(0, 32)).name("日").start(TIMESTAMP - 1000000000L);
        assertGolden("epoch-bare", writer);
    }

    private static void assertGolden(final String name, final RecordWriter writer) {
        assertEquals(Bytes.hex(Bytes.golden(name)), Bytes.hex(Bytes.encode(writer)), name);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "assertion-text-full",
                "assertion-number-bare",
                "assertion-boolean",
                "assertion-reference",
                "vote-full",
                "vote-bare",
                "epoch-full",
                "epoch-bare"
            })
    void goldenBytesAreValidAndReadBack(final String name) {
        final byte[] golden = Bytes.golden(name);
        new RecordValidator().validate(new UnsafeBuffer(golden), 0, golden.length);
        assertArrayEquals(golden, new Reencoder().reencode(golden));
    }

    @Test
    void viewFindsEveryField() {
        final byte[] golden = Bytes.golden("assertion-text-full");
        final int offset = 5;
        final DirectBuffer buffer = new UnsafeBuffer(Bytes.concat(new byte[offset], golden));
        final AssertionView view = new AssertionView().wrap(buffer, offset, golden.length);

        assertEquals(RecordType.ASSERTION, view.type());
        assertEquals(TIMESTAMP, view.timestamp());
        assertEquals(0.75f, view.confidence());
        assertEquals(Lifecycle.Approved, view.lifecycle());
        assertEquals(SourceClass.Expert, view.sourceClass());
        assertEquals(ObjectType.Text, view.objectType());
        assertEquals(0.0, view.number());
        assertFalse(view.bool());
        assertTrue(view.hasSourceHash() && view.hasParentHash());
        assertTrue(view.hasVisualHash() && view.hasEpoch());
        assertEquals(offset + 32, view.sourceHashOffset());
        assertEquals(offset + 64, view.parentHashOffset());
        assertEquals(offset + 96, view.visualHashOffset());
        assertEquals(offset + 104, view.epochOffset());
        assertEquals(2, view.signatureCount());
        assertEquals(offset + 256, view.signatureAgentIdOffset(1));
        assertEquals(offset + 288, view.signatureOffset(1));
        assertEquals(TIMESTAMP + 2000000000L, view.signatureTimestamp(1));
        assertEquals(255, view.signatureScheme(1));
        assertEquals(3, view.vectorLength());
        assertEquals(offset + 376, view.vectorOffset());
        assertEquals(-1.0f, view.vectorElement(2));
        assertEquals("Semaglutide:Type2Diabetes", view.subject());
        assertEquals(offset + 390, view.subjectOffset());
        assertEquals("wirkt_für", view.predicate());
        assertEquals(offset + 417, view.predicateOffset());
        assertEquals(10, view.predicateLength());
        assertEquals("5 % ≤ x, 𝛼", view.objectText());
        assertEquals(offset + 431, view.objectTextOffset());
        assertEquals(offset + 8, view.bodyOffset());
        assertEquals(golden.length - 8, view.bodyLength());
    }

    @Test
    void viewsFindTheFieldsOfVotesAndEpochs() {
        final byte[] vote = Bytes.golden("vote-full");
        final VoteView voteView = new VoteView().wrap(new UnsafeBuffer(vote), 0, vote.length);
        assertEquals(-0.25f, voteView.weight());
        assertEquals(TIMESTAMP, voteView.timestamp());
        assertEquals(24, voteView.assertionHashOffset());
        assertEquals(56, voteView.agentIdOffset());
        assertTrue(voteView.hasSignature());
        assertEquals(88, voteView.signatureOffset());

        final byte[] epoch = Bytes.golden("epoch-full");
        final EpochView epochView = new EpochView().wrap(new UnsafeBuffer(epoch), 0, epoch.length);
        assertEquals(TIMESTAMP - 1000000000L, epochView.start());
        assertEquals(SupersessionType.Replaces, epochView.supersessionType());
        assertEquals(24, epochView.epochIdOffset());
        assertTrue(epochView.hasSupersedes());
        assertEquals(56, epochView.supersedesOffset());
        assertEquals("2013-11-25", epochView.name());
        assertEquals(90, epochView.nameOffset());
        assertEquals("UTC day", epochView.description());
        assertEquals(104, epochView.descriptionOffset());
    }

    @Test
    void headerFindsItsFields() {
        final byte[] golden = Bytes.golden("vote-full");
        final UnsafeBuffer buffer = new UnsafeBuffer(golden);
        assertEquals(1, RecordHeader.type(buffer, 0));
        assertEquals(RecordHeader.SCHEMA_VERSION, RecordHeader.version(buffer, 0));
        assertEquals(144, RecordHeader.blockLength(buffer, 0));
        assertEquals(0x97D9A4AD, RecordHeader.crc(buffer, 0));
        assertEquals(0x97D9A4AD, RecordHeader.computeCrc(buffer, 0, golden.length));
    }
}
