package io.stemedb.engine.memtable;

import static io.stemedb.engine.memtable.EntryDescriptor.KEY;
import static io.stemedb.engine.memtable.EntryDescriptor.KEY_LENGTH;
import static io.stemedb.engine.memtable.EntryDescriptor.KIND;
import static io.stemedb.engine.memtable.EntryDescriptor.SLOT_SHIFT;

import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Open-addressing index over the keys of one generation, in the first bytes of its region. Linear
 * probing; entries are never removed one by one, and at most half the slots are ever used.
 *
 * <p>Memory order: the ingest thread writes an entry with plain stores and then its slot with a
 * release store; a reader loads the slot with acquire. Who sees the slot sees the whole entry.
 */
final class HashIndex {
    private final UnsafeBuffer region;
    private final int mask;

    HashIndex(final UnsafeBuffer region, final int slotCount) {
        this.region = region;
        this.mask = slotCount - 1;
    }

    /**
     * Offset of the entry with this key, or the bitwise complement (negative) of the empty slot
     * where the search ended. Never 0: the index itself lies at the front of the region.
     */
    int probe(
            final int kind,
            final long hash,
            final DirectBuffer key,
            final int keyOffset,
            final int keyLength) {
        int slot = (int) hash & mask;
        while (true) {
            final long value = region.getLongAcquire(slot << SLOT_SHIFT);
            if (value == 0) {
                return ~slot;
            }
            if ((value ^ hash) >>> 32 == 0) {
                final int entry = EntryDescriptor.entry((int) value);
                if (region.getInt(entry + KIND) == kind
                        && region.getInt(entry + KEY_LENGTH) == keyLength
                        && equal(key, keyOffset, region, entry + KEY, keyLength)) {
                    return entry;
                }
            }
            slot = (slot + 1) & mask;
        }
    }

    /** Offset of the entry with this key, or 0. */
    int find(
            final int kind,
            final long hash,
            final DirectBuffer key,
            final int keyOffset,
            final int keyLength) {
        return Math.max(0, probe(kind, hash, key, keyOffset, keyLength));
    }

    /** First empty slot from here on: another insert may have taken the one that a probe found. */
    int emptyFrom(final int start) {
        int slot = start;
        while (region.getLong(slot << SLOT_SHIFT) != 0) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    /** Ingest thread: makes a complete entry findable. */
    void publish(final int slot, final long hash, final int entry) {
        final long tag = hash & 0xFFFF_FFFF_0000_0000L;
        region.putLongRelease(slot << SLOT_SHIFT, tag | EntryDescriptor.reference(entry));
    }

    int slotCount() {
        return mask + 1;
    }

    /** Slots from where a key's search starts to where it ends, 1 at best. */
    int probeLength(final int kind, final long hash, final DirectBuffer key, final int length) {
        final int found = probe(kind, hash, key, 0, length);
        final int slot = found < 0 ? ~found : region.getInt(found + EntryDescriptor.SLOT);
        return ((slot - (int) hash) & mask) + 1;
    }

    static boolean equal(
            final DirectBuffer a,
            final int aOffset,
            final DirectBuffer b,
            final int bOffset,
            final int length) {
        int i = 0;
        for (; i <= length - 8; i += 8) {
            if (a.getLong(aOffset + i) != b.getLong(bOffset + i)) {
                return false;
            }
        }
        for (; i < length; i++) {
            if (a.getByte(aOffset + i) != b.getByte(bOffset + i)) {
                return false;
            }
        }
        return true;
    }
}
