package io.stemedb.engine.cli;

/**
 * A line that is no record: which field, and why. It carries no stack trace, as a bad file may hold
 * millions of such lines.
 */
final class RecordSyntaxException extends Exception {

    private static final long serialVersionUID = 1L;

    /** Stands for the line itself, where no field can be named. */
    static final String LINE = "line";

    private static final int SHOWN_MAX = 80;

    private final String field;
    private final String reason;

    RecordSyntaxException(final String field, final String reason) {
        super(field + ": " + reason, null, false, false);
        this.field = field;
        this.reason = reason;
    }

    String field() {
        return field;
    }

    String reason() {
        return reason;
    }

    /** A value as it may stand in an error: one line, printable, bounded. */
    static String shown(final String value) {
        return shown(value, SHOWN_MAX);
    }

    static String shown(final String value, final int shownMax) {
        final StringBuilder text = new StringBuilder();
        for (int i = 0; i < value.length(); i++) {
            if (text.length() >= shownMax) {
                return text.append("...").toString();
            }
            final char character = value.charAt(i);
            if (Character.isISOControl(character)
                    || Character.isSurrogate(character)
                    || Character.getType(character) == Character.FORMAT
                    || Character.getType(character) == Character.LINE_SEPARATOR
                    || Character.getType(character) == Character.PARAGRAPH_SEPARATOR) {
                text.append(String.format("\\u%04x", (int) character));
            } else {
                text.append(character);
            }
        }
        return text.toString();
    }
}
