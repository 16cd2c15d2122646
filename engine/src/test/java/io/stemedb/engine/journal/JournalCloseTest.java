package io.stemedb.engine.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.journal.ChronicleJournalTest.Collector;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import net.openhft.chronicle.bytes.MappedBytes;
import org.junit.jupiter.api.Test;

/** A journal of which something does not close. */
class JournalCloseTest extends JournalFixture {
    private static final long CLOSED_WITHIN_NS = 20_000_000_000L;

    /** What this process has open of the journal. */
    private List<String> descriptors() throws IOException {
        final List<String> found = new ArrayList<>();
        try (var all = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (final Path descriptor : all) {
                final String target = target(descriptor);
                if (target.startsWith(directory.toRealPath().toString())) {
                    found.add(target);
                }
            }
        }
        return found;
    }

    private static String target(final Path descriptor) throws IOException {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (final NoSuchFileException e) {
            return "closed by now";
        }
    }

    /** Chronicle closes some of its own a little later. */
    private void allAreClosed() throws IOException {
        final long startNs = System.nanoTime();
        while (!descriptors().isEmpty()) {
            assertTrue(System.nanoTime() - startNs < CLOSED_WITHIN_NS, descriptors().toString());
            Thread.yield();
        }
    }

    @Test
    void aSegmentThatDoesNotCloseKeepsNothingElseOpen() throws IOException {
        final ChronicleJournal journal = open();
        final LiveSegment first = part(journal, "current", LiveSegment.class);
        long last = 0;
        while (first.next() == null) {
            last = append(journal, last + 1, 50_000);
        }
        journal.sync(last);
        assertTrue(descriptors().size() > 5, "what is looked for is not seen");
        part(first, "mapped", MappedBytes.class).releaseLast(); // so it cannot be done again
        assertThrows(RuntimeException.class, journal::close);
        allAreClosed();
        journal.close();
        try (ChronicleJournal again = open()) {
            assertEquals(last, new Collector().drain(again.newReader(1)).sequences.size());
        }
    }

    /** The force of a close fails, and a segment does not close: the first is thrown with both. */
    @Test
    void theFirstErrorIsThrownWithTheOthers() throws IOException {
        final ChronicleJournal journal = open();
        final LiveSegment first = part(journal, "current", LiveSegment.class);
        long last = 0;
        while (first.next() == null) {
            last = append(journal, last + 1, 50_000);
        }
        journal.sync(last);
        part(first, "mapped", MappedBytes.class).releaseLast();
        part(part(journal, "mark", SyncedMark.class), "file", RandomAccessFile.class).close();
        final JournalException failed = assertThrows(JournalException.class, journal::close);
        assertTrue(failed.getMessage().contains("force failed"), failed.getMessage());
        assertEquals(1, failed.getSuppressed().length);
        allAreClosed();
    }
}
