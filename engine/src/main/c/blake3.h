/* BLAKE3-256 in its default (unkeyed) mode, over one range of memory at a time. */
#ifndef STEMEDB_BLAKE3_H
#define STEMEDB_BLAKE3_H

#include <stdint.h>

#define STEMEDB_BLAKE3_HASH_LENGTH 32

/*
 * Writes the hash of input[0..length) to out. Input may be null when length is 0; out may overlap
 * the input, as it is written last. Keeps all its state on the stack (about 2 KB), so any number of
 * threads may be in it at once.
 */
void stemedb_blake3_hash(const uint8_t *input, uint64_t length, uint8_t out[STEMEDB_BLAKE3_HASH_LENGTH]);

#endif
