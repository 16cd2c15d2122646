package io.stemedb.engine.store;

/**
 * A store that neither reads nor writes any more until it is opened again. What it committed before
 * is untouched.
 */
public class StoreFailedException extends StoreException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message store, path and action
     * @param cause what the store below said; may be null
     */
    public StoreFailedException(final String message, final Throwable cause) {
        super(message, cause);
    }
}
