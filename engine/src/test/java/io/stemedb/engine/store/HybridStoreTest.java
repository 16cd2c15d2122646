package io.stemedb.engine.store;

import io.stemedb.engine.store.lmdb.LmdbKvStore;
import io.stemedb.engine.store.rocks.RocksKvStore;
import java.nio.file.Path;
import org.junit.jupiter.api.Nested;

class HybridStoreTest {
    private abstract static class Hybrid extends KvStoreContractTest {
        private final SubjectIndex placement;

        Hybrid(final SubjectIndex placement) {
            this.placement = placement;
        }

        @Override
        protected KvStore open(final Path directory, final StoreIdentity identity) {
            final KvStore rocks =
                    RocksKvStore.open(directory.resolve("rocks"), identity, NativeDirectory.PATH);
            try {
                return new HybridStore(
                        rocks,
                        LmdbKvStore.open(
                                directory.resolve("lmdb"),
                                identity,
                                1L << 30,
                                NativeDirectory.PATH),
                        placement);
            } catch (final RuntimeException e) {
                rocks.close();
                throw e;
            }
        }

        @Override
        protected KvStore openReadOnly(final Path directory, final StoreIdentity identity) {
            return new HybridStore(
                    RocksKvStore.openReadOnly(
                            directory.resolve("rocks"), identity, NativeDirectory.PATH),
                    LmdbKvStore.openReadOnly(
                            directory.resolve("lmdb"), identity, NativeDirectory.PATH),
                    placement);
        }
    }

    @Nested
    class SubjectsInLmdb extends Hybrid {
        SubjectsInLmdb() {
            super(SubjectIndex.LMDB);
        }
    }

    @Nested
    class SubjectsInRocks extends Hybrid {
        SubjectsInRocks() {
            super(SubjectIndex.ROCKSDB);
        }
    }
}
