package io.stemedb.engine.cli;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.Arrays;

/** Reads one value at the parser's current token and refuses every other kind of value. */
final class JsonScalars {

    private JsonScalars() {}

    static String text(final JsonParser parser, final String field)
            throws IOException, RecordSyntaxException {
        expect(parser, field, JsonToken.VALUE_STRING, "a string");
        return parser.getText();
    }

    static void hex(
            final JsonParser parser,
            final String field,
            final byte[] to,
            final int offset,
            final int length)
            throws IOException, RecordSyntaxException {
        expect(parser, field, JsonToken.VALUE_STRING, "a string of " + 2 * length + " hex digits");
        final String problem = Hex.read(parser.getText(), to, offset, length);
        if (problem != null) {
            throw new RecordSyntaxException(field, problem);
        }
    }

    static long time(final JsonParser parser, final String field)
            throws IOException, RecordSyntaxException {
        if (parser.currentToken() == JsonToken.VALUE_STRING) {
            return TimestampText.ofIso(field, parser.getText());
        }
        expect(
                parser,
                field,
                JsonToken.VALUE_NUMBER_INT,
                "integer nanoseconds since 1970 or an ISO-8601 string");
        return TimestampText.ofDigits(field, parser.getText());
    }

    /** The float nearest to the decimal text, without a double in between. */
    static float float32(final JsonParser parser, final String field)
            throws IOException, RecordSyntaxException {
        expectNumber(parser, field);
        final float value = Float.parseFloat(parser.getText());
        if (Float.isInfinite(value)) {
            throw new RecordSyntaxException(
                    field,
                    "is past the range of a 32-bit float: "
                            + RecordSyntaxException.shown(parser.getText()));
        }
        return value;
    }

    static double float64(final JsonParser parser, final String field)
            throws IOException, RecordSyntaxException {
        expectNumber(parser, field);
        final double value = Double.parseDouble(parser.getText());
        if (Double.isInfinite(value)) {
            throw new RecordSyntaxException(
                    field,
                    "is past the range of a 64-bit float: "
                            + RecordSyntaxException.shown(parser.getText()));
        }
        return value;
    }

    static int integer(final JsonParser parser, final String field, final int max)
            throws IOException, RecordSyntaxException {
        expect(parser, field, JsonToken.VALUE_NUMBER_INT, "an integer in 0.." + max);
        final String digits = parser.getText();
        // JSON has no leading zeros: with no more digits than the limit it is a number that long
        // holds
        if (digits.length() <= Integer.toString(max).length()) {
            final long value = Long.parseLong(digits);
            if (value >= 0 && value <= max) {
                return (int) value;
            }
        }
        throw new RecordSyntaxException(
                field,
                "must be an integer in 0.." + max + ", is " + RecordSyntaxException.shown(digits));
    }

    static <E extends Enum<E>> E name(
            final JsonParser parser, final String field, final Class<E> type)
            throws IOException, RecordSyntaxException {
        final String name = text(parser, field);
        for (final E constant : type.getEnumConstants()) {
            if (constant.name().equals(name)) {
                return constant;
            }
        }
        throw new RecordSyntaxException(
                field,
                "must be one of "
                        + Arrays.toString(type.getEnumConstants())
                        + ", is '"
                        + RecordSyntaxException.shown(name)
                        + "'");
    }

    static void expect(
            final JsonParser parser, final String field, final JsonToken token, final String wanted)
            throws RecordSyntaxException {
        if (parser.currentToken() != token) {
            throw wrongType(parser.currentToken(), field, wanted);
        }
    }

    private static void expectNumber(final JsonParser parser, final String field)
            throws RecordSyntaxException {
        if (!parser.currentToken().isNumeric()) {
            throw wrongType(parser.currentToken(), field, "a number");
        }
    }

    static RecordSyntaxException wrongType(
            final JsonToken token, final String field, final String wanted) {
        final String found =
                switch (token) {
                    case START_OBJECT -> "an object";
                    case START_ARRAY -> "an array";
                    case VALUE_STRING -> "a string";
                    case VALUE_NUMBER_INT -> "an integer";
                    case VALUE_NUMBER_FLOAT -> "a number with a fraction or exponent";
                    case VALUE_TRUE, VALUE_FALSE -> "a boolean";
                    case VALUE_NULL -> "null";
                    default -> "no value";
                };
        return new RecordSyntaxException(field, "must be " + wanted + ", is " + found);
    }
}
