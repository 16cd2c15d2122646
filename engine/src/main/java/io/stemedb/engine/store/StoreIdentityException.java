package io.stemedb.engine.store;

/** A store belongs to another engine, or has another format; the message names both. */
public class StoreIdentityException extends StoreException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message store, identity found and identity expected
     */
    public StoreIdentityException(final String message) {
        super(message, null);
    }
}
