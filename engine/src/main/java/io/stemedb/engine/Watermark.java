package io.stemedb.engine;

/**
 * A sequence up to which something holds for all records. Always {@code STORED <= SYNCED <=
 * APPENDED} and {@code STORED <= READABLE <= APPENDED}.
 */
public enum Watermark {
    /** In the journal: survives the death of the process. */
    APPENDED,

    /** fdatasync returned: survives the loss of power. */
    SYNCED,

    /** A reader finds it. */
    READABLE,

    /** Durable in both stores. */
    STORED
}
