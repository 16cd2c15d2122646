package io.stemedb.engine.store;

/**
 * A store has reached the size it may have. The batch was discarded, what was committed before is
 * untouched and readable.
 */
public class StoreFullException extends StoreException {
    private static final long serialVersionUID = 1L;

    /** Bytes the store may have. */
    private final long limitBytes;

    /**
     * Creates the exception.
     *
     * @param store name and path of the store
     * @param limitBytes bytes the store may have
     * @param cause what the store below said; may be null
     */
    public StoreFullException(final String store, final long limitBytes, final Throwable cause) {
        super(store + " is full: its limit is " + limitBytes + " bytes", cause);
        this.limitBytes = limitBytes;
    }

    /**
     * The limit that was reached.
     *
     * @return bytes
     */
    public long limitBytes() {
        return limitBytes;
    }
}
