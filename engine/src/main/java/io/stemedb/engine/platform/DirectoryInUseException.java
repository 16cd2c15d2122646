package io.stemedb.engine.platform;

/** Another engine, in this process or another, holds the data directory. */
public class DirectoryInUseException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message directory and holder
     */
    public DirectoryInUseException(final String message) {
        super(message);
    }
}
