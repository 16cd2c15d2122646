package io.stemedb.engine.faults.sim;

/** Defects for the negative controls: each breaks one promise, and the simulation must notice. */
public enum Mutant {
    /** The real thing. */
    NONE,
    /** The flush takes a generation into the stores before the journal is durable past it. */
    FLUSH_BEFORE_SYNCED,
    /** STORED moves before the commit has returned. */
    STORED_BEFORE_COMMIT,
    /** A store makes its cursor durable in a step before the data. */
    CURSOR_BEFORE_DATA,
    /** SYNCED moves before the force returns. */
    SYNCED_BEFORE_FORCE,
    /** The force does nothing and says that it did, as Chronicle's own does. */
    FORCE_DOES_NOTHING,
    /** A force that failed is tried again, and what the kernel dropped is taken for written. */
    FORCE_RETRIED,
    /** At a roll the directory is not forced. */
    DIRECTORY_NOT_FORCED,
    /** An open takes what it found for durable without writing and forcing it. */
    OPEN_WITHOUT_FORCE,
    /** An open forces what an earlier life wrote, but does not write it again. */
    OPEN_WITHOUT_REWRITE,
    /** The journal's reader swallows a record now and then. */
    RECORD_SWALLOWED,
    /** The journal's reader delivers more than it was asked for. */
    OVER_DELIVERED,
    /** READABLE moves when a record is appended. */
    READABLE_EARLY,
    /** The second store's commit fails and nobody notices. */
    COMMIT_FAILURE_HIDDEN,
    /** Ingest goes on from the larger cursor of the two stores. */
    LARGER_CURSOR,
    /** Damage is passed over without a word. */
    DAMAGE_HIDDEN,
    /** A store returns a byte that was not written. */
    WRONG_BYTE,
    /** A bit of a stored record turns over, and the record's CRC says it did not. */
    FLIP_UNSEEN,
    /** STORED moves after the agents have ended, by a commit that was under way. */
    STORED_AFTER_END,
    /** Trim looks at the size of the journal only. */
    TRIM_UNREAD,
    /** The pause after a store's failure never ends. */
    PAUSE_FOR_EVER,
    /** A sequence is left out when a segment rolls. */
    SEQUENCE_SKIPPED,
    /** The journal takes appends beyond its backlog limit. */
    BACKLOG_UNBOUNDED,
    /** The memtables take a generation more than they were given. */
    MEMTABLE_UNBOUNDED,
    /** A store fails now and then, and nothing is wrong with it. */
    STORE_FAILS_UNASKED
}
