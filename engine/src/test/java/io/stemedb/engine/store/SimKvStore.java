package io.stemedb.engine.store;

import io.stemedb.codecs.RecordHeader;
import io.stemedb.engine.faults.sim.Chaos;
import io.stemedb.engine.faults.sim.Mutant;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * One life of a store over what is on its disk, a {@link MemoryKvStore}: a commit is on the disk,
 * data and cursor, or none of it is; any call may fail or stand still, and the process may end at
 * each.
 */
public class SimKvStore implements KvStore {
    /** Index of the write-heavy store in {@link Chaos#storeFaults}. */
    public static final int ROCKS = 0;

    /** Index of the read-heavy store. */
    public static final int LMDB = 1;

    /** What outlives the process. */
    public static final class Disk {
        private MemoryKvStore data = new MemoryKvStore();
        private KvBatch open;
        private byte[] flippedKey;
        private int flippedBit;

        /** As if it had been deleted. */
        public void clear() {
            data = new MemoryKvStore();
            open = null;
        }

        /** What is on it. */
        public KvStore data() {
            return data;
        }

        /** From now on one bit of one value is another for whoever reads it; null: none is. */
        public void flip(final byte[] key, final int bit) {
            flippedKey = key;
            flippedBit = bit;
        }
    }

    private final Disk disk;
    private final Chaos chaos;
    private final int index;

    /** Opens what is on the disk. */
    public SimKvStore(final Disk disk, final Chaos chaos, final int index) {
        this.disk = disk;
        this.chaos = chaos;
        this.index = index;
        if (disk.open != null) { // the process before ended in it
            disk.open.close();
            disk.open = null;
        }
    }

    private void mayFail(final String action) {
        chaos.point();
        chaos.mayStall(index);
        if (chaos.mutant == Mutant.STORE_FAILS_UNASKED && chaos.once(200)) {
            throw new StoreRetryException("unasked", null);
        }
        if (chaos.once(chaos.storeFaults[index])) {
            throw switch (chaos.random.nextInt(3)) {
                case 0 ->
                        new StoreFullException(
                                "simulated store " + index, Path.of("/"), action, 0, null);
                case 1 -> new StoreRetryException("simulated store " + index, null);
                default -> new StoreException("simulated store " + index + ": " + action, null);
            };
        }
    }

    @Override
    public long cursor() {
        chaos.point();
        return disk.data.cursor();
    }

    @Override
    public KvReader newReader() {
        chaos.point();
        return new Reader(disk.data.newReader());
    }

    @Override
    public KvBatch newBatch() {
        mayFail("begin");
        disk.open = disk.data.newBatch();
        return new Batch(disk.open);
    }

    @Override
    public void flush() {
        mayFail("flush");
        disk.data.flush();
    }

    @Override
    public void verify() {
        disk.data.verify();
    }

    @Override
    public void close() {
        // what is on the disk stays
    }

    private record Entry(byte[] key, byte[] value) {}

    private final class Batch implements KvBatch {
        private final KvBatch batch;
        private final List<Entry> held = new ArrayList<>();

        Batch(final KvBatch batch) {
            this.batch = batch;
        }

        @Override
        public void put(
                final DirectBuffer key,
                final int keyOffset,
                final int keyLength,
                final DirectBuffer value,
                final int valueOffset,
                final int valueLength) {
            mayFail("put");
            if (chaos.mutant == Mutant.CURSOR_BEFORE_DATA) {
                held.add(
                        new Entry(
                                copy(key, keyOffset, keyLength),
                                copy(value, valueOffset, valueLength)));
            }
            batch.put(key, keyOffset, keyLength, value, valueOffset, valueLength);
        }

        @Override
        public void commit(final long cursor) {
            try {
                mayFail("commit");
                if (chaos.mutant == Mutant.CURSOR_BEFORE_DATA) {
                    commitCursorFirst(cursor);
                } else {
                    batch.commit(cursor);
                }
                mayFail("end of commit"); // it is on the disk, and an error all the same
            } catch (final StoreException e) {
                if (chaos.mutant != Mutant.COMMIT_FAILURE_HIDDEN || index != LMDB) {
                    throw e;
                }
            } finally {
                close();
            }
        }

        private void commitCursorFirst(final long cursor) {
            batch.close();
            try (KvBatch first = disk.data.newBatch()) {
                first.commit(cursor);
            }
            chaos.point();
            try (KvBatch second = disk.data.newBatch()) {
                for (final Entry entry : held) {
                    second.put(
                            new UnsafeBuffer(entry.key),
                            0,
                            entry.key.length,
                            new UnsafeBuffer(entry.value),
                            0,
                            entry.value.length);
                }
                second.commit(cursor);
            }
        }

        @Override
        public void close() {
            batch.close();
            if (disk.open == batch) {
                disk.open = null;
            }
        }
    }

    private static byte[] copy(final DirectBuffer buffer, final int offset, final int length) {
        final byte[] bytes = new byte[length];
        buffer.getBytes(offset, bytes);
        return bytes;
    }

    private final class Reader implements KvReader {
        private final KvReader reader;

        Reader(final KvReader reader) {
            this.reader = reader;
        }

        /** As LMDB, which keeps no checksums. */
        private KvHandler flipped(final KvHandler handler) {
            if (disk.flippedKey == null) {
                return handler;
            }
            return (key, keyOffset, keyLength, value, valueOffset, valueLength) -> {
                if (!Arrays.equals(disk.flippedKey, copy(key, keyOffset, keyLength))) {
                    return handler.onEntry(
                            key, keyOffset, keyLength, value, valueOffset, valueLength);
                }
                final byte[] bytes = copy(value, valueOffset, valueLength);
                final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
                bytes[disk.flippedBit / 8] ^= (byte) (1 << disk.flippedBit % 8);
                if (chaos.mutant == Mutant.FLIP_UNSEEN && valueLength > Keys.HASH_LENGTH) {
                    buffer.putInt(4, RecordHeader.computeCrc(buffer, 0, valueLength));
                }
                return handler.onEntry(key, keyOffset, keyLength, buffer, 0, valueLength);
            };
        }

        private KvHandler altered(final KvHandler unaltered) {
            final KvHandler handler = flipped(unaltered);
            if (chaos.mutant != Mutant.WRONG_BYTE || chaos.random.nextInt(4) > 0) {
                return handler;
            }
            return (key, keyOffset, keyLength, value, valueOffset, valueLength) -> {
                final byte[] bytes = copy(value, valueOffset, valueLength);
                bytes[bytes.length - 1] ^= 1;
                return handler.onEntry(
                        key, keyOffset, keyLength, new UnsafeBuffer(bytes), 0, valueLength);
            };
        }

        @Override
        public boolean get(
                final DirectBuffer key,
                final int keyOffset,
                final int keyLength,
                final KvHandler handler) {
            mayFail("get");
            return reader.get(key, keyOffset, keyLength, altered(handler));
        }

        @Override
        public void scanForward(
                final DirectBuffer prefix,
                final int prefixOffset,
                final int prefixLength,
                final DirectBuffer from,
                final int fromOffset,
                final int fromLength,
                final KvHandler handler) {
            mayFail("scan");
            reader.scanForward(
                    prefix,
                    prefixOffset,
                    prefixLength,
                    from,
                    fromOffset,
                    fromLength,
                    flipped(handler));
        }

        @Override
        public void scanBackward(
                final DirectBuffer prefix,
                final int prefixOffset,
                final int prefixLength,
                final DirectBuffer below,
                final int belowOffset,
                final int belowLength,
                final KvHandler handler) {
            mayFail("scan");
            reader.scanBackward(
                    prefix,
                    prefixOffset,
                    prefixLength,
                    below,
                    belowOffset,
                    belowLength,
                    flipped(handler));
        }

        @Override
        public void close() {
            reader.close();
        }
    }
}
