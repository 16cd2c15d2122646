package io.stemedb.engine.cli;

import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.MinimalPrettyPrinter;
import io.stemedb.codecs.AssertionView;
import io.stemedb.codecs.EpochView;
import io.stemedb.codecs.Limits;
import io.stemedb.codecs.RecordHeader;
import io.stemedb.codecs.RecordType;
import io.stemedb.codecs.SupersessionType;
import io.stemedb.codecs.VoteView;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import org.agrona.DirectBuffer;

/**
 * Prints records as JSON, one a line, so that {@link JsonRecordReader} makes the same bytes of it
 * again: times as integers, floats as the shortest text that reads back as the same float. For one
 * thread; the stream stays open.
 */
final class JsonRecordWriter {

    /** For a record whose sequence is not to be printed. */
    static final long NO_SEQUENCE = 0;

    private final OutputStream out;

    /** Where the store fails, what was printed ends with a whole line. */
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();

    private final JsonGenerator json;
    private final AssertionView assertion = new AssertionView();
    private final VoteView vote = new VoteView();
    private final EpochView epoch = new EpochView();

    JsonRecordWriter(final OutputStream out) throws IOException {
        this.out = out;
        json = new JsonFactory().createGenerator(line, JsonEncoding.UTF8);
        json.setPrettyPrinter(new MinimalPrettyPrinter(""));
    }

    /**
     * Prints one record and a line feed.
     *
     * @param sequence of the record, or {@link #NO_SEQUENCE}
     * @param hash content hash, 32 bytes at {@code hashOffset}
     */
    void write(
            final long sequence,
            final DirectBuffer hash,
            final int hashOffset,
            final DirectBuffer record,
            final int offset,
            final int length)
            throws IOException {
        final RecordType type = RecordType.of(RecordHeader.type(record, offset));
        json.writeStartObject();
        json.writeStringField("type", JsonField.nameOf(type));
        switch (type) {
            case ASSERTION -> writeAssertion(assertion.wrap(record, offset, length));
            case VOTE -> writeVote(vote.wrap(record, offset, length));
            case EPOCH -> writeEpoch(epoch.wrap(record, offset, length));
        }
        writeHash("hash", hash, hashOffset);
        if (sequence != NO_SEQUENCE) {
            json.writeNumberField("sequence", sequence);
        }
        endLine();
    }

    /** Prints a line that holds a subject and nothing else. */
    void writeSubject(final String subject) throws IOException {
        json.writeStartObject();
        json.writeStringField("subject", subject);
        endLine();
    }

    private void endLine() throws IOException {
        json.writeEndObject();
        json.writeRaw('\n');
        json.flush();
        line.writeTo(out);
        line.reset();
    }

    private void writeAssertion(final AssertionView view) throws IOException {
        json.writeStringField("subject", view.subject());
        json.writeStringField("predicate", view.predicate());
        json.writeObjectFieldStart("object");
        json.writeStringField("type", view.objectType().name());
        switch (view.objectType()) {
            case Text, Reference -> json.writeStringField("value", view.objectText());
            case Number -> writeDecimal("value", Double.toString(view.number()));
            case Boolean -> json.writeBooleanField("value", view.bool());
        }
        json.writeEndObject();
        writeDecimal("confidence", Float.toString(view.confidence()));
        json.writeNumberField("timestamp", view.timestamp());
        final DirectBuffer buffer = view.buffer();
        if (view.hasSourceHash()) {
            writeHash("sourceHash", buffer, view.sourceHashOffset());
        }
        if (view.hasParentHash()) {
            writeHash("parentHash", buffer, view.parentHashOffset());
        }
        if (view.hasVisualHash()) {
            writeHex("visualHash", buffer, view.visualHashOffset(), Limits.VISUAL_HASH_LENGTH);
        }
        if (view.hasEpoch()) {
            writeHash("epoch", buffer, view.epochOffset());
        }
        json.writeStringField("lifecycle", view.lifecycle().name());
        json.writeStringField("sourceClass", view.sourceClass().name());
        writeSignatures(view);
        writeVector(view);
    }

    private void writeSignatures(final AssertionView view) throws IOException {
        if (view.signatureCount() == 0) {
            return;
        }
        json.writeArrayFieldStart("signatures");
        for (int i = 0; i < view.signatureCount(); i++) {
            json.writeStartObject();
            writeHash("agentId", view.buffer(), view.signatureAgentIdOffset(i));
            writeHex("signature", view.buffer(), view.signatureOffset(i), Limits.SIGNATURE_LENGTH);
            json.writeNumberField("timestamp", view.signatureTimestamp(i));
            json.writeNumberField("scheme", view.signatureScheme(i));
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private void writeVector(final AssertionView view) throws IOException {
        if (view.vectorLength() == 0) {
            return;
        }
        json.writeArrayFieldStart("vector");
        for (int i = 0; i < view.vectorLength(); i++) {
            json.writeNumber(Float.toString(view.vectorElement(i)));
        }
        json.writeEndArray();
    }

    private void writeVote(final VoteView view) throws IOException {
        writeHash("assertion", view.buffer(), view.assertionHashOffset());
        writeHash("agentId", view.buffer(), view.agentIdOffset());
        writeDecimal("weight", Float.toString(view.weight()));
        json.writeNumberField("timestamp", view.timestamp());
        if (view.hasSignature()) {
            writeHex("signature", view.buffer(), view.signatureOffset(), Limits.SIGNATURE_LENGTH);
        }
    }

    private void writeEpoch(final EpochView view) throws IOException {
        writeHash("id", view.buffer(), view.epochIdOffset());
        json.writeStringField("name", view.name());
        if (view.descriptionLength() > 0) {
            json.writeStringField("description", view.description());
        }
        json.writeNumberField("start", view.start());
        if (view.hasSupersedes()) {
            writeHash("supersedes", view.buffer(), view.supersedesOffset());
        }
        if (view.supersessionType() != SupersessionType.None) {
            json.writeStringField("supersessionType", view.supersessionType().name());
        }
    }

    private void writeDecimal(final String name, final String text) throws IOException {
        json.writeFieldName(name);
        json.writeNumber(text);
    }

    private void writeHash(final String name, final DirectBuffer buffer, final int offset)
            throws IOException {
        writeHex(name, buffer, offset, Limits.HASH_LENGTH);
    }

    private void writeHex(
            final String name, final DirectBuffer buffer, final int offset, final int length)
            throws IOException {
        json.writeStringField(name, Hex.of(buffer, offset, length));
    }
}
