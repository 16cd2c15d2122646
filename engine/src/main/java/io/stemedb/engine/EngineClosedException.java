package io.stemedb.engine;

/** An engine, or something made by it, was used after close. */
public class EngineClosedException extends EngineException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param what what is closed
     */
    public EngineClosedException(final String what) {
        super(what + " is closed", null);
    }
}
