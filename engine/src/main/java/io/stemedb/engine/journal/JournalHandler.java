package io.stemedb.engine.journal;

import org.agrona.DirectBuffer;

/**
 * Receives what a {@link JournalReader} finds, on the reading thread.
 *
 * <p>The buffers are mapped files. They stay valid until {@link #onPolled()} has returned true, so
 * that a handler may gather a batch.
 */
public interface JournalHandler {

    /**
     * A record where one was expected. Its frame is whole; its checksum and content are not checked
     * yet.
     *
     * @param sequence its sequence
     * @param buffer buffer of the record
     * @param offset first byte of the record
     * @param length bytes of the record
     */
    void onRecord(long sequence, DirectBuffer buffer, int offset, int length);

    /**
     * Bytes that are not what was written, or records that are missing.
     *
     * @param firstSequence first record lost
     * @param lastSequence last record lost; {@code firstSequence - 1} when no record was lost
     * @param reason what was found and where
     * @param buffer buffer of the damaged bytes
     * @param offset first damaged byte
     * @param length damaged bytes, cut to what a quarantine entry may hold; 0 when the bytes are
     *     gone
     */
    void onDamage(
            long firstSequence,
            long lastSequence,
            String reason,
            DirectBuffer buffer,
            int offset,
            int length);

    /**
     * Ends every poll.
     *
     * @return whether the handler is done with all that was delivered; while it is not, nothing is
     *     unmapped under it, and it may not ask for more than it can hold
     */
    default boolean onPolled() {
        return true;
    }
}
