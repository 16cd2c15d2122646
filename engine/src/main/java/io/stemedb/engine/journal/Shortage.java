package io.stemedb.engine.journal;

import java.nio.file.Path;
import java.util.Arrays;
import net.openhft.posix.PosixAPI;

/**
 * Tells an error that says something has run out, be it room, quota, descriptors or memory, from
 * others. Both may pass, but only the first does so once there is more of it.
 */
final class Shortage {
    // errno of Linux
    static final int ENOMEM = 12;
    static final int ENFILE = 23;
    static final int EMFILE = 24;
    static final int ENOSPC = 28;
    static final int EDQUOT = 122;

    /** Exceptions keep no number but what the system says, in whatever language. */
    private static final String[] WORDS = {
        word(ENOMEM), word(ENFILE), word(EMFILE), word(ENOSPC), word(EDQUOT)
    };

    private Shortage() {}

    private static String word(final int errno) {
        return PosixAPI.posix().strerror(errno);
    }

    /** What to tell of something that is tried again: a full disk only where it is one. */
    static JournalRefusedException refusal(
            final Path path, final String action, final Exception e) {
        final String reason = e.getMessage() == null ? e.toString() : e.getMessage();
        return isAShortage(e)
                ? new JournalFullException(path, action, reason, e)
                : new JournalRefusedException("journal " + path + ": " + action + ": " + reason, e);
    }

    private static boolean isAShortage(final Throwable e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            final String message = String.valueOf(cause.getMessage());
            if (cause instanceof OutOfMemoryError
                    || Arrays.stream(WORDS).anyMatch(message::contains)) {
                return true;
            }
        }
        return false;
    }
}
