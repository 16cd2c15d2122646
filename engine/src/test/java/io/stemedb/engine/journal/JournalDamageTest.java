package io.stemedb.engine.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.codecs.AssertionView;
import io.stemedb.codecs.RecordValidator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.agrona.DirectBuffer;
import org.junit.jupiter.api.Test;

/** What is left of a journal whose files were altered. */
class JournalDamageTest extends JournalFixture {
    /** An open forces files, which takes its time. */
    private static final int OPENED = 9;

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
            return of(journal.newReader(1));
        }

        static Account of(final JournalReader reader) {
            final Account account = new Account();
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
            flip(sound, 8 * head + bit, file);
            check(5, bit, "bit " + bit);
            assertTrue(Files.exists(file), "bit " + bit);
        }
    }

    private static void flip(final byte[] sound, final int bit, final Path file)
            throws IOException {
        final byte[] bytes = sound.clone();
        bytes[bit / 8] ^= (byte) (1 << bit % 8);
        Files.write(file, bytes);
    }

    /** By a reader of the files each time, and every so often by a journal that is opened. */
    private void check(final int count, final int round, final String which) {
        try (JournalTail tail = JournalTail.open(directory, 1)) {
            checkAccount(Account.of(tail), count, which);
        }
        if (round % OPENED == 0) {
            try (ChronicleJournal journal = open()) {
                assertEquals(count, journal.appended(), which);
                checkAccount(Account.of(journal), count, which);
            }
        }
    }

    private static void checkAccount(final Account account, final int count, final String which) {
        assertEquals(count, account.served.size() + account.told, which);
        assertTrue(account.damages > 0, which + " not told");
        assertTrue(account.told <= 1, which + " lost " + account.told);
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
                flip(sound, 8 * head + bit, file);
                check(count, bit, "record " + record + " bit " + bit);
            }
        }
    }

    /** What a kill between the last byte of a record and the end of its frame leaves. */
    @Test
    void anOpenFrameAroundAWholeRecordIsNoDamage() throws IOException {
        final int count = 40;
        final byte[] bytes = journalOf(count);
        final Path file = SegmentFiles.list(directory).get(0).path();
        final int excerpt = Excerpt.RECORD_OFFSET + records.encode(1, 30) + 7 & -8;
        for (final int frame : new int[] {0, Excerpt.NOT_COMPLETE}) {
            ByteBuffer.wrap(bytes)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putInt(bytes.length - 8 - excerpt, frame);
            Files.write(file, bytes);
            try (ChronicleJournal journal = open()) {
                assertEquals(List.of(), journal.damage());
                assertEquals(count, journal.appended());
                final Account account = Account.of(journal);
                assertEquals(count, account.served.size());
                assertEquals(0, account.damages);
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

    /** What is not known to be on disk begins before a gap that the floor is in. */
    @Test
    void aGapOverTheFloorIsWrittenAgain() throws IOException {
        final byte[] bytes = journalOf(100);
        final SegmentFile segment = SegmentFiles.list(directory).get(0);
        segment.firstSequence(1);
        final long before = OldSegments.endOf(segment, 39);
        final long behind = OldSegments.endOf(segment, 60);
        assertTrue(before > 0 && behind > before);
        Arrays.fill(bytes, (int) before, (int) behind, (byte) 0);
        Files.write(segment.path(), bytes);
        assertEquals(before, OldSegments.endOf(segment, 39));
        for (final int floor : new int[] {40, 50, 60}) {
            assertEquals(before, OldSegments.endOf(segment, floor), "floor " + floor);
        }
        assertTrue(OldSegments.endOf(segment, 61) > behind);
        assertEquals(0, OldSegments.endOf(segment, 0));
    }

    /**
     * A block with another record of the same length, whose boundary lies somewhere in the head of
     * an excerpt: behind it all is another's, and whole. And of a rotten seal the record is served.
     */
    @Test
    void theBytesOfAnotherRecordAreNotServedInItsPlace() throws IOException {
        final byte[] sound = journalOf(300);
        final SegmentFile segment = SegmentFiles.list(directory).get(0);
        segment.firstSequence(1);
        final int one = (int) OldSegments.endOf(segment, 99);
        final int length = (int) OldSegments.endOf(segment, 100) - one;
        final int other = (int) OldSegments.endOf(segment, 199);
        assertEquals(length, (int) OldSegments.endOf(segment, 200) - other);
        for (int boundary = 0; boundary <= Excerpt.RECORD_OFFSET; boundary += 4) {
            final byte[] bytes = sound.clone();
            System.arraycopy(bytes, other + boundary, bytes, one + boundary, length - boundary);
            assertServed(segment, bytes, 299, "boundary " + boundary);
        }
        for (int i = 0; i < Long.BYTES; i++) {
            final byte[] bytes = sound.clone();
            bytes[one + Excerpt.SEAL_OFFSET + i] = (byte) ~bytes[one + Excerpt.SEAL_OFFSET + i];
            assertServed(segment, bytes, 300, "byte " + i + " of the seal");
        }
    }

    private void assertServed(
            final SegmentFile segment, final byte[] bytes, final int served, final String what)
            throws IOException {
        Files.write(segment.path(), bytes);
        try (JournalTail tail = JournalTail.open(directory, 1)) {
            final Account account = Account.of(tail);
            assertEquals(served, account.served.size(), what);
            assertEquals(300 - served, account.told, what);
            assertTrue(account.damages > 0, what);
        }
    }
}
