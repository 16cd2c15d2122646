package io.stemedb.engine.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.journal.ChronicleJournalTest.Collector;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A trim that meets what it did not expect, and one of very many segments. */
class JournalTrimTest extends JournalFixture {
    @TempDir Path aside;

    private long last;

    /** Lives of a record each; the one that is open then has the last. */
    private ChronicleJournal afterLives(final int count) {
        for (int life = 0; life < count; life++) {
            try (ChronicleJournal journal = open()) {
                last = append(journal, last + 1, 30);
            }
        }
        final ChronicleJournal journal = open();
        last = append(journal, last + 1, 30);
        new Collector().drain(journal.newReader(1));
        journal.sync(last);
        return journal;
    }

    private Path segment(final int index) {
        return SegmentFiles.list(directory).get(index).path();
    }

    private void goesOn(final ChronicleJournal journal) {
        last = append(journal, last + 1, 30);
        journal.sync(last);
        assertEquals(last, journal.synced());
    }

    @Test
    void whatSomebodyMovedAwayIsTrimmed() throws IOException {
        try (ChronicleJournal journal = afterLives(3)) {
            final Path first = segment(0);
            final Path second = segment(1);
            Files.move(first, aside.resolve("segment"));
            Files.move(second.getParent(), aside.resolve("life"));
            assertEquals(3, journal.trim(last, 0));
            assertFalse(Files.exists(first.getParent()));
            goesOn(journal);
        }
    }

    @Test
    void whatCannotBeDeletedIsToldAndTriedAgain() throws IOException {
        try (ChronicleJournal journal = afterLives(3)) {
            final Path first = segment(0);
            final Path second = segment(1);
            Files.delete(first);
            Files.createDirectories(first.resolve("something"));
            final JournalRefusedException told =
                    assertThrows(JournalRefusedException.class, () -> journal.trim(last, 0));
            assertTrue(
                    told.getMessage().startsWith("journal " + first + ": cannot be deleted"),
                    told.getMessage());
            assertFalse(Files.exists(second), "one keeps the others");
            assertThrows(JournalRefusedException.class, () -> journal.trim(last, 0));
            goesOn(journal);
            Files.delete(first.resolve("something"));
            assertEquals(1, journal.trim(last, 0));
            assertFalse(Files.exists(first));
            assertEquals(0, journal.trim(last, 0));
        }
        try (ChronicleJournal journal = open()) {
            assertEquals(List.of(), journal.damage());
            assertEquals(last, journal.appended());
        }
    }

    /** What is not known to be on the disk is not deleted for, and ends the journal. */
    @Test
    void whereTheJournalBeginsCannotBeWritten() throws IOException {
        try (ChronicleJournal journal = afterLives(2)) {
            final Path first = segment(0);
            part(part(journal, "oldSegments", OldSegments.class), "file", OldestFile.class).close();
            final long synced = journal.synced();
            final JournalException ended =
                    assertThrows(JournalException.class, () -> journal.trim(last, 0));
            assertFalse(ended instanceof JournalRefusedException);
            assertTrue(ended.getMessage().contains("cannot be trimmed"), ended.getMessage());
            assertTrue(Files.exists(first));
            final JournalException after =
                    assertThrows(JournalException.class, () -> append(journal, last + 1, 30));
            assertTrue(after.getMessage().contains("cannot be trimmed"), after.getMessage());
            assertEquals(synced, journal.synced());
        }
    }

    @Test
    void veryManyAreTrimmedAFewAtATime() {
        try (ChronicleJournal journal = afterLives(10)) {
            assertEquals(4, journal.trim(last, 0));
            assertEquals(7, SegmentFiles.list(directory).size());
            assertEquals(4, journal.trim(last, 0));
            assertEquals(2, journal.trim(last, 0));
            assertEquals(0, journal.trim(last, 0));
            goesOn(journal);
        }
    }

    /** As many as a call takes, none of which can be deleted: it does not take more and more. */
    @Test
    void whatCannotBeDeletedDoesNotAddUp() throws IOException {
        try (ChronicleJournal journal = afterLives(10)) {
            for (int i = 0; i < 4; i++) {
                final Path segment = segment(i);
                Files.delete(segment);
                Files.createDirectories(segment.resolve("something"));
            }
            for (int i = 0; i < 3; i++) {
                assertThrows(JournalRefusedException.class, () -> journal.trim(last, 0));
            }
            assertEquals(11, SegmentFiles.list(directory).size());
            for (int i = 0; i < 4; i++) {
                Files.delete(segment(i).resolve("something"));
            }
            assertEquals(4, journal.trim(last, 0));
            assertEquals(4, journal.trim(last, 0));
        }
    }

    /** Deleting may take long, and blocks are needed meanwhile. */
    @Test
    void whatIsDeletedKeepsNobodyFromPreparing() {
        final int[] prepared = new int[1];
        try (ChronicleJournal journal = afterLives(1)) {
            part(journal, "oldSegments", OldSegments.class)
                    .list()
                    .replaceAll(
                            segment ->
                                    new SegmentFile(segment.path(), segment.number()) {
                                        @Override
                                        long bytes() {
                                            return segment.bytes();
                                        }

                                        @Override
                                        void delete() throws IOException {
                                            prepared[0]++;
                                            journal.prepare(); // throws where its lock is held
                                            segment.delete();
                                        }
                                    });
            assertEquals(1, journal.trim(last, 0));
            assertEquals(1, prepared[0]);
        }
    }
}
