/** JMH benchmarks of single steps of a record's journey. */
package io.stemedb.bench.jmh;
