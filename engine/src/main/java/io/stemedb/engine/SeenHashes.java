package io.stemedb.engine;

import java.util.Arrays;
import org.agrona.BitUtil;
import org.agrona.DirectBuffer;

/**
 * A set of 32-byte hashes, for one walk at a time. Open addressing at half load; grows and keeps
 * what it grew to. The hashes are BLAKE3 of content, so their bytes are as good as random.
 */
final class SeenHashes {
    private static final int WORDS = 4;

    /** With fewer slots in use than one of so many, they are cleared one by one. */
    private static final int SPARSE = 16;

    private long[] slots;
    private int size;

    /** Slots in use, in order of arrival, so that a few of them are cleared quickly. */
    private int[] used;

    private int mask;

    /**
     * A slot of zeros is an empty one, so the hash of zeros is kept here: an epoch id may be that.
     */
    private boolean zero;

    SeenHashes(final int capacity) {
        resize(BitUtil.findNextPositivePowerOfTwo(2 * capacity));
    }

    private void resize(final int length) {
        slots = new long[length * WORDS];
        used = new int[length / 2 + 1];
        mask = length - 1;
    }

    void clear() {
        zero = false;
        if (size > 0) {
            if (size < mask / SPARSE) {
                for (int i = 0; i < size; i++) {
                    final int at = used[i];
                    slots[at] = 0;
                    slots[at + 1] = 0;
                    slots[at + 2] = 0;
                    slots[at + 3] = 0;
                }
            } else {
                Arrays.fill(slots, 0);
            }
            size = 0;
        }
    }

    /** Adds a hash; false if it was there. */
    boolean add(final DirectBuffer hash, final int offset) {
        return add(
                hash.getLong(offset),
                hash.getLong(offset + 8),
                hash.getLong(offset + 16),
                hash.getLong(offset + 24));
    }

    private boolean add(final long a, final long b, final long c, final long d) {
        if ((a | b | c | d) == 0) {
            final boolean added = !zero;
            zero = true;
            return added;
        }
        int slot = (int) a & mask;
        while (true) {
            final int at = slot * WORDS;
            if ((slots[at] | slots[at + 1] | slots[at + 2] | slots[at + 3]) == 0) {
                slots[at] = a;
                slots[at + 1] = b;
                slots[at + 2] = c;
                slots[at + 3] = d;
                used[size++] = at;
                if (size * 2 > mask) {
                    grow();
                }
                return true;
            }
            if (slots[at] == a && slots[at + 1] == b && slots[at + 2] == c && slots[at + 3] == d) {
                return false;
            }
            slot = slot + 1 & mask;
        }
    }

    private void grow() {
        final long[] old = slots;
        resize((mask + 1) * 2);
        size = 0;
        for (int at = 0; at < old.length; at += WORDS) {
            if ((old[at] | old[at + 1] | old[at + 2] | old[at + 3]) != 0) {
                add(old[at], old[at + 1], old[at + 2], old[at + 3]);
            }
        }
    }
}
