package io.stemedb.codecs;

import static io.stemedb.codecs.Limits.HEADER_LENGTH;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.util.Arrays;
import java.util.Objects;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Collects the fields of one record, in any order, and writes its canonical bytes. For one thread;
 * reusable by {@link #clear()}; allocates nothing once its buffers have grown to the texts it is
 * given.
 *
 * <p>A setter that refuses its value throws {@link InvalidRecordException}; its field then counts
 * as not set, and all other fields are as they were.
 */
public abstract class RecordWriter {
    /** Header and fixed fields as they will stand in the record, but for the checksum. */
    final UnsafeBuffer block;

    private final byte[] blockBytes;
    private final RecordType type;
    private final RecordSink sink;
    private final int headCrc;

    RecordWriter(final RecordType type, final RecordSink sink) {
        this.type = type;
        this.sink = sink;
        blockBytes = new byte[HEADER_LENGTH + RecordHeader.blockLengthOf(type)];
        block = new UnsafeBuffer(blockBytes);
        block.putByte(RecordHeader.TYPE_OFFSET, (byte) type.id());
        block.putByte(RecordHeader.VERSION_OFFSET, (byte) RecordHeader.SCHEMA_VERSION);
        block.putShort(
                RecordHeader.BLOCK_LENGTH_OFFSET,
                (short) RecordHeader.blockLengthOf(type),
                LITTLE_ENDIAN);
        headCrc = Crc32c.compute(block, 0, RecordHeader.CRC_OFFSET, 0);
    }

    /**
     * Type of the records written.
     *
     * @return the type
     */
    public final RecordType type() {
        return type;
    }

    /**
     * Forgets all fields.
     *
     * @return this
     */
    public abstract RecordWriter clear();

    /**
     * Length of the record that {@link #encode} would write now, header included.
     *
     * @return in bytes
     */
    public abstract int encodedLength();

    /** Refuses a record that lacks a field it needs. */
    abstract void requireComplete();

    /** Writes header and body, without the checksum; there is room for them. */
    abstract void write(MutableDirectBuffer buffer, int offset);

    /**
     * Writes the record, each byte of it, whatever stood there; the writer keeps its fields.
     *
     * @param buffer to write into, on or off the heap
     * @param offset of the record in it
     * @return length of the record in bytes, header included
     * @throws InvalidRecordException if a field is missing, fields contradict each other, or the
     *     buffer has no room (the field is then "buffer"); nothing was written
     */
    public final int encode(final MutableDirectBuffer buffer, final int offset) {
        requireComplete();
        final int length = encodedLength();
        if (offset < 0 || length > buffer.capacity() - offset) {
            makeRoom(buffer, offset, length);
        }
        write(buffer, offset);
        final int crc =
                Crc32c.compute(buffer, offset + HEADER_LENGTH, length - HEADER_LENGTH, headCrc);
        buffer.putInt(offset + RecordHeader.CRC_OFFSET, crc, LITTLE_ENDIAN);
        return length;
    }

    /**
     * Gives the record to the sink this writer was made with. Taken, the writer is cleared; not
     * taken, it keeps its fields and this method may be called again.
     *
     * @return the record's sequence, or the sink's negative code
     * @throws InvalidRecordException as {@link #encode}; the writer keeps its fields
     * @throws IllegalStateException if the writer was made without a sink
     */
    public final long append() {
        if (sink == null) {
            throw new IllegalStateException(
                    "this writer was made without a RecordSink: use encode");
        }
        final long sequence = sink.append(this);
        if (sequence > 0) {
            clear();
        }
        return sequence;
    }

    private static void makeRoom(
            final MutableDirectBuffer buffer, final int offset, final int length) {
        if (offset < 0 || !buffer.isExpandable()) {
            throw new InvalidRecordException(
                    "buffer",
                    "at least " + length + " bytes from offset " + offset,
                    buffer.capacity() + " bytes long");
        }
        buffer.checkLimit(offset + length);
    }

    final void clearBlock() {
        Arrays.fill(blockBytes, HEADER_LENGTH, blockBytes.length, (byte) 0);
    }

    final void putFixed(final String field, final int at, final byte[] value, final int length) {
        Objects.requireNonNull(value, field);
        if (value.length != length) {
            throw Refusal.byteCount(field, length, length, value.length);
        }
        System.arraycopy(value, 0, blockBytes, at, length);
    }

    final void putFixed(
            final String field,
            final int at,
            final DirectBuffer value,
            final int offset,
            final int length) {
        Objects.requireNonNull(value, field);
        value.getBytes(offset, blockBytes, at, length);
    }

    final void putOptional(
            final String field,
            final int at,
            final byte[] value,
            final int length,
            final int flagsAt,
            final int flag) {
        drop(at, length, flagsAt, flag);
        putFixed(field, at, value, length);
        putFlag(flagsAt, flag, true);
    }

    final void putOptional(
            final String field,
            final int at,
            final DirectBuffer value,
            final int offset,
            final int length,
            final int flagsAt,
            final int flag) {
        drop(at, length, flagsAt, flag);
        putFixed(field, at, value, offset, length);
        putFlag(flagsAt, flag, true);
    }

    private void drop(final int at, final int length, final int flagsAt, final int flag) {
        if (hasFlag(flagsAt, flag)) {
            putFlag(flagsAt, flag, false);
            Arrays.fill(blockBytes, at, at + length, (byte) 0);
        }
    }

    final void putFlag(final int at, final int flag, final boolean value) {
        final int flags = blockBytes[at];
        blockBytes[at] = (byte) (value ? flags | flag : flags & ~flag);
    }

    final boolean hasFlag(final int at, final int flag) {
        return (blockBytes[at] & flag) != 0;
    }
}
