/** Drives a whole engine: open-loop latency, sustained throughput, append against raw Chronicle. */
package io.stemedb.bench.rig;
