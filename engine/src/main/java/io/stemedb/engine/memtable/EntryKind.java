package io.stemedb.engine.memtable;

/** Family of an entry, in the order in which a flush yields them. */
public enum EntryKind {
    /** An epoch under its id. */
    EPOCH,
    /** An assertion under its content hash. */
    ASSERTION,
    /** A refused record under its sequence. */
    QUARANTINE,
    /** A place of an assertion among the claims of its subject. */
    SUBJECT,
    /** A vote under the assertion it weighs and its own content hash. */
    VOTE
}
