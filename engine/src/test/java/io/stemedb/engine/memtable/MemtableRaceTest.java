package io.stemedb.engine.memtable;

import static io.stemedb.engine.memtable.TestRecords.wrap;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Readers on real threads against the writer, rotation, flush, release and recycling. What stands
 * at a sequence follows from the sequence, so each reader can tell whether all it sees is whole, in
 * its place, and all there.
 */
@Timeout(900) // only for what hangs
class MemtableRaceTest {
    private static final int RECORDS = 300;
    private static final int SUBJECTS = 6;

    /** Readers are never waited for: the defect that the checker must catch. */
    static final class RecklessGate extends ReaderGate {
        RecklessGate(final Generation first) {
            super(first);
        }

        @Override
        boolean allPassed(final long version) {
            return true;
        }
    }

    static final class Rig {
        final Memtable memtable;
        final byte[][] subjects = new byte[SUBJECTS][];
        final AtomicReference<Throwable> failure = new AtomicReference<>();
        final long puts;
        final boolean early;
        private MemtableReader placed;
        volatile long readable;
        volatile boolean written;
        volatile boolean stop;
        volatile long visits;
        volatile int recycled;

        Rig(final long puts, final Function<Generation, ReaderGate> gate) {
            this(puts, gate, false);
        }

        /** Early: entries are published first and written after, which must be caught. */
        Rig(final long puts, final Function<Generation, ReaderGate> gate, final boolean early) {
            this.puts = puts;
            this.early = early;
            memtable = new Memtable(3, RECORDS, 256 * 1024, KeyHasher.random(), gate);
            for (int i = 0; i < SUBJECTS; i++) {
                subjects[i] = TestRecords.utf8("subject".substring(0, i) + i);
            }
        }

        static boolean isEpoch(final long sequence) {
            return sequence % 64 == 0;
        }

        static boolean isVote(final long sequence) {
            return sequence % 64 != 0 && sequence % 8 == 5;
        }

        static boolean isAssertion(final long sequence) {
            return sequence > 0 && !isEpoch(sequence) && !isVote(sequence);
        }

        /** Every eleventh assertion repeats an earlier one, if that is one. */
        static long idAt(final long sequence) {
            final long earlier = sequence - 9;
            return sequence % 11 == 0 && isAssertion(earlier) && earlier % 11 != 0
                    ? earlier
                    : sequence;
        }

        static int subjectOf(final long id) {
            return (int) (TestRecords.mix(id) >>> 8 & 0xFFFF) % SUBJECTS;
        }

        static long votedBy(final long sequence) {
            return sequence / 128;
        }

        static long olderPlace(final long sequence, final int subject) {
            long s = sequence - 1;
            while (s > 0 && !(isAssertion(s) && subjectOf(idAt(s)) == subject)) {
                s--;
            }
            return s;
        }

        private boolean put(final TestRecords records, final long s) {
            final int size = 60 + (int) (idAt(s) * 13 % 200);
            if (isEpoch(s)) {
                return records.build(s, s, new byte[0], size).putEpoch(memtable, s);
            }
            if (isVote(s)) {
                return records.build(s, votedBy(s), new byte[0], size).putVote(memtable, s);
            }
            final long id = idAt(s);
            records.build(id, 0, subjects[subjectOf(id)], size);
            return early ? putEarly(records, s) : records.putAssertion(memtable, s);
        }

        /** The record's last bytes come when its entry can be found already. */
        private boolean putEarly(final TestRecords records, final long s) {
            final int last = TestRecords.OFFSET + records.length - Long.BYTES;
            final long bytes = records.buffer.getLong(last);
            records.buffer.putLong(last, ~bytes);
            if (!records.putAssertion(memtable, s)) {
                return false;
            }
            if (placed == null) {
                placed = memtable.newReader();
            }
            placed.enter();
            try {
                if (placed.findAssertion(records.hash, 4)) {
                    ((UnsafeBuffer) placed.buffer())
                            .putLong(
                                    placed.recordOffset() + placed.recordLength() - Long.BYTES,
                                    bytes);
                }
            } finally {
                placed.exit();
            }
            return true;
        }

        void write() {
            final TestRecords records = new TestRecords();
            final EntryView epoch = new EntryView();
            for (long s = 1; s <= puts && !stop; s++) {
                while (!put(records, s) && !stop) {
                    while (!memtable.rotate() && !stop) {
                        Thread.yield();
                    }
                }
                if (s % 4 == 0) {
                    memtable.advance(s);
                    readable = s;
                    final long e = s - s % 64;
                    if (memtable.findEpoch(wrap(TestRecords.hash(e)), 0, epoch)) {
                        check(e, e, epoch);
                    }
                }
            }
            written = true;
        }

        void flush() {
            final SortedEntries sorted = new SortedEntries(RECORDS);
            final List<Generation> pending = new ArrayList<>();
            long from = 1;
            while (!stop && !(written && memtable.sealed() == null)) {
                final Generation sealed = memtable.sealed();
                if (sealed != null) {
                    expect(sealed.firstSequence() == from, "range starts", from);
                    from = sealed.lastSequence() + 1;
                    sorted.begin(sealed);
                    while (sorted.sort(500) > 0) {
                        Thread.onSpinWait();
                    }
                    while (sorted.next()) {
                        final long s = sorted.sequence();
                        expect(s >= sealed.firstSequence() && s < from, "foreign", s);
                        check(s, isAssertion(s) ? idAt(s) : s, sorted);
                    }
                    if (!memtable.release(sealed)) {
                        pending.add(sealed);
                    } else {
                        recycled++;
                    }
                } else {
                    Thread.yield();
                }
                for (int i = pending.size() - 1; i >= 0; i--) {
                    if (memtable.release(pending.get(i))) {
                        pending.remove(i);
                        recycled++;
                    }
                }
            }
        }

        void read(final int number) {
            long seed = number;
            try (MemtableReader reader = memtable.newReader()) {
                while (!stop && !(written && visits > 100)) {
                    final long atLeast = readable;
                    reader.enter();
                    try {
                        for (int i = 0; i < 3; i++) {
                            seed = TestRecords.mix(seed);
                            visit(reader, atLeast, seed);
                        }
                    } finally {
                        reader.exit();
                    }
                }
            }
        }

        private void visit(final MemtableReader reader, final long atLeast, final long seed) {
            final long first = reader.firstSequence();
            final int subject = (int) (seed >>> 33) % SUBJECTS;
            final UnsafeBuffer name = wrap(subjects[subject]);
            final UnsafeBuffer key = wrap(new byte[32]);
            long count = 0;
            long expected = 0;
            for (boolean more = reader.seekNewest(name, 0, name.capacity());
                    more;
                    more = reader.older()) {
                final long s = reader.sequence();
                if (count == 0) {
                    // the newest there is, perhaps just being put: by walk, so by its key too
                    TestRecords.hash(idAt(s), key, 0);
                    expect(reader.findAssertion(key, 0), "walked but not found", s);
                    check(reader.sequence(), idAt(s), reader);
                }
                if (count++ == 0) {
                    expect(s > olderPlace(atLeast + 1, subject) - 1, "readable not found", atLeast);
                } else {
                    expect(s == expected, "walk misses " + expected + " has", s);
                }
                expected = olderPlace(s, subject);
                if (count > 1) {
                    check(s, idAt(s), reader);
                }
                expect(subjectOf(idAt(s)) == subject, "foreign subject", s);
            }
            expect(count == 0 || expected < first, "walk ends before", expected);
            expect(
                    count > 0 || olderPlace(atLeast + 1, subject) < first,
                    "nothing of readable",
                    atLeast);
            count = 0;
            for (boolean more = reader.seekOldest(name, 0, name.capacity());
                    more;
                    more = reader.newer()) {
                final long s = reader.sequence();
                expect(isAssertion(s), "no assertion", s);
                expect(olderPlace(s, subject) == expected || count == 0, "walk misses before", s);
                expected = s;
                count++;
                check(s, idAt(s), reader);
                // repeats come 9 later, unless past the end of the walk
                expect(!reader.isRepeatedLater() || idAt(s + 9) == s, "no such repeat", s);
            }
            lookUp(reader, first, atLeast, seed);
            reader.subjects(
                    name,
                    0,
                    0,
                    (buffer, offset, length) -> {
                        expect(length > 0 && length <= SUBJECTS, "subject of length", length);
                        return true;
                    });
            visits++;
        }

        private void lookUp(
                final MemtableReader reader,
                final long first,
                final long atLeast,
                final long seed) {
            if (atLeast < first) {
                return;
            }
            for (int i = 0; i < 50; i++) {
                final long s = first + Long.remainderUnsigned(seed * (i + 1), atLeast - first + 1);
                final UnsafeBuffer hash = wrap(TestRecords.hash(isAssertion(s) ? idAt(s) : s));
                if (isEpoch(s)) {
                    expect(reader.findEpoch(hash, 0), "epoch not found", s);
                    check(s, s, reader);
                } else if (isVote(s)) {
                    expect(reader.findVote(hash, 0), "vote not found", s);
                    check(s, s, reader);
                    boolean found = false;
                    for (boolean more = reader.firstVote(wrap(TestRecords.hash(votedBy(s))), 0);
                            more;
                            more = reader.nextVote()) {
                        check(reader.sequence(), reader.sequence(), reader);
                        expect(votedBy(reader.sequence()) == votedBy(s), "foreign vote", s);
                        found |= reader.sequence() == s;
                    }
                    expect(found, "vote not walked", s);
                } else {
                    expect(reader.findAssertion(hash, 0), "assertion not found", s);
                    check(reader.sequence(), idAt(s), reader);
                }
            }
            expect(!reader.findAssertion(wrap(TestRecords.hash(-seed)), 0), "found unput", seed);
        }

        private static void check(final long sequence, final long id, final EntryView view) {
            final DirectBuffer buffer = view.buffer();
            final int offset = view.recordOffset();
            expect(
                    buffer.getLong(offset + TestRecords.ID) == id
                            && (isEpoch(id) || TestRecords.isHash(id, buffer, view.hashOffset())),
                    "foreign record " + buffer.getLong(offset + TestRecords.ID) + " at",
                    sequence);
            final String defect = TestRecords.defect(buffer, offset, view.recordLength());
            expect(defect == null, defect + " torn at", sequence);
        }

        private static void expect(final boolean holds, final String what, final long value) {
            if (!holds) {
                throw new AssertionError(what + " " + value);
            }
        }

        /** Written first, then closed while readers are inside; what went wrong, or null. */
        Throwable close(final int readers) throws InterruptedException {
            write();
            final List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < readers; i++) {
                final int number = i + 1;
                final MemtableReader reader = memtable.newReader(); // not once it is closed
                threads.add(
                        new Thread(
                                guarded(() -> readUntilClosed(reader, number)), "read " + number));
            }
            threads.forEach(Thread::start);
            while (visits < 100 && failure.get() == null) {
                Thread.onSpinWait();
            }
            memtable.close();
            for (final Thread thread : threads) {
                thread.join();
            }
            return failure.get();
        }

        private void readUntilClosed(final MemtableReader mine, final int number) {
            long seed = number;
            try (MemtableReader reader = mine) {
                while (enters(reader)) {
                    try {
                        seed = TestRecords.mix(seed);
                        visit(reader, puts, seed);
                    } finally {
                        reader.exit();
                    }
                }
            }
        }

        private static boolean enters(final MemtableReader reader) {
            try {
                reader.enter();
                return true;
            } catch (final IllegalStateException e) {
                expect("memtable is closed".equals(e.getMessage()), e.getMessage(), 0);
                return false;
            }
        }

        /** First thing that went wrong on any thread, or null. */
        Throwable run(final int readers) throws InterruptedException {
            final List<Thread> threads = new ArrayList<>();
            threads.add(new Thread(guarded(this::write), "write"));
            threads.add(new Thread(guarded(this::flush), "flush"));
            for (int i = 0; i < readers; i++) {
                final int number = i + 1;
                threads.add(new Thread(guarded(() -> read(number)), "read " + number));
            }
            threads.forEach(Thread::start);
            for (final Thread thread : threads) {
                thread.join();
            }
            memtable.close();
            return failure.get();
        }

        private Runnable guarded(final Runnable work) {
            return () -> {
                try {
                    work.run();
                } catch (final Throwable e) {
                    failure.compareAndSet(null, e);
                    stop = true;
                }
            };
        }
    }

    @Test
    void readersNeverSeeATornOrForeignEntryNorMissAReadableOne() throws InterruptedException {
        final Rig rig = new Rig(80_000, ReaderGate::new);
        final Throwable failure = rig.run(2);
        assertNull(failure, () -> trace(failure));
        assertTrue(rig.visits > 100, "visits " + rig.visits);
        assertTrue(rig.recycled > 150, "recycled " + rig.recycled);
    }

    @Test
    void recyclingWithoutWaitingForReadersIsCaught() throws InterruptedException {
        final Rig rig = new Rig(20_000_000, RecklessGate::new);
        assertNotNull(rig.run(2), "the checker saw nothing in " + rig.visits + " visits");
    }

    @Test
    void aCloseUnderReadersHurtsNobody() throws InterruptedException {
        for (int i = 0; i < 20; i++) {
            final Throwable failure = new Rig(800, ReaderGate::new).close(2);
            assertNull(failure, () -> trace(failure));
        }
    }

    @Test
    void publicationBeforeTheWriteIsCaught() throws InterruptedException {
        final Rig rig = new Rig(20_000_000, ReaderGate::new, true);
        assertNotNull(rig.run(2), "the checker saw nothing in " + rig.visits + " visits");
    }

    /** The newest claim, the moment it is linked: its key and its place must be there already. */
    @Test
    void whatAWalkFindsIsFoundByItsKeyToo() throws InterruptedException {
        final int puts = 150_000;
        final byte[] subject = TestRecords.utf8("s");
        final AtomicReference<Throwable> failure = new AtomicReference<>();
        try (Memtable memtable = new Memtable(2, puts, puts * 160)) {
            final Thread reading =
                    new Thread(
                            () -> {
                                try (MemtableReader reader = memtable.newReader()) {
                                    followNewest(reader, wrap(subject), puts);
                                } catch (final Throwable e) {
                                    failure.set(e);
                                }
                            });
            reading.start();
            final TestRecords records = new TestRecords();
            for (long s = 1; s <= puts; s++) {
                // each third is at once put again, as a further place of the same assertion
                final long id = s % 3 == 0 ? s - 1 : s;
                assertTrue(records.build(id, 0, subject, 60).putAssertion(memtable, s));
            }
            reading.join();
        }
        assertNull(failure.get(), () -> trace(failure.get()));
    }

    private static void followNewest(
            final MemtableReader reader, final UnsafeBuffer subject, final long last) {
        final UnsafeBuffer key = wrap(new byte[32]);
        reader.enter();
        long sequence = 0;
        while (sequence < last) {
            if (reader.seekNewest(subject, 0, 1)) {
                final long newest = reader.sequence();
                Rig.expect(newest >= sequence, "newest goes back to", newest);
                sequence = newest;
                final long id = newest % 3 == 0 ? newest - 1 : newest;
                Rig.expect(!reader.isRepeatedLater(), "newest has a newer place", newest);
                TestRecords.hash(id, key, 0);
                Rig.expect(reader.findAssertion(key, 0), "walked but not found", newest);
                Rig.check(reader.sequence(), id, reader);
            }
        }
        reader.exit();
    }

    private static String trace(final Throwable failure) {
        final java.io.StringWriter out = new java.io.StringWriter();
        failure.printStackTrace(new java.io.PrintWriter(out));
        return out.toString();
    }
}
