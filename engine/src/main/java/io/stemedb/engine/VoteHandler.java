package io.stemedb.engine;

import org.agrona.DirectBuffer;

/** Receives the votes on an assertion from a {@link Reader}, on its thread. */
@FunctionalInterface
public interface VoteHandler {

    /**
     * One vote. The buffers are the engine's and valid only during the call.
     *
     * @param hash its content hash, 32 bytes at 0
     * @param record buffer of the record
     * @param offset first byte of the record
     * @param length bytes of the record
     */
    void onVote(DirectBuffer hash, DirectBuffer record, int offset, int length);
}
