package io.stemedb.engine.store;

import io.stemedb.engine.store.rocks.RocksKvStore;
import java.nio.file.Path;

class RocksKvStoreTest extends KvStoreContractTest {
    @Override
    protected KvStore open(final Path directory, final StoreIdentity identity) {
        return RocksKvStore.open(directory.resolve("rocks"), identity, NativeDirectory.PATH);
    }

    @Override
    protected KvStore openReadOnly(final Path directory, final StoreIdentity identity) {
        return RocksKvStore.openReadOnly(
                directory.resolve("rocks"), identity, NativeDirectory.PATH);
    }
}
