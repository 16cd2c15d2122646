package io.stemedb.engine.store;

/** A store was used after it was closed. */
public class StoreClosedException extends StoreException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param store name of the store
     */
    public StoreClosedException(final String store) {
        super(store + " is closed", null);
    }
}
