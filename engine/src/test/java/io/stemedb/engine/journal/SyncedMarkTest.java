package io.stemedb.engine.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.journal.ChronicleJournalTest.Collector;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What was SYNCED and is lost at the journal's end, where no store and no record shows it. */
class SyncedMarkTest extends JournalFixture {
    private static final int RECORDS = 300;
    private static final int KEPT = 200;
    private static final String LOST = "sequences 201-300 are missing at its end";

    private void life() {
        try (ChronicleJournal journal = open()) {
            for (int i = 1; i <= RECORDS; i++) {
                append(journal, i, 30);
            }
        }
    }

    /** The last 100 records are zeros. */
    private void loseTheEnd() throws IOException {
        final SegmentFile segment = SegmentFiles.list(directory).get(0);
        segment.firstSequence(1);
        final byte[] bytes = Files.readAllBytes(segment.path());
        Arrays.fill(bytes, (int) OldSegments.endOf(segment, KEPT), bytes.length, (byte) 0);
        Files.write(segment.path(), bytes);
    }

    private List<String> lookAtTheEnd() {
        final List<String> found = new ArrayList<>();
        try (JournalTail tail = JournalTail.openLocked(directory, 0)) {
            new Collector() {}.drain(tail);
            tail.findLostEnd(found::add);
        }
        return found;
    }

    @Test
    void recordsThatAreGoneAtTheEndAreToldAndTheirSequencesNotGivenAgain() throws IOException {
        life();
        assertEquals(List.of(), lookAtTheEnd());
        loseTheEnd();
        assertTrue(lookAtTheEnd().get(0).startsWith(LOST), lookAtTheEnd().toString());
        for (int life = 1; life <= 2; life++) { // nothing is appended in the first
            try (ChronicleJournal journal = open()) {
                assertTrue(journal.damage().get(0).contains(LOST), journal.damage().toString());
                assertEquals(RECORDS, journal.appended());
                final Collector collector = new Collector().drain(journal.newReader(1));
                assertEquals(KEPT, collector.sequences.size());
                assertTrue(collector.damage.get(0).startsWith("201-300: "));
                if (life == 2) {
                    assertEquals(RECORDS + 1, append(journal, RECORDS + 1, 30));
                }
            }
        }
        assertEquals(List.of(), lookAtTheEnd()); // the next record shows the gap
        try (ChronicleJournal journal = open()) {
            assertEquals(List.of(), journal.damage());
            final Collector collector = new Collector().drain(journal.newReader(1));
            assertTrue(collector.damage.get(0).startsWith("201-300: "));
            assertEquals(KEPT + 1, collector.sequences.size());
        }
    }

    /** What the mark is for: without it the same loss is not seen. */
    @Test
    void withoutTheMarkTheyAreMissingWithoutAWord() throws IOException {
        life();
        loseTheEnd();
        Files.delete(SyncedMark.file(directory));
        try (ChronicleJournal journal = open()) {
            assertEquals(List.of(), journal.damage());
            assertEquals(KEPT, journal.appended());
        }
    }

    /** As a loss of power may leave it. */
    @Test
    void anOlderMarkIsNoDamage() throws IOException {
        final Path older = directory.resolve("older");
        try (ChronicleJournal journal = open()) {
            append(journal, 1, 30);
            journal.sync(1);
            Files.copy(SyncedMark.file(directory), older);
            append(journal, 2, 30);
            journal.sync(2);
            assertEquals(2, SyncedMark.read(directory));
        }
        Files.move(older, SyncedMark.file(directory), StandardCopyOption.REPLACE_EXISTING);
        assertEquals(1, SyncedMark.read(directory));
        assertEquals(List.of(), lookAtTheEnd());
        try (ChronicleJournal journal = open()) {
            assertEquals(List.of(), journal.damage());
            assertEquals(2, journal.appended());
        }
        assertEquals(2, SyncedMark.read(directory));
    }

    /** Every bit of it, cut at every length, and with too much. */
    @Test
    void anAlteredMarkIsToldAndMadeAnew() throws IOException {
        life();
        final byte[] sound = Files.readAllBytes(SyncedMark.file(directory));
        for (int bit = 0; bit < sound.length * Byte.SIZE; bit++) {
            final byte[] bytes = sound.clone();
            bytes[bit / Byte.SIZE] ^= (byte) (1 << bit % Byte.SIZE);
            Files.write(SyncedMark.file(directory), bytes);
            assertEquals(SyncedMark.UNKNOWN, SyncedMark.read(directory), "bit " + bit);
        }
        for (int length = 1; length <= sound.length + 1; length++) {
            if (length != sound.length) {
                Files.write(SyncedMark.file(directory), Arrays.copyOf(sound, length));
                assertEquals(SyncedMark.UNKNOWN, SyncedMark.read(directory), "length " + length);
            }
        }
        assertEquals(List.of("synced: altered, the next launch makes it anew"), lookAtTheEnd());
        try (ChronicleJournal journal = open()) {
            assertEquals(1, journal.damage().size());
            assertTrue(journal.damage().get(0).endsWith("synced: altered, made anew"));
            assertEquals(RECORDS, journal.appended());
        }
        assertEquals(RECORDS, SyncedMark.read(directory));
    }

    /** Made, and not written before the machine ended. */
    @ParameterizedTest
    @ValueSource(ints = {0, 12})
    void anEmptyMarkSaysNothing(final int length) throws IOException {
        life();
        Files.write(SyncedMark.file(directory), new byte[length]);
        assertEquals(0, SyncedMark.read(directory));
        try (ChronicleJournal journal = open()) {
            assertEquals(List.of(), journal.damage());
        }
    }

    /** An interrupt of the thread that forces does not close it. */
    @Test
    void anInterruptedThreadWritesIt() {
        try (ChronicleJournal journal = open()) {
            append(journal, 1, 30);
            Thread.currentThread().interrupt();
            journal.sync(1);
            assertTrue(Thread.interrupted());
            append(journal, 2, 30);
            journal.sync(2);
            assertEquals(2, SyncedMark.read(directory));
        }
    }
}
