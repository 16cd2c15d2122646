package io.stemedb.engine.faults.sim;

/** How much of what a simulation is for has happened. */
final class Reached {
    long lives;
    long crashes;
    long powerLosses;
    long records;
    long refusals;
    long failures;
    long storeErrors;
    long trims;
    long flips;
    long stalls;
    long storeFlips;
    long storeFlipsTold;
    long reads;
    long contents;
    long fullMemtables;

    /** Deleted files that a power loss brought back. */
    long filesBack;

    /** Unused segments that a launch found behind used ones. */
    long unusedFound;

    @Override
    public String toString() {
        return String.format(
                "%d lives, %d records, %d crashes inside a step, %d power losses, %d failed"
                        + " journals, %d refused appends, %d store errors at readers, %d segments"
                        + " trimmed, %d bits flipped, %d stalls of a store, %d stored bits flipped"
                        + " and %d of them told, %d reads and %d store contents checked, memtables full at %d looks, %d"
                        + " deleted files back after a power loss, %d launches with an unused"
                        + " segment",
                lives,
                records,
                crashes,
                powerLosses,
                failures,
                refusals,
                storeErrors,
                trims,
                flips,
                stalls,
                storeFlips,
                storeFlipsTold,
                reads,
                contents,
                fullMemtables,
                filesBack,
                unusedFound);
    }
}
