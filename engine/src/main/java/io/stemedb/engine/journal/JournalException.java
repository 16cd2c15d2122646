package io.stemedb.engine.journal;

/** The journal failed or was used after close; the message names the path and the action. */
public class JournalException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message path and action
     * @param cause what went wrong below; may be null
     */
    public JournalException(final String message, final Throwable cause) {
        super(message, cause);
    }
}
