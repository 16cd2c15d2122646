package io.stemedb.engine;

import java.util.List;

/**
 * What a {@link Verifier} found.
 *
 * @param journalRecords records in the journal, damaged ones included
 * @param notYetStored those past the cursor of a store: recovered by the next launch, no difference
 * @param assertions assertions in the stores
 * @param votes votes in the stores
 * @param epochs epochs in the stores
 * @param subjectEntries entries of the subject index
 * @param quarantined records set aside
 * @param digest sum modulo 2^256 of BLAKE3(key‖value) over all assertions, votes, epochs and
 *     subject entries, each hash taken as a big-endian number; 64 hex digits
 * @param differences each difference and each damage found, in words; the first {@value
 *     #DIFFERENCES_MAX}
 * @param differenceCount how many there are
 */
public record Verification(
        long journalRecords,
        long notYetStored,
        long assertions,
        long votes,
        long epochs,
        long subjectEntries,
        long quarantined,
        String digest,
        List<String> differences,
        long differenceCount) {

    /** Most differences that are kept in words. */
    public static final int DIFFERENCES_MAX = 1000;

    /**
     * Whether journal and stores agree.
     *
     * @return true without any difference
     */
    public boolean isSound() {
        return differenceCount == 0;
    }
}
