package io.stemedb.codecs;

import static io.stemedb.codecs.EpochLayout.EPOCH_ID;
import static io.stemedb.codecs.EpochLayout.FLAGS;
import static io.stemedb.codecs.EpochLayout.HAS_SUPERSEDES;
import static io.stemedb.codecs.EpochLayout.NAME;
import static io.stemedb.codecs.EpochLayout.START;
import static io.stemedb.codecs.EpochLayout.SUPERSEDES;
import static io.stemedb.codecs.EpochLayout.SUPERSESSION_TYPE;
import static io.stemedb.codecs.Limits.EPOCH_DESCRIPTION_MAX;
import static io.stemedb.codecs.Limits.EPOCH_NAME_MAX;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import org.agrona.DirectBuffer;

/** Looks at an epoch. Offsets are in {@link #buffer()}, not relative to the record. */
public final class EpochView extends RecordView {
    private int nameOffset;
    private int nameLength;
    private int descriptionOffset;
    private int descriptionLength;

    /** A view of nothing yet. */
    public EpochView() {}

    @Override
    public RecordType type() {
        return RecordType.EPOCH;
    }

    /**
     * Looks at a record.
     *
     * @param buffer that holds it
     * @param offset of the record, of its header
     * @param length of the record, header included
     * @return this
     * @throws InvalidRecordException if the bytes do not have the shape of an epoch of this length
     */
    public EpochView wrap(final DirectBuffer buffer, final int offset, final int length) {
        wrapHeader(buffer, offset, length);

        int at = offset + NAME;
        checkInside("name", at, Short.BYTES);
        nameLength = buffer.getShort(at, LITTLE_ENDIAN) & 0xFFFF;
        nameOffset = at + Short.BYTES;
        at = checkText("name", nameOffset, nameLength, 1, EPOCH_NAME_MAX);

        checkInside("description", at, Integer.BYTES);
        descriptionLength = buffer.getInt(at, LITTLE_ENDIAN);
        descriptionOffset = at + Integer.BYTES;
        at =
                checkText(
                        "description",
                        descriptionOffset,
                        descriptionLength,
                        0,
                        EPOCH_DESCRIPTION_MAX);

        checkEnd(at);
        return this;
    }

    /**
     * When the epoch begins.
     *
     * @return ns since 1970-01-01T00:00:00Z
     */
    public long start() {
        return buffer.getLong(offset + START, LITTLE_ENDIAN);
    }

    /**
     * What the epoch does to the one it supersedes.
     *
     * @return the constant
     */
    public SupersessionType supersessionType() {
        return SupersessionType.of(supersessionTypeId());
    }

    /**
     * Place of the id of the epoch (32 bytes).
     *
     * @return offset in the buffer
     */
    public int epochIdOffset() {
        return offset + EPOCH_ID;
    }

    /**
     * Whether there is the id of the epoch this one supersedes (32 bytes).
     *
     * @return true if there is
     */
    public boolean hasSupersedes() {
        return (flags() & HAS_SUPERSEDES) != 0;
    }

    /**
     * Place of the id of the epoch this one supersedes (32 bytes); the bytes are zero if there is
     * none.
     *
     * @return offset in the buffer
     */
    public int supersedesOffset() {
        return offset + SUPERSEDES;
    }

    /**
     * Place of the name.
     *
     * @return offset of its first byte in the buffer
     */
    public int nameOffset() {
        return nameOffset;
    }

    /**
     * Length of the name.
     *
     * @return in bytes
     */
    public int nameLength() {
        return nameLength;
    }

    /**
     * A copy of the name; allocates.
     *
     * @return the text
     */
    public String name() {
        return buffer.getStringWithoutLengthUtf8(nameOffset, nameLength);
    }

    /**
     * Place of the description.
     *
     * @return offset of its first byte in the buffer
     */
    public int descriptionOffset() {
        return descriptionOffset;
    }

    /**
     * Length of the description.
     *
     * @return in bytes
     */
    public int descriptionLength() {
        return descriptionLength;
    }

    /**
     * A copy of the description; allocates.
     *
     * @return the text
     */
    public String description() {
        return buffer.getStringWithoutLengthUtf8(descriptionOffset, descriptionLength);
    }

    int flags() {
        return buffer.getByte(offset + FLAGS) & 0xFF;
    }

    int supersessionTypeId() {
        return buffer.getByte(offset + SUPERSESSION_TYPE) & 0xFF;
    }
}
