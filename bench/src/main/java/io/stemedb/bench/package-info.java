/** Benchmarks of the engine: micro benchmarks, an end-to-end rig, and what they compare with. */
package io.stemedb.bench;
