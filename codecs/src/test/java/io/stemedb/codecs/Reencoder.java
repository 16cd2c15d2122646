package io.stemedb.codecs;

import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Reads a valid record by every getter of its view and writes it again. */
final class Reencoder {
    private final AssertionView assertion = new AssertionView();
    private final VoteView vote = new VoteView();
    private final EpochView epoch = new EpochView();
    private final AssertionWriter assertionWriter = new AssertionWriter();
    private final VoteWriter voteWriter = new VoteWriter();
    private final EpochWriter epochWriter = new EpochWriter();

    byte[] reencode(final byte[] record) {
        return Bytes.encode(copy(new UnsafeBuffer(record), 0, record.length));
    }

    RecordWriter copy(final DirectBuffer buffer, final int offset, final int length) {
        return switch (RecordType.of(RecordHeader.type(buffer, offset))) {
            case ASSERTION -> copy(assertion.wrap(buffer, offset, length));
            case VOTE -> copy(vote.wrap(buffer, offset, length));
            case EPOCH -> copy(epoch.wrap(buffer, offset, length));
        };
    }

    private RecordWriter copy(final AssertionView view) {
        final DirectBuffer buffer = view.buffer();
        final AssertionWriter writer =
                assertionWriter
                        .clear()
                        .timestamp(view.timestamp())
                        .confidence(view.confidence())
                        .lifecycle(view.lifecycle())
                        .sourceClass(view.sourceClass())
                        .subject(view.subject())
                        .predicate(view.predicate());
        switch (view.objectType()) {
            case Text -> writer.text(view.objectText());
            case Number -> writer.number(view.number());
            case Boolean -> writer.bool(view.bool());
            case Reference ->
                    writer.reference(buffer, view.objectTextOffset(), view.objectTextLength());
        }
        if (view.hasSourceHash()) {
            writer.sourceHash(buffer, view.sourceHashOffset());
        }
        if (view.hasParentHash()) {
            writer.parentHash(buffer, view.parentHashOffset());
        }
        if (view.hasVisualHash()) {
            writer.visualHash(buffer, view.visualHashOffset());
        }
        if (view.hasEpoch()) {
            writer.epoch(buffer, view.epochOffset());
        }
        // Backwards: the writer sorts.
        for (int i = view.signatureCount() - 1; i >= 0; i--) {
            writer.addSignature(
                    buffer,
                    view.signatureAgentIdOffset(i),
                    buffer,
                    view.signatureOffset(i),
                    view.signatureTimestamp(i),
                    view.signatureScheme(i));
        }
        final float[] vector = new float[view.vectorLength()];
        for (int i = 0; i < vector.length; i++) {
            vector[i] = view.vectorElement(i);
        }
        return writer.vector(vector);
    }

    private RecordWriter copy(final VoteView view) {
        final DirectBuffer buffer = view.buffer();
        final VoteWriter writer =
                voteWriter
                        .clear()
                        .timestamp(view.timestamp())
                        .weight(view.weight())
                        .assertion(buffer, view.assertionHashOffset())
                        .agentId(buffer, view.agentIdOffset());
        return view.hasSignature() ? writer.signature(buffer, view.signatureOffset()) : writer;
    }

    private RecordWriter copy(final EpochView view) {
        final DirectBuffer buffer = view.buffer();
        final EpochWriter writer =
                epochWriter
                        .clear()
                        .start(view.start())
                        .supersessionType(view.supersessionType())
                        .id(buffer, view.epochIdOffset())
                        .name(view.name())
                        .description(buffer, view.descriptionOffset(), view.descriptionLength());
        return view.hasSupersedes() ? writer.supersedes(buffer, view.supersedesOffset()) : writer;
    }
}
