package io.stemedb.engine.journal;

/**
 * How the blocks ahead of the appender are brought into memory once the disk has reserved them. It
 * decides how much a force writes, see engine/README.md.
 */
public enum BlockPreparation {
    /**
     * Pages are read one by one and stay clean until a record touches them: a force writes little
     * more than the records, and rare latencies are lowest.
     */
    LATENCY,

    /**
     * Pages are written ahead: the appender takes no page fault, and a force may write much more
     * than the records.
     */
    THROUGHPUT
}
