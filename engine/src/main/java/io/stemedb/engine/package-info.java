/** The door of the StemeDB ingest engine. */
package io.stemedb.engine;
