package io.stemedb.codecs;

import static io.stemedb.codecs.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.stemedb.codecs.sbe.AssertionDecoder;
import io.stemedb.codecs.sbe.MessageHeaderDecoder;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class RecordViewTest {
    private static final long SEED = 42;

    @Test
    void aViewTakesOnlyItsType() {
        final UnsafeBuffer assertion = new UnsafeBuffer(Bytes.golden("assertion-boolean"));
        final UnsafeBuffer vote = new UnsafeBuffer(Bytes.golden("vote-bare"));
        final UnsafeBuffer epoch = new UnsafeBuffer(Bytes.golden("epoch-bare"));
        assertRefused(
                "type",
                "ASSERTION",
                "VOTE",
                () -> new AssertionView().wrap(vote, 0, vote.capacity()));
        assertRefused("type", () -> new VoteView().wrap(epoch, 0, epoch.capacity()));
        assertRefused("type", () -> new EpochView().wrap(assertion, 0, assertion.capacity()));
    }

    @Test
    void aViewTakesOnlyTheWholeRecord() {
        final UnsafeBuffer vote = new UnsafeBuffer(new byte[200]);
        vote.putBytes(3, Bytes.golden("vote-bare"));
        final VoteView view = new VoteView().wrap(vote, 3, 152);
        assertSame(vote, view.buffer());
        assertEquals(3, view.offset());
        assertEquals(152, view.length());
        assertRefused("length", () -> view.wrap(vote, 3, 151));
        assertRefused("length", () -> view.wrap(vote, 3, 153));
        assertRefused("length", () -> view.wrap(vote, 3, 198));
    }

    @Test
    void indexesAreChecked() {
        final byte[] golden = Bytes.golden("assertion-text-full");
        final AssertionView view =
                new AssertionView().wrap(new UnsafeBuffer(golden), 0, golden.length);
        for (final int index : new int[] {-1, 2, Integer.MAX_VALUE}) {
            assertThrows(IndexOutOfBoundsException.class, () -> view.signatureOffset(index));
            assertThrows(IndexOutOfBoundsException.class, () -> view.signatureAgentIdOffset(index));
            assertThrows(IndexOutOfBoundsException.class, () -> view.signatureTimestamp(index));
            assertThrows(IndexOutOfBoundsException.class, () -> view.signatureScheme(index));
        }
        assertThrows(IndexOutOfBoundsException.class, () -> view.vectorElement(-1));
        assertThrows(IndexOutOfBoundsException.class, () -> view.vectorElement(3));
    }

    @Test
    void theGeneratedDecoderReadsTheSame() {
        final RandomRecords records = new RandomRecords(new Random(SEED));
        final AssertionView view = new AssertionView();
        final AssertionDecoder decoder = new AssertionDecoder();
        for (int i = 0; i < 500; i++) {
            final byte[] record = Bytes.encode(records.fill(new AssertionWriter()));
            final UnsafeBuffer buffer = new UnsafeBuffer(record);
            final String where = "seed " + SEED + " record " + i;
            view.wrap(buffer, 0, record.length);
            decoder.wrapAndApplyHeader(buffer, 0, new MessageHeaderDecoder());
            assertEquals(decoder.timestamp(), view.timestamp(), where);
            assertEquals(decoder.confidence(), view.confidence(), where);
            assertEquals(decoder.objectNumber(), view.number(), where);
            assertEquals(decoder.objectType().name(), view.objectType().name(), where);
            assertEquals(decoder.flags().epoch(), view.hasEpoch(), where);
            final AssertionDecoder.SignaturesDecoder signatures = decoder.signatures();
            assertEquals(signatures.count(), view.signatureCount(), where);
            for (int s = 0; s < view.signatureCount(); s++) {
                assertEquals(signatures.next().scheme(), view.signatureScheme(s), where);
            }
            final AssertionDecoder.VectorDecoder vector = decoder.vector();
            assertEquals(vector.count(), view.vectorLength(), where);
            for (int e = 0; e < view.vectorLength(); e++) {
                assertEquals(vector.next().element(), view.vectorElement(e), where);
            }
            assertEquals(decoder.subject(), view.subject(), where);
            assertEquals(decoder.predicate(), view.predicate(), where);
            assertEquals(decoder.objectText(), view.objectText(), where);
            assertEquals(record.length - Limits.HEADER_LENGTH, decoder.encodedLength(), where);
        }
    }
}
