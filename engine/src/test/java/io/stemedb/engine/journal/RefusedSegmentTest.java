package io.stemedb.engine.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.status.StorageFull;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import net.openhft.posix.PosixAPI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The system refuses the next segment. */
class RefusedSegmentTest extends JournalFixture {
    private static final long MS = 1_000_000;

    private final long[] nowNs = new long[1];

    /** Fills what is ready; what the journal then answers. */
    private long fill(final Journal journal) {
        final int length = records.encode(1, 10_000);
        long answer;
        do {
            answer = journal.append(records.buffer, 0, length);
        } while (answer > 0);
        return answer;
    }

    /** An obstacle in its place, which cannot be deleted as a segment. */
    @Test
    void itIsToldOnceInItsOwnWordsAndTriedLessAndLessOften() throws IOException {
        final JournalConfig config =
                new JournalConfig(SEGMENT, 1 << 20, 64 << 20, 0, () -> nowNs[0]);
        try (ChronicleJournal journal = ChronicleJournal.open(directory, config)) {
            final LiveSegment current = part(journal, "current", LiveSegment.class);
            final Path next =
                    current.path().resolveSibling(SegmentFiles.fileName(current.number() + 1));
            Files.createDirectories(next.resolve("something"));
            final JournalRefusedException told =
                    assertThrows(
                            JournalRefusedException.class,
                            () -> {
                                while (true) {
                                    fill(journal);
                                    journal.prepare();
                                }
                            });
            assertFalse(told instanceof StorageFull, told::toString);
            assertTrue(
                    told.getMessage().startsWith("journal " + next + ": cannot be made: "),
                    told.getMessage());
            while (nowNs[0] < 5_000 * MS) {
                nowNs[0] += 10 * MS;
                assertEquals(0, journal.prepare());
            }
            assertEquals(Journal.BACK_PRESSURED, fill(journal));
            journal.sync(journal.appended());
            Files.delete(next.resolve("something"));
            Files.delete(next);
            long waitedNs = 0;
            while (journal.prepare() == 0) {
                waitedNs += 10 * MS;
                nowNs[0] += 10 * MS;
                assertTrue(waitedNs <= 1_000 * MS, "not tried within a second");
            }
            assertTrue(waitedNs > 100 * MS, "tried after ns " + waitedNs);
            while (journal.prepare() > 0) {
                Thread.onSpinWait();
            }
            assertTrue(append(journal, 1, 10_000) > 0);
        }
    }

    @Test
    void theClockMayBeSetBack() {
        final RetryPace pace = new RetryPace(() -> nowNs[0]);
        assertTrue(pace.isDue());
        pace.refused();
        assertFalse(pace.isDue());
        nowNs[0] -= 24 * 3_600_000 * MS;
        assertTrue(pace.isDue());
        pace.refused();
        assertFalse(pace.isDue());
        pace.granted();
        assertTrue(pace.isDue());
    }

    /** As the libraries below wrap it. */
    @ParameterizedTest
    @ValueSource(ints = {12, 23, 24, 28, 122})
    void whatRunsOutIsToldAsThat(final int errno) {
        final IOException said =
                new IOException(directory + ": " + PosixAPI.posix().strerror(errno));
        for (final Exception e :
                new Exception[] {said, new IllegalStateException(new UncheckedIOException(said))}) {
            assertTrue(Shortage.refusal(directory, "cannot be made", e) instanceof StorageFull);
        }
    }

    @Test
    void aFullDeviceIsToldAsThat() {
        final IOException said =
                assertThrows(
                        IOException.class, () -> Files.write(Path.of("/dev/full"), new byte[1]));
        assertTrue(Shortage.refusal(directory, "cannot be made", said) instanceof StorageFull);
    }

    /** The control: what is in the way, and the system's other words. */
    @Test
    void whatDoesNotRunOutIsToldInItsOwnWords() throws IOException {
        final Path file = Files.createFile(directory.resolve("file"));
        final IOException said =
                assertThrows(IOException.class, () -> Files.createFile(file.resolve("below")));
        for (final Exception e :
                new Exception[] {said, new IllegalStateException("something"), new Exception()}) {
            final JournalRefusedException refusal = Shortage.refusal(file, "cannot be made", e);
            assertFalse(refusal instanceof StorageFull, refusal::toString);
            final String words = e.getMessage() == null ? e.toString() : e.getMessage();
            assertEquals("journal " + file + ": cannot be made: " + words, refusal.getMessage());
        }
    }
}
