package io.stemedb.engine.faults.sim;

/** A promise was broken. */
final class Violation extends AssertionError {
    private static final long serialVersionUID = 1L;

    Violation(final String what) {
        super(what);
    }

    Violation(final String what, final Throwable cause) {
        super(what, cause);
    }
}
