package io.stemedb.engine.cli;

import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;

/**
 * Times as they may stand in a line: integer nanoseconds since 1970, or ISO-8601 with an offset.
 */
final class TimestampText {

    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private TimestampText() {}

    /** Nanoseconds of {@code 2013-11-25T00:00:01.123456789Z} or the same with another offset. */
    static long ofIso(final String field, final String text) throws RecordSyntaxException {
        final OffsetDateTime time;
        try {
            time = OffsetDateTime.parse(text, DateTimeFormatter.ISO_OFFSET_DATE_TIME);
        } catch (final DateTimeException e) {
            throw new RecordSyntaxException(
                    field,
                    "is no ISO-8601 time with an offset and at most 9 digits of a second: '"
                            + RecordSyntaxException.shown(text)
                            + "'");
        }
        try {
            return notNegative(
                    field,
                    Math.addExact(
                            Math.multiplyExact(time.toEpochSecond(), NANOS_PER_SECOND),
                            time.getNano()));
        } catch (final ArithmeticException e) {
            throw new RecordSyntaxException(
                    field,
                    "is past the last nanosecond of a signed 64-bit number: '"
                            + RecordSyntaxException.shown(text)
                            + "'");
        }
    }

    /** Exact integer nanoseconds; {@code digits} is what a JSON integer was written as. */
    static long ofDigits(final String field, final String digits) throws RecordSyntaxException {
        try {
            return notNegative(field, Long.parseLong(digits));
        } catch (final NumberFormatException e) {
            throw new RecordSyntaxException(
                    field,
                    "must be nanoseconds in 0.." + Long.MAX_VALUE + ", is " + shownNumber(digits));
        }
    }

    private static long notNegative(final String field, final long timestampNs)
            throws RecordSyntaxException {
        if (timestampNs < 0) {
            throw new RecordSyntaxException(field, "is before 1970: " + timestampNs + " ns");
        }
        return timestampNs;
    }

    private static String shownNumber(final String digits) {
        return RecordSyntaxException.shown(digits);
    }
}
