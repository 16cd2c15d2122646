package io.stemedb.codecs;

import org.agrona.DirectBuffer;

/**
 * Makes the exceptions of refused values: kept out of the methods that check, so that those stay
 * small.
 */
final class Refusal {
    static final String FINITE = "finite";
    static final String FINITE_CANONICAL = "finite and not -0.0";
    static final String ZERO = "zero bytes";
    static final String TIME = "0 to 2^63 - 1 ns";
    static final String NAME_TEXT = "UTF-8 without U+0000-U+001F and U+007F";
    static final String TEXT = "UTF-8";

    private Refusal() {}

    static InvalidRecordException range(
            final String field, final int min, final int max, final long value) {
        return new InvalidRecordException(
                field,
                min == max ? Integer.toString(min) : min + " to " + max,
                Long.toString(value));
    }

    static InvalidRecordException byteCount(
            final String field, final int min, final int max, final long value) {
        return new InvalidRecordException(
                field,
                (min == max ? Integer.toString(min) : min + " to " + max) + " bytes",
                value + " bytes");
    }

    static InvalidRecordException time(final String field, final long value) {
        return new InvalidRecordException(field, TIME, Long.toUnsignedString(value) + " (u64)");
    }

    /** For bytes of which at least one is not zero: says which comes first. */
    static InvalidRecordException notZero(
            final String field,
            final String when,
            final DirectBuffer record,
            final int at,
            final int length) {
        int first = 0;
        while (first < length - 1 && record.getByte(at + first) == 0) {
            first++;
        }
        return new InvalidRecordException(
                field,
                when.isEmpty() ? ZERO : ZERO + " " + when,
                String.format("0x%02x at byte %d", record.getByte(at + first) & 0xFF, first));
    }

    static InvalidRecordException notSet(final String field) {
        return new InvalidRecordException(field, "set", "not set");
    }

    static InvalidRecordException of(final String field, final String limit, final double value) {
        return new InvalidRecordException(field, limit, Double.toString(value));
    }

    static InvalidRecordException supersedes(final int type, final boolean present) {
        return new InvalidRecordException(
                "supersedes",
                "there exactly when supersessionType is not None",
                (present ? "there" : "absent") + " with " + SupersessionType.of(type));
    }
}
