package io.stemedb.engine;

import java.util.ArrayList;
import java.util.List;

/**
 * What was found wrong with a directory when an engine opened it, and what was done about it.
 *
 * @param lastSequence newest record of the journal
 * @param replayed records that were taken from the journal again, since a store did not have them
 * @param missing sequences that no record could be read for
 * @param quarantined records and stretches set aside now
 * @param found what was found and where, one line each; the first {@value #FOUND_MAX}
 * @param foundCount how many there are
 * @param done what was done, and what was not lost, one line each
 */
public record OpeningReport(
        long lastSequence,
        long replayed,
        long missing,
        long quarantined,
        List<String> found,
        long foundCount,
        List<String> done) {

    /** Most findings that are kept in words. */
    public static final int FOUND_MAX = 1000;

    /**
     * Whether nothing was wrong.
     *
     * @return true also after a kill, which leaves nothing but records to replay
     */
    public boolean isSound() {
        return foundCount == 0;
    }

    /** Gathers findings, on the opening and the ingest thread, until the engine is open. */
    static final class Builder {
        private final List<String> found = new ArrayList<>(); // guarded by this
        private long foundCount; // guarded by this
        private boolean closed; // guarded by this
        private final List<String> rebuilt = new ArrayList<>();

        synchronized void found(final String text) {
            if (closed || found.contains(text)) {
                return;
            }
            foundCount++;
            if (found.size() < FOUND_MAX) {
                found.add(text);
            }
        }

        /** Opening thread: a store was not there, though the directory is not new. */
        void missingStore(final String name) {
            found(name + ": the store is missing");
            rebuilt.add(name + " was rebuilt from the journal");
        }

        synchronized OpeningReport build(
                final long lastSequence,
                final long replayed,
                final long missing,
                final long quarantined) {
            closed = true;
            final List<String> done = new ArrayList<>(rebuilt);
            if (foundCount > 0) {
                if (quarantined > 0) {
                    done.add(
                            quarantined
                                    + " records or stretches that could not be read were set aside"
                                    + " in quarantine");
                }
                done.add(
                        missing + quarantined == 0
                                ? "nothing more was lost: what could be read up to "
                                        + lastSequence
                                        + " still can"
                                : "all other records up to "
                                        + lastSequence
                                        + " are readable; verify tells more, repair may bring"
                                        + " back what a store still has");
            }
            return new OpeningReport(
                    lastSequence,
                    replayed,
                    missing,
                    quarantined,
                    List.copyOf(found),
                    foundCount,
                    List.copyOf(done));
        }
    }
}
