package io.stemedb.engine.journal;

import io.stemedb.engine.status.StorageFull;
import java.nio.file.Path;

/**
 * The storage refuses the journal its next block or segment. Appends are answered with {@link
 * Journal#STORAGE_FULL} meanwhile; it is tried again until there is room.
 */
public class JournalFullException extends JournalRefusedException implements StorageFull {
    private static final long serialVersionUID = 1L;

    /** Where there is no room. */
    private final transient Path path;

    /** Bytes left there. */
    private final long freeBytes;

    /**
     * Creates the exception.
     *
     * @param path file or directory
     * @param action what was refused
     * @param reason what the system said
     * @param cause what went wrong below; may be null
     */
    public JournalFullException(
            final Path path, final String action, final String reason, final Throwable cause) {
        this(path, action + ": " + reason, StorageFull.freeBytes(path), cause);
    }

    private JournalFullException(
            final Path path, final String text, final long freeBytes, final Throwable cause) {
        super("journal " + path + ": " + text + ", free bytes " + freeBytes, cause);
        this.path = path;
        this.freeBytes = freeBytes;
    }

    @Override
    public String component() {
        return "journal";
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public long freeBytes() {
        return freeBytes;
    }
}
