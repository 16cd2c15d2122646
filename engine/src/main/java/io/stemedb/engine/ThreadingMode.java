package io.stemedb.engine;

/** On which threads the engine's agents run. */
public enum ThreadingMode {
    /** A thread each for ingest, sync, prepare and flush. */
    DEDICATED,

    /** One thread for all of them. */
    SHARED,

    /** No thread: the host turns {@link Engine#invoke()} in its own duty cycle. */
    INVOKER
}
