package io.stemedb.engine.memtable;

import static io.stemedb.engine.memtable.TestRecords.utf8;
import static io.stemedb.engine.memtable.TestRecords.wrap;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;

/** What remains possible after close, and who waits for whom. */
@Timeout(900) // only for what hangs
class MemtableCloseTest {
    private static final byte[] SUBJECT = utf8("s");

    private final TestRecords records = new TestRecords();

    private Memtable filled() {
        final Memtable memtable = new Memtable(3, 100, 32 * 1024);
        for (int i = 1; i <= 50; i++) {
            assertTrue(records.build(i, 0, SUBJECT, 100).putAssertion(memtable, i));
        }
        return memtable;
    }

    private static void assertClosed(final Executable call) {
        final IllegalStateException e = assertThrows(IllegalStateException.class, call);
        assertEquals("memtable is closed", e.getMessage());
    }

    @Test
    void everyCallAfterCloseIsRefusedAndCloseIsIdempotent() {
        final Memtable memtable = filled();
        final MemtableReader reader = memtable.newReader();
        assertTrue(memtable.rotate());
        final Generation sealed = memtable.sealed();
        memtable.close();
        memtable.close();
        assertClosed(reader::enter);
        assertClosed(reader::firstSequence);
        assertClosed(() -> reader.findAssertion(wrap(new byte[32]), 0));
        assertClosed(() -> reader.findVote(wrap(new byte[32]), 0));
        assertClosed(() -> reader.findEpoch(wrap(new byte[32]), 0));
        assertClosed(() -> reader.seekNewest(wrap(SUBJECT), 0, 1));
        assertClosed(() -> reader.seekOldest(wrap(SUBJECT), 0, 1));
        assertClosed(reader::older);
        assertClosed(reader::newer);
        assertClosed(() -> reader.firstVote(wrap(new byte[32]), 0));
        assertClosed(reader::nextVote);
        assertClosed(reader::isRepeatedLater);
        assertClosed(() -> reader.walkHolds(wrap(new byte[32]), 0));
        assertClosed(() -> reader.subjects(wrap(SUBJECT), 0, 1, (b, o, l) -> true));
        assertClosed(memtable::newReader);
        assertClosed(() -> records.putAssertion(memtable, 100));
        assertClosed(() -> records.putVote(memtable, 100));
        assertClosed(() -> records.putEpoch(memtable, 100));
        assertClosed(memtable::rotate);
        assertClosed(() -> memtable.release(sealed));
        assertNull(memtable.sealed());
        assertClosed(() -> memtable.findEpoch(wrap(new byte[32]), 0, new EntryView()));
        assertThrows(IllegalStateException.class, reader::recordOffset);
        reader.exit();
        reader.close();
        reader.close();
    }

    @Test
    void closeInsideEnterAndExitOfTheSameThreadIsRefused() {
        final Memtable memtable = filled();
        final MemtableReader reader = memtable.newReader();
        reader.enter();
        assertThrows(IllegalStateException.class, memtable::close);
        assertTrue(reader.seekNewest(wrap(SUBJECT), 0, 1));
        assertEquals(50, reader.sequence());
        reader.exit();
        memtable.close();
        assertClosed(reader::enter);
    }

    @Test
    void enterAndExitComeInPairsAndAReaderCanBeGivenUp() {
        try (Memtable memtable = filled()) {
            final MemtableReader reader = memtable.newReader();
            reader.exit();
            assertThrows(IllegalStateException.class, reader::firstSequence);
            reader.enter();
            assertThrows(IllegalStateException.class, reader::enter);
            assertTrue(memtable.rotate());
            final Generation sealed = memtable.sealed();
            assertFalse(memtable.release(sealed));
            reader.close();
            assertTrue(memtable.release(sealed));
            assertThrows(IllegalStateException.class, reader::enter);
        }
    }

    @Test
    void closeWaitsForTheReaderInside() throws Exception {
        final Memtable memtable = filled();
        final CountDownLatch inside = new CountDownLatch(1);
        final AtomicReference<Throwable> failure = new AtomicReference<>();
        final Thread thread =
                new Thread(
                        () -> {
                            try (MemtableReader reader = memtable.newReader()) {
                                reader.enter();
                                assertTrue(reader.seekNewest(wrap(SUBJECT), 0, 1));
                                inside.countDown();
                                // until the door is shut, which it is before close waits
                                while (isOpen(memtable)) {
                                    Thread.onSpinWait();
                                }
                                int count = 1;
                                while (reader.older()) {
                                    assertNull(
                                            TestRecords.defect(
                                                    reader.buffer(),
                                                    reader.recordOffset(),
                                                    reader.recordLength()));
                                    count++;
                                }
                                assertEquals(50, count);
                                reader.exit();
                                assertClosed(reader::enter);
                            } catch (final Throwable e) {
                                failure.set(e);
                            }
                        });
        thread.start();
        inside.await();
        memtable.close();
        thread.join();
        assertNull(failure.get(), () -> "reader: " + failure.get());
    }

    private static boolean isOpen(final Memtable memtable) {
        try {
            memtable.newReader().close();
            return true;
        } catch (final IllegalStateException e) {
            return false;
        }
    }

    @Test
    void aThreadThatDiedInsideHoldsNothing() throws Exception {
        final Memtable memtable = filled();
        final MemtableReader reader = memtable.newReader();
        final Thread thread = new Thread(reader::enter);
        thread.start();
        thread.join();
        assertTrue(memtable.rotate());
        assertTrue(memtable.release(memtable.sealed()));
        memtable.close();
        assertThrows(IllegalStateException.class, reader::close);
    }

    @Test
    void readersRacingCloseAreRefusedAndNeverReadFreedMemory() throws Exception {
        for (int round = 0; round < 100; round++) {
            final Memtable memtable = filled();
            final AtomicReference<Throwable> failure = new AtomicReference<>();
            final List<Thread> threads = new ArrayList<>();
            final CountDownLatch started = new CountDownLatch(3);
            for (int i = 0; i < 3; i++) {
                threads.add(new Thread(() -> readUntilClosed(memtable, started, failure)));
            }
            threads.forEach(Thread::start);
            started.await();
            final Thread second = new Thread(memtable::close);
            second.start();
            memtable.close();
            assertClosed(memtable::newReader);
            second.join();
            for (final Thread thread : threads) {
                thread.join();
            }
            assertNull(failure.get(), () -> "reader: " + failure.get());
        }
    }

    private static void readUntilClosed(
            final Memtable memtable,
            final CountDownLatch started,
            final AtomicReference<Throwable> failure) {
        boolean counted = false;
        try (MemtableReader reader = memtable.newReader()) {
            while (true) {
                try {
                    reader.enter();
                } catch (final IllegalStateException e) {
                    assertEquals("memtable is closed", e.getMessage());
                    return;
                }
                int count = 0;
                for (boolean more = reader.seekOldest(wrap(SUBJECT), 0, 1);
                        more;
                        more = reader.newer()) {
                    assertNull(
                            TestRecords.defect(
                                    reader.buffer(), reader.recordOffset(), reader.recordLength()));
                    count++;
                }
                assertEquals(50, count);
                reader.exit();
                if (!counted) {
                    counted = true;
                    started.countDown();
                }
            }
        } catch (final Throwable e) {
            failure.set(e);
            started.countDown();
        }
    }
}
