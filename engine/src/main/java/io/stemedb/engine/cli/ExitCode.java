package io.stemedb.engine.cli;

/** What the process says when it ends; the same list stands in the help. */
final class ExitCode {

    static final int OK = 0;

    /** The answer is no: records were refused, nothing was found, or verify saw a difference. */
    static final int NO = 1;

    static final int USAGE = 2;

    /** The directory, the engine or the machine failed. */
    static final int FAILED = 3;

    private ExitCode() {}
}
