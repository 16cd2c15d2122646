package io.stemedb.engine.store;

/**
 * A batch was discarded for a reason that is gone when the next one is begun: make the same batch
 * again. Nothing of it was stored.
 */
public class StoreRetryException extends StoreException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message store and reason
     * @param cause what the store below said; may be null
     */
    public StoreRetryException(final String message, final Throwable cause) {
        super(message, cause);
    }
}
