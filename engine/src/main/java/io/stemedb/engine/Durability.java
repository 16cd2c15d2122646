package io.stemedb.engine;

/** When appended records are made durable. */
public enum Durability {
    /** With the next flush. Survives the death of the process, not the loss of power. */
    ASYNC,

    /** In the background at short intervals; who needs it waits for {@link Watermark#SYNCED}. */
    GROUP,

    /** Before append returns; appenders on several threads share one force. */
    SYNC
}
