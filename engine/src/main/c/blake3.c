/*
 * BLAKE3-256, default mode, one message at a time, in portable C11.
 *
 * Written from "BLAKE3: one function, fast everywhere" by J. O'Connor, J.-P. Aumasson, S. Neves and
 * Z. Wilcox-O'Hearn; section numbers below are those of that paper. The length is known from the
 * start, so nothing of the paper's incremental interface is needed: no buffered block, no state that
 * outlives a call, no memory beyond the stack.
 *
 * One message in four-word rows of SSE was measured within a few percent of this scalar form: packing
 * the message words eats the gain. What pays is many messages at once, one in each lane (section 5.3).
 */
#include "blake3.h"

#include <string.h>

#define BLOCK_LENGTH 64u
#define CHUNK_LENGTH 1024u
/* A length of 64 bits is at most 2^54 chunks, and the stack holds one value per bit of their count. */
#define STACK_DEPTH 54

/* Section 2.2, table of flags: where in the tree a compression stands. */
#define CHUNK_START 1u
#define CHUNK_END 2u
#define PARENT 4u
#define ROOT 8u

/* Section 2.2, table of constants. */
#define IV0 0x6a09e667u
#define IV1 0xbb67ae85u
#define IV2 0x3c6ef372u
#define IV3 0xa54ff53au
#define IV4 0x510e527fu
#define IV5 0x9b05688cu
#define IV6 0x1f83d9abu
#define IV7 0x5be0cd19u

/* Words are little-endian in memory (section 2); memcpy is the only portable unaligned access. */
static inline uint32_t load_word(const uint8_t *from)
{
    uint32_t word;
    memcpy(&word, from, sizeof word);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap32(word);
#endif
    return word;
}

static inline void store_word(uint8_t *to, uint32_t word)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap32(word);
#endif
    memcpy(to, &word, sizeof word);
}

static inline uint32_t rotate_right(uint32_t word, unsigned bits)
{
    return (word >> bits) | (word << (32u - bits));
}

/* The quarter round of section 2.2 on the words a, b, c, d of the state, keyed by two message words. */
#define QUARTER(a, b, c, d, x, y)                                                                  \
    do {                                                                                           \
        a += b + (x);                                                                              \
        d = rotate_right(d ^ a, 16);                                                               \
        c += d;                                                                                    \
        b = rotate_right(b ^ c, 12);                                                               \
        a += b + (y);                                                                              \
        d = rotate_right(d ^ a, 8);                                                                \
        c += d;                                                                                    \
        b = rotate_right(b ^ c, 7);                                                                \
    } while (0)

/*
 * One round: the columns, then the diagonals. The arguments say which message word comes where.
 * Naming them per round costs nothing, moving the words about after each round would.
 */
#define ROUND(i0, i1, i2, i3, i4, i5, i6, i7, i8, i9, i10, i11, i12, i13, i14, i15)                \
    do {                                                                                           \
        QUARTER(v0, v4, v8, v12, m[i0], m[i1]);                                                    \
        QUARTER(v1, v5, v9, v13, m[i2], m[i3]);                                                    \
        QUARTER(v2, v6, v10, v14, m[i4], m[i5]);                                                   \
        QUARTER(v3, v7, v11, v15, m[i6], m[i7]);                                                   \
        QUARTER(v0, v5, v10, v15, m[i8], m[i9]);                                                   \
        QUARTER(v1, v6, v11, v12, m[i10], m[i11]);                                                 \
        QUARTER(v2, v7, v8, v13, m[i12], m[i13]);                                                  \
        QUARTER(v3, v4, v9, v14, m[i14], m[i15]);                                                  \
    } while (0)

/*
 * Section 2.2, with the output truncated to the eight words of a chaining value, in place.
 * The block is always BLOCK_LENGTH readable bytes; block_length says how many of them are input.
 */
static void compress(uint32_t cv[8], const uint8_t *block, uint64_t counter, uint32_t block_length, uint32_t flags)
{
    uint32_t m[16];
    for (int i = 0; i < 16; i++) {
        m[i] = load_word(block + 4 * i);
    }
    uint32_t v0 = cv[0], v1 = cv[1], v2 = cv[2], v3 = cv[3];
    uint32_t v4 = cv[4], v5 = cv[5], v6 = cv[6], v7 = cv[7];
    uint32_t v8 = IV0, v9 = IV1, v10 = IV2, v11 = IV3;
    uint32_t v12 = (uint32_t)counter, v13 = (uint32_t)(counter >> 32), v14 = block_length, v15 = flags;

    /* Row r + 1 is row r taken through the permutation 2 6 3 10 7 0 4 13 1 11 12 5 9 14 15 8. */
    ROUND(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    ROUND(2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8);
    ROUND(3, 4, 10, 12, 13, 2, 7, 14, 6, 5, 9, 0, 11, 15, 8, 1);
    ROUND(10, 7, 12, 9, 14, 3, 13, 15, 4, 0, 11, 2, 5, 8, 1, 6);
    ROUND(12, 13, 9, 11, 15, 10, 14, 8, 7, 2, 5, 3, 0, 1, 6, 4);
    ROUND(9, 14, 11, 5, 8, 12, 15, 1, 13, 3, 0, 10, 2, 6, 4, 7);
    ROUND(11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13);

    cv[0] = v0 ^ v8;
    cv[1] = v1 ^ v9;
    cv[2] = v2 ^ v10;
    cv[3] = v3 ^ v11;
    cv[4] = v4 ^ v12;
    cv[5] = v5 ^ v13;
    cv[6] = v6 ^ v14;
    cv[7] = v7 ^ v15;
}

static void start(uint32_t cv[8])
{
    cv[0] = IV0;
    cv[1] = IV1;
    cv[2] = IV2;
    cv[3] = IV3;
    cv[4] = IV4;
    cv[5] = IV5;
    cv[6] = IV6;
    cv[7] = IV7;
}

/* Section 2.4: the chaining value of one chunk of at most CHUNK_LENGTH bytes; an empty one has one empty block. */
static void hash_chunk(uint32_t cv[8], const uint8_t *chunk, uint32_t length, uint64_t counter, uint32_t root)
{
    uint32_t flags = CHUNK_START;
    start(cv);
    while (length > BLOCK_LENGTH) {
        compress(cv, chunk, counter, BLOCK_LENGTH, flags);
        chunk += BLOCK_LENGTH;
        length -= BLOCK_LENGTH;
        flags = 0;
    }
    flags |= CHUNK_END | root;
    if (length == BLOCK_LENGTH) {
        compress(cv, chunk, counter, BLOCK_LENGTH, flags);
    } else {
        /* padded in a copy: the bytes behind the range are not ours to read */
        uint8_t block[BLOCK_LENGTH] = {0};
        if (length > 0) {
            memcpy(block, chunk, length);
        }
        compress(cv, block, counter, length, flags);
    }
}

/* Section 2.5: a parent's block is its children's chaining values, left then right, which lie side by side. */
static void hash_parent(uint32_t cv[8], const uint8_t *children, uint32_t root)
{
    start(cv);
    compress(cv, children, 0, BLOCK_LENGTH, PARENT | root);
}

static void store_cv(uint8_t *to, const uint32_t cv[8])
{
    for (int i = 0; i < 8; i++) {
        store_word(to + 4 * i, cv[i]);
    }
}

void stemedb_blake3_hash(const uint8_t *input, uint64_t length, uint8_t out[STEMEDB_BLAKE3_HASH_LENGTH])
{
    uint32_t cv[8];
    if (length <= CHUNK_LENGTH) {
        hash_chunk(cv, input, (uint32_t)length, 0, ROOT);
        store_cv(out, cv);
        return;
    }

    /*
     * Section 5.1.2: the stack holds the roots of the complete subtrees on the left, the largest at
     * the bottom. After n chunks as many merges are due as n has trailing zero bits. The last chunk
     * stays outside, as only the very last compression may carry the root flag. One more place than
     * the depth, as a right child is written beside the left one before both are compressed.
     */
    uint8_t stack[(STACK_DEPTH + 1) * STEMEDB_BLAKE3_HASH_LENGTH];
    uint8_t *top = stack;
    uint64_t counter = 0;
    for (; length > CHUNK_LENGTH; length -= CHUNK_LENGTH) {
        hash_chunk(cv, input, CHUNK_LENGTH, counter, 0);
        store_cv(top, cv);
        input += CHUNK_LENGTH;
        counter++;
        for (uint64_t chunks = counter; (chunks & 1u) == 0; chunks >>= 1) {
            top -= STEMEDB_BLAKE3_HASH_LENGTH;
            hash_parent(cv, top, 0);
            store_cv(top, cv);
        }
        top += STEMEDB_BLAKE3_HASH_LENGTH;
    }
    hash_chunk(cv, input, (uint32_t)length, counter, 0);
    while (top != stack) {
        store_cv(top, cv);
        top -= STEMEDB_BLAKE3_HASH_LENGTH;
        hash_parent(cv, top, top == stack ? ROOT : 0);
    }
    store_cv(out, cv);
}
