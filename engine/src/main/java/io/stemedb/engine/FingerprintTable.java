package io.stemedb.engine;

import java.nio.ByteBuffer;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A set of 63-bit fingerprints outside the heap, each with a mark: 12 to 24 bytes an entry. With n
 * entries the chance that one that is missing is taken for another is n / 2^63. One thread.
 */
final class FingerprintTable implements AutoCloseable {
    private static final int PARTS = 16;
    private static final int PART_SHIFT = 59;
    private static final int FIRST_SLOTS = 1 << 8;
    private static final int SLOTS_MAX = 1 << 27;
    private static final long MARK = 1L << 63;

    private final UnsafeBuffer[] parts = new UnsafeBuffer[PARTS];
    private final int[] sizes = new int[PARTS];
    private long marked;

    FingerprintTable() {
        for (int i = 0; i < PARTS; i++) {
            parts[i] = newPart(FIRST_SLOTS);
        }
    }

    private static UnsafeBuffer newPart(final int slots) {
        return new UnsafeBuffer(ByteBuffer.allocateDirect(slots * Long.BYTES));
    }

    /** Adds a fingerprint without a mark; one that is there stays as it is. */
    void add(final long fingerprint) {
        final long wanted = normal(fingerprint);
        final int part = part(wanted);
        final int at = find(parts[part], wanted);
        if (parts[part].getLong(at) == 0) {
            parts[part].putLong(at, wanted);
            if (++sizes[part] > slots(parts[part]) / 3 * 2) {
                grow(part);
            }
        }
    }

    /** Marks a fingerprint; false if it is not there. */
    boolean mark(final long fingerprint) {
        final long wanted = normal(fingerprint);
        final UnsafeBuffer part = parts[part(wanted)];
        final int at = find(part, wanted);
        final long found = part.getLong(at);
        if (found > 0) {
            part.putLong(at, found | MARK);
            marked++;
        }
        return found != 0;
    }

    boolean contains(final long fingerprint) {
        final long wanted = normal(fingerprint);
        final UnsafeBuffer part = parts[part(wanted)];
        return part.getLong(find(part, wanted)) != 0;
    }

    boolean isMarked(final long fingerprint) {
        final long wanted = normal(fingerprint);
        final UnsafeBuffer part = parts[part(wanted)];
        return part.getLong(find(part, wanted)) < 0;
    }

    /** How many have no mark. */
    long unmarked() {
        long size = 0;
        for (final int partSize : sizes) {
            size += partSize;
        }
        return size - marked;
    }

    private void grow(final int index) {
        final UnsafeBuffer old = parts[index];
        final int slots = slots(old);
        if (slots >= SLOTS_MAX) {
            throw new IllegalStateException(
                    "entries of one kind: at most " + (long) PARTS * SLOTS_MAX / 3 * 2);
        }
        final UnsafeBuffer larger = newPart(2 * slots);
        for (int at = 0; at < old.capacity(); at += Long.BYTES) {
            final long found = old.getLong(at);
            if (found != 0) {
                larger.putLong(find(larger, found & ~MARK), found);
            }
        }
        parts[index] = larger;
        BufferUtil.free(old.byteBuffer());
    }

    /** Where a fingerprint is, or the empty slot where it goes. */
    private static int find(final UnsafeBuffer part, final long wanted) {
        final int mask = slots(part) - 1;
        int slot = (int) wanted & mask;
        while (true) {
            final long found = part.getLong(slot * Long.BYTES);
            if (found == 0 || (found & ~MARK) == wanted) {
                return slot * Long.BYTES;
            }
            slot = slot + 1 & mask;
        }
    }

    private static int slots(final UnsafeBuffer part) {
        return part.capacity() / Long.BYTES;
    }

    private static long normal(final long fingerprint) {
        return Math.max(fingerprint & ~MARK, 1);
    }

    private static int part(final long fingerprint) {
        return (int) (fingerprint >>> PART_SHIFT) & PARTS - 1;
    }

    @Override
    public void close() {
        for (final UnsafeBuffer part : parts) {
            BufferUtil.free(part.byteBuffer());
        }
    }
}
