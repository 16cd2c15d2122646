package io.stemedb.engine.store;

import io.stemedb.engine.store.lmdb.LmdbKvStore;
import java.nio.file.Path;

class LmdbKvStoreTest extends KvStoreContractTest {
    private static final long MAX_MAP_BYTES = 1L << 30;

    @Override
    protected KvStore open(final Path directory, final StoreIdentity identity) {
        return LmdbKvStore.open(
                directory.resolve("lmdb"), identity, MAX_MAP_BYTES, NativeDirectory.PATH);
    }

    @Override
    protected KvStore openReadOnly(final Path directory, final StoreIdentity identity) {
        return LmdbKvStore.openReadOnly(directory.resolve("lmdb"), identity, NativeDirectory.PATH);
    }

    @Override
    protected int manyBatches() {
        return 1500;
    }
}
