package io.stemedb.engine;

/**
 * The engine failed earlier and acknowledges nothing any more; close it and launch anew. The cause
 * is what failed.
 */
public class EngineFailedException extends EngineException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param cause what failed
     */
    public EngineFailedException(final Throwable cause) {
        super("engine failed: " + cause.getMessage(), cause);
    }
}
