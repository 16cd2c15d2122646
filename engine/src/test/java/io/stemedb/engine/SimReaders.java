package io.stemedb.engine;

import io.stemedb.engine.memtable.Memtable;
import io.stemedb.engine.store.KvStore;

/** Readers without an engine around them. */
public final class SimReaders {
    private final Readers readers = new Readers("simulation");

    /** A reader over these. */
    public Reader newReader(final Memtable memtable, final KvStore store) {
        return readers.add(new Reader(readers, memtable, store));
    }
}
