package io.stemedb.engine;

/** The engine cannot do what was asked; the message says what and why. */
public class EngineException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what and why
     * @param cause what went wrong below; may be null
     */
    public EngineException(final String message, final Throwable cause) {
        super(message, cause);
    }
}
