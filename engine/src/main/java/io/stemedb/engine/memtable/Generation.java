package io.stemedb.engine.memtable;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import org.agrona.BitUtil;
import org.agrona.BufferUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The records between two flushes: one preallocated region of off-heap memory that is filled by the
 * ingest thread, drained and cleared by the flush thread, and used again.
 *
 * <pre>
 *   FREE --ingest--> ACTIVE --ingest--> SEALED --flush--> UNLINKED --flush, cleared--> FREE
 * </pre>
 *
 * Each change of state is a release store and is looked at with acquire by the thread that takes
 * over, so that the other fields need no order of their own.
 */
public final class Generation {
    enum State {
        FREE,
        ACTIVE,
        SEALED,
        UNLINKED
    }

    private static final VarHandle STATE;

    /** Bytes cleared by one call: tens of microseconds. */
    private static final int CLEAR_SLICE = 512 * 1024;

    /** Entries whose slots are cleared by one call. */
    private static final int CLEAR_SLICE_ENTRIES = 2048;

    /** Clearing slot by slot pays off while fewer than one slot in this many is used. */
    private static final int SPARSE = 64;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(Generation.class, "state", State.class);
        } catch (final ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final UnsafeBuffer region;
    final HashIndex index;
    final GenerationWriter writer;
    private final ByteBuffer memory;
    private final int arenaStart;

    private State state = State.FREE;
    private volatile long firstSequence;
    private long lastSequence;
    private long unlinkVersion;
    private int clearPosition;

    Generation(final KeyHasher hasher, final int recordCapacity, final int byteCapacity) {
        final int slotCount = slotCount(recordCapacity);
        arenaStart = slotCount << EntryDescriptor.SLOT_SHIFT;
        final int arenaLimit = arenaStart + BitUtil.align(byteCapacity, EntryDescriptor.ALIGNMENT);
        final int length = arenaLimit + EntryDescriptor.SLACK;
        // The JDK zeroes direct memory, which touches every page once: no page fault is left for
        // the ingest thread, and the index starts empty.
        memory = ByteBuffer.allocateDirect(length + BitUtil.CACHE_LINE_LENGTH);
        final long address = BufferUtil.address(memory);
        final int shift = (int) (BitUtil.align(address, BitUtil.CACHE_LINE_LENGTH) - address);
        region = new UnsafeBuffer(memory, shift, length);
        index = new HashIndex(region, slotCount);
        writer =
                new GenerationWriter(region, index, hasher, recordCapacity, arenaStart, arenaLimit);
    }

    /** Two keys a record at most, and at most half the slots used. */
    private static int slotCount(final int recordCapacity) {
        return BitUtil.findNextPositivePowerOfTwo(recordCapacity * 4);
    }

    /** Bytes of direct memory that one generation takes. */
    static long memoryLength(final int recordCapacity, final int byteCapacity) {
        return ((long) slotCount(recordCapacity) << EntryDescriptor.SLOT_SHIFT)
                + BitUtil.align((long) byteCapacity, EntryDescriptor.ALIGNMENT)
                + EntryDescriptor.SLACK
                + BitUtil.CACHE_LINE_LENGTH;
    }

    /**
     * First sequence of the range this generation covers: one above the range before it.
     *
     * @return the sequence
     */
    public long firstSequence() {
        return firstSequence;
    }

    /**
     * Last sequence of the range this generation covers, below the first if the range is empty.
     * Ingest thread; flush thread once sealed.
     *
     * @return the sequence
     */
    public long lastSequence() {
        return lastSequence;
    }

    /**
     * Records put, repeated assertions included, ignored votes and epochs not. Ingest thread; flush
     * thread once sealed.
     *
     * @return records
     */
    public int recordCount() {
        return writer.records;
    }

    State state() {
        return (State) STATE.getAcquire(this);
    }

    /** Ingest thread: takes over a free generation for the sequences from here on. */
    void activate(final long sequence) {
        firstSequence = sequence;
        lastSequence = sequence - 1;
        STATE.setRelease(this, State.ACTIVE);
    }

    /** Ingest thread. */
    void lastSequence(final long sequence) {
        lastSequence = sequence;
    }

    /** Ingest thread. */
    void seal() {
        STATE.setRelease(this, State.SEALED);
    }

    /** Flush thread: no reader that enters from this version on sees the generation. */
    void unlinked(final long version) {
        unlinkVersion = version;
        clearPosition = 0;
        STATE.setRelease(this, State.UNLINKED);
    }

    long unlinkVersion() {
        return unlinkVersion;
    }

    /**
     * Flush thread, when no reader can see the generation any more: empties a slice of the index.
     * The arena needs no clearing, as an entry is written whole before it is published.
     *
     * @return whether the generation is now free
     */
    boolean clear() {
        if ((long) writer.keys() * SPARSE < index.slotCount()) {
            if (!clearUsedSlots()) {
                return false;
            }
        } else {
            final int slice = Math.min(CLEAR_SLICE, arenaStart - clearPosition);
            region.setMemory(clearPosition, slice, (byte) 0);
            clearPosition += slice;
            if (clearPosition < arenaStart) {
                return false;
            }
        }
        writer.reset();
        STATE.setRelease(this, State.FREE);
        return true;
    }

    private boolean clearUsedSlots() {
        int entry = Math.max(clearPosition, arenaStart);
        for (int i = 0; i < CLEAR_SLICE_ENTRIES && entry < writer.position; i++) {
            final int kind = region.getInt(entry + EntryDescriptor.KIND);
            if (kind != EntryDescriptor.REPEAT && kind != EntryDescriptor.QUARANTINE) {
                final int slot = region.getInt(entry + EntryDescriptor.SLOT);
                region.putLong(slot << EntryDescriptor.SLOT_SHIFT, 0);
            }
            entry = next(entry);
        }
        clearPosition = entry;
        return entry >= writer.position;
    }

    /** Flush thread: offset of the first entry in the arena; the end is the writer's position. */
    int first() {
        return arenaStart;
    }

    /** Flush thread: offset of the entry after this one in the arena. */
    int next(final int entry) {
        return entry
                + (int)
                        EntryDescriptor.entryLength(
                                region.getInt(entry + EntryDescriptor.KEY_LENGTH),
                                region.getInt(entry + EntryDescriptor.RECORD_LENGTH));
    }

    /** Any pinned thread: offset of the entry with this key, or 0. */
    int find(
            final int kind,
            final long hash,
            final DirectBuffer key,
            final int keyOffset,
            final int keyLength) {
        return index.find(kind, hash, key, keyOffset, keyLength);
    }

    /** Gives the memory back; every later access fails its bounds check. */
    void free() {
        region.wrap(0, 0);
        BufferUtil.free(memory);
    }
}
