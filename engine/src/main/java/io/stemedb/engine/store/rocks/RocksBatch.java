package io.stemedb.engine.store.rocks;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.stemedb.engine.store.Gate;
import io.stemedb.engine.store.KeyBuffer;
import io.stemedb.engine.store.KvBatch;
import io.stemedb.engine.store.StoreException;
import io.stemedb.engine.store.StoreIdentity;
import io.stemedb.engine.store.ValueBuffer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.rocksdb.RocksDBException;
import org.rocksdb.SstFileWriter;

/** One SST file on its way into the store. */
final class RocksBatch implements KvBatch {
    private final RocksKvStore store;
    private final Path file;
    private SstFileWriter writer; // null if the store was closed before
    private final ValueBuffer value;
    private final KeyBuffer key;
    private final Gate.Pass pass;
    private boolean finished;

    RocksBatch(final RocksKvStore store, final Path file) {
        this.store = store;
        this.file = file;
        this.key = store.batchKey();
        this.value = store.batchValue();
        key.clear();
        this.pass = store.gate.newPass(this::release);
        boolean opened = false;
        try {
            enter(); // from here on a close, which frees the options, waits
            try {
                writer = new SstFileWriter(store.settings.envOptions, store.settings.options);
                writer.open(file.toString());
                opened = true;
            } catch (final RocksDBException e) {
                throw store.failure("create " + file, e);
            } finally {
                pass.exit();
            }
        } finally {
            if (!opened) {
                close();
            }
        }
    }

    @Override
    public void put(
            final DirectBuffer newKey,
            final int keyOffset,
            final int keyLength,
            final DirectBuffer newValue,
            final int valueOffset,
            final int valueLength) {
        enter();
        try {
            key.setNext(newKey, keyOffset, keyLength);
            writer.put(key.bytes(), value.of(newValue, valueOffset, valueLength));
        } catch (final RocksDBException e) {
            throw store.failure("write " + file, e);
        } finally {
            pass.exit();
        }
    }

    @Override
    public void commit(final long cursor) {
        final long newCursor = store.nextCursor(cursor);
        enter();
        try {
            putCursor(newCursor);
            ingest();
            store.committed(newCursor);
        } catch (final RocksDBException e) {
            throw store.failure("commit " + file, e);
        } finally {
            pass.exit();
            close();
        }
        store.gate.tendIdle();
    }

    /** Creates the store: cursor 0 and its identity, in one step. */
    void commitIdentity(final StoreIdentity identity) {
        enter();
        try {
            putCursor(0);
            final UnsafeBuffer encoded = new UnsafeBuffer(new byte[StoreIdentity.LENGTH]);
            identity.encode(encoded, 0);
            writer.put(RocksKvStore.IDENTITY_KEY, encoded.byteArray());
            ingest();
        } catch (final RocksDBException e) {
            throw store.failure("commit " + file, e);
        } finally {
            pass.exit();
            close();
        }
    }

    @Override
    public void close() {
        finished = true;
        pass.close();
    }

    private void enter() {
        store.gate.check();
        if (finished) {
            throw new IllegalStateException("batch of " + store.name + " is finished");
        }
        pass.enter();
    }

    private void putCursor(final long cursor) throws RocksDBException {
        final UnsafeBuffer encoded = new UnsafeBuffer(new byte[Long.BYTES]);
        encoded.putLong(0, cursor, LITTLE_ENDIAN);
        writer.put(RocksKvStore.CURSOR_KEY, encoded.byteArray());
    }

    /** The file is synced by finish; its name and the manifest by the ingestion. */
    private void ingest() throws RocksDBException {
        writer.finish();
        store.database.ingest(file);
    }

    /** Once, by the batch's thread or the thread that closes the store. */
    private void release() {
        store.batchFinished();
        value.forget();
        if (writer != null) {
            writer.close();
        }
        try {
            Files.deleteIfExists(file);
        } catch (final IOException e) {
            throw new StoreException(store.name + ": delete " + file, e);
        }
    }
}
