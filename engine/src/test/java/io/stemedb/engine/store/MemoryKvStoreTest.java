package io.stemedb.engine.store;

import java.nio.file.Path;

class MemoryKvStoreTest extends KvStoreContractTest {
    @Override
    protected KvStore open(final Path directory, final StoreIdentity identity) {
        return new MemoryKvStore();
    }

    @Override
    protected KvStore openReadOnly(final Path directory, final StoreIdentity identity) {
        return null;
    }

    @Override
    protected boolean isPersistent() {
        return false;
    }
}
