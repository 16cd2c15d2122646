package io.stemedb.engine;

import static io.stemedb.engine.TestEngines.TIMEOUT_NS;
import static io.stemedb.engine.TestEngines.context;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.status.Counter;
import io.stemedb.engine.store.KeyFamily;
import io.stemedb.engine.store.SubjectIndex;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Everything at once, against a model in java.util. */
class MixedIngestTest {
    @TempDir Path directory;

    @ParameterizedTest
    @EnumSource(SubjectIndex.class)
    void everythingAppendedIsFoundWhileItIsInMemoryThenStoredThenReopened(
            final SubjectIndex placement) {
        final long seed = TestEngines.newSeed();
        final Random random = new Random(seed);
        final Model model = new Model();
        for (int life = 0; life < 3; life++) {
            final String at = "seed " + seed + ", life " + life;
            try (Engine engine = Engine.launch(context(directory).subjectIndex(placement));
                    Reader reader = engine.newReader()) {
                model.check(reader, random, at + ", after launch");
                final Appender appender = engine.newAppender();
                final RecordMix mix = new RecordMix(random, 60, appender);
                for (int i = 0; i < 6_000; i++) {
                    final long sequence = mix.append(appender);
                    model.add(sequence, mix.bytes());
                    if (i % 1_500 == 700) {
                        assertTrue(engine.await(Watermark.READABLE, sequence, TIMEOUT_NS), at);
                        model.check(reader, random, at + ", readable at " + sequence);
                    }
                }
                if (life != 1) { // once without: close has to flush
                    assertTrue(engine.checkpoint(TIMEOUT_NS), at);
                    assertEquals(model.last(), engine.watermark(Watermark.STORED), at);
                    TestEngines.await( // counted after STORED
                            () -> engine.counters().get(Counter.FLUSHES) > 2, () -> at);
                    model.check(reader, random, at + ", after checkpoint");
                }
            }
            checkStores(model, at);
        }
    }

    private void checkStores(final Model model, final String at) {
        final StoreContent content = StoreContent.read(directory);
        assertEquals(model.last(), content.rocksCursor(), at);
        assertEquals(model.last(), content.lmdbCursor(), at);
        assertEquals(model.quarantined().keySet(), content.quarantine().keySet(), at);
        content.quarantine()
                .forEach(
                        (sequence, entry) -> {
                            assertEquals("epochId: known with other content", entry.reason(), at);
                            assertEquals(
                                    java.util.HexFormat.of()
                                            .formatHex(model.quarantined().get(sequence)),
                                    entry.bytes(),
                                    at);
                        });
    }

    @ParameterizedTest
    @EnumSource(SubjectIndex.class)
    void eitherStoreOrBothAreRebuiltFromTheJournal(final SubjectIndex placement) {
        final long seed = TestEngines.newSeed();
        final Random random = new Random(seed);
        final Model model = new Model();
        fill(placement, random, model, 5_000);
        final StoreContent before = StoreContent.read(directory);
        assertTrue(before.count(KeyFamily.QUARANTINE) > 0, "seed " + seed);
        for (final String lost : new String[] {"rocks", "lmdb", "rocks lmdb"}) {
            for (final String store : lost.split(" ")) {
                StoreContent.delete(directory, store);
            }
            final String at = "seed " + seed + ", lost " + lost;
            try (Engine engine = Engine.launch(context(directory));
                    Reader reader = engine.newReader()) {
                assertEquals(model.last(), engine.watermark(Watermark.APPENDED), at);
                assertEquals(model.last(), engine.watermark(Watermark.READABLE), at);
                model.check(reader, random, at);
            }
            assertEquals(before, StoreContent.read(directory), at);
        }
    }

    private void fill(
            final SubjectIndex placement,
            final Random random,
            final Model model,
            final int records) {
        try (Engine engine = Engine.launch(context(directory).subjectIndex(placement))) {
            final Appender appender = engine.newAppender();
            final RecordMix mix = new RecordMix(random, 40, appender);
            for (int i = 0; i < records; i++) {
                model.add(mix.append(appender), mix.bytes());
            }
        }
    }

    @Test
    void whatCloseHadNoTimeToStoreIsReplayed() {
        final long seed = TestEngines.newSeed();
        final Random random = new Random(seed);
        final Model model = new Model();
        try (Engine engine =
                Engine.launch(
                        context(directory)
                                .generationRecords(100_000)
                                .generationBytes(32 << 20)
                                .flushIntervalNs(Long.MAX_VALUE)
                                .closeTimeoutNs(0))) {
            final Appender appender = engine.newAppender();
            final RecordMix mix = new RecordMix(random, 40, appender);
            for (int i = 0; i < 3_000; i++) {
                model.add(mix.append(appender), mix.bytes());
            }
        }
        try (Engine engine = Engine.launch(context(directory));
                Reader reader = engine.newReader()) {
            model.check(reader, random, "seed " + seed);
            assertTrue(engine.checkpoint(TIMEOUT_NS));
            model.check(reader, random, "seed " + seed);
        }
        checkStores(model, "seed " + seed);
    }
}
