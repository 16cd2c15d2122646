package io.stemedb.engine.store;

/** A store failed; the message names the store, the path and what was being done. */
public class StoreException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message store, path and action
     * @param cause what the store below said; may be null
     */
    public StoreException(final String message, final Throwable cause) {
        super(message, cause);
    }
}
