/**
 * The memtable: records that a reader can find but that are not yet in the stores. Off-heap; one
 * ingest thread writes, one flush thread drains, any number of threads read without a lock. Knows
 * neither journal nor stores nor how a content hash is made.
 */
package io.stemedb.engine.memtable;
