package io.stemedb.engine;

import org.agrona.DirectBuffer;

/** Receives subjects from a {@link Reader}, on its thread. */
@FunctionalInterface
public interface SubjectHandler {

    /**
     * One subject. The buffer is the engine's and valid only during the call.
     *
     * @param buffer buffer of the subject
     * @param offset first byte of the subject
     * @param length bytes of the subject, UTF-8
     */
    void onSubject(DirectBuffer buffer, int offset, int length);
}
