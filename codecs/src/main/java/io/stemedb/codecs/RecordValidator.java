package io.stemedb.codecs;

import static io.stemedb.codecs.Limits.HASH_LENGTH;
import static io.stemedb.codecs.Limits.SIGNATURE_LENGTH;
import static io.stemedb.codecs.Limits.VISUAL_HASH_LENGTH;
import static java.nio.ByteOrder.BIG_ENDIAN;

import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Says whether bytes are exactly what a writer would have written: the only string of bytes of its
 * claim. For one thread; never reads outside the given range, whatever the bytes; allocates nothing
 * when they are good.
 *
 * <p>The order is: range and header, checksum, shape, then the value of each field.
 */
public final class RecordValidator {
    /**
     * The range under check and no byte more: a read past it is an exception even if a rule were
     * wrong.
     */
    private final UnsafeBuffer record = new UnsafeBuffer();

    private final AssertionView assertion = new AssertionView();
    private final VoteView vote = new VoteView();
    private final EpochView epoch = new EpochView();

    /** A validator for the calling thread. */
    public RecordValidator() {
        Crc32c.requireAvailable();
    }

    /**
     * Checks one record.
     *
     * @param buffer that holds it
     * @param offset of the record, of its header
     * @param length of the record, header included
     * @throws InvalidRecordException if it is not a valid, canonical record of exactly this length
     */
    public void validate(final DirectBuffer buffer, final int offset, final int length) {
        final RecordType type = RecordHeader.check(buffer, offset, length);
        record.wrap(buffer, offset, length);
        checkCrc(length);
        switch (type) {
            case ASSERTION -> checkAssertion(assertion.wrap(record, 0, length));
            case VOTE -> checkVote(vote.wrap(record, 0, length));
            case EPOCH -> checkEpoch(epoch.wrap(record, 0, length));
        }
    }

    private void checkCrc(final int length) {
        final int expected = RecordHeader.computeCrc(record, 0, length);
        final int crc = RecordHeader.crc(record, 0);
        if (crc != expected) {
            throw new InvalidRecordException(
                    "crc32c", String.format("0x%08X", expected), String.format("0x%08X", crc));
        }
    }

    private void checkAssertion(final AssertionView view) {
        checkTime("timestamp", view.timestamp());
        final float confidence = view.confidence();
        if (!(confidence >= 0.0f && confidence <= 1.0f) || isNegativeZero(confidence)) {
            throw Refusal.of("confidence", "in [0, 1] and not -0.0", confidence);
        }
        if (!Lifecycle.isKnown(view.lifecycleId())) {
            view.lifecycle();
        }
        if (!SourceClass.isKnown(view.sourceClassId())) {
            view.sourceClass();
        }
        final int flags = view.flags();
        checkFlags(flags, AssertionLayout.ALL_FLAGS);
        checkObject(view);
        checkAbsent(
                "sourceHash",
                flags & AssertionLayout.HAS_SOURCE_HASH,
                view.sourceHashOffset(),
                HASH_LENGTH);
        checkAbsent(
                "parentHash",
                flags & AssertionLayout.HAS_PARENT_HASH,
                view.parentHashOffset(),
                HASH_LENGTH);
        checkAbsent(
                "visualHash",
                flags & AssertionLayout.HAS_VISUAL_HASH,
                view.visualHashOffset(),
                VISUAL_HASH_LENGTH);
        checkAbsent("epoch", flags & AssertionLayout.HAS_EPOCH, view.epochOffset(), HASH_LENGTH);
        checkSignatures(view);
        checkVector(view);
        TextStage.check("subject", record, view.subjectOffset(), view.subjectLength(), true);
        TextStage.check("predicate", record, view.predicateOffset(), view.predicateLength(), true);
        TextStage.check(
                "objectText", record, view.objectTextOffset(), view.objectTextLength(), false);
    }

    private void checkObject(final AssertionView view) {
        final ObjectType type = view.objectType();
        final double number = view.number();
        final long numberBits = Double.doubleToRawLongBits(number);
        if (type == ObjectType.Number) {
            if (!Double.isFinite(number) || numberBits == Long.MIN_VALUE) {
                throw Refusal.of("objectNumber", Refusal.FINITE_CANONICAL, number);
            }
        } else if (numberBits != 0) {
            throw Refusal.of("objectNumber", Refusal.ZERO + " unless objectType is Number", number);
        }
        if (type != ObjectType.Boolean && view.bool()) {
            throw new InvalidRecordException(
                    "flags", "without objectBoolean unless objectType is Boolean", type.toString());
        }
        final int textLength = view.objectTextLength();
        if (type == ObjectType.Reference && textLength == 0) {
            throw Refusal.byteCount("objectText", 1, Limits.OBJECT_TEXT_MAX, 0);
        }
        if ((type == ObjectType.Number || type == ObjectType.Boolean) && textLength != 0) {
            throw Refusal.byteCount("objectText", 0, 0, textLength);
        }
    }

    private void checkSignatures(final AssertionView view) {
        for (int i = 0; i < view.signatureCount(); i++) {
            checkTime("signatures.timestamp", view.signatureTimestamp(i));
            final int agentId = view.signatureAgentIdOffset(i);
            final int entry = agentId - AssertionLayout.SIGNATURE_AGENT_ID;
            checkZero(
                    "signatures.padding",
                    "",
                    entry + AssertionLayout.SIGNATURE_PADDING,
                    AssertionLayout.SIGNATURE_PADDING_LENGTH);
            if (i > 0 && compareHashes(view.signatureAgentIdOffset(i - 1), agentId) >= 0) {
                throw new InvalidRecordException(
                        "signatures.agentId",
                        "sorted and there once",
                        "entry " + i + " not after entry " + (i - 1));
            }
        }
    }

    private void checkVector(final AssertionView view) {
        final int length = view.vectorLength();
        for (int i = 0; i < length; i++) {
            final float element = view.vectorElement(i);
            if (!Float.isFinite(element) || isNegativeZero(element)) {
                throw Refusal.of("vector[" + i + "]", Refusal.FINITE_CANONICAL, element);
            }
        }
    }

    private void checkVote(final VoteView view) {
        checkTime("timestamp", view.timestamp());
        final float weight = view.weight();
        if (!Float.isFinite(weight) || isNegativeZero(weight)) {
            throw Refusal.of("weight", Refusal.FINITE_CANONICAL, weight);
        }
        checkFlags(view.flags(), VoteLayout.HAS_SIGNATURE);
        checkZero("padding", "", VoteLayout.PADDING, VoteLayout.PADDING_LENGTH);
        checkAbsent("signature", view.flags(), view.signatureOffset(), SIGNATURE_LENGTH);
    }

    private void checkEpoch(final EpochView view) {
        checkTime("start", view.start());
        final int type = view.supersessionType().id();
        checkFlags(view.flags(), EpochLayout.HAS_SUPERSEDES);
        checkZero("padding", "", EpochLayout.PADDING, EpochLayout.PADDING_LENGTH);
        checkAbsent("supersedes", view.flags(), view.supersedesOffset(), HASH_LENGTH);
        if (view.hasSupersedes() != (type != SupersessionType.None.id())) {
            throw Refusal.supersedes(type, view.hasSupersedes());
        }
        TextStage.check("name", record, view.nameOffset(), view.nameLength(), false);
        TextStage.check(
                "description", record, view.descriptionOffset(), view.descriptionLength(), false);
    }

    private static void checkTime(final String field, final long timestamp) {
        if (timestamp < 0) {
            throw Refusal.time(field, timestamp);
        }
    }

    private static void checkFlags(final int flags, final int known) {
        if ((flags & ~known) != 0) {
            throw new InvalidRecordException(
                    "flags",
                    String.format("of the bits 0x%02X", known),
                    String.format("0x%02X", flags));
        }
    }

    private void checkAbsent(final String field, final int flag, final int at, final int length) {
        if (flag == 0) {
            checkZero(field, "when its flag is not set", at, length);
        }
    }

    private void checkZero(final String field, final String when, final int at, final int length) {
        int i = 0;
        long bits = 0;
        for (; i + Long.BYTES <= length; i += Long.BYTES) {
            bits |= record.getLong(at + i);
        }
        for (; i < length; i++) {
            bits |= record.getByte(at + i);
        }
        if (bits != 0) {
            throw Refusal.notZero(field, when, record, at, length);
        }
    }

    /** Order of two hashes as unsigned bytes. */
    private int compareHashes(final int a, final int b) {
        for (int i = 0; i < HASH_LENGTH; i += Long.BYTES) {
            final long x = record.getLong(a + i, BIG_ENDIAN);
            final long y = record.getLong(b + i, BIG_ENDIAN);
            if (x != y) {
                return Long.compareUnsigned(x, y);
            }
        }
        return 0;
    }

    private static boolean isNegativeZero(final float value) {
        return Float.floatToRawIntBits(value) == 0x80000000;
    }
}
