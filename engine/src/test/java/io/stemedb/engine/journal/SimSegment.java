package io.stemedb.engine.journal;

import io.stemedb.engine.faults.sim.Chaos;
import io.stemedb.engine.faults.sim.Mutant;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A segment file as the kernel has it: what is in the page cache, what is on the disk, and which
 * sectors of the one the kernel still means to write to the other.
 */
final class SimSegment extends SegmentFile {
    static final int SECTOR = 512;

    final SimDisk disk;
    final UnsafeBuffer cache;
    final UnsafeBuffer durable;
    private final long[] dirty;

    /** Length of the file; less than its blocks after a power cut. */
    int fileLength;

    /** The directory was forced since the file was made. */
    boolean entryDurable;

    /** The file was forced since it was made: its length is safe. */
    private boolean lengthDurable;

    /** A bit was turned over. */
    boolean flipped;

    // What the process knows of it, as LiveSegment.
    int position;
    long limit;
    long lastSequence;
    int ready;
    SimSegment next;
    boolean read;
    boolean synced;

    SimSegment(final SimDisk disk, final long number, final ByteBuffer memory, final int length) {
        super(Path.of("segment-" + number), number);
        this.disk = disk;
        fileLength = length;
        cache = new UnsafeBuffer(memory, 0, length);
        durable = new UnsafeBuffer(memory, length, length);
        dirty = new long[(length / SECTOR + Long.SIZE - 1) / Long.SIZE];
    }

    int blocks() {
        return cache.capacity();
    }

    /** Marks what was written to the cache. */
    void touched(final int from, final int length) {
        for (int sector = from / SECTOR; sector <= (from + length - 1) / SECTOR; sector++) {
            dirty[sector >> 6] |= 1L << sector;
        }
    }

    private void write(final int sector) {
        final int at = sector * SECTOR;
        durable.putBytes(at, cache, at, Math.min(SECTOR, blocks() - at));
        dirty[sector >> 6] &= ~(1L << sector);
    }

    /** The kernel writes some of what is dirty, in no order. */
    void writeBack(final SplittableRandom random) {
        for (int i = 0; i < dirty.length; i++) {
            for (long bits = dirty[i]; bits != 0; bits &= bits - 1) {
                if (random.nextBoolean()) {
                    write(i * Long.SIZE + Long.numberOfTrailingZeros(bits));
                }
            }
        }
    }

    /** As fdatasync. One that fails has written some, and the kernel will not write the rest. */
    void force(final Chaos chaos) throws IOException {
        if (chaos.mutant == Mutant.FORCE_DOES_NOTHING) {
            return;
        }
        chaos.point();
        if (chaos.takeForceFailure()) {
            writeBack(chaos.random);
            Arrays.fill(dirty, 0);
            throw new IOException("simulated EIO");
        }
        for (int i = 0; i < dirty.length; i++) {
            for (long bits = dirty[i]; bits != 0; bits &= bits - 1) {
                write(i * Long.SIZE + Long.numberOfTrailingZeros(bits));
            }
        }
        lengthDurable = true;
        chaos.point();
    }

    /** Writes what is there over itself, so that the kernel means to write it again. */
    void rewrite() {
        Arrays.fill(dirty, -1);
        final int unused = dirty.length * Long.SIZE - blocks() / SECTOR;
        if (unused > 0) {
            dirty[dirty.length - 1] >>>= unused;
        }
    }

    /** The machine goes off: each dirty sector is written or not. False if the file is gone. */
    boolean powerLoss(final SplittableRandom random) {
        writeBack(random);
        Arrays.fill(dirty, 0);
        if (!entryDurable && random.nextBoolean()) {
            return false;
        }
        if (!lengthDurable && random.nextInt(4) == 0) {
            cut(random.nextInt(blocks() / SECTOR + 1) * SECTOR);
        }
        cache.putBytes(0, durable, 0, blocks());
        entryDurable = true;
        lengthDurable = true;
        return true;
    }

    /** Turns a bit over, on the disk and in the cache. */
    void flip(final int at, final int bit) {
        durable.putByte(at, (byte) (cache.getByte(at) ^ 1 << bit));
        cache.putByte(at, (byte) (cache.getByte(at) ^ 1 << bit));
    }

    @Override
    int map(final SegmentWalker walker, final long expectedSequence) {
        if (fileLength > 0) {
            walker.wrap(
                    cache.addressOffset(),
                    fileLength,
                    number(),
                    path().toString(),
                    expectedSequence);
        } else {
            walker.release();
        }
        return fileLength;
    }

    @Override
    void unmap() {
        // the memory is the disk's
    }

    @Override
    boolean isZero(final long from, final long to) {
        for (int i = (int) from; i < to; i++) {
            if (cache.getByte(i) != 0) {
                return false;
            }
        }
        return true;
    }

    @Override
    void cut(final long length) {
        final int from = (int) Math.min(length, fileLength);
        cache.setMemory(from, blocks() - from, (byte) 0);
        durable.setMemory(from, blocks() - from, (byte) 0);
        fileLength = from;
    }

    @Override
    void delete() {
        disk.remove(this);
    }
}
