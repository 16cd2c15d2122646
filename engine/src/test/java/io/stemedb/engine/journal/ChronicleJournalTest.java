package io.stemedb.engine.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.codecs.AssertionView;
import io.stemedb.codecs.RecordValidator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChronicleJournalTest {
    private static final int SEGMENT = JournalConfig.SEGMENT_LENGTH_MIN;

    @TempDir Path directory;

    private final TestRecords records = new TestRecords();

    static JournalConfig config(final long floor, final BlockPreparation preparation) {
        return new JournalConfig(
                SEGMENT, 1 << 20, 64 << 20, preparation, floor, SystemNanoClock.INSTANCE);
    }

    private ChronicleJournal open() {
        return ChronicleJournal.open(directory, config(0, BlockPreparation.THROUGHPUT));
    }

    /** Appends, turning the preparing crank whenever the journal asks for it. */
    private long append(final Journal journal, final long n, final int textLength) {
        final int length = records.encode(n, textLength);
        long sequence;
        while ((sequence = journal.append(records.buffer, 0, length)) < 0) {
            assertEquals(Journal.BACK_PRESSURED, sequence);
            journal.prepare();
        }
        return sequence;
    }

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
        try (ChronicleJournal journal =
                ChronicleJournal.open(directory, config(10, BlockPreparation.LATENCY))) {
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
                new JournalConfig(
                        SEGMENT,
                        1 << 20,
                        1 << 20,
                        BlockPreparation.THROUGHPUT,
                        0,
                        SystemNanoClock.INSTANCE);
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
    void anOpenThatAppendsNothingLeavesNothing() throws IOException {
        open().close();
        open().close();
        try (var files = Files.list(directory)) {
            assertEquals(0, files.count());
        }
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

    /** What a reader of a damaged journal serves and tells. */
    private static final class Account implements JournalHandler {
        final List<Long> served = new ArrayList<>();
        long told;
        int damages;
        private final RecordValidator validator = new RecordValidator();
        private final AssertionView view = new AssertionView();

        @Override
        public void onRecord(
                final long sequence,
                final DirectBuffer buffer,
                final int offset,
                final int length) {
            try {
                validator.validate(buffer, offset, length);
            } catch (final IllegalArgumentException e) {
                told++;
                damages++;
                return;
            }
            assertEquals(
                    sequence,
                    view.wrap(buffer, offset, length).timestamp(),
                    "another record's place");
            served.add(sequence);
        }

        @Override
        public void onDamage(
                final long first,
                final long last,
                final String reason,
                final DirectBuffer buffer,
                final int offset,
                final int length) {
            told += last - first + 1;
            damages++;
        }

        static Account of(final ChronicleJournal journal) {
            final Account account = new Account();
            final JournalReader reader = journal.newReader(1);
            int idle = 0;
            while (idle < 4) {
                idle = reader.poll(account, 16) == 0 ? idle + 1 : 0;
            }
            reader.close();
            return account;
        }
    }

    private byte[] journalOf(final int count) throws IOException {
        try (ChronicleJournal journal = open()) {
            for (long n = 1; n <= count; n++) {
                append(journal, n, 30);
            }
        }
        return Files.readAllBytes(SegmentFiles.list(directory).get(0).path());
    }

    @Test
    void damageIsToldAndNeighboursAreServed() throws IOException {
        final byte[] sound = journalOf(3_000);
        final Path file = SegmentFiles.list(directory).get(0).path();
        final long seed = new Random().nextLong();
        final Random random = new Random(seed);
        for (int round = 0; round < 100; round++) {
            final byte[] bytes = sound.clone();
            // the part of the file that holds records, not the last ones
            final int at = 64_000 + random.nextInt(bytes.length - 66_000);
            final int length = round % 3 == 0 ? 1 : random.nextInt(5_000);
            for (int i = at; i < Math.min(at + length, bytes.length - 1_000); i++) {
                bytes[i] = round % 2 == 0 ? (byte) (bytes[i] ^ 1 << random.nextInt(8)) : 0;
            }
            Files.write(file, bytes);
            try (ChronicleJournal journal = open()) {
                final Account account = Account.of(journal);
                final String which =
                        "seed " + seed + " round " + round + " at " + at + " length " + length;
                assertEquals(3_000, account.served.size() + account.told, which);
                assertEquals(3_000L, account.served.get(account.served.size() - 1), which);
                assertTrue(account.told <= 2 + length / 100, which + " lost " + account.told);
            }
        }
    }

    /** A life with one record does not say by itself where the journal ends. */
    @Test
    void everyBitOfALifesOnlyRecordMayTurnOver() throws IOException {
        try (ChronicleJournal journal = open()) {
            for (long n = 1; n <= 4; n++) {
                append(journal, n, 30);
            }
        }
        try (ChronicleJournal journal = open()) {
            append(journal, 5, 30);
        }
        final Path file = SegmentFiles.list(directory).get(1).path();
        final byte[] sound = Files.readAllBytes(file);
        final int excerpt = Excerpt.RECORD_OFFSET + records.encode(5, 30) + 7 & -8;
        final int head = sound.length - 8 - excerpt;
        for (int bit = 0; bit < 8 * (excerpt - 8); bit++) {
            final byte[] bytes = sound.clone();
            bytes[head + bit / 8] ^= (byte) (1 << bit % 8);
            Files.write(file, bytes);
            final String which = "bit " + bit;
            try (ChronicleJournal journal = open()) {
                assertEquals(5, journal.appended(), which);
                final Account account = Account.of(journal);
                assertEquals(5, account.served.size() + account.told, which);
                assertTrue(account.damages > 0, which + " not told");
            }
            assertTrue(Files.exists(file), which);
        }
    }

    @Test
    void oneReaderAtATime() {
        try (ChronicleJournal journal = open()) {
            final JournalReader first = journal.newReader(1);
            assertThrows(IllegalStateException.class, () -> journal.newReader(1));
            first.close();
            journal.newReader(1).close();
        }
    }

    @Test
    void everyBitOfAnExcerptsHeadMayTurnOver() throws IOException {
        final int count = 40;
        final byte[] sound = journalOf(count);
        final Path file = SegmentFiles.list(directory).get(0).path();
        final int excerpt = Excerpt.RECORD_OFFSET + records.encode(1, 30) + 7 & -8;
        final int last = sound.length - 8 - excerpt;
        for (final int record : new int[] {1, count / 2, count}) {
            final int head = last - (count - record) * excerpt;
            for (int bit = 0; bit < 8 * Excerpt.RECORD_OFFSET; bit++) {
                final byte[] bytes = sound.clone();
                bytes[head + bit / 8] ^= (byte) (1 << bit % 8);
                Files.write(file, bytes);
                try (ChronicleJournal journal = open()) {
                    final Account account = Account.of(journal);
                    final String which = "record " + record + " bit " + bit;
                    assertEquals(count, journal.appended(), which);
                    assertEquals(count, account.served.size() + account.told, which);
                    assertTrue(account.damages > 0, which + " not told");
                    assertTrue(account.told <= 1, which + " lost " + account.told);
                }
            }
        }
    }

    private Path journalOf100CutBy(final int bytes, final int reserved) throws IOException {
        try (ChronicleJournal journal = open()) {
            for (long n = 1; n <= 100; n++) {
                append(journal, n, 30);
            }
        }
        final Path file = SegmentFiles.list(directory).get(0).path();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(channel.size() - bytes);
            channel.write(ByteBuffer.allocate(reserved), channel.size());
        }
        return file;
    }

    @Test
    void aTruncatedLastRecordKeepsItsSequenceAndIsTold() throws IOException {
        journalOf100CutBy(60, 0);
        try (ChronicleJournal journal = open()) {
            assertEquals(1, journal.damage().size());
            assertTrue(
                    journal.damage().get(0).endsWith("sequence 100 is missing"),
                    journal.damage().get(0));
            assertEquals(101, append(journal, 101, 30));
            final Account account = Account.of(journal);
            assertEquals(100, account.served.size());
            assertEquals(1, account.told);
        }
    }

    @Test
    void aTornRecordAtTheTailKeepsItsSequenceAndIsTold() throws IOException {
        final Path file = journalOf100CutBy(60, 1 << 20);
        try (ChronicleJournal journal = open()) {
            assertEquals(List.of("record 100: CRC is wrong"), journal.damage());
            assertEquals(101, append(journal, 101, 30));
        }
        assertTrue(Files.size(file) < 200_000, "zeros cut off");
    }
}
