package io.stemedb.engine.store.lmdb;

import io.stemedb.engine.store.Gate;
import io.stemedb.engine.store.KvBatch;
import io.stemedb.engine.store.KvReader;
import io.stemedb.engine.store.KvStore;
import io.stemedb.engine.store.MemoryKvStore;
import io.stemedb.engine.store.StoreException;
import io.stemedb.engine.store.StoreIdentity;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import org.agrona.DirectBuffer;
import org.lmdbjava.LmdbException;
import org.lmdbjava.Txn;

/**
 * A store in LMDB: a batch is one durable transaction, with LMDB's default flags. Keys of the
 * subject index ({@code S:}subject 0x00 sequence, with values of 32 bytes) are kept as sorted
 * duplicates under the subject, a quarter of the size; nothing of that shows outside. Other keys
 * that start with {@code S} are refused.
 *
 * <p>The memory map starts small and doubles when it is 80 % full, up to a limit: between batches,
 * with readers held back for that moment. A batch that meets the end of the map all the same is
 * discarded with a {@link io.stemedb.engine.store.StoreRetryException}, and with a {@link
 * io.stemedb.engine.store.StoreFullException} when the limit is reached.
 *
 * <p>A batch belongs to the thread that began it, as LMDB's write lock does. If another thread
 * closes the store meanwhile, the files are closed when the batch is.
 */
public final class LmdbKvStore implements KvStore {
    private static final long INITIAL_MAP_BYTES = 256L << 20;

    final Gate gate;
    final LmdbEnvironment environment;
    final LmdbBatch.Buffers batchBuffers = new LmdbBatch.Buffers();
    private final boolean readOnly;
    private final Object batchLock = new Object();
    private LmdbBatch openBatch; // guarded by batchLock
    private boolean closePending; // guarded by batchLock
    private boolean growWanted; // writing thread
    private volatile long cursor;
    private volatile long commitsBegun; // written by the writing thread
    private long newestSequence; // writing thread
    private LmdbReader cursorReader; // guarded by this

    private LmdbKvStore(final LmdbEnvironment environment, final boolean readOnly) {
        this.environment = environment;
        this.readOnly = readOnly;
        this.gate = new Gate(environment.name);
        boolean opened = false;
        try (Txn<DirectBuffer> txn = environment.env.txnRead()) {
            cursor = environment.meta(txn, LmdbEnvironment.CURSOR_KEY);
            newestSequence = environment.meta(txn, LmdbEnvironment.NEWEST_KEY);
            opened = true;
        } catch (final LmdbException e) { // beside a writer that makes its map larger
            throw environment.failure("open", e);
        } finally {
            if (!opened) {
                environment.close();
            }
        }
    }

    /**
     * Opens a store, or creates it. The native libraries are kept beside the directory, in a
     * directory called {@code native}.
     *
     * @param directory of the store
     * @param identity of the engine it belongs to
     * @param maxMapBytes bytes the store may have; address space, not memory
     * @return the store
     * @throws StoreException if it cannot be opened, or belongs to another engine
     */
    public static LmdbKvStore open(
            final Path directory, final StoreIdentity identity, final long maxMapBytes) {
        return open(directory, identity, maxMapBytes, nativeDirectory(directory));
    }

    /**
     * Opens a store, or creates it.
     *
     * @param directory of the store
     * @param identity of the engine it belongs to
     * @param maxMapBytes bytes the store may have; address space, not memory
     * @param nativeDirectory where the native libraries are kept
     * @return the store
     * @throws StoreException if it cannot be opened, or belongs to another engine
     */
    public static LmdbKvStore open(
            final Path directory,
            final StoreIdentity identity,
            final long maxMapBytes,
            final Path nativeDirectory) {
        return open(directory, identity, INITIAL_MAP_BYTES, maxMapBytes, nativeDirectory);
    }

    static LmdbKvStore open(
            final Path directory,
            final StoreIdentity identity,
            final long initialMapBytes,
            final long maxMapBytes,
            final Path nativeDirectory) {
        LmdbNative.prepare(nativeDirectory);
        return new LmdbKvStore(
                LmdbEnvironment.open(directory, identity, initialMapBytes, maxMapBytes), false);
    }

    /**
     * Opens a store to read it, also while another process writes it; each operation sees the state
     * of its moment, and may see a batch whose commit that process has not ended, which the next
     * operation does not see yet. Not for a store that is open in this process.
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
     * Opens a store to read it, also while another process writes it; each operation sees the state
     * of its moment, and may see a batch whose commit that process has not ended, which the next
     * operation does not see yet. Not for a store that is open in this process.
     *
     * @param directory of the store
     * @param identity of the engine it belongs to
     * @param nativeDirectory where the native libraries are kept
     * @return the store, empty if there is none in the directory
     * @throws StoreException if it cannot be opened, or belongs to another engine
     */
    public static KvStore openReadOnly(
            final Path directory, final StoreIdentity identity, final Path nativeDirectory) {
        if (!LmdbEnvironment.isCreated(directory)) {
            return MemoryKvStore.empty();
        }
        LmdbNative.prepare(nativeDirectory);
        final LmdbEnvironment environment = LmdbEnvironment.openReadOnly(directory, identity);
        return environment == null ? MemoryKvStore.empty() : new LmdbKvStore(environment, true);
    }

    @Override
    public long cursor() {
        gate.check();
        if (!readOnly) {
            return cursor;
        }
        synchronized (this) {
            if (cursorReader == null) {
                cursorReader = new LmdbReader(this);
            }
            // one of the two may be of a commit that has not ended, and is not seen by the next
            // look
            return Math.min(
                    cursorReader.meta(LmdbEnvironment.CURSOR_KEY),
                    cursorReader.meta(LmdbEnvironment.CURSOR_KEY));
        }
    }

    @Override
    public KvReader newReader() {
        return new LmdbReader(this);
    }

    @Override
    public KvBatch newBatch() {
        gate.check();
        if (readOnly) {
            throw new StoreException(environment.name + " is open read-only", null);
        }
        growIfNeeded();
        synchronized (batchLock) {
            gate.check();
            if (openBatch != null) {
                throw new IllegalStateException(environment.name + " has an open batch");
            }
            try {
                openBatch = new LmdbBatch(this, newestSequence);
            } catch (final LmdbException e) {
                throw environment.failure("begin batch", e);
            }
            return openBatch;
        }
    }

    @Override
    public void flush() {
        gate.check();
    }

    @Override
    public void verify() {
        final Gate.Pass pass = gate.newPass(() -> {});
        pass.enter();
        try (Txn<DirectBuffer> txn = beginRead()) {
            new LmdbVerifier(environment).verify(txn);
        } catch (final LmdbException e) {
            throw environment.failure("verify", e);
        } finally {
            pass.exit();
            pass.close();
        }
    }

    /**
     * Copies the store as it is now, while others go on reading and writing it.
     *
     * @param directory where to; exists and is empty
     * @throws StoreException if that fails
     */
    public void copyTo(final Path directory) {
        final Gate.Pass pass = gate.newPass(() -> {});
        pass.enter();
        try {
            environment.env.copy(directory.toFile());
        } catch (final LmdbException e) {
            throw environment.failure("copy to " + directory, e);
        } finally {
            pass.exit();
            pass.close();
        }
    }

    @Override
    public void close() {
        if (!gate.close()) {
            return;
        }
        synchronized (batchLock) {
            if (openBatch != null && openBatch.isOfLiveOtherThread()) {
                closePending = true;
                return;
            }
            if (openBatch != null) {
                openBatch.discard();
            }
            environment.close();
        }
    }

    /** On the batch's thread, when its transaction has ended. */
    void batchFinished() {
        synchronized (batchLock) {
            openBatch = null;
            if (closePending) {
                closePending = false;
                environment.close();
            }
        }
    }

    /** The cursor a commit writes: a batch done again after a partial failure moves none back. */
    long nextCursor(final long wanted) {
        return Math.max(cursor, wanted);
    }

    /** As {@link LmdbReader} begins. */
    private Txn<DirectBuffer> beginRead() {
        long commits = commitsBegun();
        Txn<DirectBuffer> txn = environment.env.txnRead();
        while (commits != commitsBegun()) {
            txn.reset();
            commits = commitsBegun();
            txn.renew();
        }
        return txn;
    }

    /** Before a batch is committed: what a reader begins meanwhile, it begins again. */
    void commitBegins() {
        commitsBegun = commitsBegun + 1;
        VarHandle.fullFence(); // before what the commit writes into the map
    }

    /** The commits that have begun, as of all that was read from the map before. */
    long commitsBegun() {
        VarHandle.acquireFence();
        return commitsBegun;
    }

    void committed(final long newCursor, final long newNewestSequence) {
        cursor = newCursor;
        newestSequence = newNewestSequence;
    }

    /** The next batch begins with a larger map. */
    void wantGrowth() {
        growWanted = true;
    }

    /** Another process made the map larger than ours. */
    void adoptMapSize() {
        gate.whileIdle(environment::adoptSize);
    }

    private void growIfNeeded() {
        final boolean grow;
        synchronized (batchLock) { // or it may be closed meanwhile
            gate.check();
            if (openBatch != null) {
                throw new IllegalStateException(environment.name + " has an open batch");
            }
            grow = growWanted ? !environment.isAtLimit() : environment.isNearlyFull();
        }
        if (grow) {
            gate.whileIdle(environment::grow);
        }
        growWanted = false;
    }

    private static Path nativeDirectory(final Path directory) {
        return directory.toAbsolutePath().resolveSibling("native");
    }
}
