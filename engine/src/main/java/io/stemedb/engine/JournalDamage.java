package io.stemedb.engine;

import java.nio.file.Path;

/**
 * Bytes of a segment that are no sound record, or not the one that was written there.
 *
 * @param segment its file
 * @param firstSequence first record lost
 * @param lastSequence last record lost
 * @param from first byte of the excerpt or of the stretch that is damaged
 * @param to where the next sound excerpt starts; for a record whose frame is whole, where it ends
 * @param recordLength bytes of the record whose frame is whole; 0 for a stretch
 * @param isSetAside whether quarantine has all of it: the store that has that never had it, another
 *     that was not rebuilt then may
 */
record JournalDamage(
        Path segment,
        long firstSequence,
        long lastSequence,
        int from,
        int to,
        int recordLength,
        boolean isSetAside) {

    static final int UNKNOWN = -1;

    JournalDamage endingAt(final int end) {
        return new JournalDamage(
                segment, firstSequence, lastSequence, from, end, recordLength, isSetAside);
    }
}
