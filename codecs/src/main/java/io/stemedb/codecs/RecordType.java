package io.stemedb.codecs;

/** Type of a record: byte 0 of its header, and its SBE template id. */
public enum RecordType {
    /** A claim about a subject. */
    ASSERTION(0),
    /** An agent's weight on an assertion. */
    VOTE(1),
    /** A paradigm that claims belong to. */
    EPOCH(2);

    private final int id;

    RecordType(final int id) {
        this.id = id;
    }

    /**
     * The number that stands in byte 0 of a record.
     *
     * @return 0, 1 or 2
     */
    public int id() {
        return id;
    }
}
