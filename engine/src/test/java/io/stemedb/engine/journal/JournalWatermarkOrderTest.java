package io.stemedb.engine.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.faults.Litmus;
import io.stemedb.engine.faults.Scale;
import java.nio.file.Path;
import java.util.function.LongConsumer;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The memory order of APPENDED and SYNCED: who acquires one of them sees all that was written
 * before, and finds the record's excerpt whole in the segment.
 */
@Tag("faults")
class JournalWatermarkOrderTest extends JournalFixture {
    private static final long APPENDS = 20_000;
    private static final long FORCES = 400;
    private static final int LENGTH = 256 << 20;

    /** What a record and the metadata before it take at most. */
    private static final int AHEAD = 128 << 10;

    private final SegmentWalker walker = new SegmentWalker();
    private ChronicleJournal journal;
    private SegmentFile segment;
    private int mapped;

    /** Of a litmus test. */
    @FunctionalInterface
    private interface Round {
        long missed() throws InterruptedException;
    }

    /** Each in a segment of its own: a round fits into one. */
    private void noneMissed(final Round round) throws InterruptedException {
        for (int i = 1; i <= Scale.of(1); i++) {
            assertEquals(0, round.missed());
            close();
            mapASegment("round-" + i);
        }
    }

    @BeforeEach
    void mapASegment() {
        mapASegment("first");
    }

    private void mapASegment(final String name) {
        final Path home = directory.resolve(name);
        journal =
                ChronicleJournal.open(
                        home,
                        new JournalConfig(
                                LENGTH, 1 << 20, Long.MAX_VALUE, 0, SystemNanoClock.INSTANCE));
        journal.sync(append(journal, 0, 1));
        segment = SegmentFiles.list(home).get(0);
        mapped = segment.map(walker, 1);
    }

    @AfterEach
    void close() {
        walker.release();
        segment.unmap();
        journal.close();
    }

    /**
     * Messages start with the second record. Nothing but the watermark says how far the segment is
     * written.
     */
    private boolean isThere(final long sequence) {
        while (walker.expected() <= sequence) {
            final long limit = Math.min(mapped, walker.goodEnd() + AHEAD);
            if (walker.walk(limit, false, FromSequence.NOBODY, 1) == 0) {
                return false;
            }
        }
        return true;
    }

    private LongConsumer appends() {
        return sequence -> append(journal, sequence, 1);
    }

    @Test
    void appendedComesAfterWhatItStandsFor() throws InterruptedException {
        noneMissed(
                () ->
                        Litmus.missed(
                                APPENDS,
                                appends(),
                                () -> journal.appended() - 1,
                                sequence -> isThere(sequence + 1),
                                false));
    }

    @Test
    void syncedComesAfterWhatItStandsFor() throws InterruptedException {
        noneMissed(
                () ->
                        Litmus.missed(
                                FORCES,
                                sequence -> journal.sync(append(journal, sequence, 1)),
                                () -> journal.synced() - 1,
                                sequence -> sequence < journal.appended() && isThere(sequence + 1),
                                false));
    }

    /** The control: written after the release. */
    @Test
    void theWrongOrderIsCaught() throws InterruptedException {
        final long missed =
                Litmus.missed(APPENDS, appends(), () -> journal.appended() - 1, s -> true, true);
        assertTrue(missed > 0);
    }

    /** The control: a watermark that is one ahead. */
    @Test
    void aRecordThatIsNotThereIsMissed() {
        append(journal, 1, 1);
        assertTrue(isThere(journal.appended()));
        assertFalse(isThere(journal.appended() + 1));
    }
}
