package io.stemedb.engine.memtable;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** Nothing is allocated for a record: neither put, nor found, nor walked, nor sorted. */
class MemtableAllocationTest {
    private static final int RECORDS = 2_000;

    /** Rotation and release each make a list of generations; nothing a record. */
    private static final long PER_ROUND = 1_024;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final Memtable memtable = new Memtable(2, RECORDS, RECORDS * 400);
    private final SortedEntries sorted = new SortedEntries(RECORDS);
    private final TestRecords records = new TestRecords();
    private final UnsafeBuffer[] subjects = new UnsafeBuffer[50];
    private final UnsafeBuffer key = new UnsafeBuffer(new byte[32]);
    private final EntryView epoch = new EntryView();
    private long sequence;
    private long found;

    private static long allocated() {
        return THREADS.getThreadAllocatedBytes(Thread.currentThread().getId());
    }

    private void write() {
        for (int i = 0; i < RECORDS; i++) {
            sequence++;
            final UnsafeBuffer subject = subjects[(int) (sequence % subjects.length)];
            final boolean put;
            if (i % 10 == 7) {
                put = records.build(sequence, i / 20, NONE, 100).putVote(memtable, sequence);
            } else if (i % 100 == 8) {
                put = records.build(sequence, sequence, NONE, 100).putEpoch(memtable, sequence);
            } else if (i % 100 == 9) {
                put = memtable.putQuarantine(sequence, key, 0, 20, key, 0, 32);
            } else {
                final long id = i % 10 == 6 ? sequence - 1 : sequence;
                put =
                        records.build(id, 0, subject.byteArray(), 240)
                                .putAssertion(memtable, sequence);
            }
            found += put ? 1 : 0;
            memtable.advance(sequence);
            found += memtable.findEpoch(key, 0, epoch) ? 1 : 0;
        }
    }

    private static final byte[] NONE = {};

    private void read(final MemtableReader reader) {
        for (int i = 0; i < RECORDS; i++) {
            reader.enter();
            TestRecords.hash(sequence - i, key, 0);
            found += reader.findAssertion(key, 0) ? 1 : 0;
            found += reader.findVote(key, 0) ? 1 : 0;
            found += reader.findEpoch(key, 0) ? 1 : 0;
            final UnsafeBuffer subject = subjects[i % subjects.length];
            int limit = 5;
            for (boolean more = reader.seekNewest(subject, 0, subject.capacity());
                    more && limit-- > 0;
                    more = reader.older()) {
                found += reader.recordLength() + (reader.isRepeatedLater() ? 1 : 0);
            }
            limit = 5;
            for (boolean more = reader.seekOldest(subject, 0, subject.capacity());
                    more && limit-- > 0;
                    more = reader.newer()) {
                found += reader.subjectLength();
            }
            TestRecords.hash(i / 20, key, 0);
            for (boolean more = reader.firstVote(key, 0); more; more = reader.nextVote()) {
                found++;
            }
            reader.exit();
        }
        reader.enter();
        reader.subjects(key, 0, 0, this::onSubject);
        reader.exit();
    }

    private boolean onSubject(
            final org.agrona.DirectBuffer buffer, final int offset, final int length) {
        found += length;
        return true;
    }

    private void flush() {
        sorted.begin(memtable.sealed());
        while (sorted.sort(1_000) > 0) {
            found++;
        }
        while (sorted.next()) {
            found += sorted.recordLength() + sorted.kind().ordinal();
        }
    }

    @Test
    void nothingIsAllocatedForARecord() {
        for (int i = 0; i < subjects.length; i++) {
            subjects[i] = new UnsafeBuffer(TestRecords.utf8("subject " + i));
        }
        long least = Long.MAX_VALUE;
        try (MemtableReader reader = memtable.newReader()) {
            for (int round = 0; round < 20; round++) {
                final long before = allocated();
                write();
                read(reader);
                assertTrue(memtable.rotate());
                flush();
                final Generation sealed = memtable.sealed();
                while (!memtable.release(sealed)) {
                    Thread.onSpinWait();
                }
                least = Math.min(least, allocated() - before);
            }
        }
        memtable.close();
        assertTrue(found > 0);
        assertTrue(least <= PER_ROUND, least + " bytes for " + RECORDS + " records");
        assertEquals(0, least / RECORDS);
    }
}
