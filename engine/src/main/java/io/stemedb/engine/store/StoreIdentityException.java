package io.stemedb.engine.store;

/** A store belongs to another engine, or has another format; the message names both. */
public class StoreIdentityException extends StoreException {
    private static final long serialVersionUID = 1L;

    private final transient StoreIdentity found;

    /**
     * Creates the exception.
     *
     * @param message store, identity found and identity expected
     * @param found what the store holds; null if it is no identity
     */
    public StoreIdentityException(final String message, final StoreIdentity found) {
        super(message, null);
        this.found = found;
    }

    /**
     * Whose store it is.
     *
     * @return what the store holds; null if it is no identity
     */
    public StoreIdentity found() {
        return found;
    }
}
