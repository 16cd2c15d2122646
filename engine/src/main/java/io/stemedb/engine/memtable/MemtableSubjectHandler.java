package io.stemedb.engine.memtable;

import org.agrona.DirectBuffer;

/** Takes the subjects that a {@link MemtableReader} lists. */
@FunctionalInterface
public interface MemtableSubjectHandler {
    /**
     * Takes one subject.
     *
     * @param buffer memory of the memtable, good until the reader exits; read only
     * @param offset first byte of the subject
     * @param length bytes of the subject
     * @return whether to go on
     */
    boolean onSubject(DirectBuffer buffer, int offset, int length);
}
