/**
 * The write-ahead journal on Chronicle Queue: append, own fdatasync, own segments and sequences.
 * The only room that names Chronicle.
 */
package io.stemedb.engine.journal;
