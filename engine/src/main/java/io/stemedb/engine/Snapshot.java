package io.stemedb.engine;

import io.stemedb.engine.hash.Blake3;
import io.stemedb.engine.ingest.TailReplay;
import io.stemedb.engine.journal.JournalException;
import io.stemedb.engine.journal.JournalTail;
import io.stemedb.engine.memtable.Memtable;
import io.stemedb.engine.platform.DirectoryLock;
import io.stemedb.engine.platform.Manifest;
import io.stemedb.engine.store.HybridStore;
import io.stemedb.engine.store.KvStore;
import io.stemedb.engine.store.MemoryKvStore;
import io.stemedb.engine.store.StoreException;
import io.stemedb.engine.store.StoreIdentity;
import io.stemedb.engine.store.lmdb.LmdbKvStore;
import io.stemedb.engine.store.rocks.RocksKvStore;
import java.nio.file.Path;
import org.agrona.ErrorHandler;

/**
 * The state of a data directory at the moment of opening, to read only: what the stores hold, and
 * what the journal has past their cursors. Changes nothing and takes no lock, so an engine in
 * another process may run on the directory, and a directory left by a dead process is read as it
 * is.
 */
public final class Snapshot implements AutoCloseable {
    /**
     * Files may go and records come while we look at a running engine's directory; then we look
     * again.
     */
    private static final int ATTEMPTS = 20;

    private final Readers readers = new Readers("snapshot");
    private final KvStore store;
    private final Memtable memtable;
    private boolean closed;

    private Snapshot(final KvStore store, final Memtable memtable) {
        this.store = store;
        this.memtable = memtable;
    }

    /**
     * Opens a snapshot.
     *
     * @param directory data directory of an engine
     * @param errorHandler told of damage found in the journal's tail
     * @return a snapshot
     * @throws EngineException if there is no engine's data there, an engine of this very process
     *     runs on it, or it cannot be read while another process has it
     * @throws JournalException if nobody has it and its journal cannot be read
     * @throws StoreException if nobody has it and a store cannot be read
     */
    public static Snapshot open(final Path directory, final ErrorHandler errorHandler) {
        final Manifest manifest = Verifier.manifest(directory);
        if (DirectoryLock.isHeldHere(directory)) {
            throw new EngineException(
                    directory + ": an engine of this process runs on it, use its readers", null);
        }
        Blake3.load(directory.resolve(EngineParts.NATIVE));
        for (int attempt = 1; ; attempt++) {
            try {
                return open(directory, manifest, attempt < ATTEMPTS, errorHandler);
            } catch (final JournalException | StoreException e) {
                final String holder = DirectoryLock.holder(directory);
                if (holder == null) {
                    throw e;
                }
                if (attempt >= ATTEMPTS) {
                    throw new EngineException(
                            directory + ": cannot be read beside " + holder + ": " + e.getMessage(),
                            e);
                }
            }
        }
    }

    private static Snapshot open(
            final Path directory,
            final Manifest manifest,
            final boolean again,
            final ErrorHandler errorHandler) {
        KvStore store = null;
        try {
            store = stores(directory, manifest);
            final long cursor = store.cursor();
            final TailReplay.Size size = new TailReplay.Size().of(tail(directory, cursor));
            if (!size.isSound() && again && DirectoryLock.holder(directory) != null) {
                throw new JournalException(
                        directory + ": a record came while the journal was read", null);
            }
            final Memtable memtable =
                    TailReplay.replay(tail(directory, cursor), size, store, cursor, errorHandler);
            final Snapshot snapshot = new Snapshot(store, memtable);
            store = null;
            return snapshot;
        } finally {
            if (store != null) {
                store.close();
            }
        }
    }

    static KvStore stores(final Path directory, final Manifest manifest) {
        return stores(directory, manifest, true, true);
    }

    /** With an empty store for one that cannot be opened. */
    static KvStore stores(
            final Path directory,
            final Manifest manifest,
            final boolean rocksOpens,
            final boolean lmdbOpens) {
        final StoreIdentity identity = EngineParts.identity(manifest);
        final Path natives = directory.resolve(EngineParts.NATIVE);
        final Path rocksPath = directory.resolve(EngineParts.ROCKS);
        final Path lmdbPath = directory.resolve(EngineParts.LMDB);
        final KvStore rocks =
                rocksOpens
                        ? RocksKvStore.openReadOnly(rocksPath, identity, natives)
                        : MemoryKvStore.empty();
        try {
            final KvStore lmdb =
                    lmdbOpens
                            ? LmdbKvStore.openReadOnly(lmdbPath, identity, natives)
                            : MemoryKvStore.empty();
            return new HybridStore(rocks, lmdb, EngineParts.subjectIndex(manifest));
        } catch (final RuntimeException e) {
            rocks.close();
            throw e;
        }
    }

    /**
     * What the journal has behind a cursor. An engine may store and trim between one tail and the
     * next: then the stores are to be opened again.
     */
    static JournalTail tail(final Path directory, final long cursor) {
        final JournalTail tail =
                JournalTail.open(directory.resolve(EngineParts.JOURNAL), cursor + 1, cursor);
        final long oldest = tail.oldestSequence();
        if (oldest > cursor + 1) {
            tail.close();
            throw new JournalException(
                    directory
                            + ": the stores need sequences "
                            + (cursor + 1)
                            + "-"
                            + (oldest - 1)
                            + ", and the journal begins behind them",
                    null);
        }
        return tail;
    }

    /**
     * A reader for one thread.
     *
     * @return a new reader
     */
    public Reader newReader() {
        readers.checkOpen();
        return readers.add(new Reader(readers, memtable, store));
    }

    /** Waits for readers to leave their calls, then closes. Idempotent. */
    @Override
    public void close() {
        readers.close();
        if (!closed) {
            closed = true;
            memtable.close();
            store.close();
        }
    }
}
