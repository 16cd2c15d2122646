package io.stemedb.engine.cli;

import java.util.Locale;

/** What became of the lines. Blank lines are no lines here. */
final class IngestCounts {

    long ingested;
    long duplicates;
    long refused;

    /** Sequence of the last record appended; 0 while there is none. */
    long lastSequence;

    long elapsedNs;

    long lines() {
        return ingested + duplicates + refused;
    }

    String summary() {
        final double seconds = Math.max(elapsedNs, 1) / 1e9;
        return String.format(
                Locale.ROOT,
                "lines=%d ingested=%d duplicates=%d refused=%d records/s=%.0f",
                lines(),
                ingested,
                duplicates,
                refused,
                (ingested + duplicates) / seconds);
    }
}
