package io.stemedb.codecs;

/** Where a claim stands in review. The constants' names are the names in JSON. */
public enum Lifecycle {
    /** Put forward; the default. */
    Proposed(0),
    /** Being looked at. */
    UnderReview(1),
    /** Accepted. */
    Approved(2),
    /** Once accepted, no longer used. */
    Deprecated(3),
    /** Not accepted. */
    Rejected(4);

    private static final Lifecycle[] VALUES = values();

    private final int id;

    Lifecycle(final int id) {
        this.id = id;
    }

    /**
     * The number that stands in a record.
     *
     * @return 0 to 4
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
    public static Lifecycle of(final int id) {
        if (!isKnown(id)) {
            throw new InvalidRecordException("lifecycle", "0 to 4", Integer.toString(id));
        }
        return VALUES[id];
    }

    static boolean isKnown(final int id) {
        return id >= 0 && id < VALUES.length;
    }
}
