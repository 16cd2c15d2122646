package io.stemedb.engine.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.codecs.AssertionView;
import io.stemedb.codecs.RecordValidator;
import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.api.Test;

class ChronicleJournalTest extends JournalFixture {
    /** Collects what a reader delivers and checks each record. */
    static class Collector implements JournalHandler {
        final List<Long> sequences = new ArrayList<>();
        final List<Long> timestamps = new ArrayList<>();
        final List<String> damage = new ArrayList<>();
        private final RecordValidator validator = new RecordValidator();
        private final AssertionView view = new AssertionView();

        @Override
        public void onRecord(
                final long sequence,
                final DirectBuffer buffer,
                final int offset,
                final int length) {
            validator.validate(buffer, offset, length);
            sequences.add(sequence);
            timestamps.add(view.wrap(buffer, offset, length).timestamp());
        }

        @Override
        public void onDamage(
                final long firstSequence,
                final long lastSequence,
                final String reason,
                final DirectBuffer buffer,
                final int offset,
                final int length) {
            damage.add(firstSequence + "-" + lastSequence + ": " + reason);
        }

        final Collector drain(final JournalReader reader) {
            int idle = 0;
            while (idle < 4) {
                idle = reader.poll(this, 16) == 0 ? idle + 1 : 0;
            }
            reader.close();
            return this;
        }
    }

    private static void assertSequences(final Collector collector, final long from, final long to) {
        assertEquals(to - from + 1, collector.sequences.size());
        for (int i = 0; i < collector.sequences.size(); i++) {
            assertEquals(from + i, collector.sequences.get(i));
            assertEquals(from + i, collector.timestamps.get(i));
        }
    }

    @Test
    void deliversWhatWasAppendedOverManySegmentsAndLives() throws IOException {
        final int perLife = 20_000;
        long n = 0;
        for (int life = 0; life < 3; life++) {
            try (ChronicleJournal journal = open()) {
                assertTrue(journal.damage().isEmpty(), journal.damage().toString());
                assertEquals(n, journal.appended());
                for (int i = 0; i < perLife; i++) {
                    n++;
                    assertEquals(n, append(journal, n, (int) (n % 300)));
                }
                final Collector collector = new Collector().drain(journal.newReader(1));
                assertEquals(List.of(), collector.damage);
                assertSequences(collector, 1, n);
            }
        }
        try (ChronicleJournal journal = open()) {
            final Collector collector = new Collector().drain(journal.newReader(30_001));
            assertSequences(collector, 30_001, n);
            assertEquals(List.of(), collector.damage);
        }
        assertTrue(SegmentFiles.list(directory).size() >= 9, "segments rolled");
    }

    @Test
    void followsTheAppender() {
        try (ChronicleJournal journal = open()) {
            final JournalReader reader = journal.newReader(1);
            final Collector collector = new Collector();
            for (long n = 1; n <= 30_000; n++) {
                append(journal, n, 50);
                if (n % 11 == 0) {
                    while (reader.nextSequence() <= n) {
                        reader.poll(collector, 8);
                    }
                }
            }
            collector.drain(reader);
            assertSequences(collector, 1, 30_000);
        }
    }

    @Test
    void syncMovesTheWatermarkAndNothingElseDoes() {
        try (ChronicleJournal journal = open()) {
            for (long n = 1; n <= 20_000; n++) {
                append(journal, n, 100);
            }
            assertEquals(0, journal.synced());
            journal.sync(5);
            assertEquals(20_000, journal.synced());
            append(journal, 20_001, 1);
            assertEquals(20_000, journal.synced());
        }
        try (ChronicleJournal journal = open()) {
            assertEquals(20_001, journal.synced());
        }
    }

    @Test
    void largestAndSmallestRecordsAreTaken() {
        try (ChronicleJournal journal = open()) {
            for (long n = 1; n <= 100; n++) {
                append(journal, n, n % 2 == 0 ? 65_536 : 0);
            }
            assertSequences(new Collector().drain(journal.newReader(1)), 1, 100);
            assertThrows(
                    IllegalArgumentException.class, () -> journal.append(records.buffer, 0, 7));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> journal.append(records.buffer, 0, 262_145));
        }
    }

    @Test
    void appendersOnSeveralThreadsShareOneOrder() throws InterruptedException {
        final int threads = 4;
        final int each = 5_000;
        try (ChronicleJournal journal = open()) {
            final List<Throwable> failures = new ArrayList<>();
            final List<Thread> running = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                final Thread thread =
                        new Thread(
                                () -> {
                                    final TestRecords own = new TestRecords();
                                    long last = 0;
                                    for (int i = 0; i < each; i++) {
                                        final int length = own.encode(i, 20);
                                        long sequence;
                                        while ((sequence = journal.append(own.buffer, 0, length))
                                                < 0) {
                                            journal.prepare();
                                        }
                                        assertTrue(sequence > last);
                                        last = sequence;
                                    }
                                    journal.sync(last);
                                });
                thread.setUncaughtExceptionHandler(
                        (dead, e) -> {
                            synchronized (failures) {
                                failures.add(e);
                            }
                        });
                running.add(thread);
                thread.start();
            }
            for (final Thread thread : running) {
                thread.join();
            }
            assertEquals(List.of(), failures);
            final Collector collector = new Collector().drain(journal.newReader(1));
            assertEquals(threads * each, collector.sequences.size());
            assertEquals((long) threads * each, journal.synced());
        }
    }

    @Test
    void floorIsNeverGivenOutAgainAndTheGapIsTold() {
        try (ChronicleJournal journal = open()) {
            append(journal, 1, 10);
            append(journal, 2, 10);
        }
        try (ChronicleJournal journal = ChronicleJournal.open(directory, config(10))) {
            assertEquals(11, append(journal, 11, 10));
            final Collector collector = new Collector().drain(journal.newReader(1));
            assertEquals(List.of(1L, 2L, 11L), collector.sequences);
            assertEquals(1, collector.damage.size());
            assertTrue(collector.damage.get(0).startsWith("3-10: "), collector.damage.get(0));
        }
    }

    @Test
    void segmentsAreTrimmedOldestFirstAndOnlyBelow() {
        try (ChronicleJournal journal = open()) {
            for (long n = 1; n <= 30_000; n++) {
                append(journal, n, 100);
            }
            final Collector collector = new Collector().drain(journal.newReader(1));
            assertSequences(collector, 1, 30_000);
            journal.sync(30_000);
            while (journal.prepare() > 0) {
                Thread.onSpinWait();
            }
            assertEquals(0, journal.trim(1, 0));
            final int before = SegmentFiles.list(directory).size();
            final int deleted = journal.trim(20_000, 0);
            assertTrue(deleted > 0);
            assertEquals(before - deleted, SegmentFiles.list(directory).size());
            assertEquals(0, journal.trim(20_000, 0));
            final JournalException refused =
                    assertThrows(JournalException.class, () -> journal.newReader(1));
            assertTrue(refused.getMessage().startsWith("sequences 1-"), refused.getMessage());
            final Collector rest = new Collector().drain(journal.newReader(20_000));
            assertSequences(rest, 20_000, 30_000);
        }
    }

    @Test
    void backlogIsBounded() {
        final JournalConfig small =
                new JournalConfig(SEGMENT, 1 << 20, 1 << 20, 0, SystemNanoClock.INSTANCE);
        try (ChronicleJournal journal = ChronicleJournal.open(directory, small)) {
            final int length = records.encode(1, 1000);
            long taken = 0;
            int refusals = 0;
            while (refusals < 100) {
                if (journal.append(records.buffer, 0, length) > 0) {
                    taken += length;
                    refusals = 0;
                } else {
                    refusals++;
                    journal.prepare();
                }
            }
            assertTrue(taken >= 1 << 20 && taken < (1 << 20) + 2 * length, "taken " + taken);
            new Collector() {
                @Override
                public void onRecord(
                        final long sequence,
                        final DirectBuffer buffer,
                        final int offset,
                        final int bytes) {
                    assertTrue(bytes > 0);
                }
            }.drain(journal.newReader(1));
            assertTrue(journal.append(records.buffer, 0, length) > 0);
        }
    }

    @Test
    void closeIsIdempotentAndUseAfterCloseIsAnException() throws IOException {
        final ChronicleJournal journal = open();
        append(journal, 1, 10);
        final JournalReader reader = journal.newReader(1);
        journal.close();
        journal.close();
        assertThrows(JournalException.class, () -> append(journal, 2, 10));
        assertThrows(JournalException.class, () -> journal.sync(2));
        assertThrows(JournalException.class, journal::prepare);
        assertThrows(JournalException.class, () -> journal.newReader(1));
        assertThrows(JournalException.class, () -> reader.poll(new Collector(), 1));
        final List<SegmentFile> left = SegmentFiles.list(directory);
        assertEquals(1, left.size());
        assertTrue(Files.size(left.get(0).path()) < 100_000, "what was reserved is given back");
    }

    @Test
    void anOpenThatAppendsNothingLeavesWhereTheJournalBegins() throws IOException {
        open().close();
        open().close();
        try (var files = Files.list(directory)) {
            assertEquals(
                    Set.of(OldestSegment.file(directory), SyncedMark.file(directory)),
                    files.collect(Collectors.toSet()));
        }
        assertEquals(new OldestSegment(1, 1), OldestSegment.read(directory));
    }

    @Test
    void anInterruptedThreadAppendsAndSyncs() {
        try (ChronicleJournal journal = open()) {
            Thread.currentThread().interrupt();
            for (long n = 1; n <= 10_000; n++) {
                append(journal, n, 100);
            }
            journal.sync(10_000);
            assertTrue(Thread.interrupted());
            assertFalse(Thread.currentThread().isInterrupted());
            assertSequences(new Collector().drain(journal.newReader(1)), 1, 10_000);
        }
    }

    /** A reader is opened again where the first segments were closed meanwhile. */
    @Test
    void aNewReaderDoesNotCountWhatWasReadAsBacklog() {
        final long backlogLimit = 1 << 20;
        final JournalConfig config =
                new JournalConfig(SEGMENT, 1 << 20, backlogLimit, 0, SystemNanoClock.INSTANCE);
        try (ChronicleJournal journal = ChronicleJournal.open(directory, config)) {
            long n = 0;
            for (int round = 0; round < 3; round++) {
                final JournalReader reader = journal.newReader(n + 1);
                for (final long end = n + 20_000; n < end; ) {
                    final int length = records.encode(n + 1, 200);
                    int refused = 0;
                    while (journal.append(records.buffer, 0, length) < 0) {
                        assertTrue(++refused < 1_000, "back-pressured for ever at " + n);
                        while (reader.poll(new Collector(), 1_000) > 0) {
                            Thread.onSpinWait();
                        }
                        journal.prepare();
                    }
                    n++;
                }
                new Collector().drain(reader);
                journal.sync(n);
                while (journal.prepare() > 0) {
                    Thread.onSpinWait();
                }
            }
            assertEquals(60_000, journal.appended());
            // and it still is a limit
            final int length = records.encode(n + 1, 200);
            int more = 0;
            while (journal.append(records.buffer, 0, length) > 0) {
                journal.prepare();
                more++;
            }
            assertTrue(more <= backlogLimit / length + 1, "more: " + more);
        }
    }

    @Test
    void whatIsNotNamedLikeALifeIsNotTheJournals() throws IOException {
        try (ChronicleJournal journal = open()) {
            append(journal, 1, 10);
        }
        final List<SegmentFile> segments = SegmentFiles.list(directory);
        for (final String name : List.of("00000001.bak", "1", "000000007", "00000002x")) {
            final Path other = Files.createDirectory(directory.resolve(name));
            Files.copy(segments.get(0).path(), other.resolve(segments.get(0).path().getFileName()));
        }
        assertEquals(segments.size(), SegmentFiles.list(directory).size());
        try (ChronicleJournal journal = open()) {
            assertEquals(List.of(), journal.damage());
            assertEquals(2, append(journal, 2, 10));
            assertSequences(new Collector().drain(journal.newReader(1)), 1, 2);
        }
    }

    /** What a failed force left in memory may be all there is of a record: nothing is cut off. */
    @Test
    void aFailedJournalLeavesItsFilesAtClose() throws Exception {
        final ChronicleJournal journal = open();
        long last = 0;
        while (SegmentFiles.list(directory).size() < 2) {
            last = append(journal, last + 1, 50_000);
            journal.prepare();
        }
        final Field syncing = ChronicleJournal.class.getDeclaredField("syncing");
        syncing.setAccessible(true);
        ((LiveSegment) syncing.get(journal)).syncFile().close(); // so the next force fails
        assertThrows(JournalException.class, () -> journal.sync(journal.appended()));
        final List<Long> before = lengths();
        journal.close();
        assertEquals(before, lengths());
        try (ChronicleJournal again = open()) {
            assertSequences(new Collector().drain(again.newReader(1)), 1, last);
        }
        assertEquals(1, lengths().size());
        assertTrue(lengths().get(0) < before.get(0), "the control: a sound one gives back");
    }

    private List<Long> lengths() throws IOException {
        final List<Long> lengths = new ArrayList<>();
        for (final SegmentFile file : SegmentFiles.list(directory)) {
            lengths.add(Files.size(file.path()));
        }
        return lengths;
    }
}
