package io.stemedb.engine.ingest;

/** Told of damage that ingest finds in the journal, on the ingest thread, once for each stretch. */
@FunctionalInterface
public interface DamageListener {

    /**
     * Damaged bytes, missing records, or a record that is not valid.
     *
     * @param firstSequence first record lost
     * @param lastSequence last record lost; {@code firstSequence - 1} when none was
     * @param reason what was found and where
     */
    void onDamage(long firstSequence, long lastSequence, String reason);
}
