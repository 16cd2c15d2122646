package io.stemedb.engine;

import static io.stemedb.engine.TestEngines.TIMEOUT_NS;
import static io.stemedb.engine.TestEngines.claim;
import static io.stemedb.engine.TestEngines.context;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.status.Counter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bytes of the journal that changed on disk, through the whole engine. */
class DamagedJournalTest {
    private static final int COUNT = 150;

    @TempDir Path directory;

    private void fill() {
        try (Engine engine = Engine.launch(context(directory))) {
            final Appender appender = engine.newAppender();
            for (int i = 1; i <= COUNT; i++) {
                claim(appender, "a", i, i);
            }
        }
        loseStores();
    }

    /** An empty file of a store is none: it is not made anew without a word. */
    @Test
    void aStoreWhoseFileIsEmptyIsToldAsMissing() throws IOException {
        fill();
        Engine.launch(context(directory)).close();
        Files.write(directory.resolve(EngineParts.LMDB).resolve("data.mdb"), new byte[0]);
        try (Engine engine = Engine.launch(context(directory))) {
            final OpeningReport report = engine.openingReport();
            assertTrue(report.found().contains("LMDB: the store is missing"), report::toString);
            assertEquals(COUNT, report.replayed());
        }
    }

    /** So that ingest has all to do again. */
    private void loseStores() {
        StoreContent.delete(directory, EngineParts.ROCKS);
        StoreContent.delete(directory, EngineParts.LMDB);
    }

    /** Changes bytes, counted from the frame of a record; the only segment is the last one. */
    private void damage(final long sequence, final int... places) throws IOException {
        final Path segment;
        try (Stream<Path> files = Files.walk(directory.resolve(EngineParts.JOURNAL))) {
            segment =
                    files.filter(file -> file.toString().endsWith(".cq4")).findAny().orElseThrow();
        }
        try (FileChannel channel =
                FileChannel.open(segment, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            final ByteBuffer bytes =
                    ByteBuffer.allocate((int) channel.size()).order(ByteOrder.LITTLE_ENDIAN);
            channel.read(bytes, 0);
            for (int frame = 0; frame < bytes.capacity() - 16; frame += 4) {
                final int length = bytes.getInt(frame + 4);
                if (bytes.getLong(frame + 8) == sequence && length > 100 && length < 1_000) {
                    for (final int at : places) {
                        final byte changed = (byte) (bytes.get(frame + at) ^ 0x15);
                        channel.write(ByteBuffer.wrap(new byte[] {changed}), frame + at);
                    }
                    return;
                }
            }
        }
        throw new AssertionError("record " + sequence + " is not in " + segment);
    }

    /** Places at, before and behind the end of an ingest batch. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 31, 32, 33, 64, 149, 150})
    void aLostRecordIsReportedAndItsNeighboursAreServed(final long lost) throws Exception {
        fill();
        damage(lost, 1, 6); // frame and length: nothing says where it ends
        final List<Throwable> told = Collections.synchronizedList(new ArrayList<>());
        try (Engine engine = Engine.launch(context(directory).errorHandler(told::add));
                Reader reader = engine.newReader()) {
            assertEquals(COUNT, engine.watermark(Watermark.READABLE));
            assertEquals(1, engine.counters().get(Counter.QUARANTINED));
            assertEquals(1, engine.counters().get(Counter.MISSING));
            assertFalse(told.isEmpty());
            checkNeighbours(reader, lost);
            assertTrue(engine.checkpoint(TIMEOUT_NS));
            checkNeighbours(reader, lost);
        }
        final StoreContent content = StoreContent.read(directory);
        assertEquals(List.of(lost), List.copyOf(content.quarantine().keySet()));
        final String reason = content.quarantine().get(lost).reason();
        assertTrue(reason.contains("missing") && reason.contains(String.valueOf(lost)), reason);
    }

    /** Frame and length agree, on a length that reaches over many records behind. */
    @ParameterizedTest
    @ValueSource(longs = {1, 32, 100, 150})
    void aLengthThatReachesOverOthersHidesNone(final long altered) throws Exception {
        fill();
        damage(altered, 1, 5);
        try (Engine engine = Engine.launch(context(directory).errorHandler(error -> {}));
                Reader reader = engine.newReader()) {
            assertEquals(COUNT, engine.watermark(Watermark.READABLE));
            assertEquals(1, engine.counters().get(Counter.QUARANTINED));
            checkNeighbours(reader, altered);
        }
    }

    private static void checkNeighbours(final Reader reader, final long lost) {
        final List<Long> expected = new ArrayList<>();
        for (long sequence = COUNT; sequence > 0; sequence--) {
            if (sequence != lost) {
                expected.add(sequence);
            }
        }
        final List<Long> found = new ArrayList<>();
        reader.newestFirst("a", COUNT, (sequence, h, r, o, l) -> found.add(sequence));
        assertEquals(expected, found);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 32, 100})
    void anAlteredRecordIsReportedAndNeverReturned(final long altered) throws Exception {
        fill();
        damage(altered, 16 + 40); // in its body
        final List<String> told = Collections.synchronizedList(new ArrayList<>());
        try (Engine engine =
                        Engine.launch(
                                context(directory)
                                        .errorHandler(error -> told.add(error.getMessage())));
                Reader reader = engine.newReader()) {
            assertEquals(COUNT, engine.watermark(Watermark.READABLE));
            assertEquals(1, engine.counters().get(Counter.QUARANTINED));
            assertFalse(told.isEmpty());
            checkNeighbours(reader, altered);
        }
        final String reason = StoreContent.read(directory).quarantine().get(altered).reason();
        assertTrue(reason.startsWith("crc32c"), reason);
        told.clear();
        loseStores();
        try (Engine engine = // a life in between, so that it is no longer the tail that is scanned
                Engine.launch(
                        context(directory).errorHandler(error -> told.add(error.getMessage())))) {
            claim(engine.newAppender(), "a", -1, 1);
        }
        told.clear();
        loseStores();
        Engine.launch(context(directory).errorHandler(error -> told.add(error.getMessage())))
                .close();
        assertTrue(
                told.stream().anyMatch(text -> text.contains(Long.toString(altered))),
                told::toString);
    }

    /** No record behind them shows that they are gone, and no store has had them. */
    @Test
    void syncedRecordsThatAreGoneAtTheEndAreToldAndTheirSequencesNotGivenAgain()
            throws IOException {
        fill();
        final int kept = 100;
        loseTheEnd(kept);
        final String range = (kept + 1) + "-" + COUNT;
        try (Repair repair = Repair.plan(directory, count -> {})) {
            assertEquals(
                    List.of(
                            "sequences "
                                    + range
                                    + ": the journal has lost them, and no store that can be read has them"),
                    repair.impossible());
        }
        final List<String> told = Collections.synchronizedList(new ArrayList<>());
        try (Engine engine =
                        Engine.launch(
                                context(directory)
                                        .errorHandler(error -> told.add(error.getMessage())));
                Reader reader = engine.newReader()) {
            final String found = engine.openingReport().found().toString();
            assertTrue(found.contains("sequences " + range + " are missing at its end"), found);
            assertTrue(told.toString().contains(range), told::toString);
            assertEquals(COUNT - kept, engine.counters().get(Counter.MISSING));
            assertEquals(COUNT, engine.watermark(Watermark.READABLE));
            final List<Long> served = new ArrayList<>();
            reader.oldestFirst("a", COUNT, (sequence, h, r, o, l) -> served.add(sequence));
            assertEquals(kept, served.size());
            assertEquals(COUNT + 1, claim(engine.newAppender(), "a", -1, 1));
        }
        final Verification verification = Verifier.verify(directory, count -> {});
        assertEquals(1, verification.differenceCount(), verification::toString);
        assertTrue(verification.differences().get(0).contains(range), verification::toString);
    }

    private void loseTheEnd(final int kept) {
        final JournalPlaces.Place place = JournalPlaces.of(directory).get(kept);
        JournalPlaces.change(
                place.segment(),
                bytes -> Arrays.fill(bytes, place.frame(), bytes.length, (byte) 0));
    }

    /** A store that cannot be opened may have what the journal has lost: it is not moved away. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aStoreThatMayHaveTheEndStays(final boolean headless) throws IOException {
        fill();
        Engine.launch(context(directory)).close();
        loseTheEnd(100);
        StoreContent.delete(directory, EngineParts.LMDB);
        final Path current = directory.resolve("rocks/CURRENT");
        if (headless) {
            Files.delete(current);
        } else {
            Files.writeString(current, "MANIFEST-000999\n");
        }
        try (Repair repair = Repair.plan(directory, count -> {})) {
            assertEquals(List.of(), repair.steps());
            final String impossible = repair.impossible().toString();
            assertTrue(impossible.contains("no store that can be read has them"), impossible);
            assertTrue(impossible.contains("RocksDB is damaged: it may have records"), impossible);
            assertTrue(impossible.contains("LMDB is missing: it is not rebuilt"), impossible);
            assertFalse(repair.run(Throwable::printStackTrace, count -> {}).isSound());
        }
        assertFalse(Files.exists(directory.resolve("aside")), "moved aside");
    }

    /** As where the disks of journal and stores are not mounted. */
    @Test
    void aManifestAloneIsTold() throws IOException {
        fill();
        StoreContent.delete(directory, EngineParts.JOURNAL);
        try (Engine engine = Engine.launch(context(directory))) {
            final OpeningReport report = engine.openingReport();
            assertFalse(report.isSound());
            assertTrue(
                    report.found().get(0).contains("neither journal nor stores"), report::toString);
        }
        try (Engine engine = Engine.launch(context(directory))) {
            assertTrue(engine.openingReport().isSound());
        }
    }
}
