package io.stemedb.engine.store;

import io.stemedb.engine.status.StorageFull;
import java.nio.file.Path;

/**
 * A store has no room: its disk is full, or it has reached the size it may have. The batch was
 * discarded, what was committed before is untouched and readable.
 */
public class StoreFullException extends StoreException implements StorageFull {
    private static final long serialVersionUID = 1L;

    /** Which store. */
    private final String component;

    /** Where. */
    private final transient Path path;

    /** Bytes left there. */
    private final long freeBytes;

    /**
     * Creates the exception for a store whose disk is full.
     *
     * @param component which store
     * @param path its directory
     * @param action what was being done
     * @param cause what the store below said; may be null
     */
    public StoreFullException(
            final String component, final Path path, final String action, final Throwable cause) {
        this(component, path, action, StorageFull.freeBytes(path), cause);
    }

    /**
     * Creates the exception.
     *
     * @param component which store
     * @param path its directory
     * @param action what was being done, and which limit was met
     * @param freeBytes bytes that are left
     * @param cause what the store below said; may be null
     */
    public StoreFullException(
            final String component,
            final Path path,
            final String action,
            final long freeBytes,
            final Throwable cause) {
        super(
                component
                        + " "
                        + path
                        + " is full: "
                        + action
                        + (cause == null ? "" : ": " + cause.getMessage())
                        + ", free bytes "
                        + freeBytes,
                cause);
        this.component = component;
        this.path = path;
        this.freeBytes = freeBytes;
    }

    @Override
    public String component() {
        return component;
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
