package io.stemedb.codecs;

/** What an epoch does to the epoch it supersedes. The constants' names are the names in JSON. */
public enum SupersessionType {
    /** It supersedes none; the default. */
    None(0),
    /** It stands in its place. */
    Replaces(1),
    /** It makes it more exact. */
    Refines(2),
    /** It makes it void. */
    Invalidates(3);

    private static final SupersessionType[] VALUES = values();

    private final int id;

    SupersessionType(final int id) {
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
    public static SupersessionType of(final int id) {
        if (!isKnown(id)) {
            throw new InvalidRecordException("supersessionType", "0 to 3", Integer.toString(id));
        }
        return VALUES[id];
    }

    static boolean isKnown(final int id) {
        return id >= 0 && id < VALUES.length;
    }
}
