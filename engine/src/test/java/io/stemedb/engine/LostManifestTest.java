package io.stemedb.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.platform.Manifest;
import io.stemedb.engine.platform.ManifestException;
import io.stemedb.engine.store.SubjectIndex;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The stores have what the manifest said; what they do not have is not made up. */
@Timeout(900) // only for what hangs
class LostManifestTest {
    @TempDir Path work;
    private Path data;

    private Manifest make(final String name, final SubjectIndex index, final int records) {
        data = work.resolve(name);
        try (Engine engine = Engine.launch(TestEngines.context(data).subjectIndex(index))) {
            final Appender appender = engine.newAppender();
            final RecordMix mix = new RecordMix(new Random(1), 40, appender);
            for (int i = 0; i < records; i++) {
                mix.append(appender);
            }
            assertTrue(engine.checkpoint(TestEngines.TIMEOUT_NS));
        }
        return Manifest.read(data);
    }

    private void lose() {
        try {
            Files.delete(data.resolve("manifest"));
        } catch (final IOException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @CsvSource({"LMDB, none", "ROCKSDB, none", "LMDB, rocks", "ROCKSDB, lmdb"})
    void isMadeAnewFromTheStores(final SubjectIndex index, final String gone) {
        final Manifest made = make("data", index, 300);
        final String digest = Verifier.verify(data, count -> {}).digest();
        lose();
        if (!"none".equals(gone)) {
            StoreContent.delete(data, gone);
        }
        final String refusal =
                assertThrows(
                                ManifestException.class,
                                () -> Engine.launch(TestEngines.context(data)).close())
                        .getMessage();
        assertTrue(refusal.contains("manifest: missing"), refusal);
        assertTrue(refusal.contains("repair"), refusal);
        final TreeMap<String, Long> files = TestFiles.files(data);
        try (Repair repair = Repair.plan(data, count -> {})) {
            final String first = repair.steps().get(0);
            assertTrue(first.startsWith("make the manifest anew: "), first);
            assertTrue(first.contains(made.engineId().toString()), first);
        }
        assertEquals(files, TestFiles.files(data), "a plan changes nothing");
        try (Repair repair = Repair.plan(data, count -> {})) {
            final Verification after = repair.run(error -> {}, count -> {});
            assertTrue(after.isSound(), after::toString);
            assertEquals(digest, after.digest());
        }
        Engine.launch(TestEngines.context(data).segmentLength(0)).close();
        // the one thing that no store has: a launch that names it fixes it again
        Engine.launch(TestEngines.context(data).segmentLength(made.segmentLength())).close();
        assertEquals(made, Manifest.read(data));
        final EngineContext other = TestEngines.context(data).segmentLength(4 << 20);
        assertThrows(IllegalArgumentException.class, () -> Engine.launch(other).close());
    }

    private String refusal() {
        final TreeMap<String, Long> files = TestFiles.files(data);
        final String said =
                assertThrows(ManifestException.class, () -> Repair.plan(data, count -> {}).close())
                        .getMessage();
        assertEquals(files, TestFiles.files(data));
        return said;
    }

    @Test
    void withoutAStoreTheIdIsNotKnown() {
        make("data", SubjectIndex.LMDB, 300);
        lose();
        StoreContent.delete(data, EngineParts.ROCKS);
        StoreContent.delete(data, EngineParts.LMDB);
        assertTrue(refusal().contains("engineId"));
    }

    @Test
    void aStoreThatCannotBeReadIsNamed() throws IOException {
        make("data", SubjectIndex.LMDB, 300);
        lose();
        StoreContent.delete(data, EngineParts.ROCKS);
        Files.write(data.resolve("lmdb/data.mdb"), new byte[1 << 14]);
        final String said = refusal();
        assertTrue(said.contains("engineId") && said.contains("is damaged at page 0"), said);
    }

    @Test
    void storesOfTwoEnginesAreNotGuessedAt() {
        make("other", SubjectIndex.LMDB, 300);
        final Path other = data;
        make("data", SubjectIndex.LMDB, 300);
        lose();
        StoreContent.delete(data, EngineParts.ROCKS);
        RepairTest.copy(other.resolve(EngineParts.ROCKS), data.resolve(EngineParts.ROCKS));
        assertTrue(refusal().contains("engineId"));
    }

    /** The store that is there has no claim's subject: the other one had them, or none was. */
    @Test
    void withoutASubjectTheIndexIsNotKnown() {
        make("data", SubjectIndex.ROCKSDB, 300);
        lose();
        StoreContent.delete(data, EngineParts.ROCKS);
        assertTrue(refusal().contains("subjectIndex"));
    }

    @Test
    void whereNothingIsNothingIsMade() throws IOException {
        data = Files.createDirectory(work.resolve("empty"));
        final EngineException refusal =
                assertThrows(EngineException.class, () -> Repair.plan(data, count -> {}).close());
        assertTrue(refusal.getMessage().contains("no data directory"), refusal.getMessage());
        assertEquals(new TreeMap<>(), TestFiles.files(data));
    }
}
