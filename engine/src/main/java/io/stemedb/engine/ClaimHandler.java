package io.stemedb.engine;

import org.agrona.DirectBuffer;

/** Receives the claims on a subject from a {@link Reader}, on its thread. */
@FunctionalInterface
public interface ClaimHandler {

    /**
     * One assertion. The buffers are the engine's and valid only during the call.
     *
     * @param sequence its newest place in the journal
     * @param hash its content hash, 32 bytes at 0
     * @param record buffer of the record
     * @param offset first byte of the record
     * @param length bytes of the record
     */
    void onClaim(long sequence, DirectBuffer hash, DirectBuffer record, int offset, int length);
}
