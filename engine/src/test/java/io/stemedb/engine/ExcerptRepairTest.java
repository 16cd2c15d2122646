package io.stemedb.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A record is right and a field of its excerpt is not: told, and written anew by a repair. */
class ExcerptRepairTest {
    private static final int RECORDS = 200;

    @TempDir Path directory;

    /** Frame, length, sequence, seal. */
    @ParameterizedTest
    @ValueSource(ints = {1, 5, 9, 17})
    void isWrittenAnew(final int field) {
        final long seed = TestEngines.newSeed();
        final Path data = directory.resolve("data");
        try (Engine engine = Engine.launch(TestEngines.context(data))) {
            final Appender appender = engine.newAppender();
            final RecordMix mix = new RecordMix(new Random(seed), 40, appender);
            for (int i = 0; i < RECORDS; i++) {
                mix.append(appender);
            }
            assertTrue(engine.checkpoint(TestEngines.TIMEOUT_NS));
        }
        final String digest = Verifier.verify(data, count -> {}).digest();
        JournalPlaces.of(data).get(RECORDS / 2).flip(field);
        final Verification damaged = Verifier.verify(data, count -> {});
        assertFalse(damaged.isSound(), () -> "seed " + seed);
        assertEquals(RECORDS, damaged.journalRecords(), () -> "seed " + seed);
        try (Repair repair = Repair.plan(data, count -> {})) {
            assertEquals(1, repair.steps().size(), () -> "seed " + seed + repair.impossible());
            final Verification after = repair.run(error -> {}, count -> {});
            assertTrue(after.isSound(), () -> "seed " + seed + ": " + after);
            assertEquals(digest, after.digest());
        }
    }
}
