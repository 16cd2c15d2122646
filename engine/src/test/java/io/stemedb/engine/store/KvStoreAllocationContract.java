package io.stemedb.engine.store;

import static java.nio.ByteOrder.BIG_ENDIAN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** What puts and reads allocate once warm: nothing for each entry. */
final class KvStoreAllocationContract {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int ENTRIES = 20_000;
    private static final int ROUNDS = 6;

    /** For a batch or a round of reads as a whole: transaction, file name, lambda forms. */
    private static final long BYTES_FOR_ALL = 32 * 1024;

    private static final byte[] SUBJECTS = subjects();

    private final KvStore store;
    private final MutableDirectBuffer key;
    private final MutableDirectBuffer value = new UnsafeBuffer(new byte[Keys.HASH_LENGTH]);
    private final KvHandler counter;
    private final KvHandler stopper;
    private long seen;

    KvStoreAllocationContract(final KvStore store) {
        this.store = store;
        this.key = new UnsafeBuffer(ByteBuffer.allocateDirect(Keys.STORE_MAX_LENGTH));
        this.counter =
                (k, ko, kl, v, vo, vl) -> {
                    seen += kl + vl;
                    return true;
                };
        this.stopper =
                (k, ko, kl, v, vo, vl) -> {
                    seen += kl + vl;
                    return false;
                };
    }

    void putsAllocateNothing() {
        long least = Long.MAX_VALUE;
        for (int round = 0; round < ROUNDS; round++) {
            final long before = allocated();
            try (KvBatch batch = store.newBatch()) {
                putAll(batch, round);
                batch.commit(round);
            }
            least = Math.min(least, allocated() - before);
        }
        assertTrue(least <= BYTES_FOR_ALL, "bytes for " + 3 * ENTRIES + " puts: " + least);
    }

    /** In the order of families: epochs, assertions, subjects (20 of them). */
    private void putAll(final KvBatch batch, final int round) {
        for (int i = 0; i < ENTRIES; i++) {
            put(batch, numbered(KeyFamily.EPOCH, i));
        }
        for (int i = 0; i < ENTRIES; i++) {
            put(batch, numbered(KeyFamily.ASSERTION, i));
        }
        for (int i = 0; i < ENTRIES; i++) {
            final long sequence = (long) round * ENTRIES + i;
            put(batch, subject(i / (ENTRIES / 20), sequence));
        }
    }

    void readsAllocateNothing() {
        try (KvBatch batch = store.newBatch()) {
            putAll(batch, 0);
            batch.commit(1);
        }
        try (KvReader reader = store.newReader()) {
            long least = Long.MAX_VALUE;
            long leastScan = Long.MAX_VALUE;
            for (int round = 0; round < ROUNDS; round++) {
                long before = allocated();
                seen = 0;
                for (int i = 0; i < ENTRIES; i++) {
                    final int length = numbered(KeyFamily.EPOCH, i);
                    reader.get(key, 0, length, counter);
                    numbered(KeyFamily.ASSERTION, i);
                    reader.get(key, 0, length, counter);
                    final int subjectLength = subject(i / (ENTRIES / 20), i);
                    reader.get(key, 0, subjectLength, counter);
                    // The newest entry of the subject.
                    reader.scanBackward(key, 0, subjectLength - 8, null, 0, 0, stopper);
                }
                least = Math.min(least, allocated() - before);
                assertEquals(ENTRIES * (2 * 42L + 2 * (17 + 32)), seen, "bytes seen");
                before = allocated();
                for (int i = 0; i < 5; i++) {
                    key.putByte(0, (byte) "EHS".charAt(i % 3));
                    reader.scanForward(key, 0, 1, null, 0, 0, counter);
                    reader.scanBackward(key, 0, 1, null, 0, 0, counter);
                }
                leastScan = Math.min(leastScan, allocated() - before);
            }
            assertTrue(least <= BYTES_FOR_ALL, "bytes for " + 4 * ENTRIES + " reads: " + least);
            assertTrue(leastScan <= BYTES_FOR_ALL, "bytes for scans: " + leastScan);
        }
    }

    private void put(final KvBatch batch, final int length) {
        batch.put(key, 0, length, value, 0, Keys.HASH_LENGTH);
    }

    private int numbered(final KeyFamily family, final int number) {
        return Keys.family(key, 0, family) + putLong(number);
    }

    private int putLong(final long number) {
        key.putLong(Keys.PREFIX_LENGTH, number, BIG_ENDIAN);
        return Long.BYTES;
    }

    private int subject(final int number, final long sequence) {
        Keys.family(key, 0, KeyFamily.SUBJECT);
        key.putBytes(2, SUBJECTS, 6 * number, 6);
        key.putByte(8, (byte) 0);
        key.putLong(9, sequence, BIG_ENDIAN);
        return 17;
    }

    private static byte[] subjects() {
        final StringBuilder text = new StringBuilder();
        for (int i = 0; i < 20; i++) {
            text.append(String.format("subj%02d", i));
        }
        return Entries.key(text.toString());
    }

    private static long allocated() {
        return THREADS.getCurrentThreadAllocatedBytes();
    }
}
