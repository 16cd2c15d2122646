package io.stemedb.engine.ingest;

import io.stemedb.engine.journal.Journal;
import io.stemedb.engine.memtable.Memtable;
import io.stemedb.engine.status.Counters;
import io.stemedb.engine.store.KvStore;
import org.agrona.ErrorHandler;

/** What the agents of one ingestor share. */
record IngestParts(
        Journal journal,
        KvStore store,
        Memtable memtable,
        Watermarks watermarks,
        Counters counters,
        IngestConfig config,
        DamageListener damageListener,
        ErrorHandler errorHandler) {}
