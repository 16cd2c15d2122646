/** What the engine is compared with, doing the same logical work. */
package io.stemedb.bench.peers;
