package io.stemedb.engine.memtable;

import org.agrona.BitUtil;

/**
 * Layout of one generation's memory, and of an entry in it.
 *
 * <pre>
 *   region   [ index: 8-byte slots, a power of two ][ arena: entries in order of arrival ][ slack ]
 *
 *   slot     63           32 31            0
 *           +---------------+---------------+     tag: upper half of the seeded key hash
 *           |      tag      |   reference   |     reference: offset of the entry in the region / 8
 *           +---------------+---------------+     0 = empty
 *
 *   entry    0               4               8               12              16
 *           +---------------+---------------+---------------+---------------+
 *           |     kind      | slot/previous | sequence  (node: count, place)|
 *        16 +---------------+---------------+---------------+---------------+
 *           | older/newest  | newer/oldest  | owner/sibling | place/target  |
 *        32 +---------------+---------------+---------------+---------------+
 *           |   keyLength   | recordLength  | key, padded to 8 ...
 *        40 +---------------+---------------+---------------+
 *           | record, 8-byte aligned, padded to 8 ...       |
 *           +-----------------------------------------------+
 *
 *   kind         key             chain it stands in (owner)       record
 *   ASSERTION    content hash    its SUBJECT node                 the record
 *   REPEAT       none            its SUBJECT node                 none; target is the ASSERTION
 *   SUBJECT      subject bytes   node of a chain                  none
 *   VOTE         content hash    its VOTED node                   the record
 *   VOTED        assertion hash  node of a chain                  none
 *   EPOCH        epoch id        none                             the record
 *   QUARANTINE   reason          none                             the refused bytes
 * </pre>
 *
 * A node's chain is doubly linked, newest and oldest in the node. REPEAT is a further place of an
 * assertion that this generation already holds; an ASSERTION's "place" is the newest of its places,
 * from which "previous" leads through the older ones back to the ASSERTION itself.
 *
 * <p>Written by the ingest thread; after an entry was published only newest, newer, place and a
 * node's count change. POSITION belongs to the flush thread.
 */
final class EntryDescriptor {
    static final int ASSERTION = 1;
    static final int REPEAT = 2;
    static final int SUBJECT = 3;
    static final int VOTE = 4;
    static final int VOTED = 5;
    static final int EPOCH = 6;
    static final int QUARANTINE = 7;

    static final int KIND = 0;
    static final int SLOT = 4;
    static final int PREVIOUS_PLACE = 4;
    static final int SEQUENCE = 8;
    static final int COUNT = 8;
    static final int POSITION = 12;
    static final int OLDER = 16;
    static final int NEWEST = 16;
    static final int NEWER = 20;
    static final int OLDEST = 20;
    static final int OWNER = 24;
    static final int SIBLING = 24;
    static final int NEWEST_PLACE = 28;
    static final int TARGET = 28;
    static final int KEY_LENGTH = 32;
    static final int RECORD_LENGTH = 36;
    static final int KEY = 40;

    static final int ALIGNMENT = 8;
    static final int REFERENCE_SHIFT = 3;
    static final int SLOT_SHIFT = 3;
    static final int HASH_LENGTH = 32;

    /** Unused bytes at the end of a region, so that a key may be read in whole words. */
    static final int SLACK = 64;

    private EntryDescriptor() {}

    /** Bytes that an entry takes in the arena; long, as the lengths are not yet trusted. */
    static long entryLength(final long keyLength, final long recordLength) {
        return KEY + BitUtil.align(keyLength, ALIGNMENT) + BitUtil.align(recordLength, ALIGNMENT);
    }

    static int recordOffset(final int entry, final int keyLength) {
        return entry + KEY + BitUtil.align(keyLength, ALIGNMENT);
    }

    static int reference(final int entry) {
        return entry >>> REFERENCE_SHIFT;
    }

    static int entry(final int reference) {
        return reference << REFERENCE_SHIFT;
    }
}
