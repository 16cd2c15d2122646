package io.stemedb.engine.cli;

import java.util.Arrays;
import org.agrona.BitUtil;
import org.agrona.DirectBuffer;

/**
 * The hashes of the records appended last, for the question whether a record was there already: the
 * engine answers it only once a record is READABLE. Two tables of fixed size, of which the older is
 * forgotten when the newer is full; by their first 16 bytes, which no two different records are
 * ever going to share. For one thread.
 */
final class HashWindow {

    private final int tableCapacity;
    private final int mask;
    private long[] newer;
    private long[] older;
    private int newerCount;
    private long newerLastSequence;
    private long olderLastSequence;

    /** Remembers at least the last {@code tableCapacity} hashes, a power of two. */
    HashWindow(final int tableCapacity) {
        this.tableCapacity = tableCapacity;
        final int slots = BitUtil.findNextPositivePowerOfTwo(2 * tableCapacity);
        mask = slots - 1;
        newer = new long[2 * slots];
        older = new long[2 * slots];
    }

    boolean contains(final DirectBuffer hash) {
        return isUsed(newer, slot(newer, hash)) || isUsed(older, slot(older, hash));
    }

    /** Whether the next {@link #add} forgets the older table. */
    boolean isFull() {
        return newerCount == tableCapacity;
    }

    /** Every record that would be forgotten has at most this sequence. */
    long olderLastSequence() {
        return olderLastSequence;
    }

    void add(final DirectBuffer hash, final long sequence) {
        if (isFull()) {
            final long[] freed = older;
            older = newer;
            olderLastSequence = newerLastSequence;
            newer = freed;
            newerCount = 0;
            Arrays.fill(newer, 0);
        }
        final int slot = slot(newer, hash);
        if (!isUsed(newer, slot)) {
            newer[slot] = first(hash);
            newer[slot + 1] = second(hash);
            newerCount++;
        }
        newerLastSequence = sequence;
    }

    private int slot(final long[] table, final DirectBuffer hash) {
        final long first = first(hash);
        final long second = second(hash);
        int slot = 2 * ((int) first & mask);
        while (isUsed(table, slot) && (table[slot] != first || table[slot + 1] != second)) {
            slot = (slot + 2) & (2 * mask + 1);
        }
        return slot;
    }

    private static boolean isUsed(final long[] table, final int slot) {
        return (table[slot] | table[slot + 1]) != 0;
    }

    private static long first(final DirectBuffer hash) {
        return hash.getLong(0);
    }

    private static long second(final DirectBuffer hash) {
        return hash.getLong(Long.BYTES);
    }
}
