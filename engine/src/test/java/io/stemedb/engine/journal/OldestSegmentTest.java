package io.stemedb.engine.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.journal.ChronicleJournalTest.Collector;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What was trimmed and what was lost are told apart. */
class OldestSegmentTest extends JournalFixture {
    private static final int RECORDS = 300;

    /** Lives of 100 records. */
    private void lives(final int count) {
        for (int life = 0; life < count; life++) {
            try (ChronicleJournal journal = open()) {
                for (int i = 0; i < RECORDS / 3; i++) {
                    append(journal, journal.appended() + 1, 30);
                }
            }
        }
    }

    private List<SegmentFile> files() {
        return SegmentFiles.list(directory);
    }

    private void trimToLastLife() {
        lives(2);
        try (ChronicleJournal journal = open()) {
            append(journal, 201, 30);
            new Collector().drain(journal.newReader(1));
            journal.sync(201);
            assertEquals(2, journal.trim(201, 0));
        }
    }

    @Test
    void aFirstSegmentThatIsGoneIsAGap() throws IOException {
        lives(3);
        Files.delete(files().get(0).path());
        try (ChronicleJournal journal = open()) {
            final Collector collector = new Collector().drain(journal.newReader(1));
            assertEquals(200, collector.sequences.size());
            assertTrue(collector.damage.get(0).startsWith("1-100: "), collector.damage.toString());
        }
        try (JournalTail tail = JournalTail.open(directory, 1)) {
            assertEquals(1, tail.oldestSequence());
            final Collector collector = new Collector().drain(tail);
            assertEquals(200, collector.sequences.size());
            assertTrue(collector.damage.get(0).startsWith("1-100: "), collector.damage.toString());
        }
    }

    @Test
    void zerosInTheFirstSegmentAreAGap() throws IOException {
        lives(3);
        final Path first = files().get(0).path();
        Files.write(first, new byte[(int) Files.size(first)]);
        try (ChronicleJournal journal = open()) {
            final Collector collector = new Collector().drain(journal.newReader(1));
            assertEquals(200, collector.sequences.size());
            assertTrue(collector.damage.get(0).startsWith("1-100: "), collector.damage.toString());
        }
    }

    /** Lives of a good record, of bytes that are none, of nothing, and of a good record. */
    @Test
    void anUnusedSegmentBehindAnUnreadableOneHidesNothing() throws IOException {
        lives(1);
        Files.write(segment(2), new byte[] {0, 0, 0, 0, 9, 9, 9, 9});
        Files.write(segment(3), new byte[8]);
        try (ChronicleJournal journal = open()) {
            assertEquals(101, append(journal, 101, 30));
        }
        Files.write(segment(3), new byte[8]); // the open deleted it
        try (ChronicleJournal journal = open()) {
            final Collector collector = new Collector().drain(journal.newReader(1));
            assertEquals(101, collector.sequences.size());
            assertEquals(List.of(), collector.damage);
        }
    }

    private Path segment(final long number) throws IOException {
        final Path life = Files.createDirectories(SegmentFiles.lifeDirectory(directory, number));
        return life.resolve(SegmentFiles.fileName(number));
    }

    @Test
    void whatWasTrimmedIsRefusedAndNotAGap() {
        trimToLastLife();
        try (ChronicleJournal journal = open()) {
            assertEquals(List.of(), journal.damage());
            assertEquals(201, journal.appended());
            final JournalException refused =
                    assertThrows(JournalException.class, () -> journal.newReader(1));
            assertTrue(refused.getMessage().startsWith("sequences 1-200 "), refused.getMessage());
            final Collector collector = new Collector().drain(journal.newReader(201));
            assertEquals(List.of(201L), collector.sequences);
            assertEquals(List.of(), collector.damage);
        }
        try (JournalTail tail = JournalTail.open(directory, 1)) {
            assertTrue(tail.isStartKnown());
            assertEquals(201, tail.oldestSequence());
            assertEquals(List.of(), new Collector().drain(tail).damage);
        }
    }

    /** Power went while segments were being deleted, and one of them is there again. */
    private Path aTrimThatStopped() throws IOException {
        lives(1);
        final Path first = files().get(0).path();
        final Path kept = directory.resolveSibling("kept");
        Files.copy(first, kept);
        lives(1);
        try (ChronicleJournal journal = open()) {
            append(journal, 201, 30);
            new Collector().drain(journal.newReader(1));
            journal.sync(201);
            assertEquals(2, journal.trim(201, 0));
        }
        Files.createDirectories(first.getParent());
        Files.move(kept, first, StandardCopyOption.REPLACE_EXISTING);
        try (JournalTail tail = JournalTail.open(directory, 1)) {
            assertEquals(201, tail.oldestSequence());
        }
        return first;
    }

    /** What a failed force left in memory is forced before segments are deleted for it. */
    @Test
    void aTrimThatStoppedIsEndedByTheNextOpen() throws IOException {
        final Path first = aTrimThatStopped();
        final FileTime before = FileTime.fromMillis(0);
        Files.setLastModifiedTime(OldestSegment.file(directory), before);
        try (ChronicleJournal journal = ChronicleJournal.open(directory, config(201))) {
            assertFalse(Files.exists(first));
            assertTrue(
                    before.compareTo(Files.getLastModifiedTime(OldestSegment.file(directory))) < 0,
                    "not written again");
            assertEquals(201, journal.appended());
            assertEquals(List.of(201L), new Collector().drain(journal.newReader(201)).sequences);
        }
    }

    @Test
    void whatATrimLeftIsKeptIfTheStoresAreGone() throws IOException {
        final Path first = aTrimThatStopped();
        try (ChronicleJournal journal = open()) {
            assertTrue(Files.exists(first));
            final Collector collector = new Collector().drain(journal.newReader(1));
            assertEquals(101, collector.sequences.size());
            assertTrue(
                    collector.damage.get(0).startsWith("101-200: "), collector.damage.toString());
        }
    }

    @Test
    void anAlteredFileIsToldAndWrittenAnew() throws IOException {
        trimToLastLife();
        final Path file = OldestSegment.file(directory);
        final byte[] sound = Files.readAllBytes(file);
        for (int bit = 0; bit < 8 * sound.length; bit++) {
            final byte[] altered = sound.clone();
            altered[bit / 8] ^= (byte) (1 << bit % 8);
            Files.write(file, altered);
            assertEquals(OldestSegment.UNKNOWN, OldestSegment.read(directory), "bit " + bit);
        }
        try (JournalTail tail = JournalTail.open(directory, 1)) {
            assertFalse(tail.isStartKnown());
            assertEquals(201, tail.oldestSequence());
        }
        try (ChronicleJournal journal = open()) {
            assertEquals(1, journal.damage().size());
            assertTrue(journal.damage().get(0).contains("oldest: altered"));
            final Collector collector = new Collector().drain(journal.newReader(201));
            assertEquals(List.of(201L), collector.sequences);
        }
        assertEquals(201, OldestSegment.read(directory).firstSequence());
    }

    @Test
    void aFileThatWasMadeAndNotWrittenIsOfANewJournal() throws IOException {
        Files.createFile(OldestSegment.file(directory));
        assertEquals(OldestSegment.FIRST, OldestSegment.read(directory));
        lives(1);
        assertEquals(new OldestSegment(1, 1), OldestSegment.read(directory));
    }

    private void loseAllSegments() throws IOException {
        for (final SegmentFile file : files()) {
            SegmentFiles.delete(file.path());
        }
    }

    /** At once, and at every look from then on. */
    @Test
    void aJournalThatLostAllItsSegmentsIsToldToHave() throws IOException {
        lives(3);
        loseAllSegments();
        try (ChronicleJournal journal = ChronicleJournal.open(directory, config(RECORDS))) {
            assertEquals(1, journal.damage().size(), journal.damage().toString());
            assertTrue(
                    journal.damage().get(0).contains("sequences 1-300 are missing at its end"),
                    journal.damage().toString());
            assertEquals(301, append(journal, 301, 30));
        }
        try (JournalTail tail = JournalTail.open(directory, 1)) {
            final Collector collector = new Collector().drain(tail);
            assertEquals(List.of(301L), collector.sequences);
            assertEquals(1, collector.damage.size(), "not told");
            assertTrue(collector.damage.get(0).startsWith("1-300: "), collector.damage.toString());
        }
        try (ChronicleJournal journal = ChronicleJournal.open(directory, config(RECORDS))) {
            final Collector collector = new Collector().drain(journal.newReader(301));
            assertEquals(List.of(301L), collector.sequences);
            assertEquals(List.of(), collector.damage);
        }
    }

    /** What was trimmed before is not lost. */
    @Test
    void aTrimmedJournalThatLostAllItsSegmentsLostThoseBehind() throws IOException {
        trimToLastLife();
        loseAllSegments();
        for (int life = 0; life < 2; life++) {
            try (ChronicleJournal journal = ChronicleJournal.open(directory, config(250))) {
                assertTrue(
                        journal.damage().get(0).contains("sequences 201-250 are missing"),
                        journal.damage().toString());
            }
        }
        assertEquals(201, OldestSegment.read(directory).firstSequence());
    }

    /** At 100,000 a second that is twelve hours. */
    @Test
    void whatFollowsFourBillionTrimmedRecordsIsReadWhereTheFileIsGone() throws IOException {
        final long trimmed = 1L << 33;
        try (OldestFile file = OldestFile.open(directory)) {
            file.write(new OldestSegment(1, trimmed + 1));
        }
        try (ChronicleJournal journal = ChronicleJournal.open(directory, config(trimmed))) {
            for (long n = trimmed + 1; n <= trimmed + 4; n++) {
                assertEquals(n, append(journal, n, 30));
            }
        }
        Files.delete(OldestSegment.file(directory));
        try (ChronicleJournal journal = ChronicleJournal.open(directory, config(trimmed + 1))) {
            final Collector collector = new Collector().drain(journal.newReader(trimmed + 2));
            assertEquals(List.of(trimmed + 2, trimmed + 3, trimmed + 4), collector.sequences);
            assertEquals(List.of(), collector.damage);
        }
    }

    /** Its name was durable, and its length not yet. */
    @Test
    void aSegmentWithoutABlockIsPassed() throws IOException {
        lives(1);
        Files.createFile(segment(2));
        try (JournalTail tail = JournalTail.open(directory, 1)) {
            assertEquals(100, new Collector().drain(tail).sequences.size());
        }
        try (ChronicleJournal journal = open()) {
            assertEquals(List.of(), journal.damage());
            assertEquals(101, append(journal, 101, 30));
            assertEquals(101, new Collector().drain(journal.newReader(1)).sequences.size());
        }
    }
}
