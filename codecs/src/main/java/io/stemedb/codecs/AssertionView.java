package io.stemedb.codecs;

import static io.stemedb.codecs.AssertionLayout.CONFIDENCE;
import static io.stemedb.codecs.AssertionLayout.COUNT_SHIFT;
import static io.stemedb.codecs.AssertionLayout.DIMENSION_LENGTH;
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
import static io.stemedb.codecs.AssertionLayout.SIGNATURE_AGENT_ID;
import static io.stemedb.codecs.AssertionLayout.SIGNATURE_BYTES;
import static io.stemedb.codecs.AssertionLayout.SIGNATURE_ENTRY;
import static io.stemedb.codecs.AssertionLayout.SIGNATURE_SCHEME;
import static io.stemedb.codecs.AssertionLayout.SIGNATURE_TIMESTAMP;
import static io.stemedb.codecs.AssertionLayout.SOURCE_CLASS;
import static io.stemedb.codecs.AssertionLayout.SOURCE_HASH;
import static io.stemedb.codecs.AssertionLayout.TIMESTAMP;
import static io.stemedb.codecs.AssertionLayout.VECTOR_ENTRY;
import static io.stemedb.codecs.AssertionLayout.VISUAL_HASH;
import static io.stemedb.codecs.Limits.OBJECT_TEXT_MAX;
import static io.stemedb.codecs.Limits.PREDICATE_MAX;
import static io.stemedb.codecs.Limits.SIGNATURES_MAX;
import static io.stemedb.codecs.Limits.SUBJECT_MAX;
import static io.stemedb.codecs.Limits.VECTOR_MAX;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.util.Objects;
import org.agrona.DirectBuffer;

/** Looks at an assertion. Offsets are in {@link #buffer()}, not relative to the record. */
public final class AssertionView extends RecordView {
    private int signatureCount;
    private int vectorOffset;
    private int vectorLength;
    private int subjectOffset;
    private int subjectLength;
    private int predicateOffset;
    private int predicateLength;
    private int objectTextOffset;
    private int objectTextLength;

    /** A view of nothing yet. */
    public AssertionView() {}

    @Override
    public RecordType type() {
        return RecordType.ASSERTION;
    }

    /**
     * Looks at a record.
     *
     * @param buffer that holds it
     * @param offset of the record, of its header
     * @param length of the record, header included
     * @return this
     * @throws InvalidRecordException if the bytes do not have the shape of an assertion of this
     *     length
     */
    public AssertionView wrap(final DirectBuffer buffer, final int offset, final int length) {
        wrapHeader(buffer, offset, length);

        int at = offset + SIGNATURES;
        signatureCount = count("signatures", at, SIGNATURE_ENTRY, SIGNATURES_MAX);
        at += DIMENSION_LENGTH + signatureCount * SIGNATURE_ENTRY;
        vectorLength = count("vector", at, VECTOR_ENTRY, VECTOR_MAX);
        vectorOffset = at + DIMENSION_LENGTH;
        at = vectorOffset + vectorLength * VECTOR_ENTRY;

        checkInside("subject", at, Short.BYTES);
        subjectLength = buffer.getShort(at, LITTLE_ENDIAN) & 0xFFFF;
        subjectOffset = at + Short.BYTES;
        at = checkText("subject", subjectOffset, subjectLength, 1, SUBJECT_MAX);

        checkInside("predicate", at, Short.BYTES);
        predicateLength = buffer.getShort(at, LITTLE_ENDIAN) & 0xFFFF;
        predicateOffset = at + Short.BYTES;
        at = checkText("predicate", predicateOffset, predicateLength, 1, PREDICATE_MAX);

        checkInside("objectText", at, Integer.BYTES);
        objectTextLength = buffer.getInt(at, LITTLE_ENDIAN);
        objectTextOffset = at + Integer.BYTES;
        at = checkText("objectText", objectTextOffset, objectTextLength, 0, OBJECT_TEXT_MAX);

        checkEnd(at);
        return this;
    }

    /** Count of a group whose dimension stands here, whose entries are all inside the record. */
    private int count(final String group, final int at, final int entryLength, final int max) {
        checkInside(group, at, DIMENSION_LENGTH);
        final long dimension = buffer.getLong(at, LITTLE_ENDIAN);
        final int count = (int) (dimension >>> COUNT_SHIFT) & 0xFFFF;
        if (dimension != AssertionLayout.dimension(entryLength, count)) {
            throw new InvalidRecordException(
                    group,
                    "entries of " + entryLength + " bytes, padded with zero",
                    String.format("dimension 0x%016X", dimension));
        }
        if (count > max) {
            throw Refusal.range(group, 0, max, count);
        }
        checkInside(group, at + DIMENSION_LENGTH, count * entryLength);
        return count;
    }

    /**
     * Time of the claim.
     *
     * @return ns since 1970-01-01T00:00:00Z
     */
    public long timestamp() {
        return buffer.getLong(offset + TIMESTAMP, LITTLE_ENDIAN);
    }

    /**
     * How sure the claim is.
     *
     * @return in [0, 1]
     */
    public float confidence() {
        return buffer.getFloat(offset + CONFIDENCE, LITTLE_ENDIAN);
    }

    /**
     * Where the claim stands in review.
     *
     * @return the constant
     */
    public Lifecycle lifecycle() {
        return Lifecycle.of(lifecycleId());
    }

    /**
     * Kind of source the claim comes from.
     *
     * @return the constant
     */
    public SourceClass sourceClass() {
        return SourceClass.of(sourceClassId());
    }

    /**
     * What the object is.
     *
     * @return the constant
     */
    public ObjectType objectType() {
        return ObjectType.of(objectTypeId());
    }

    /**
     * The object, if it is a Number.
     *
     * @return the number; 0.0 for other objects
     */
    public double number() {
        return buffer.getDouble(offset + OBJECT_NUMBER, LITTLE_ENDIAN);
    }

    /**
     * The object, if it is a Boolean.
     *
     * @return the truth value; false for other objects
     */
    public boolean bool() {
        return (flags() & OBJECT_BOOLEAN) != 0;
    }

    /**
     * Whether there is the hash of the source document (32 bytes).
     *
     * @return true if there is
     */
    public boolean hasSourceHash() {
        return (flags() & HAS_SOURCE_HASH) != 0;
    }

    /**
     * Place of the hash of the source document (32 bytes); the bytes are zero if there is none.
     *
     * @return offset in the buffer
     */
    public int sourceHashOffset() {
        return offset + SOURCE_HASH;
    }

    /**
     * Whether there is the hash of the assertion this one follows (32 bytes).
     *
     * @return true if there is
     */
    public boolean hasParentHash() {
        return (flags() & HAS_PARENT_HASH) != 0;
    }

    /**
     * Place of the hash of the assertion this one follows (32 bytes); the bytes are zero if there
     * is none.
     *
     * @return offset in the buffer
     */
    public int parentHashOffset() {
        return offset + PARENT_HASH;
    }

    /**
     * Whether there is the perceptual hash of a picture (8 bytes).
     *
     * @return true if there is
     */
    public boolean hasVisualHash() {
        return (flags() & HAS_VISUAL_HASH) != 0;
    }

    /**
     * Place of the perceptual hash of a picture (8 bytes); the bytes are zero if there is none.
     *
     * @return offset in the buffer
     */
    public int visualHashOffset() {
        return offset + VISUAL_HASH;
    }

    /**
     * Whether there is the id of the epoch the claim belongs to (32 bytes).
     *
     * @return true if there is
     */
    public boolean hasEpoch() {
        return (flags() & HAS_EPOCH) != 0;
    }

    /**
     * Place of the id of the epoch the claim belongs to (32 bytes); the bytes are zero if there is
     * none.
     *
     * @return offset in the buffer
     */
    public int epochOffset() {
        return offset + EPOCH;
    }

    /**
     * How many signatures there are.
     *
     * @return 0 to 64
     */
    public int signatureCount() {
        return signatureCount;
    }

    /**
     * Place of the agent of a signature (32 bytes).
     *
     * @param index of the signature, in the order of the agents' ids
     * @return offset in the buffer
     */
    public int signatureAgentIdOffset(final int index) {
        return entry(index) + SIGNATURE_AGENT_ID;
    }

    /**
     * Place of the bytes of a signature (64 bytes).
     *
     * @param index of the signature, in the order of the agents' ids
     * @return offset in the buffer
     */
    public int signatureOffset(final int index) {
        return entry(index) + SIGNATURE_BYTES;
    }

    /**
     * Time of a signature.
     *
     * @param index of the signature
     * @return ns since 1970-01-01T00:00:00Z
     */
    public long signatureTimestamp(final int index) {
        return buffer.getLong(entry(index) + SIGNATURE_TIMESTAMP, LITTLE_ENDIAN);
    }

    /**
     * Scheme of a signature.
     *
     * @param index of the signature
     * @return 0 to 255
     */
    public int signatureScheme(final int index) {
        return buffer.getByte(entry(index) + SIGNATURE_SCHEME) & 0xFF;
    }

    private int entry(final int index) {
        Objects.checkIndex(index, signatureCount);
        return offset + SIGNATURES + DIMENSION_LENGTH + index * SIGNATURE_ENTRY;
    }

    /**
     * Place of the vector's elements, each a little-endian float.
     *
     * @return offset in the buffer
     */
    public int vectorOffset() {
        return vectorOffset;
    }

    /**
     * How many elements the vector has.
     *
     * @return 0 to 4,096; 0 if there is no vector
     */
    public int vectorLength() {
        return vectorLength;
    }

    /**
     * An element of the vector.
     *
     * @param index of the element
     * @return its value
     */
    public float vectorElement(final int index) {
        Objects.checkIndex(index, vectorLength);
        return buffer.getFloat(vectorOffset + index * VECTOR_ENTRY, LITTLE_ENDIAN);
    }

    /**
     * Place of the subject.
     *
     * @return offset of its first byte in the buffer
     */
    public int subjectOffset() {
        return subjectOffset;
    }

    /**
     * Length of the subject.
     *
     * @return in bytes
     */
    public int subjectLength() {
        return subjectLength;
    }

    /**
     * A copy of the subject; allocates.
     *
     * @return the text
     */
    public String subject() {
        return buffer.getStringWithoutLengthUtf8(subjectOffset, subjectLength);
    }

    /**
     * Place of the predicate.
     *
     * @return offset of its first byte in the buffer
     */
    public int predicateOffset() {
        return predicateOffset;
    }

    /**
     * Length of the predicate.
     *
     * @return in bytes
     */
    public int predicateLength() {
        return predicateLength;
    }

    /**
     * A copy of the predicate; allocates.
     *
     * @return the text
     */
    public String predicate() {
        return buffer.getStringWithoutLengthUtf8(predicateOffset, predicateLength);
    }

    /**
     * Place of the text of the object, if it is a Text or a Reference.
     *
     * @return offset of its first byte in the buffer
     */
    public int objectTextOffset() {
        return objectTextOffset;
    }

    /**
     * Length of the text of the object, if it is a Text or a Reference.
     *
     * @return in bytes
     */
    public int objectTextLength() {
        return objectTextLength;
    }

    /**
     * A copy of the text of the object, if it is a Text or a Reference; allocates.
     *
     * @return the text
     */
    public String objectText() {
        return buffer.getStringWithoutLengthUtf8(objectTextOffset, objectTextLength);
    }

    int flags() {
        return buffer.getByte(offset + FLAGS) & 0xFF;
    }

    int lifecycleId() {
        return buffer.getByte(offset + LIFECYCLE) & 0xFF;
    }

    int sourceClassId() {
        return buffer.getByte(offset + SOURCE_CLASS) & 0xFF;
    }

    int objectTypeId() {
        return buffer.getByte(offset + OBJECT_TYPE) & 0xFF;
    }
}
