package io.stemedb.bench;

import io.stemedb.codecs.AssertionWriter;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The assertions that everything here is measured with: 240 bytes, of which the subject takes 24,
 * the predicate 16 and a text 40. Claim number {@code index} is always the same, and no two are
 * equal. For one thread; allocates nothing.
 */
public final class Claims {
    /** Bytes of each record, header included. */
    public static final int LENGTH = 240;

    /** Bytes of each subject, all ASCII. */
    public static final int SUBJECT_LENGTH = 24;

    private static final String SUBJECT = "subject-0000000000@bench";
    private static final int SUBJECT_DIGITS_OFFSET = 8;
    private static final String PREDICATE = "measured.quality";
    private static final String TEXT = "observation 0000000000 of the bench rig.";
    private static final int TEXT_DIGITS_OFFSET = 12;
    private static final int DIGITS = 10;
    private static final long FIRST_TIMESTAMP_NS = 1_700_000_000_000_000_000L;
    private static final long SEED = 0x5ee0_2026_1122L;

    private final long subjectCount;
    private final UnsafeBuffer subject = ascii(SUBJECT);
    private final UnsafeBuffer text = ascii(TEXT);
    private final AssertionWriter writer = new AssertionWriter();

    /**
     * Claims on a number of subjects.
     *
     * @param subjectCount 1 or more; each claim is on one of them at random
     */
    public Claims(final int subjectCount) {
        if (subjectCount < 1) {
            throw new IllegalArgumentException("subjectCount: at least 1, is " + subjectCount);
        }
        this.subjectCount = subjectCount;
        set(writer, 0);
        if (writer.encodedLength() != LENGTH) {
            throw new IllegalStateException(
                    "claim: must have " + LENGTH + " bytes, has " + writer.encodedLength());
        }
    }

    private static UnsafeBuffer ascii(final String value) {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[value.length()]);
        buffer.putStringWithoutLengthAscii(0, value);
        return buffer;
    }

    /**
     * The subject of a claim.
     *
     * @param index number of the claim
     * @return number of the subject, from 0
     */
    public int subjectOf(final long index) {
        long z = SEED + (index + 1) * 0x9E37_79B9_7F4A_7C15L; // SplitMix64
        z = (z ^ (z >>> 30)) * 0xBF58_476D_1CE4_E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D0_49BB_1331_11EBL;
        z ^= z >>> 31;
        return (int) (((z >>> 32) * subjectCount) >>> 32);
    }

    /**
     * The name of a subject.
     *
     * @param number as {@link #subjectOf} gives it
     * @return buffer of its {@link #SUBJECT_LENGTH} bytes; good until the next call
     */
    public UnsafeBuffer subject(final int number) {
        subject.putNaturalPaddedIntAscii(SUBJECT_DIGITS_OFFSET, DIGITS, number);
        return subject;
    }

    /**
     * Sets all fields of a claim.
     *
     * @param target writer to set them in
     * @param index number of the claim, 0 to 2^31 - 1
     * @return the writer
     */
    public AssertionWriter set(final AssertionWriter target, final long index) {
        text.putNaturalPaddedIntAscii(TEXT_DIGITS_OFFSET, DIGITS, (int) index);
        return target.subject(subject(subjectOf(index)), 0, SUBJECT_LENGTH)
                .predicate(PREDICATE)
                .text(text, 0, text.capacity())
                .confidence(0.75f)
                .timestamp(FIRST_TIMESTAMP_NS + index);
    }

    /**
     * Encodes a claim.
     *
     * @param index number of the claim
     * @param buffer to encode into
     * @param offset of the record in it
     * @return length of the record, {@link #LENGTH}
     */
    public int encode(final long index, final MutableDirectBuffer buffer, final int offset) {
        return set(writer, index).encode(buffer, offset);
    }
}
