package io.stemedb.codecs;

/** A value, or the bytes of a record, that no record may hold. */
public class InvalidRecordException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    private final String field;
    private final String limit;
    private final String value;

    /**
     * A refusal.
     *
     * @param field name of the field, as in the schema
     * @param limit what the field must be
     * @param value what it was
     */
    public InvalidRecordException(final String field, final String limit, final String value) {
        super(field + " must be " + limit + ", was " + value);
        this.field = field;
        this.limit = limit;
        this.value = value;
    }

    /**
     * Name of the field that was refused.
     *
     * @return name as in the schema
     */
    public String field() {
        return field;
    }

    /**
     * What the field must be.
     *
     * @return words that complete "must be"
     */
    public String limit() {
        return limit;
    }

    /**
     * What the field was.
     *
     * @return words that complete "was"
     */
    public String value() {
        return value;
    }
}
