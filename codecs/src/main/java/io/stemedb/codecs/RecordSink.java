package io.stemedb.codecs;

/** Takes the records of the writers that were made with it. */
@FunctionalInterface
public interface RecordSink {
    /**
     * Takes what a writer holds, by {@link RecordWriter#encode}.
     *
     * @param writer that holds a record
     * @return the record's sequence, or a negative code if it was not taken
     * @throws InvalidRecordException if the writer holds no complete record
     */
    long append(RecordWriter writer);
}
