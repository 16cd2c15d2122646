/** The agents that take records from the journal into the memtable and on into the stores. */
package io.stemedb.engine.ingest;
