package io.stemedb.engine.memtable;

import static io.stemedb.engine.memtable.EntryDescriptor.KEY;
import static io.stemedb.engine.memtable.EntryDescriptor.KEY_LENGTH;
import static io.stemedb.engine.memtable.EntryDescriptor.OWNER;
import static io.stemedb.engine.memtable.EntryDescriptor.RECORD_LENGTH;
import static io.stemedb.engine.memtable.EntryDescriptor.SEQUENCE;

import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Where one entry lies in the memtable's memory. Nothing is copied: the bytes belong to a
 * generation, and whoever positions the view says how long they stay. For one thread; every
 * accessor throws {@link IllegalStateException} while the view is not on an entry.
 */
public class EntryView {
    private static final UnsafeBuffer NO_REGION = new UnsafeBuffer(new byte[0]);

    private UnsafeBuffer region = NO_REGION;
    private EntryKind kind;
    private int place;
    private int entry;

    /** A view that is on no entry yet. */
    public EntryView() {}

    final void position(
            final EntryKind newKind,
            final UnsafeBuffer newRegion,
            final int newPlace,
            final int newEntry) {
        kind = newKind;
        region = newRegion;
        place = newPlace;
        entry = newEntry;
    }

    final void position(final EntryKind newKind, final UnsafeBuffer newRegion, final int newEntry) {
        position(newKind, newRegion, newEntry, newEntry);
    }

    final void reset() {
        position(null, NO_REGION, 0, 0);
    }

    /**
     * The family of the entry.
     *
     * @return the family
     */
    public final EntryKind kind() {
        positioned();
        return kind;
    }

    /**
     * The memory that all offsets of this view refer to. Read only.
     *
     * @return the generation's region
     */
    public final DirectBuffer buffer() {
        positioned();
        return region;
    }

    /**
     * The sequence under which the entry was put.
     *
     * @return the sequence
     */
    public final long sequence() {
        positioned();
        return region.getLong(place + SEQUENCE);
    }

    /**
     * First of the 32 key bytes: an epoch's id, else the record's content hash. Not for quarantine.
     *
     * @return offset in {@link #buffer()}, a multiple of 8
     */
    public final int hashOffset() {
        positioned();
        return entry + KEY;
    }

    /**
     * First byte of the record, header included; for quarantine of the refused bytes.
     *
     * @return offset in {@link #buffer()}, a multiple of 8
     */
    public final int recordOffset() {
        positioned();
        return EntryDescriptor.recordOffset(entry, region.getInt(entry + KEY_LENGTH));
    }

    /**
     * Length of the record, header included; for quarantine of the refused bytes.
     *
     * @return bytes
     */
    public final int recordLength() {
        positioned();
        return region.getInt(entry + RECORD_LENGTH);
    }

    /**
     * First of the 32 bytes of the assertion that a vote weighs. Votes only.
     *
     * @return offset in {@link #buffer()}, a multiple of 8
     */
    public final int assertionHashOffset() {
        return owner() + KEY;
    }

    /**
     * First byte of the subject. Assertions and subject entries only.
     *
     * @return offset in {@link #buffer()}
     */
    public final int subjectOffset() {
        return owner() + KEY;
    }

    /**
     * Length of the subject. Assertions and subject entries only.
     *
     * @return bytes
     */
    public final int subjectLength() {
        return region.getInt(owner() + KEY_LENGTH);
    }

    /**
     * First byte of the reason why a record was refused. Quarantine only.
     *
     * @return offset in {@link #buffer()}
     */
    public final int reasonOffset() {
        positioned();
        return entry + KEY;
    }

    /**
     * Length of the reason why a record was refused. Quarantine only.
     *
     * @return bytes
     */
    public final int reasonLength() {
        positioned();
        return region.getInt(entry + KEY_LENGTH);
    }

    final int placeOffset() {
        return place;
    }

    final int entryOffset() {
        return entry;
    }

    private int owner() {
        positioned();
        final int owner = region.getInt(place + OWNER);
        if (owner == 0) {
            throw new IllegalStateException("entry of kind " + kind + " stands in no chain");
        }
        return EntryDescriptor.entry(owner);
    }

    private void positioned() {
        if (entry == 0) {
            throw new IllegalStateException("view is on no entry");
        }
    }
}
