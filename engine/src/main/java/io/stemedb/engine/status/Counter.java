package io.stemedb.engine.status;

/** The counters of an engine. Each has one writing thread; the order is the order in the file. */
public enum Counter {
    /** Sequence up to which records are in the journal. */
    APPENDED,
    /** Sequence up to which fdatasync returned. */
    SYNCED,
    /** Sequence up to which readers find records. */
    READABLE,
    /** Sequence up to which both stores are durable. */
    STORED,
    /** Forces of the journal made in the background or for a flush. */
    SYNCS,
    /** Time spent in them, ns. */
    SYNC_TIME_NS,
    /** Longest of them, ns. */
    SYNC_TIME_MAX_NS,
    /** Times ingest found every memtable full and stopped tailing. */
    INGEST_STALLS,
    /** Records and damaged stretches of journal set aside. */
    QUARANTINED,
    /** Sequences that are missing from the journal. */
    MISSING,
    /** Generations flushed. */
    FLUSHES,
    /** Time spent in them, from sealed to stored, ns. */
    FLUSH_TIME_NS,
    /** Longest of them, ns. */
    FLUSH_TIME_MAX_NS,
    /** Flushes that failed and were begun again. */
    FLUSH_RETRIES,
    /** Journal segments deleted by retention. */
    SEGMENTS_TRIMMED,
    /** Errors given to the error handler. */
    ERRORS;
}
