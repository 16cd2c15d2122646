package io.stemedb.engine.journal;

/**
 * Something was refused to the journal, and is tried again. Nothing is lost by it: what is appended
 * stays, and is made durable as before.
 */
public class JournalRefusedException extends JournalException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message path and action
     * @param cause what went wrong below; may be null
     */
    public JournalRefusedException(final String message, final Throwable cause) {
        super(message, cause);
    }
}
