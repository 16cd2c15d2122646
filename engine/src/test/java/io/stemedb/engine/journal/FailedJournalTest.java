package io.stemedb.engine.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.TestEngines;
import io.stemedb.engine.journal.ChronicleJournalTest.Collector;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.reflect.Field;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** R2 wherever a journal fails: it acknowledges nothing any more, and says what came first. */
class FailedJournalTest extends JournalFixture {

    private static String messageOf(final Runnable use) {
        return assertThrows(JournalException.class, use::run).getMessage();
    }

    /** So the next one is one too many. */
    private static void useUpNumbers(final ChronicleJournal journal) {
        final Life life = part(journal, "life", Life.class);
        try {
            final Field used = Life.class.getDeclaredField("usedNumber");
            used.setAccessible(true);
            used.setLong(life, SegmentFiles.MAX_NUMBER);
        } catch (final ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    private static JournalException prepareUntilItFails(final ChronicleJournal journal) {
        return assertThrows(
                JournalException.class,
                () -> {
                    while (true) {
                        journal.prepare();
                    }
                });
    }

    /** Whoever sees a journal that has failed has seen the last of SYNCED. */
    @Test
    void aFailureIsSeenWhenTheForceUnderWayHasEnded() throws InterruptedException {
        try (ChronicleJournal journal = open()) {
            useUpNumbers(journal);
            final SpinLock force = part(journal, "forceLock", SpinLock.class);
            final AtomicReference<Throwable> failed = new AtomicReference<>();
            final Thread preparing = new Thread(() -> failed.set(prepareUntilItFails(journal)));
            force.lock();
            try {
                preparing.start();
                final long startNs = System.nanoTime();
                while (preparing.isAlive() && !isIn(preparing, "lockSlowly")) {
                    for (int n = 0; n < 10; n++) { // the journal prepares no more than is used
                        journal.append(records.buffer, 0, records.encode(1, 10_000));
                    }
                    assertTrue(System.nanoTime() - startNs < TestEngines.TIMEOUT_NS);
                }
                assertTrue(preparing.isAlive(), "failed beside a force");
                journal.checkOpen();
            } finally {
                force.unlock();
            }
            preparing.join();
            assertTrue(failed.get().getMessage().contains("segment number"));
            final String told = messageOf(() -> journal.sync(journal.appended()));
            assertTrue(told.endsWith("failed before: " + failed.get().getMessage()), told);
            assertEquals(0, journal.synced());
        }
    }

    private static boolean isIn(final Thread thread, final String method) {
        return Arrays.stream(thread.getStackTrace())
                .anyMatch(frame -> frame.getMethodName().equals(method));
    }

    /** A force fails while a trim is under way, which fails too. */
    @Test
    void theFirstErrorIsKept() throws IOException {
        try (ChronicleJournal earlier = open()) {
            append(earlier, 1, 30);
        }
        try (ChronicleJournal journal = open()) {
            append(journal, 2, 30);
            new Collector().drain(journal.newReader(1));
            journal.sync(2);
            append(journal, 3, 30);
            final LiveSegment syncing = part(journal, "syncing", LiveSegment.class);
            final OldSegments old = part(journal, "oldSegments", OldSegments.class);
            final String[] first = new String[1];
            old.list()
                    .replaceAll(
                            segment ->
                                    new SegmentFile(segment.path(), segment.number()) {
                                        @Override
                                        long bytes() {
                                            try {
                                                syncing.syncFile().close();
                                            } catch (final IOException e) {
                                                throw new AssertionError(e);
                                            }
                                            first[0] = messageOf(() -> journal.sync(3));
                                            return segment.bytes();
                                        }
                                    });
            part(part(old, "file", OldestFile.class), "file", RandomAccessFile.class).close();
            final String second = messageOf(() -> journal.trim(3, 0));
            assertTrue(second.contains("cannot be trimmed"), second);
            assertTrue(first[0].contains("force failed"), first[0]);
            final String told = messageOf(journal::checkOpen);
            assertTrue(told.endsWith("failed before: " + first[0]), told);
            for (int i = 0; i < 2; i++) { // and told as it is, however often
                assertEquals(told, messageOf(journal::prepare));
            }
        }
    }

    @Test
    void useAfterCloseIsNoFailure() {
        final ChronicleJournal journal = open();
        journal.close();
        assertTrue(messageOf(journal::prepare).endsWith("journal is closed"));
        assertTrue(messageOf(journal::checkOpen).endsWith("journal is closed"));
    }

    private static void failsAt(final Path file, final ChronicleJournal journal) {
        final String told = messageOf(() -> journal.sync(journal.appended()));
        assertTrue(told.startsWith("journal " + file + ": force failed, "), told);
        assertEquals(0, journal.synced());
    }

    @Test
    void theMarkOfSyncedIsNamed() throws IOException {
        try (ChronicleJournal journal = open()) {
            append(journal, 1, 30);
            part(part(journal, "mark", SyncedMark.class), "file", RandomAccessFile.class).close();
            failsAt(SyncedMark.file(directory), journal);
        }
    }

    @Test
    void theSegmentIsNamed() throws IOException {
        try (ChronicleJournal journal = open()) {
            append(journal, 1, 30);
            final LiveSegment syncing = part(journal, "syncing", LiveSegment.class);
            syncing.syncFile().close();
            failsAt(syncing.path(), journal);
        }
    }

    /** After a roll, when the first segment is forced already. */
    @Test
    void theDirectoryIsNamed() throws IOException {
        try (ChronicleJournal journal = open()) {
            final LiveSegment first = part(journal, "current", LiveSegment.class);
            long last = 0;
            while (first.next() == null) {
                last = append(journal, last + 1, 50_000);
            }
            final Life life = part(journal, "life", Life.class);
            part(life, "names", SyncFile.class).close();
            final String told = messageOf(() -> journal.sync(journal.appended()));
            assertTrue(told.startsWith("journal " + life.directory() + ": force failed, "), told);
            assertEquals(first.lastSequence(), journal.synced());
        }
    }
}
