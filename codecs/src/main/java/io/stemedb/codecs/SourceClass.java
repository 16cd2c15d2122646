package io.stemedb.codecs;

/** Kind of source a claim comes from. The constants' names are the names in JSON. */
public enum SourceClass {
    /** A regulator. */
    Regulatory(0),
    /** A clinical study. */
    Clinical(1),
    /** An observation. */
    Observational(2),
    /** An expert. */
    Expert(3),
    /** A community. */
    Community(4),
    /** A single report. */
    Anecdotal(5),
    /** Not said; the default. */
    Unspecified(255);

    private static final SourceClass[] VALUES = values();

    private final int id;

    SourceClass(final int id) {
        this.id = id;
    }

    /**
     * The number that stands in a record.
     *
     * @return 0 to 5 or 255
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
    public static SourceClass of(final int id) {
        if (!isKnown(id)) {
            throw new InvalidRecordException("sourceClass", "0 to 5 or 255", Integer.toString(id));
        }
        return id == Unspecified.id ? Unspecified : VALUES[id];
    }

    static boolean isKnown(final int id) {
        return id >= 0 && id < Unspecified.ordinal() || id == Unspecified.id;
    }
}
