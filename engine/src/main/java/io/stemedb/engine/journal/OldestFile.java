package io.stemedb.engine.journal;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import org.agrona.CloseHelper;

/**
 * The file {@code oldest}, open for the life of a journal: when the journal is to be trimmed there
 * may be no descriptor left, and that must not look like a write that failed.
 *
 * <p>Written in place, as a full disk must not keep anyone from trimming; its bytes lie in one
 * sector, which a disk writes whole or not at all. Not a channel, as an interrupt of a caller's
 * thread would close one.
 */
final class OldestFile implements AutoCloseable {
    private final Path path;
    private final RandomAccessFile file;
    private final SyncFile sync;

    private OldestFile(final Path path) throws IOException {
        this.path = path;
        file = new RandomAccessFile(path.toFile(), "rw");
        try {
            sync = SyncFile.openWhole(path); // its errors say what the system said
        } catch (final IOException e) {
            CloseHelper.close(e::addSuppressed, file);
            throw e;
        }
    }

    /** Makes the file if it is not there. */
    static OldestFile open(final Path journal) throws IOException {
        return new OldestFile(OldestSegment.file(journal));
    }

    /** Whether nothing was ever written to it. */
    boolean isNew() throws IOException {
        return file.length() == 0;
    }

    /**
     * The bytes are durable when this returns; the file's name, if it is new, once the directory is
     * forced.
     */
    void write(final OldestSegment oldest) throws IOException {
        file.seek(0);
        file.write(oldest.bytes());
        file.setLength(OldestSegment.LENGTH); // it may have been altered
        sync.force();
    }

    @Override
    public void close() {
        try (sync) {
            file.close();
        } catch (final IOException e) {
            throw new JournalException(path + ": cannot be closed: " + e, e);
        }
    }
}
