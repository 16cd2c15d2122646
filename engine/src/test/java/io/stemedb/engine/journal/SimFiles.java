package io.stemedb.engine.journal;

import io.stemedb.engine.faults.sim.Chaos;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;

/** Files of a {@link SimDisk}, sector by sector, to be compared with those of a real disk. */
public final class SimFiles {
    /** Bytes that reach a disk as a whole or not at all. */
    public static final int SECTOR = SimSegment.SECTOR;

    private final SimDisk disk;
    private final Chaos chaos = new Chaos();
    private final Map<Integer, SimSegment> files = new HashMap<>();

    /** Files of so many sectors each. */
    public SimFiles(final int sectors) {
        disk = new SimDisk(sectors * SECTOR);
    }

    /** As on a new disk. */
    public void reset(final SplittableRandom random) {
        files.clear();
        disk.reset();
        chaos.random = random;
    }

    /** A file of its full length, of zeros. */
    public void create(final int file) {
        files.put(file, disk.create(file));
    }

    /** All bytes of one sector. */
    public void write(final int file, final int sector, final byte value) {
        final SimSegment segment = files.get(file);
        segment.cache.setMemory(sector * SECTOR, SECTOR, value);
        segment.touched(sector * SECTOR, SECTOR);
    }

    /** As fdatasync, which may fail. */
    public void force(final int file, final boolean fails) throws IOException {
        chaos.forceFails = fails;
        files.get(file).force(chaos);
    }

    /** As fsync of the directory. */
    public void forceDirectory() {
        disk.forceDirectory(chaos);
    }

    /** As unlink. */
    public void delete(final int file) {
        files.get(file).delete();
    }

    /** The kernel writes some of what is dirty. */
    public void writeBack() {
        disk.writeBack(chaos.random);
    }

    /** The machine goes off and on again. */
    public void powerLoss() {
        disk.powerLoss(chaos.random);
    }

    /** A byte of each sector; null: there is no such file. */
    public byte[] content(final int file) {
        final SimSegment segment = files.get(file);
        if (segment == null || !disk.list().contains(segment)) {
            return null;
        }
        final byte[] content = new byte[segment.fileLength / SECTOR];
        for (int i = 0; i < content.length; i++) {
            content[i] = segment.cache.getByte(i * SECTOR);
        }
        return content;
    }
}
