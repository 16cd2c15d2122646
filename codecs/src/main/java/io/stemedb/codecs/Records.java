package io.stemedb.codecs;

import org.agrona.MutableDirectBuffer;

/** Records as bytes, under the names the original gives to these functions. */
public final class Records {
    private Records() {}

    /**
     * Writes an assertion with its header: {@link RecordWriter#encode}.
     *
     * @param writer that holds it; it keeps its fields
     * @param buffer to write into
     * @param offset of the record in it
     * @return length of the record in bytes, header included
     * @throws InvalidRecordException if the writer's record is not complete or the buffer has no
     *     room
     */
    public static int serializeAssertion(
            final AssertionWriter writer, final MutableDirectBuffer buffer, final int offset) {
        return writer.encode(buffer, offset);
    }

    /**
     * Writes a vote with its header: {@link RecordWriter#encode}.
     *
     * @param writer that holds it; it keeps its fields
     * @param buffer to write into
     * @param offset of the record in it
     * @return length of the record in bytes, header included
     * @throws InvalidRecordException if the writer's record is not complete or the buffer has no
     *     room
     */
    public static int serializeVote(
            final VoteWriter writer, final MutableDirectBuffer buffer, final int offset) {
        return writer.encode(buffer, offset);
    }

    /**
     * Writes an epoch with its header: {@link RecordWriter#encode}.
     *
     * @param writer that holds it; it keeps its fields
     * @param buffer to write into
     * @param offset of the record in it
     * @return length of the record in bytes, header included
     * @throws InvalidRecordException if the writer's record is not complete or the buffer has no
     *     room
     */
    public static int serializeEpoch(
            final EpochWriter writer, final MutableDirectBuffer buffer, final int offset) {
        return writer.encode(buffer, offset);
    }
}
