package io.stemedb.codecs;

/** Type of a record: byte 0 of its header, and its SBE template id. */
public enum RecordType {
    /** A claim about a subject. */
    ASSERTION(0),
    /** An agent's weight on an assertion. */
    VOTE(1),
    /** A paradigm that claims belong to. */
    EPOCH(2);

    private static final RecordType[] VALUES = values();

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

    /**
     * The type of a number.
     *
     * @param id the number in byte 0 of a record
     * @return its type
     * @throws InvalidRecordException if there is no such type
     */
    public static RecordType of(final int id) {
        if (!isKnown(id)) {
            throw new InvalidRecordException("type", "0, 1 or 2", Integer.toString(id));
        }
        return VALUES[id];
    }

    static boolean isKnown(final int id) {
        return id >= 0 && id < VALUES.length;
    }
}
