package io.stemedb.engine.platform;

/**
 * A manifest that cannot be believed; the message names the file, the field, the limit and the
 * value.
 */
public class ManifestException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message file, field, limit and value
     */
    public ManifestException(final String message) {
        super(message);
    }
}
