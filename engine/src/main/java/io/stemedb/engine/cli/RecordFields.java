package io.stemedb.engine.cli;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.stemedb.codecs.AssertionWriter;
import io.stemedb.codecs.EpochWriter;
import io.stemedb.codecs.Lifecycle;
import io.stemedb.codecs.Limits;
import io.stemedb.codecs.ObjectType;
import io.stemedb.codecs.RecordType;
import io.stemedb.codecs.RecordWriter;
import io.stemedb.codecs.SourceClass;
import io.stemedb.codecs.SupersessionType;
import io.stemedb.codecs.VoteWriter;
import java.io.IOException;

/**
 * The values of one line, in whatever order they come; the type of record may come last. Reused
 * from line to line: what is present stands in one bit set, old values are never looked at.
 */
final class RecordFields {

    private static final int SCHEME_MAX = 255;
    private static final int FIELD_COUNT = JsonField.values().length;

    private final String[] texts = new String[FIELD_COUNT];
    private final byte[][] bytes = new byte[FIELD_COUNT][];
    private final long[] times = new long[FIELD_COUNT];
    private final float[] floats = new float[FIELD_COUNT];
    private final float[] vector = new float[Limits.VECTOR_MAX];
    private final byte[][] agentIds = new byte[Limits.SIGNATURES_MAX][Limits.HASH_LENGTH];
    private final byte[][] signatures = new byte[Limits.SIGNATURES_MAX][Limits.SIGNATURE_LENGTH];
    private final long[] signatureTimes = new long[Limits.SIGNATURES_MAX];
    private final int[] schemes = new int[Limits.SIGNATURES_MAX];

    private long present;
    private RecordType type;
    private Lifecycle lifecycle;
    private SourceClass sourceClass;
    private SupersessionType supersessionType;
    private ObjectType objectType;
    private String objectText;
    private double objectNumber;
    private boolean objectBoolean;
    private int vectorLength;
    private int signatureCount;

    RecordFields() {
        for (final JsonField field : JsonField.values()) {
            bytes[field.ordinal()] =
                    switch (field.kind()) {
                        case HASH -> new byte[Limits.HASH_LENGTH];
                        case VISUAL_HASH -> new byte[Limits.VISUAL_HASH_LENGTH];
                        case SIGNATURE -> new byte[Limits.SIGNATURE_LENGTH];
                        default -> null;
                    };
        }
    }

    void clear() {
        present = 0;
    }

    /** Reads the value at the parser's current token, and everything inside it. */
    void read(final JsonParser parser, final JsonField field)
            throws IOException, RecordSyntaxException {
        final int at = field.ordinal();
        final String name = field.text();
        present |= field.bit();
        switch (field.kind()) {
            case TYPE -> type = readType(parser, name);
            case TEXT -> texts[at] = JsonScalars.text(parser, name);
            case HASH, VISUAL_HASH, SIGNATURE ->
                    JsonScalars.hex(parser, name, bytes[at], 0, bytes[at].length);
            case TIME -> times[at] = JsonScalars.time(parser, name);
            case FLOAT -> floats[at] = JsonScalars.float32(parser, name);
            case LIFECYCLE -> lifecycle = JsonScalars.name(parser, name, Lifecycle.class);
            case SOURCE_CLASS -> sourceClass = JsonScalars.name(parser, name, SourceClass.class);
            case SUPERSESSION ->
                    supersessionType = JsonScalars.name(parser, name, SupersessionType.class);
            case OBJECT -> readObject(parser);
            case SIGNATURES -> readSignatures(parser);
            case VECTOR -> readVector(parser);
            case IGNORED -> parser.skipChildren();
        }
    }

    /** Whether the line has what its type of record needs, and nothing else. */
    RecordType check() throws RecordSyntaxException {
        if (!has(JsonField.TYPE)) {
            throw new RecordSyntaxException(JsonField.TYPE.text(), "is missing");
        }
        JsonField.check(type, present);
        return type;
    }

    RecordWriter fill(final AssertionWriter writer) {
        writer.subject(texts[JsonField.SUBJECT.ordinal()])
                .predicate(texts[JsonField.PREDICATE.ordinal()])
                .confidence(floats[JsonField.CONFIDENCE.ordinal()])
                .timestamp(times[JsonField.TIMESTAMP.ordinal()]);
        switch (objectType) {
            case Text -> writer.text(objectText);
            case Reference -> writer.reference(objectText);
            case Number -> writer.number(objectNumber);
            case Boolean -> writer.bool(objectBoolean);
        }
        if (has(JsonField.SOURCE_HASH)) {
            writer.sourceHash(bytes[JsonField.SOURCE_HASH.ordinal()]);
        }
        if (has(JsonField.PARENT_HASH)) {
            writer.parentHash(bytes[JsonField.PARENT_HASH.ordinal()]);
        }
        if (has(JsonField.VISUAL_HASH)) {
            writer.visualHash(bytes[JsonField.VISUAL_HASH.ordinal()]);
        }
        if (has(JsonField.EPOCH)) {
            writer.epoch(bytes[JsonField.EPOCH.ordinal()]);
        }
        if (has(JsonField.LIFECYCLE)) {
            writer.lifecycle(lifecycle);
        }
        if (has(JsonField.SOURCE_CLASS)) {
            writer.sourceClass(sourceClass);
        }
        if (has(JsonField.SIGNATURES)) {
            for (int i = 0; i < signatureCount; i++) {
                writer.addSignature(agentIds[i], signatures[i], signatureTimes[i], schemes[i]);
            }
        }
        if (has(JsonField.VECTOR)) {
            writer.vector(vector, 0, vectorLength);
        }
        return writer;
    }

    RecordWriter fill(final VoteWriter writer) {
        writer.assertion(bytes[JsonField.ASSERTION_HASH.ordinal()])
                .agentId(bytes[JsonField.AGENT_ID.ordinal()])
                .weight(floats[JsonField.WEIGHT.ordinal()])
                .timestamp(times[JsonField.TIMESTAMP.ordinal()]);
        if (has(JsonField.SIGNATURE)) {
            writer.signature(bytes[JsonField.SIGNATURE.ordinal()]);
        }
        return writer;
    }

    RecordWriter fill(final EpochWriter writer) {
        writer.id(bytes[JsonField.ID.ordinal()])
                .name(texts[JsonField.NAME.ordinal()])
                .start(times[JsonField.START.ordinal()]);
        if (has(JsonField.DESCRIPTION)) {
            writer.description(texts[JsonField.DESCRIPTION.ordinal()]);
        }
        if (has(JsonField.SUPERSEDES)) {
            writer.supersedes(bytes[JsonField.SUPERSEDES.ordinal()]);
        }
        if (has(JsonField.SUPERSESSION_TYPE)) {
            writer.supersessionType(supersessionType);
        }
        return writer;
    }

    private boolean has(final JsonField field) {
        return (present & field.bit()) != 0;
    }

    private static RecordType readType(final JsonParser parser, final String name)
            throws IOException, RecordSyntaxException {
        final String text = JsonScalars.text(parser, name);
        for (final RecordType type : RecordType.values()) {
            if (JsonField.nameOf(type).equals(text)) {
                return type;
            }
        }
        throw new RecordSyntaxException(
                name,
                "must be assertion, vote or epoch, is '" + RecordSyntaxException.shown(text) + "'");
    }

    /** The value may come before its type, so it is kept as it stands until both are there. */
    private void readObject(final JsonParser parser) throws IOException, RecordSyntaxException {
        JsonScalars.expect(parser, "object", JsonToken.START_OBJECT, "an object");
        objectType = null;
        JsonToken valueToken = null;
        objectText = null;
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            final String name = parser.currentName();
            parser.nextToken();
            switch (name) {
                case "type" ->
                        objectType = JsonScalars.name(parser, "object.type", ObjectType.class);
                case "value" -> {
                    valueToken = parser.currentToken();
                    readObjectValue(parser, valueToken);
                }
                default ->
                        throw new RecordSyntaxException(
                                "object." + RecordSyntaxException.shown(name),
                                "is not a field of an object: it has type and value");
            }
        }
        if (objectType == null) {
            throw new RecordSyntaxException("object.type", "is missing");
        }
        if (valueToken == null) {
            throw new RecordSyntaxException("object.value", "is missing");
        }
        final boolean fits =
                switch (objectType) {
                    case Text, Reference -> valueToken == JsonToken.VALUE_STRING;
                    case Number -> valueToken.isNumeric();
                    case Boolean -> valueToken.isBoolean();
                };
        if (!fits) {
            throw new RecordSyntaxException("object.value", "does not fit the type " + objectType);
        }
    }

    private void readObjectValue(final JsonParser parser, final JsonToken token)
            throws IOException, RecordSyntaxException {
        if (token == JsonToken.VALUE_STRING) {
            objectText = parser.getText();
        } else if (token.isNumeric()) {
            objectNumber = JsonScalars.float64(parser, "object.value");
        } else if (token.isBoolean()) {
            objectBoolean = token == JsonToken.VALUE_TRUE;
        } else {
            throw JsonScalars.wrongType(token, "object.value", "a string, a number or a boolean");
        }
    }

    private void readVector(final JsonParser parser) throws IOException, RecordSyntaxException {
        JsonScalars.expect(parser, "vector", JsonToken.START_ARRAY, "an array of numbers");
        vectorLength = 0;
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (vectorLength == Limits.VECTOR_MAX) {
                throw new RecordSyntaxException(
                        "vector", "has more than " + Limits.VECTOR_MAX + " numbers");
            }
            try {
                vector[vectorLength] = JsonScalars.float32(parser, "vector");
            } catch (final RecordSyntaxException e) {
                throw new RecordSyntaxException("vector[" + vectorLength + "]", e.reason());
            }
            vectorLength++;
        }
    }

    private void readSignatures(final JsonParser parser) throws IOException, RecordSyntaxException {
        JsonScalars.expect(parser, "signatures", JsonToken.START_ARRAY, "an array of objects");
        signatureCount = 0;
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (signatureCount == Limits.SIGNATURES_MAX) {
                throw new RecordSyntaxException(
                        "signatures", "has more than " + Limits.SIGNATURES_MAX + " entries");
            }
            readSignature(parser, signatureCount);
            signatureCount++;
        }
    }

    private void readSignature(final JsonParser parser, final int index)
            throws IOException, RecordSyntaxException {
        final String prefix = "signatures[" + index + "].";
        JsonScalars.expect(
                parser, "signatures[" + index + "]", JsonToken.START_OBJECT, "an object");
        boolean hasAgentId = false;
        boolean hasSignature = false;
        boolean hasTimestamp = false;
        boolean hasScheme = false;
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            final String name = parser.currentName();
            parser.nextToken();
            switch (name) {
                case "agentId" -> {
                    JsonScalars.hex(parser, prefix + name, agentIds[index], 0, Limits.HASH_LENGTH);
                    hasAgentId = true;
                }
                case "signature" -> {
                    JsonScalars.hex(
                            parser, prefix + name, signatures[index], 0, Limits.SIGNATURE_LENGTH);
                    hasSignature = true;
                }
                case "timestamp" -> {
                    signatureTimes[index] = JsonScalars.time(parser, prefix + name);
                    hasTimestamp = true;
                }
                case "scheme" -> {
                    schemes[index] = JsonScalars.integer(parser, prefix + name, SCHEME_MAX);
                    hasScheme = true;
                }
                default ->
                        throw new RecordSyntaxException(
                                prefix + RecordSyntaxException.shown(name),
                                "is not a field of a signature");
            }
        }
        final String missing =
                !hasAgentId
                        ? "agentId"
                        : !hasSignature
                                ? "signature"
                                : !hasTimestamp ? "timestamp" : !hasScheme ? "scheme" : null;
        if (missing != null) {
            throw new RecordSyntaxException(prefix + missing, "is missing");
        }
    }

    /** The name in a line for a name the codec uses. */
    static String nameInLine(final String codecName) {
        return switch (codecName) {
            case "objectText", "objectNumber", "objectBoolean" -> "object.value";
            case "objectType" -> "object.type";
            case "assertionHash" -> "assertion";
            case "epochId" -> "id";
            default -> codecName;
        };
    }
}
