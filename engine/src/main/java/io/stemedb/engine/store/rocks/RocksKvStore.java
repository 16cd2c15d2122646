package io.stemedb.engine.store.rocks;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.stemedb.engine.store.Gate;
import io.stemedb.engine.store.KeyBuffer;
import io.stemedb.engine.store.KvBatch;
import io.stemedb.engine.store.KvReader;
import io.stemedb.engine.store.KvStore;
import io.stemedb.engine.store.MemoryKvStore;
import io.stemedb.engine.store.StoreException;
import io.stemedb.engine.store.StoreFiles;
import io.stemedb.engine.store.StoreFullException;
import io.stemedb.engine.store.StoreIdentity;
import io.stemedb.engine.store.ValueBuffer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.agrona.concurrent.UnsafeBuffer;
import org.rocksdb.LiveFileMetaData;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.SstFileReader;
import org.rocksdb.Status;

/**
 * A store in RocksDB that takes each batch as one SST file: written sorted, synced, and taken over
 * by move in one atomic step, with the cursor as its last key. No log and no memtable of RocksDB is
 * involved, so a batch costs one sequential write.
 *
 * <p>RocksDB compacts on background threads of its own, at most two.
 */
public final class RocksKvStore implements KvStore {
    static final byte[] CURSOR_KEY = "~cursor".getBytes(StandardCharsets.US_ASCII);
    static final byte[] IDENTITY_KEY = "~identity".getBytes(StandardCharsets.US_ASCII);
    private static final String COMPONENT = "RocksDB store";
    private static final String INCOMING = "incoming";
    private static final int OPEN_ATTEMPTS = 20;
    private static final int BATCH_VALUE_LENGTH = 4096;

    final String name;
    final Gate gate;
    final RocksSettings settings;
    final RocksDatabase database;
    final boolean readOnly;
    private final Path incoming;
    private volatile long cursor;
    private volatile long commits;
    // Of the writing thread, used by one batch after another.
    private final KeyBuffer batchKey = new KeyBuffer();
    private final ValueBuffer batchValue = new ValueBuffer(BATCH_VALUE_LENGTH);
    private long batchNumber;
    private volatile boolean batchOpen;

    private RocksKvStore(
            final Path directory,
            final RocksSettings settings,
            final RocksDB db,
            final boolean readOnly) {
        this.name = name(directory);
        this.gate = new Gate(name);
        this.settings = settings;
        this.database = new RocksDatabase(directory, settings, db);
        this.readOnly = readOnly;
        this.incoming = directory.resolve(INCOMING);
    }

    /**
     * Opens a store, or creates it. The native library is kept beside the directory, in a directory
     * called {@code native}.
     *
     * @param directory of the store
     * @param identity of the engine it belongs to
     * @return the store
     * @throws StoreException if it cannot be opened, or belongs to another engine
     */
    public static RocksKvStore open(final Path directory, final StoreIdentity identity) {
        return open(directory, identity, nativeDirectory(directory));
    }

    /**
     * Opens a store, or creates it.
     *
     * @param directory of the store
     * @param identity of the engine it belongs to
     * @param nativeDirectory where the native library is kept
     * @return the store
     * @throws StoreException if it cannot be opened, is damaged, or belongs to another engine
     */
    public static RocksKvStore open(
            final Path directory, final StoreIdentity identity, final Path nativeDirectory) {
        RocksNative.load(nativeDirectory);
        final Path incoming = directory.resolve(INCOMING);
        StoreFiles.makeDirectory(incoming);
        // What a batch left there was never part of the store.
        StoreFiles.deleteFiles(incoming);
        checkNotHeadless(directory);
        RocksManifest.check(directory);
        final RocksSettings settings = new RocksSettings();
        RocksDB db = null;
        try {
            db = RocksDB.open(settings.options, directory.toString());
            final RocksKvStore store = new RocksKvStore(directory, settings, db, false);
            store.checkOrCreate(identity);
            return store;
        } catch (final RocksDBException | RuntimeException e) {
            closeAfterFailure(db, settings);
            throw asStoreException(directory, "open", e);
        }
    }

    /**
     * Opens a store to read its state of now, also while another process writes it.
     *
     * @param directory of the store
     * @param identity of the engine it belongs to
     * @return the store, empty if there is none in the directory
     * @throws StoreException if it cannot be opened, or belongs to another engine
     */
    public static KvStore openReadOnly(final Path directory, final StoreIdentity identity) {
        return openReadOnly(directory, identity, nativeDirectory(directory));
    }

    /**
     * Opens a store to read its state of now, also while another process writes it.
     *
     * @param directory of the store
     * @param identity of the engine it belongs to
     * @param nativeDirectory where the native library is kept
     * @return the store, empty if there is none in the directory
     * @throws StoreException if it cannot be opened, or belongs to another engine
     */
    public static KvStore openReadOnly(
            final Path directory, final StoreIdentity identity, final Path nativeDirectory) {
        if (Files.notExists(directory)) { // and not where nobody may look
            return MemoryKvStore.empty();
        }
        if (Files.notExists(directory.resolve("CURRENT"))) {
            checkNotHeadless(directory);
            return MemoryKvStore.empty();
        }
        RocksNative.load(nativeDirectory);
        final RocksSettings settings = new RocksSettings();
        settings.options.setCreateIfMissing(false);
        RocksDB db = null;
        try {
            db = openReadOnly(directory, settings);
            final RocksKvStore store = new RocksKvStore(directory, settings, db, true);
            if (!store.checkIdentity(identity)) {
                // Caught between the creation of the database and of the store.
                store.close();
                return MemoryKvStore.empty();
            }
            return store;
        } catch (final RocksDBException | RuntimeException e) {
            closeAfterFailure(db, settings);
            throw asStoreException(directory, "open to read", e);
        }
    }

    /**
     * Name of the file that says which data files are the store's, and that was looked through.
     *
     * @param directory of a store; a process may be writing it
     * @return the name that {@code CURRENT} has; the file may be gone meanwhile
     * @throws StoreException if it is damaged
     */
    public static String manifest(final Path directory) {
        return RocksManifest.name(directory);
    }

    /**
     * Names of the files that hold the data of a store, which nobody writes.
     *
     * @param directory of the store
     * @param nativeDirectory where the native library is kept
     * @return names such as {@code 000012.sst}
     * @throws StoreException if one of them is missing, or the store cannot be opened
     */
    public static Set<String> dataFiles(final Path directory, final Path nativeDirectory) {
        RocksManifest.check(directory);
        RocksNative.load(nativeDirectory);
        final Set<String> names = new HashSet<>();
        try (RocksSettings settings = new RocksSettings()) {
            settings.options.setCreateIfMissing(false);
            try (RocksDB db = RocksDB.openReadOnly(settings.options, directory.toString())) {
                for (final LiveFileMetaData file : db.getLiveFilesMetaData()) {
                    names.add(file.fileName().replace("/", ""));
                }
            }
        } catch (final RocksDBException e) {
            throw asStoreException(directory, "open to read", e);
        }
        return names;
    }

    /** The writer may delete files while we go through its manifest: then we look again. */
    private static RocksDB openReadOnly(final Path directory, final RocksSettings settings)
            throws RocksDBException {
        for (int attempt = 1; ; attempt++) {
            RocksManifest.check(directory);
            try {
                return RocksDB.openReadOnly(settings.options, directory.toString());
            } catch (final RocksDBException e) {
                final Status.Code code = e.getStatus() == null ? null : e.getStatus().getCode();
                final boolean vanished =
                        code == Status.Code.IOError || code == Status.Code.Corruption;
                if (!vanished || attempt == OPEN_ATTEMPTS) {
                    throw e;
                }
                Thread.yield();
            }
        }
    }

    @Override
    public long cursor() {
        gate.check();
        return cursor;
    }

    @Override
    public KvReader newReader() {
        return new RocksReader(this);
    }

    @Override
    public KvBatch newBatch() {
        gate.check();
        if (readOnly) {
            throw new StoreException(name + " is open read-only", null);
        }
        if (batchOpen) {
            throw new IllegalStateException(name + " has an open batch");
        }
        if (database.isStopped()) {
            database.checkReopens();
            gate.whileIdle(this::reopen);
        }
        final KvBatch batch = new RocksBatch(this, incoming.resolve(++batchNumber + ".sst"));
        batchOpen = true;
        return batch;
    }

    @Override
    public void flush() {
        gate.check();
    }

    @Override
    public void verify() {
        final Gate.Pass pass = gate.newPass(() -> {});
        pass.enter();
        try {
            verifyFiles();
        } catch (final RocksDBException e) {
            throw failure("verify", e);
        } finally {
            pass.exit();
            pass.close();
        }
    }

    /** File by file, so that each one that is damaged can be named. */
    private void verifyFiles() throws RocksDBException {
        final RocksDB db = database.db();
        StoreException damaged = null;
        if (!readOnly) {
            db.disableFileDeletions();
        }
        try {
            for (final LiveFileMetaData file : db.getLiveFilesMetaData()) {
                final String path = file.path() + file.fileName();
                try (SstFileReader reader = new SstFileReader(settings.options)) {
                    reader.open(path);
                    reader.verifyChecksum();
                } catch (final RocksDBException e) {
                    final StoreException failure = failure("verify file " + path, e);
                    if (damaged == null) {
                        damaged = failure;
                    } else {
                        damaged.addSuppressed(failure);
                    }
                }
            }
        } finally {
            if (!readOnly) {
                db.enableFileDeletions();
            }
        }
        if (damaged != null) {
            throw damaged;
        }
    }

    @Override
    public void close() {
        // Releases iterators and an open batch first: they must not outlive the database.
        if (gate.close()) {
            database.close();
        }
    }

    private void reopen() {
        database.reopen(gate::tendAll);
        try {
            cursor = Math.max(cursor, storedCursor()); // of a batch that was taken all the same
        } catch (final RocksDBException e) {
            throw failure("read the cursor", e);
        }
    }

    KeyBuffer batchKey() {
        return batchKey;
    }

    ValueBuffer batchValue() {
        return batchValue;
    }

    void batchFinished() {
        batchOpen = false;
    }

    /** The cursor a commit writes: a batch done again after a partial failure moves none back. */
    long nextCursor(final long wanted) {
        return Math.max(cursor, wanted);
    }

    void committed(final long newCursor) {
        cursor = newCursor;
        commits++; // written by one thread
    }

    /** Batches committed since the store was opened. */
    long commits() {
        return commits;
    }

    StoreException failure(final String action, final RocksDBException cause) {
        return failure(incoming.getParent(), action, cause);
    }

    static StoreException failure(
            final Path directory, final String action, final RocksDBException cause) {
        return RocksDatabase.isNoSpace(cause)
                ? new StoreFullException(COMPONENT, directory, action, cause)
                : new StoreException(
                        name(directory) + ": " + action + ": " + cause.getMessage(), cause);
    }

    /** RocksDB would begin anew beside what is there, and a reader would take that for nothing. */
    private static void checkNotHeadless(final Path directory) {
        if (Files.exists(directory.resolve("CURRENT"))) {
            return;
        }
        try (DirectoryStream<Path> tables = Files.newDirectoryStream(directory, "*.sst")) {
            if (tables.iterator().hasNext()) {
                throw damaged(directory, "it has tables and no file CURRENT");
            }
        } catch (final IOException e) {
            throw new StoreException(name(directory) + ": cannot be listed: " + e, e);
        }
    }

    private void checkOrCreate(final StoreIdentity identity) throws RocksDBException {
        if (checkIdentity(identity)) {
            return;
        }
        try (RocksIterator iterator = database.db().newIterator()) {
            iterator.seekToFirst();
            iterator.status();
            if (iterator.isValid()) {
                throw new StoreException(name + " holds data but no identity", null);
            }
        }
        try (RocksBatch batch = new RocksBatch(this, incoming.resolve("identity.sst"))) {
            batch.commitIdentity(identity);
        }
    }

    /** Whether there is an identity; throws if it is another. Reads the cursor too. */
    private boolean checkIdentity(final StoreIdentity identity) throws RocksDBException {
        final byte[] found = database.db().get(IDENTITY_KEY);
        if (found == null) {
            return false;
        }
        identity.check(name, new UnsafeBuffer(found), 0, found.length);
        cursor = storedCursor();
        return true;
    }

    private long storedCursor() throws RocksDBException {
        final byte[] value = database.db().get(CURSOR_KEY);
        if (value == null || value.length != Long.BYTES) {
            throw new StoreException(name + " holds no cursor", null);
        }
        return new UnsafeBuffer(value).getLong(0, LITTLE_ENDIAN);
    }

    private static void closeAfterFailure(final RocksDB db, final RocksSettings settings) {
        if (db != null) {
            db.close();
        }
        settings.close();
    }

    private static StoreException asStoreException(
            final Path directory, final String action, final Exception e) {
        if (e instanceof StoreException ours) {
            return ours;
        }
        return e instanceof RocksDBException theirs
                ? failure(directory, action, theirs)
                : new StoreException(name(directory) + ": " + action + ": " + e.getMessage(), e);
    }

    static StoreException damaged(final Path directory, final String how) {
        return new StoreException(
                name(directory) + " is damaged: " + how + "; it can be rebuilt from the journal",
                null);
    }

    static String name(final Path directory) {
        return COMPONENT + " " + directory;
    }

    private static Path nativeDirectory(final Path directory) {
        return directory.toAbsolutePath().resolveSibling("native");
    }
}
