package io.stemedb.codecs;

import static io.stemedb.codecs.Limits.HEADER_LENGTH;

import org.agrona.DirectBuffer;

/**
 * Looks at one record where it lies; copies nothing, allocates nothing. For one thread. The memory
 * is the caller's: a view is good until the buffer it was wrapped over changes or goes away.
 *
 * <p>Wrapping checks the shape of the record (type, version, lengths, counts), so that no getter
 * reads outside it, whatever its bytes; values and checksum are checked by {@link RecordValidator}.
 */
public abstract class RecordView {
    DirectBuffer buffer;
    int offset;
    int length;

    RecordView() {}

    /**
     * Type of the records looked at.
     *
     * @return the type
     */
    public abstract RecordType type();

    /**
     * Buffer that holds the record.
     *
     * @return the buffer last wrapped
     */
    public final DirectBuffer buffer() {
        return buffer;
    }

    /**
     * Place of the record, of its header.
     *
     * @return offset in the buffer
     */
    public final int offset() {
        return offset;
    }

    /**
     * Length of the record, header included.
     *
     * @return in bytes
     */
    public final int length() {
        return length;
    }

    /**
     * Place of the body: what the content hash covers.
     *
     * @return offset in the buffer
     */
    public final int bodyOffset() {
        return offset + HEADER_LENGTH;
    }

    /**
     * Length of the body.
     *
     * @return in bytes
     */
    public final int bodyLength() {
        return length - HEADER_LENGTH;
    }

    final void wrapHeader(final DirectBuffer buffer, final int offset, final int length) {
        final RecordType found = RecordHeader.check(buffer, offset, length);
        if (found != type()) {
            throw new InvalidRecordException("type", type().toString(), found.toString());
        }
        this.buffer = buffer;
        this.offset = offset;
        this.length = length;
    }

    /** Refuses a text that is too short or long, or ends after the record; returns its end. */
    final int checkText(
            final String field, final int at, final int count, final int min, final int max) {
        // An unsigned length past 2^31 is negative here.
        if (count < min || count > max) {
            throw Refusal.byteCount(field, min, max, count & 0xFFFFFFFFL);
        }
        if (count > offset + length - at) {
            throw pastEnd(field, count);
        }
        return at + count;
    }

    /** Refuses a length or dimension that is not wholly inside the record. */
    final void checkInside(final String field, final int at, final int count) {
        if (count > offset + length - at) {
            throw pastEnd(field, count);
        }
    }

    final void checkEnd(final int end) {
        if (end != offset + length) {
            throw new InvalidRecordException(
                    "length", (end - offset) + " bytes", length + " bytes");
        }
    }

    private InvalidRecordException pastEnd(final String field, final long count) {
        return new InvalidRecordException(
                field,
                "inside a record of " + length + " bytes",
                count + " bytes running past its end");
    }
}
