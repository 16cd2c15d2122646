package io.stemedb.engine.journal;

import org.agrona.DirectBuffer;

/** Passes on what concerns a sequence and those after it. */
final class FromSequence implements JournalHandler {
    /** Hears nothing. */
    static final JournalHandler NOBODY = new FromSequence(Long.MAX_VALUE);

    private final long fromSequence;
    private JournalHandler handler;

    FromSequence(final long fromSequence) {
        this.fromSequence = fromSequence;
    }

    FromSequence to(final JournalHandler toHandler) {
        handler = toHandler;
        return this;
    }

    @Override
    public void onRecord(
            final long sequence, final DirectBuffer buffer, final int offset, final int length) {
        if (sequence >= fromSequence) {
            handler.onRecord(sequence, buffer, offset, length);
        }
    }

    @Override
    public void onDamage(
            final long firstSequence,
            final long lastSequence,
            final String reason,
            final DirectBuffer buffer,
            final int offset,
            final int length) {
        if (lastSequence >= fromSequence || firstSequence >= fromSequence) {
            handler.onDamage(
                    Math.max(firstSequence, fromSequence),
                    lastSequence,
                    reason,
                    buffer,
                    offset,
                    length);
        }
    }
}
