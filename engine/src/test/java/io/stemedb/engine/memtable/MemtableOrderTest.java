package io.stemedb.engine.memtable;

import static io.stemedb.engine.memtable.TestRecords.wrap;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.faults.Litmus;
import io.stemedb.engine.faults.Scale;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.LongPredicate;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The memory order of the memtable. Publication: who acquires READABLE finds the record, whole,
 * without any further synchronisation. Recycling: who is pinned never sees the bytes of a
 * generation's next user.
 */
@Tag("faults")
class MemtableOrderTest {
    private static final int VALUES = 20_000;
    private static final int SIZE = 200;

    private static final int RECORDS = 4_000;

    /** So few that a generation comes around within one look. */
    private static final int FEW = 4;

    private static final int LOOKS = 20;
    private static final byte[] SUBJECT = TestRecords.utf8("s");

    private final TestRecords records = new TestRecords();
    private final AtomicLong readable = new AtomicLong();

    /** Waits for readers. */
    private Generation unlinked;

    /** Turns ingest and flush as far as is needed for one more record. */
    private void put(final Memtable memtable, final long sequence) {
        records.build(sequence, 0, SUBJECT, SIZE);
        while (!records.putAssertion(memtable, sequence)) {
            memtable.rotate();
            flush(memtable);
        }
    }

    private void flush(final Memtable memtable) {
        if (unlinked == null) {
            unlinked = memtable.sealed();
        }
        if (unlinked != null && memtable.release(unlinked)) {
            unlinked = null;
        }
    }

    private static String defect(final EntryView view, final long id) {
        return view.buffer().getLong(view.recordOffset() + TestRecords.ID) == id
                ? TestRecords.defect(view.buffer(), view.recordOffset(), view.recordLength())
                : "foreign";
    }

    /** Pinned for as long as its generations reach, so that a look is plain loads alone. */
    private static final class Look implements LongPredicate {
        private final MemtableReader reader;
        private final UnsafeBuffer hash = wrap(new byte[32]);
        private long entered;
        private boolean inside;

        Look(final MemtableReader reader) {
            this.reader = reader;
        }

        @Override
        public boolean test(final long sequence) {
            if (sequence == 0) {
                return true;
            }
            if (!inside || sequence - entered > RECORDS / 4) {
                enter(sequence);
            }
            TestRecords.hash(sequence, hash, 0);
            if (!reader.findAssertion(hash, 0)) {
                enter(sequence); // perhaps in a generation that came since, or stored by now
                return sequence < reader.firstSequence() || isFound(sequence);
            }
            return isFound(sequence);
        }

        private boolean isFound(final long sequence) {
            return reader.findAssertion(hash, 0) && defect(reader, sequence) == null;
        }

        private void enter(final long sequence) {
            leave();
            reader.enter();
            inside = true;
            entered = sequence;
        }

        void leave() {
            if (inside) {
                inside = false;
                reader.exit();
            }
        }
    }

    /** Late: the record's last bytes come after READABLE. */
    private long missedByReaders(final boolean late) throws InterruptedException {
        try (Memtable memtable = new Memtable(3, RECORDS, RECORDS * 400);
                MemtableReader writing = memtable.newReader()) {
            final MemtableReader reading = memtable.newReader();
            final Look look = new Look(reading);
            final long missed =
                    Litmus.missed(
                            Scale.of(VALUES),
                            sequence -> {
                                put(memtable, sequence);
                                if (late) {
                                    putLate(writing, sequence);
                                }
                                readable.setRelease(sequence);
                                if (late) {
                                    Thread.onSpinWait();
                                    putLate(writing, sequence);
                                }
                            },
                            readable::getAcquire,
                            look,
                            false);
            look.leave();
            reading.close();
            return missed;
        }
    }

    /** Turns its last byte over. */
    private void putLate(final MemtableReader writing, final long sequence) {
        writing.enter();
        if (writing.findAssertion(records.hash, 4)) {
            final int last = writing.recordOffset() + writing.recordLength() - 1;
            final UnsafeBuffer buffer = (UnsafeBuffer) writing.buffer();
            buffer.putByte(last, (byte) ~buffer.getByte(last));
        }
        writing.exit();
    }

    @Test
    void aReadableRecordIsThere() throws InterruptedException {
        assertEquals(0, missedByReaders(false));
    }

    /** The control: a record that is whole only after READABLE has moved. */
    @Test
    void aRecordThatComesLateIsCaught() throws InterruptedException {
        assertTrue(missedByReaders(true) > 0);
    }

    /** Looks at one record again and again, pinned, while its generation is wanted elsewhere. */
    private long foreign(final Function<Generation, ReaderGate> gate) throws InterruptedException {
        try (Memtable memtable = new Memtable(3, FEW, 4_096, KeyHasher.random(), gate);
                MemtableReader reading = memtable.newReader()) {
            return Litmus.missed(
                    Scale.of(VALUES),
                    sequence -> { // one that finds no room is left out
                        records.build(sequence, 0, SUBJECT, SIZE);
                        if (records.putAssertion(memtable, sequence)) {
                            readable.setRelease(sequence);
                        } else {
                            memtable.rotate();
                            flush(memtable);
                        }
                    },
                    readable::getAcquire,
                    sequence -> isItsOwn(reading),
                    false);
        }
    }

    private static boolean isItsOwn(final MemtableReader reading) {
        reading.enter();
        try {
            if (!reading.seekNewest(wrap(SUBJECT), 0, SUBJECT.length)) {
                return true;
            }
            final long id = reading.sequence();
            for (int i = 0; i < LOOKS; i++) {
                if (reading.sequence() != id || defect(reading, id) != null) {
                    return false;
                }
                Thread.onSpinWait();
            }
            return true;
        } finally {
            reading.exit();
        }
    }

    @Test
    void aPinnedGenerationIsNotUsedAgain() throws InterruptedException {
        assertEquals(0, foreign(ReaderGate::new));
    }

    /** The control: a gate that waits for nobody. */
    @Test
    void oneThatIsUsedAgainIsCaught() throws InterruptedException {
        assertTrue(foreign(MemtableRaceTest.RecklessGate::new) > 0);
    }
}
