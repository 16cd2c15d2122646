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
import static io.stemedb.codecs.Limits.HASH_LENGTH;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * Writes epochs. Needed: id, name, start; and supersedes exactly when a supersession type other
 * than None is set. The description is empty unless set.
 */
public final class EpochWriter extends RecordWriter {
    private static final int HAS_ID = 1;
    private static final int HAS_START = 1 << 1;
    private static final int HAS_ALL = HAS_ID | HAS_START;

    private final TextStage name = new TextStage("name", 1, EPOCH_NAME_MAX, false);
    private final TextStage description =
            new TextStage("description", 0, EPOCH_DESCRIPTION_MAX, false);
    private int present;

    /** A writer whose records are taken by {@link #encode}. */
    public EpochWriter() {
        this(null);
    }

    /**
     * A writer whose records are taken by {@link #append()} too.
     *
     * @param sink that takes them
     */
    public EpochWriter(final RecordSink sink) {
        super(RecordType.EPOCH, sink);
        clear();
    }

    @Override
    public EpochWriter clear() {
        clearBlock();
        block.putByte(SUPERSESSION_TYPE, (byte) SupersessionType.None.id());
        name.clear();
        description.clear();
        present = 0;
        return this;
    }

    /**
     * Sets the id of the epoch.
     *
     * @param value 32 bytes, copied
     * @return this
     */
    public EpochWriter id(final byte[] value) {
        present &= ~HAS_ID;
        putFixed("epochId", EPOCH_ID, value, HASH_LENGTH);
        present |= HAS_ID;
        return this;
    }

    /**
     * Sets the id of the epoch.
     *
     * @param buffer that holds 32 bytes, copied
     * @param offset of the first
     * @return this
     */
    public EpochWriter id(final DirectBuffer buffer, final int offset) {
        present &= ~HAS_ID;
        putFixed("epochId", EPOCH_ID, buffer, offset, HASH_LENGTH);
        present |= HAS_ID;
        return this;
    }

    /**
     * Sets the name.
     *
     * @param value 1 to 256 bytes of UTF-8
     * @return this
     */
    public EpochWriter name(final CharSequence value) {
        name.set(value);
        return this;
    }

    /**
     * Sets the name.
     *
     * @param buffer that holds its UTF-8, copied
     * @param offset of the first byte
     * @param length in bytes; 1 to 256 bytes of UTF-8
     * @return this
     */
    public EpochWriter name(final DirectBuffer buffer, final int offset, final int length) {
        name.set(buffer, offset, length);
        return this;
    }

    /**
     * Sets the description.
     *
     * @param value 0 to 64 KiB of UTF-8
     * @return this
     */
    public EpochWriter description(final CharSequence value) {
        description.set(value);
        return this;
    }

    /**
     * Sets the description.
     *
     * @param buffer that holds its UTF-8, copied
     * @param offset of the first byte
     * @param length in bytes; 0 to 64 KiB of UTF-8
     * @return this
     */
    public EpochWriter description(final DirectBuffer buffer, final int offset, final int length) {
        description.set(buffer, offset, length);
        return this;
    }

    /**
     * Sets when the epoch begins.
     *
     * @param startNs ns since 1970-01-01T00:00:00Z, not negative
     * @return this
     */
    public EpochWriter start(final long startNs) {
        present &= ~HAS_START;
        if (startNs < 0) {
            throw Refusal.time("start", startNs);
        }
        block.putLong(START, startNs, LITTLE_ENDIAN);
        present |= HAS_START;
        return this;
    }

    /**
     * Sets the id of the epoch this one supersedes.
     *
     * @param value 32 bytes, copied
     * @return this
     */
    public EpochWriter supersedes(final byte[] value) {
        putOptional("supersedes", SUPERSEDES, value, HASH_LENGTH, FLAGS, HAS_SUPERSEDES);
        return this;
    }

    /**
     * Sets the id of the epoch this one supersedes.
     *
     * @param buffer that holds 32 bytes, copied
     * @param offset of the first
     * @return this
     */
    public EpochWriter supersedes(final DirectBuffer buffer, final int offset) {
        putOptional("supersedes", SUPERSEDES, buffer, offset, HASH_LENGTH, FLAGS, HAS_SUPERSEDES);
        return this;
    }

    /**
     * Sets what the epoch does to the one it supersedes.
     *
     * @param value not null
     * @return this
     */
    public EpochWriter supersessionType(final SupersessionType value) {
        block.putByte(SUPERSESSION_TYPE, (byte) value.id());
        return this;
    }

    @Override
    public int encodedLength() {
        return NAME + Short.BYTES + name.length() + Integer.BYTES + description.length();
    }

    @Override
    void requireComplete() {
        if (present != HAS_ALL || !name.isSet()) {
            throw Refusal.notSet(firstMissing());
        }
        final int type = block.getByte(SUPERSESSION_TYPE);
        final boolean supersedes = hasFlag(FLAGS, HAS_SUPERSEDES);
        if (supersedes != (type != SupersessionType.None.id())) {
            throw Refusal.supersedes(type, supersedes);
        }
    }

    private String firstMissing() {
        if ((present & HAS_ID) == 0) {
            return "epochId";
        }
        return name.isSet() ? "start" : "name";
    }

    @Override
    void write(final MutableDirectBuffer buffer, final int offset) {
        buffer.putBytes(offset, block, 0, NAME);
        final int at = name.writeU16(buffer, offset + NAME);
        description.writeU32(buffer, at);
    }
}
