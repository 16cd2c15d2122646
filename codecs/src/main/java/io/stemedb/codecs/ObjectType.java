package io.stemedb.codecs;

/** What an assertion's object is. The constants' names are the names in JSON. */
public enum ObjectType {
    /** UTF-8 text, possibly empty. */
    Text(0),
    /** A finite double. */
    Number(1),
    /** True or false. */
    Boolean(2),
    /** The id of an entity, as text that is not empty. */
    Reference(3);

    private static final ObjectType[] VALUES = values();

    private final int id;

    ObjectType(final int id) {
        this.id = id;
    }

    /**
     * The number that stands in a record.
     *
     * @return 0 to 3
     */
    public int id() {
        return id;
    }

    /**
     * The constant of a number.
     *
     * @param id the number in a record
     * @return its constant
     * @throws InvalidRecordException if there is none
     */
    public static ObjectType of(final int id) {
        if (!isKnown(id)) {
            throw new InvalidRecordException("objectType", "0 to 3", Integer.toString(id));
        }
        return VALUES[id];
    }

    static boolean isKnown(final int id) {
        return id >= 0 && id < VALUES.length;
    }
}
