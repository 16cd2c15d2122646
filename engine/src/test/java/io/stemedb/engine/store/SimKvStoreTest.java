package io.stemedb.engine.store;

import static org.junit.jupiter.api.Assertions.assertThrows;

import io.stemedb.engine.faults.sim.Chaos;
import io.stemedb.engine.faults.sim.Mutant;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * The simulated store, without faults, under the suite of the real ones, random differential runs
 * included.
 */
class SimKvStoreTest extends KvStoreContractTest {
    private final Map<Path, SimKvStore.Disk> disks = new HashMap<>();

    @Override
    protected KvStore open(final Path directory, final StoreIdentity identity) {
        final SimKvStore.Disk disk =
                disks.computeIfAbsent(directory, path -> new SimKvStore.Disk());
        return new SimKvStore(disk, new Chaos(), SimKvStore.ROCKS) {
            @Override
            public void close() {
                disk.data().close(); // the contract is about use after close too
            }
        };
    }

    @Override
    protected KvStore openReadOnly(final Path directory, final StoreIdentity identity) {
        return null;
    }

    @Override
    protected boolean isPersistent() {
        return false;
    }

    /** The control of the differential runs: a store that alters a byte now and then. */
    @Test
    void aWrongByteIsCaught() {
        final Chaos chaos = new Chaos();
        chaos.reset(1, Mutant.WRONG_BYTE);
        final KvStore altering = new SimKvStore(new SimKvStore.Disk(), chaos, SimKvStore.ROCKS);
        assertThrows(AssertionError.class, () -> new KvStoreDifferentialContract(1).run(altering));
    }
}
