package io.stemedb.engine.store.rocks;

import io.stemedb.engine.store.StoreException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.agrona.CloseHelper;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;

/**
 * The database of a store, opened again where it has stopped.
 *
 * <p>A compaction that meets an error of the system other than a full disk, such as no descriptor
 * left, stops RocksDB for good: every file is refused from then on, each time with that first
 * error, until the database is opened again. RocksDB goes on by itself once a full disk has room;
 * and what stopped for damage stays so, as somebody has to look at it.
 */
final class RocksDatabase implements AutoCloseable {
    private static final int OPENING_DESCRIPTORS = 16;

    final RocksSettings settings;
    private final Path directory;
    private RocksDB db; // null while it could not be opened again; changed while nobody is inside
    private String refusal; // of the last file, if it was not taken
    private boolean stopped;

    RocksDatabase(final Path directory, final RocksSettings settings, final RocksDB db) {
        this.directory = directory;
        this.settings = settings;
        this.db = db;
    }

    /** From inside the gate. */
    RocksDB db() {
        if (db == null) {
            throw new StoreException(
                    RocksKvStore.name(directory)
                            + " is closed until it can be opened again after: "
                            + refusal,
                    null);
        }
        return db;
    }

    /** Writing thread: takes a file over by move. */
    void ingest(final Path file) throws RocksDBException {
        try {
            db().ingestExternalFile(List.of(file.toString()), settings.ingestOptions);
            refusal = null;
        } catch (final RocksDBException e) {
            // an error of this file would not come again: numbers of files are not used twice
            stopped = isOfSystem(e) && e.getMessage().equals(refusal);
            refusal = e.getMessage();
            throw e;
        }
    }

    private static boolean isOfSystem(final RocksDBException e) {
        return e.getStatus() != null
                && e.getStatus().getCode() == Status.Code.IOError
                && !isNoSpace(e);
    }

    static boolean isNoSpace(final RocksDBException e) {
        return e.getStatus() != null && e.getStatus().getSubCode() == Status.SubCode.NoSpace;
    }

    /** Writing thread: whether it has to be opened again, for which iterators have to go. */
    boolean isStopped() {
        return stopped;
    }

    /**
     * Writing thread, while nobody is inside. If it fails, it is to be tried again.
     *
     * @param releaseIterators as they must not outlive the database
     */
    void reopen(final Runnable releaseIterators) {
        releaseIterators.run();
        if (db != null) {
            db.close(); // what one that has stopped says to that is known
            db = null;
        }
        try {
            db = RocksDB.open(settings.options, directory.toString());
        } catch (final RocksDBException e) {
            throw RocksKvStore.failure(directory, "open again after " + refusal, e);
        }
        stopped = false;
        refusal = null;
    }

    /**
     * Before anybody has to wait for an opening. It takes some more descriptors for a moment than a
     * closing gives back: without them it is better to go on reading from what has stopped.
     */
    void checkReopens() {
        final List<AutoCloseable> open = new ArrayList<>();
        try {
            while (open.size() < OPENING_DESCRIPTORS) {
                open.add(Files.newInputStream(directory.resolve("CURRENT")));
            }
        } catch (final IOException e) {
            final String action = ": cannot be opened again after " + refusal + ": ";
            throw new StoreException(RocksKvStore.name(directory) + action + e, e);
        } finally {
            CloseHelper.closeAll(open);
        }
        RocksManifest.check(directory);
    }

    @Override
    public void close() {
        try {
            if (db != null) {
                db.closeE();
            }
        } catch (final RocksDBException e) {
            throw RocksKvStore.failure(directory, "close", e);
        } finally {
            settings.close();
        }
    }
}
