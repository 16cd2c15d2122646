/**
 * What the engine needs of the machine: the data directory with its lock and manifest, JVM flags,
 * native files.
 */
package io.stemedb.engine.platform;
