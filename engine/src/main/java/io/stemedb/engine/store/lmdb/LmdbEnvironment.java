package io.stemedb.engine.store.lmdb;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static java.nio.charset.StandardCharsets.US_ASCII;

import io.stemedb.engine.platform.DirectWrite;
import io.stemedb.engine.status.StorageFull;
import io.stemedb.engine.store.StoreException;
import io.stemedb.engine.store.StoreFailedException;
import io.stemedb.engine.store.StoreFiles;
import io.stemedb.engine.store.StoreFullException;
import io.stemedb.engine.store.StoreIdentity;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.lmdbjava.Dbi;
import org.lmdbjava.DbiFlags;
import org.lmdbjava.DirectBufferProxy;
import org.lmdbjava.Env;
import org.lmdbjava.EnvFlags;
import org.lmdbjava.EnvInfo;
import org.lmdbjava.LmdbException;
import org.lmdbjava.LmdbNativeException;
import org.lmdbjava.PutFlags;
import org.lmdbjava.Txn;

/**
 * The LMDB environment of a store and its two maps: {@code main} for everything but the subject
 * index, and {@code subjects} for that, one key a subject with its entries as sorted duplicates of
 * fixed length. Callers see to it that nothing here is used while the map is resized or closed.
 */
final class LmdbEnvironment {
    static final String DATA_FILE = "data.mdb";
    static final byte[] CURSOR_KEY = "~cursor".getBytes(US_ASCII);
    static final byte[] IDENTITY_KEY = "~identity".getBytes(US_ASCII);
    static final byte[] NEWEST_KEY = "~newest".getBytes(US_ASCII);
    static final byte[] SUM_KEY = "~sum".getBytes(US_ASCII);
    static final PutFlags[] REPLACE = {};

    private static final byte[] MAIN = "main".getBytes(US_ASCII);
    private static final byte[] SUBJECTS = "subjects".getBytes(US_ASCII);
    private static final int MODE = 0600;
    private static final int MAX_READERS = 1022;
    private static final int FULL_PERCENT = 80;
    private static final String COMPONENT = "LMDB store";
    private static final String LOCK_FILE = "lock.mdb";
    private static final String REFUSED_FILE = "refused";
    private static final String AGAIN = "; it must be opened again";

    /** Room for {@value #MAX_READERS} readers, and more. */
    private static final int LOCK_FILE_BYTES = 128 << 10;

    // errno of Linux
    private static final int EIO = 5;
    private static final int ENOSPC = 28;
    private static final int EDQUOT = 122;
    private static final long HARDLY_ANY = 1 << 20;

    /** LMDB loses its locks when a process opens one environment twice and closes it once. */
    private static final Set<Path> OPEN = new HashSet<>(); // guarded by itself

    final String name;
    final Env<DirectBuffer> env;
    final Dbi<DirectBuffer> main;
    final Dbi<DirectBuffer> subjects;

    private final Path realPath;
    private final long maxMapBytes;
    private final int pageBytes;

    private LmdbEnvironment(
            final String name,
            final Path realPath,
            final Env<DirectBuffer> env,
            final Dbi<DirectBuffer> main,
            final Dbi<DirectBuffer> subjects,
            final long maxMapBytes) {
        this.name = name;
        this.realPath = realPath;
        this.env = env;
        this.main = main;
        this.subjects = subjects;
        this.maxMapBytes = maxMapBytes;
        this.pageBytes = env.stat().pageSize;
    }

    /** Opens the environment to write, or creates it with its maps, identity and cursor. */
    static LmdbEnvironment open(
            final Path directory,
            final StoreIdentity identity,
            final long initialMapBytes,
            final long maxMapBytes) {
        StoreFiles.makeDirectory(directory);
        final String name = name(directory);
        final Path realPath = register(directory, name);
        Env<DirectBuffer> env = null;
        boolean opened = false;
        try {
            final boolean created = isCreated(directory);
            final long sum = created ? LmdbFile.check(name, directory.resolve(DATA_FILE)) : 0;
            reserveLockFile(directory);
            if (created && Files.exists(directory.resolve(REFUSED_FILE))) {
                writeAgain(directory);
            }
            // 0: as large as it was when last written.
            final long mapBytes = created ? 0 : Math.min(initialMapBytes, maxMapBytes);
            env =
                    Env.create(DirectBufferProxy.PROXY_DB)
                            .setMapSize(mapBytes)
                            .setMaxDbs(2)
                            .setMaxReaders(MAX_READERS)
                            .open(directory.toFile(), MODE, EnvFlags.MDB_NOTLS);
            env.readerCheck(); // frees what killed readers pinned
            final LmdbEnvironment result;
            try (Txn<DirectBuffer> txn = env.txnWrite()) {
                final Dbi<DirectBuffer> main =
                        env.openDbi(txn, MAIN, null, false, DbiFlags.MDB_CREATE);
                final Dbi<DirectBuffer> subjects =
                        env.openDbi(
                                txn,
                                SUBJECTS,
                                null,
                                false,
                                DbiFlags.MDB_CREATE,
                                DbiFlags.MDB_DUPSORT,
                                DbiFlags.MDB_DUPFIXED);
                result = new LmdbEnvironment(name, realPath, env, main, subjects, maxMapBytes);
                if (!result.checkIdentity(txn, identity)) {
                    result.writeIdentity(txn, identity);
                } else if (result.main.get(txn, direct(SUM_KEY)) == null) {
                    result.putSum(txn, sum); // a batch adds to what it finds
                }
                txn.commit();
            }
            StoreFiles.syncDirectory(directory);
            opened = true;
            return result;
        } catch (final LmdbException e) {
            throw failure(directory, "open", e);
        } finally {
            if (!opened) {
                closeAfterFailure(env, realPath);
            }
        }
    }

    /** Opens the environment to read; null if it was never created. */
    static LmdbEnvironment openReadOnly(final Path directory, final StoreIdentity identity) {
        if (!isCreated(directory)) {
            return null;
        }
        final String name = name(directory);
        final Path realPath = register(directory, name);
        Env<DirectBuffer> env = null;
        boolean opened = false;
        try {
            LmdbFile.checkBesideWriter(name, directory.resolve(DATA_FILE));
            env =
                    Env.create(DirectBufferProxy.PROXY_DB)
                            .setMapSize(0)
                            .setMaxDbs(2)
                            .setMaxReaders(MAX_READERS)
                            .open(
                                    directory.toFile(),
                                    MODE,
                                    EnvFlags.MDB_NOTLS,
                                    EnvFlags.MDB_RDONLY_ENV);
            final LmdbEnvironment result;
            try (Txn<DirectBuffer> txn = env.txnRead()) {
                final Dbi<DirectBuffer> main = env.openDbi(txn, MAIN, null, false);
                final Dbi<DirectBuffer> subjects =
                        env.openDbi(
                                txn,
                                SUBJECTS,
                                null,
                                false,
                                DbiFlags.MDB_DUPSORT,
                                DbiFlags.MDB_DUPFIXED);
                result = new LmdbEnvironment(name, realPath, env, main, subjects, 0);
                if (!result.checkIdentity(txn, identity)) {
                    return null;
                }
                txn.commit(); // keeps the maps open
            }
            opened = true;
            return result;
        } catch (final Dbi.KeyNotFoundException e) {
            // Caught between the creation of the file and of the maps, which are made in one
            // transaction with the identity.
            return null;
        } catch (final LmdbException e) {
            throw failure(directory, "open to read", e);
        } finally {
            if (!opened) {
                closeAfterFailure(env, realPath);
            }
        }
    }

    /** A value kept about the store. */
    long meta(final Txn<DirectBuffer> txn, final byte[] key) {
        final DirectBuffer value = main.get(txn, direct(key));
        return value == null ? 0 : value.getLong(0, LITTLE_ENDIAN);
    }

    /** Returns what that adds to the sum of the entries. */
    long putMeta(final Txn<DirectBuffer> txn, final byte[] key, final long value) {
        final UnsafeBuffer encoded = new UnsafeBuffer(ByteBuffer.allocateDirect(8));
        encoded.putLong(0, value, LITTLE_ENDIAN);
        return putMeta(txn, direct(key), encoded);
    }

    private long putMeta(
            final Txn<DirectBuffer> txn, final DirectBuffer key, final DirectBuffer value) {
        final int length = key.capacity();
        final DirectBuffer old = main.get(txn, key);
        final long before = old == null ? 0 : EntrySum.of(key, 0, length, old, 0, old.capacity());
        main.put(txn, key, value, REPLACE);
        return EntrySum.of(key, 0, length, value, 0, value.capacity()) - before;
    }

    /** The sum is no part of itself. */
    void putSum(final Txn<DirectBuffer> txn, final long newSum) {
        putMeta(txn, SUM_KEY, newSum);
    }

    /** Whether a batch should not be begun before the map has grown. */
    boolean isNearlyFull() {
        final EnvInfo info = env.info();
        final long used = (info.lastPageNumber + 1) * pageBytes;
        return info.mapSize < maxMapBytes && used > info.mapSize / 100 * FULL_PERCENT;
    }

    /** Whether the map has the size it may have at most. */
    boolean isAtLimit() {
        return env.info().mapSize >= maxMapBytes;
    }

    /** Doubles the map, up to its limit. No transaction is open. */
    void grow() {
        env.setMapSize(Math.min(2 * env.info().mapSize, maxMapBytes));
    }

    /** Takes over the size another process gave the map. No transaction is open. */
    void adoptSize() {
        env.setMapSize(0);
    }

    StoreException failure(final String action, final LmdbException cause) {
        return failure(realPath, action, cause);
    }

    /** Of a batch. */
    StoreException batchFailure(final String action, final LmdbException cause) {
        final StoreException failure = failure(action, cause);
        return error(cause) == EIO && !(failure instanceof StoreFullException)
                ? refusedByDisk(failure)
                : failure;
    }

    /**
     * LMDB says EIO where a write was cut short by the end of the disk, so the room left decides.
     */
    static StoreException failure(
            final Path directory, final String action, final LmdbException cause) {
        final String message = name(directory) + ": " + action + ": " + cause.getMessage();
        if (cause instanceof LmdbNativeException.PanicException) {
            return new StoreFailedException(message + AGAIN, cause);
        }
        final int error = error(cause);
        final boolean full =
                error == ENOSPC
                        || error == EDQUOT
                        || error == EIO && StorageFull.freeBytes(directory) < HARDLY_ANY;
        return full
                ? new StoreFullException(COMPONENT, directory, action, cause)
                : new StoreException(message, cause);
    }

    private static int error(final LmdbException cause) {
        return cause instanceof LmdbNativeException nat ? nat.getResultCode() : 0;
    }

    StoreFullException mapFull(final LmdbException cause) {
        return new StoreFullException(
                COMPONENT, realPath, "its limit is " + maxMapBytes + " bytes", 0, cause);
    }

    /**
     * LMDB maps its lock file and writes into it: on a full disk that would end the process, unless
     * the blocks are there before.
     */
    private static void reserveLockFile(final Path directory) {
        final Path file = directory.resolve(LOCK_FILE);
        try {
            final boolean isNew = !Files.exists(file);
            try (FileChannel channel =
                    FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                // only behind its end: a reader in another process may have it mapped
                final long size = channel.size();
                if (size < LOCK_FILE_BYTES) {
                    final ByteBuffer zeros = ByteBuffer.allocate((int) (LOCK_FILE_BYTES - size));
                    while (zeros.hasRemaining()) {
                        channel.write(zeros, size + zeros.position());
                    }
                }
            } catch (final IOException e) {
                if (isNew) {
                    Files.deleteIfExists(file);
                }
                throw e;
            }
        } catch (final IOException e) {
            throw new StoreFullException(COMPONENT, directory, "lock file", e);
        }
    }

    /**
     * The disk did not write what the kernel gave it, and the kernel says so once more where the
     * next commit writes its meta page: LMDB would fail for good, and not even read. So it ends
     * before. Nothing of the batch is part of the store; but the next one would write into the same
     * blocks, and the kernel takes pages for written that are not. So the next opening is told. The
     * mark need not be durable: a loss of power takes away what the kernel believes, too.
     */
    private StoreFailedException refusedByDisk(final StoreException failure) {
        try {
            Files.write(realPath.resolve(REFUSED_FILE), new byte[0]);
        } catch (final IOException e) {
            failure.addSuppressed(e);
        }
        return new StoreFailedException(failure.getMessage() + AGAIN, failure);
    }

    /** Before a commit uses these blocks again. */
    private static void writeAgain(final Path directory) {
        try {
            DirectWrite.again(directory.resolve(DATA_FILE), 0);
            Files.delete(directory.resolve(REFUSED_FILE));
        } catch (final IOException e) {
            throw new StoreException(
                    name(directory) + ": what the disk refused cannot be written again: " + e, e);
        }
    }

    void close() {
        env.close();
        unregister(realPath);
    }

    static UnsafeBuffer direct(final byte[] bytes) {
        final UnsafeBuffer buffer = new UnsafeBuffer(ByteBuffer.allocateDirect(bytes.length));
        buffer.putBytes(0, bytes);
        return buffer;
    }

    private boolean checkIdentity(final Txn<DirectBuffer> txn, final StoreIdentity identity) {
        final DirectBuffer found = main.get(txn, direct(IDENTITY_KEY));
        if (found != null) {
            identity.check(name, found, 0, found.capacity());
            return true;
        }
        if (main.stat(txn).entries > 0 || subjects.stat(txn).entries > 0) {
            throw new StoreException(name + " holds data but no identity", null);
        }
        return false;
    }

    private void writeIdentity(final Txn<DirectBuffer> txn, final StoreIdentity identity) {
        final UnsafeBuffer encoded = direct(new byte[StoreIdentity.LENGTH]);
        identity.encode(encoded, 0);
        long sum = putMeta(txn, direct(IDENTITY_KEY), encoded);
        sum += putMeta(txn, CURSOR_KEY, 0);
        sum += putMeta(txn, NEWEST_KEY, 0);
        putSum(txn, sum);
    }

    static boolean isCreated(final Path directory) {
        try {
            return Files.size(directory.resolve(DATA_FILE)) > 0;
        } catch (final NoSuchFileException e) {
            return false;
        } catch (final IOException e) {
            throw new StoreException(name(directory) + " cannot be read: " + e, e);
        }
    }

    private static Path register(final Path directory, final String name) {
        final Path realPath;
        try {
            realPath = directory.toRealPath();
        } catch (final IOException e) {
            throw new StoreException(name + " cannot be found: " + e, e);
        }
        synchronized (OPEN) {
            if (!OPEN.add(realPath)) {
                throw new StoreException(name + " is already open in this process", null);
            }
        }
        return realPath;
    }

    private static void unregister(final Path realPath) {
        synchronized (OPEN) {
            OPEN.remove(realPath);
        }
    }

    private static void closeAfterFailure(final Env<DirectBuffer> env, final Path realPath) {
        if (env != null) {
            env.close();
        }
        unregister(realPath);
    }

    private static String name(final Path directory) {
        return COMPONENT + " " + directory;
    }
}
