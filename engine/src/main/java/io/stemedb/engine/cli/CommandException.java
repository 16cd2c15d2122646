package io.stemedb.engine.cli;

/** Ends a command with one line on standard error and an exit code. */
final class CommandException extends Exception {

    private static final long serialVersionUID = 1L;

    private final int exitCode;

    CommandException(final int exitCode, final String message) {
        super(message);
        this.exitCode = exitCode;
    }

    CommandException(final int exitCode, final String message, final Throwable cause) {
        super(message, cause);
        this.exitCode = exitCode;
    }

    int exitCode() {
        return exitCode;
    }
}
