package io.stemedb.codecs;

import static io.stemedb.codecs.AssertionLayout.CONFIDENCE;
import static io.stemedb.codecs.AssertionLayout.EPOCH;
import static io.stemedb.codecs.AssertionLayout.FLAGS;
import static io.stemedb.codecs.AssertionLayout.HAS_EPOCH;
import static io.stemedb.codecs.AssertionLayout.HAS_PARENT_HASH;
import static io.stemedb.codecs.AssertionLayout.HAS_SOURCE_HASH;
import static io.stemedb.codecs.AssertionLayout.HAS_VISUAL_HASH;
import static io.stemedb.codecs.AssertionLayout.LIFECYCLE;
import static io.stemedb.codecs.AssertionLayout.OBJECT_BOOLEAN;
import static io.stemedb.codecs.AssertionLayout.OBJECT_NUMBER;
import static io.stemedb.codecs.AssertionLayout.OBJECT_TYPE;
import static io.stemedb.codecs.AssertionLayout.PARENT_HASH;
import static io.stemedb.codecs.AssertionLayout.SIGNATURES;
import static io.stemedb.codecs.AssertionLayout.SOURCE_CLASS;
import static io.stemedb.codecs.AssertionLayout.SOURCE_HASH;
import static io.stemedb.codecs.AssertionLayout.TIMESTAMP;
import static io.stemedb.codecs.AssertionLayout.VISUAL_HASH;
import static io.stemedb.codecs.Limits.HASH_LENGTH;
import static io.stemedb.codecs.Limits.OBJECT_TEXT_MAX;
import static io.stemedb.codecs.Limits.PREDICATE_MAX;
import static io.stemedb.codecs.Limits.SUBJECT_MAX;
import static io.stemedb.codecs.Limits.VISUAL_HASH_LENGTH;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * Writes assertions. Needed: subject, predicate, object ({@link #text}, {@link #number}, {@link
 * #bool} or {@link #reference}; the last one called holds), confidence, timestamp. Lifecycle is
 * Proposed and source class Unspecified unless set; all else is absent unless set.
 */
public final class AssertionWriter extends RecordWriter {
    private static final int HAS_CONFIDENCE = 1;
    private static final int HAS_TIMESTAMP = 1 << 1;
    private static final int HAS_OBJECT = 1 << 2;
    private static final int HAS_ALL = HAS_CONFIDENCE | HAS_TIMESTAMP | HAS_OBJECT;

    private final TextStage subject = new TextStage("subject", 1, SUBJECT_MAX, true);
    private final TextStage predicate = new TextStage("predicate", 1, PREDICATE_MAX, true);
    private final TextStage objectText = new TextStage("objectText", 0, OBJECT_TEXT_MAX, false);
    private final SignatureStage signatures = new SignatureStage();
    private final VectorStage vector = new VectorStage();
    private int present;

    /** A writer whose records are taken by {@link #encode}. */
    public AssertionWriter() {
        this(null);
    }

    /**
     * A writer whose records are taken by {@link #append()} too.
     *
     * @param sink that takes them
     */
    public AssertionWriter(final RecordSink sink) {
        super(RecordType.ASSERTION, sink);
        clear();
    }

    @Override
    public AssertionWriter clear() {
        clearBlock();
        block.putByte(LIFECYCLE, (byte) Lifecycle.Proposed.id());
        block.putByte(SOURCE_CLASS, (byte) SourceClass.Unspecified.id());
        subject.clear();
        predicate.clear();
        objectText.clear();
        signatures.clear();
        vector.clear();
        present = 0;
        return this;
    }

    /**
     * Sets what is claimed about.
     *
     * @param value 1 to 256 bytes of UTF-8 without control characters
     * @return this
     */
    public AssertionWriter subject(final CharSequence value) {
        subject.set(value);
        return this;
    }

    /**
     * Sets what is claimed about.
     *
     * @param buffer that holds its UTF-8, copied
     * @param offset of the first byte
     * @param length in bytes; 1 to 256 bytes of UTF-8 without control characters
     * @return this
     */
    public AssertionWriter subject(final DirectBuffer buffer, final int offset, final int length) {
        subject.set(buffer, offset, length);
        return this;
    }

    /**
     * Sets what is claimed of the subject.
     *
     * @param value 1 to 128 bytes of UTF-8 without control characters
     * @return this
     */
    public AssertionWriter predicate(final CharSequence value) {
        predicate.set(value);
        return this;
    }

    /**
     * Sets what is claimed of the subject.
     *
     * @param buffer that holds its UTF-8, copied
     * @param offset of the first byte
     * @param length in bytes; 1 to 128 bytes of UTF-8 without control characters
     * @return this
     */
    public AssertionWriter predicate(
            final DirectBuffer buffer, final int offset, final int length) {
        predicate.set(buffer, offset, length);
        return this;
    }

    /**
     * Sets the object, as a Text.
     *
     * @param value 0 to 64 KiB of UTF-8
     * @return this
     */
    public AssertionWriter text(final CharSequence value) {
        dropObject();
        objectText.set(value, 0);
        setObject(ObjectType.Text);
        return this;
    }

    /**
     * Sets the object, as a Text.
     *
     * @param buffer that holds its UTF-8, copied
     * @param offset of the first byte
     * @param length in bytes; 0 to 64 KiB of UTF-8
     * @return this
     */
    public AssertionWriter text(final DirectBuffer buffer, final int offset, final int length) {
        dropObject();
        objectText.set(buffer, offset, length, 0);
        setObject(ObjectType.Text);
        return this;
    }

    /**
     * Sets the object, as a Reference to an entity.
     *
     * @param value 1 byte to 64 KiB of UTF-8
     * @return this
     */
    public AssertionWriter reference(final CharSequence value) {
        dropObject();
        objectText.set(value, 1);
        setObject(ObjectType.Reference);
        return this;
    }

    /**
     * Sets the object, as a Reference to an entity.
     *
     * @param buffer that holds its UTF-8, copied
     * @param offset of the first byte
     * @param length in bytes; 1 byte to 64 KiB of UTF-8
     * @return this
     */
    public AssertionWriter reference(
            final DirectBuffer buffer, final int offset, final int length) {
        dropObject();
        objectText.set(buffer, offset, length, 1);
        setObject(ObjectType.Reference);
        return this;
    }

    /**
     * Sets the object, as a Number.
     *
     * @param value finite; -0.0 becomes 0.0
     * @return this
     */
    public AssertionWriter number(final double value) {
        dropObject();
        if (!Double.isFinite(value)) {
            throw Refusal.of("objectNumber", Refusal.FINITE, value);
        }
        // Adding 0.0 turns -0.0 into 0.0 and changes nothing else.
        block.putDouble(OBJECT_NUMBER, value + 0.0, LITTLE_ENDIAN);
        setObject(ObjectType.Number);
        return this;
    }

    /**
     * Sets the object, as a Boolean.
     *
     * @param value true or false
     * @return this
     */
    public AssertionWriter bool(final boolean value) {
        dropObject();
        putFlag(FLAGS, OBJECT_BOOLEAN, value);
        setObject(ObjectType.Boolean);
        return this;
    }

    private void dropObject() {
        present &= ~HAS_OBJECT;
        objectText.clear();
        block.putLong(OBJECT_NUMBER, 0L);
        putFlag(FLAGS, OBJECT_BOOLEAN, false);
    }

    private void setObject(final ObjectType type) {
        block.putByte(OBJECT_TYPE, (byte) type.id());
        present |= HAS_OBJECT;
    }

    /**
     * Sets how sure the claim is.
     *
     * @param value in [0, 1]; -0.0 becomes 0.0
     * @return this
     */
    public AssertionWriter confidence(final float value) {
        present &= ~HAS_CONFIDENCE;
        if (!(value >= 0.0f && value <= 1.0f)) {
            throw Refusal.of("confidence", "in [0, 1]", value);
        }
        block.putFloat(CONFIDENCE, value + 0.0f, LITTLE_ENDIAN);
        present |= HAS_CONFIDENCE;
        return this;
    }

    /**
     * Sets the time of the claim.
     *
     * @param timestampNs ns since 1970-01-01T00:00:00Z, not negative
     * @return this
     */
    public AssertionWriter timestamp(final long timestampNs) {
        present &= ~HAS_TIMESTAMP;
        if (timestampNs < 0) {
            throw Refusal.time("timestamp", timestampNs);
        }
        block.putLong(TIMESTAMP, timestampNs, LITTLE_ENDIAN);
        present |= HAS_TIMESTAMP;
        return this;
    }

    /**
     * Sets where the claim stands in review.
     *
     * @param value not null
     * @return this
     */
    public AssertionWriter lifecycle(final Lifecycle value) {
        block.putByte(LIFECYCLE, (byte) value.id());
        return this;
    }

    /**
     * Sets the kind of source the claim comes from.
     *
     * @param value not null
     * @return this
     */
    public AssertionWriter sourceClass(final SourceClass value) {
        block.putByte(SOURCE_CLASS, (byte) value.id());
        return this;
    }

    /**
     * Sets the hash of the source document.
     *
     * @param value 32 bytes, copied
     * @return this
     */
    public AssertionWriter sourceHash(final byte[] value) {
        putOptional("sourceHash", SOURCE_HASH, value, HASH_LENGTH, FLAGS, HAS_SOURCE_HASH);
        return this;
    }

    /**
     * Sets the hash of the source document.
     *
     * @param buffer that holds 32 bytes, copied
     * @param offset of the first
     * @return this
     */
    public AssertionWriter sourceHash(final DirectBuffer buffer, final int offset) {
        putOptional("sourceHash", SOURCE_HASH, buffer, offset, HASH_LENGTH, FLAGS, HAS_SOURCE_HASH);
        return this;
    }

    /**
     * Sets the content hash of the assertion this one follows.
     *
     * @param value 32 bytes, copied
     * @return this
     */
    public AssertionWriter parentHash(final byte[] value) {
        putOptional("parentHash", PARENT_HASH, value, HASH_LENGTH, FLAGS, HAS_PARENT_HASH);
        return this;
    }

    /**
     * Sets the content hash of the assertion this one follows.
     *
     * @param buffer that holds 32 bytes, copied
     * @param offset of the first
     * @return this
     */
    public AssertionWriter parentHash(final DirectBuffer buffer, final int offset) {
        putOptional("parentHash", PARENT_HASH, buffer, offset, HASH_LENGTH, FLAGS, HAS_PARENT_HASH);
        return this;
    }

    /**
     * Sets the perceptual hash of a picture.
     *
     * @param value 8 bytes, copied
     * @return this
     */
    public AssertionWriter visualHash(final byte[] value) {
        putOptional("visualHash", VISUAL_HASH, value, VISUAL_HASH_LENGTH, FLAGS, HAS_VISUAL_HASH);
        return this;
    }

    /**
     * Sets the perceptual hash of a picture.
     *
     * @param buffer that holds 8 bytes, copied
     * @param offset of the first
     * @return this
     */
    public AssertionWriter visualHash(final DirectBuffer buffer, final int offset) {
        putOptional(
                "visualHash",
                VISUAL_HASH,
                buffer,
                offset,
                VISUAL_HASH_LENGTH,
                FLAGS,
                HAS_VISUAL_HASH);
        return this;
    }

    /**
     * Sets the id of the epoch the claim belongs to.
     *
     * @param value 32 bytes, copied
     * @return this
     */
    public AssertionWriter epoch(final byte[] value) {
        putOptional("epoch", EPOCH, value, HASH_LENGTH, FLAGS, HAS_EPOCH);
        return this;
    }

    /**
     * Sets the id of the epoch the claim belongs to.
     *
     * @param buffer that holds 32 bytes, copied
     * @param offset of the first
     * @return this
     */
    public AssertionWriter epoch(final DirectBuffer buffer, final int offset) {
        putOptional("epoch", EPOCH, buffer, offset, HASH_LENGTH, FLAGS, HAS_EPOCH);
        return this;
    }

    /**
     * Adds a signature; the order of the calls does not matter.
     *
     * @param agentId 32 bytes, copied; each agent signs once
     * @param signature 64 bytes, copied
     * @param timestampNs ns since 1970-01-01T00:00:00Z, not negative
     * @param scheme 0 to 255
     * @return this
     */
    public AssertionWriter addSignature(
            final byte[] agentId,
            final byte[] signature,
            final long timestampNs,
            final int scheme) {
        signatures.add(agentId, signature, timestampNs, scheme);
        return this;
    }

    /**
     * Adds a signature; the order of the calls does not matter.
     *
     * @param agentId buffer that holds 32 bytes, copied; each agent signs once
     * @param agentIdOffset of the first
     * @param signature buffer that holds 64 bytes, copied
     * @param signatureOffset of the first
     * @param timestampNs ns since 1970-01-01T00:00:00Z, not negative
     * @param scheme 0 to 255
     * @return this
     */
    public AssertionWriter addSignature(
            final DirectBuffer agentId,
            final int agentIdOffset,
            final DirectBuffer signature,
            final int signatureOffset,
            final long timestampNs,
            final int scheme) {
        signatures.add(agentId, agentIdOffset, signature, signatureOffset, timestampNs, scheme);
        return this;
    }

    /**
     * Sets the vector.
     *
     * @param elements up to 4,096, finite; -0.0 becomes 0.0; none is the same as no vector
     * @return this
     */
    public AssertionWriter vector(final float[] elements) {
        return vector(elements, 0, elements.length);
    }

    /**
     * Sets the vector.
     *
     * @param elements finite; -0.0 becomes 0.0
     * @param offset of the first element
     * @param length in elements, up to 4,096; 0 is the same as no vector
     * @return this
     */
    public AssertionWriter vector(final float[] elements, final int offset, final int length) {
        vector.set(elements, offset, length);
        return this;
    }

    @Override
    public int encodedLength() {
        return SIGNATURES
                + signatures.length()
                + vector.length()
                + (2 * Short.BYTES + Integer.BYTES)
                + subject.length()
                + predicate.length()
                + objectText.length();
    }

    @Override
    void requireComplete() {
        if (present != HAS_ALL || !subject.isSet() || !predicate.isSet()) {
            throw Refusal.notSet(firstMissing());
        }
    }

    private String firstMissing() {
        if (!subject.isSet()) {
            return "subject";
        }
        if (!predicate.isSet()) {
            return "predicate";
        }
        if ((present & HAS_OBJECT) == 0) {
            return "object";
        }
        return (present & HAS_CONFIDENCE) == 0 ? "confidence" : "timestamp";
    }

    @Override
    void write(final MutableDirectBuffer buffer, final int offset) {
        buffer.putBytes(offset, block, 0, SIGNATURES);
        int at = signatures.write(buffer, offset + SIGNATURES);
        at = vector.write(buffer, at);
        at = subject.writeU16(buffer, at);
        at = predicate.writeU16(buffer, at);
        objectText.writeU32(buffer, at);
    }
}
