package io.stemedb.engine.cli;

import io.stemedb.codecs.RecordType;
import java.util.HashMap;
import java.util.Map;

/**
 * Every field a line may hold: its name, what stands in it, which types of record have it, and
 * which cannot do without. A name means the same thing in every type of record.
 */
enum JsonField {
    TYPE("type", Kind.TYPE, JsonField.ALL, JsonField.ALL),
    SUBJECT("subject", Kind.TEXT, JsonField.ASSERTION, JsonField.ASSERTION),
    PREDICATE("predicate", Kind.TEXT, JsonField.ASSERTION, JsonField.ASSERTION),
    OBJECT("object", Kind.OBJECT, JsonField.ASSERTION, JsonField.ASSERTION),
    CONFIDENCE("confidence", Kind.FLOAT, JsonField.ASSERTION, JsonField.ASSERTION),
    TIMESTAMP("timestamp", Kind.TIME, JsonField.STAMPED, JsonField.STAMPED),
    SOURCE_HASH("sourceHash", Kind.HASH, JsonField.ASSERTION, JsonField.NONE),
    PARENT_HASH("parentHash", Kind.HASH, JsonField.ASSERTION, JsonField.NONE),
    VISUAL_HASH("visualHash", Kind.VISUAL_HASH, JsonField.ASSERTION, JsonField.NONE),
    EPOCH("epoch", Kind.HASH, JsonField.ASSERTION, JsonField.NONE),
    LIFECYCLE("lifecycle", Kind.LIFECYCLE, JsonField.ASSERTION, JsonField.NONE),
    SOURCE_CLASS("sourceClass", Kind.SOURCE_CLASS, JsonField.ASSERTION, JsonField.NONE),
    SIGNATURES("signatures", Kind.SIGNATURES, JsonField.ASSERTION, JsonField.NONE),
    VECTOR("vector", Kind.VECTOR, JsonField.ASSERTION, JsonField.NONE),

    ASSERTION_HASH("assertion", Kind.HASH, JsonField.VOTE, JsonField.VOTE),
    AGENT_ID("agentId", Kind.HASH, JsonField.VOTE, JsonField.VOTE),
    WEIGHT("weight", Kind.FLOAT, JsonField.VOTE, JsonField.VOTE),
    SIGNATURE("signature", Kind.SIGNATURE, JsonField.VOTE, JsonField.NONE),

    ID("id", Kind.HASH, JsonField.EPOCHS, JsonField.EPOCHS),
    NAME("name", Kind.TEXT, JsonField.EPOCHS, JsonField.EPOCHS),
    DESCRIPTION("description", Kind.TEXT, JsonField.EPOCHS, JsonField.NONE),
    START("start", Kind.TIME, JsonField.EPOCHS, JsonField.EPOCHS),
    SUPERSEDES("supersedes", Kind.HASH, JsonField.EPOCHS, JsonField.NONE),
    SUPERSESSION_TYPE("supersessionType", Kind.SUPERSESSION, JsonField.EPOCHS, JsonField.NONE),

    /** What the engine printed about a record; the record has it not. */
    HASH("hash", Kind.IGNORED, JsonField.ALL, JsonField.NONE),
    SEQUENCE("sequence", Kind.IGNORED, JsonField.ALL, JsonField.NONE);

    /** What stands in a field. */
    enum Kind {
        TYPE,
        TEXT,
        HASH,
        VISUAL_HASH,
        SIGNATURE,
        TIME,
        FLOAT,
        OBJECT,
        SIGNATURES,
        VECTOR,
        LIFECYCLE,
        SOURCE_CLASS,
        SUPERSESSION,
        IGNORED
    }

    private static final int NONE = 0;
    private static final int ASSERTION = 1;
    private static final int VOTE = 2;
    private static final int EPOCHS = 4;
    private static final int STAMPED = ASSERTION | VOTE;
    private static final int ALL = ASSERTION | VOTE | EPOCHS;

    private static final JsonField[] FIELDS = values();
    private static final Map<String, JsonField> BY_NAME = new HashMap<>();

    static {
        for (final JsonField field : FIELDS) {
            BY_NAME.put(field.text, field);
        }
    }

    private final String text;
    private final Kind kind;
    private final int allowedIn;
    private final int requiredIn;

    JsonField(final String text, final Kind kind, final int allowedIn, final int requiredIn) {
        this.text = text;
        this.kind = kind;
        this.allowedIn = allowedIn;
        this.requiredIn = requiredIn;
    }

    String text() {
        return text;
    }

    Kind kind() {
        return kind;
    }

    long bit() {
        return 1L << ordinal();
    }

    static JsonField of(final String name) throws RecordSyntaxException {
        final JsonField field = BY_NAME.get(name);
        if (field == null) {
            throw new RecordSyntaxException(
                    RecordSyntaxException.shown(name), "is not a field of any record");
        }
        return field;
    }

    /** Refuses what the type of record has no place for, then what it lacks. */
    static void check(final RecordType type, final long present) throws RecordSyntaxException {
        final int typeBit = 1 << type.ordinal();
        for (final JsonField field : FIELDS) {
            if ((present & field.bit()) != 0 && (field.allowedIn & typeBit) == 0) {
                throw new RecordSyntaxException(
                        field.text, "is not a field of " + nameOf(type) + " records");
            }
        }
        for (final JsonField field : FIELDS) {
            if ((present & field.bit()) == 0 && (field.requiredIn & typeBit) != 0) {
                throw new RecordSyntaxException(
                        field.text, "is missing: " + nameOf(type) + " records need it");
            }
        }
    }

    /** The name of a type of record as it stands in a line. */
    static String nameOf(final RecordType type) {
        return switch (type) {
            case ASSERTION -> "assertion";
            case VOTE -> "vote";
            case EPOCH -> "epoch";
        };
    }
}
