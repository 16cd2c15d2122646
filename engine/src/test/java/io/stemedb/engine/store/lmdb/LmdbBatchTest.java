package io.stemedb.engine.store.lmdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.stemedb.engine.store.KvBatch;
import io.stemedb.engine.store.StoreIdentity;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lmdbjava.Txn;

class LmdbBatchTest {
    private static final StoreIdentity IDENTITY = new StoreIdentity(1, 2, 1);
    private static final Path NATIVE = Path.of("target", "test-native").toAbsolutePath();

    @TempDir Path directory;

    /** LMDB has one write transaction: one that stays open keeps every other waiting for ever. */
    @Test
    void aBatchThatCannotBeginLeavesNoTransactionOpen() throws Exception {
        final ExecutorService writer = Executors.newSingleThreadExecutor();
        try (LmdbKvStore store = LmdbKvStore.open(directory, IDENTITY, 16 << 20, NATIVE)) {
            putSum(store, new byte[1]);
            assertThrows(RuntimeException.class, store::newBatch);
            final Future<?> other = writer.submit(() -> putSum(store, new byte[Long.BYTES]));
            other.get(60, TimeUnit.SECONDS);
            try (KvBatch batch = store.newBatch()) {
                batch.commit(7);
            }
            assertEquals(7, store.cursor());
        } finally {
            writer.shutdownNow();
        }
    }

    private static void putSum(final LmdbKvStore store, final byte[] bytes) {
        final UnsafeBuffer value = new UnsafeBuffer(ByteBuffer.allocateDirect(bytes.length));
        try (Txn<DirectBuffer> txn = store.environment.env.txnWrite()) {
            final UnsafeBuffer key =
                    new UnsafeBuffer(ByteBuffer.allocateDirect(LmdbEnvironment.SUM_KEY.length));
            key.putBytes(0, LmdbEnvironment.SUM_KEY);
            value.putBytes(0, bytes);
            store.environment.main.put(txn, key, value);
            txn.commit();
        }
    }
}
