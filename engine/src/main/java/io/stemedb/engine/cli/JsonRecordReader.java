package io.stemedb.engine.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.stemedb.codecs.AssertionWriter;
import io.stemedb.codecs.EpochWriter;
import io.stemedb.codecs.InvalidRecordException;
import io.stemedb.codecs.VoteWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import org.agrona.MutableDirectBuffer;

/**
 * Reads one line of JSON and writes the canonical record it stands for. Everything that is not
 * exactly a record is refused with its field and the reason. For one thread.
 */
final class JsonRecordReader {

    private final JsonFactory factory =
            new JsonFactoryBuilder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
    private final CharsetDecoder decoder =
            StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT);
    private final RecordFields fields = new RecordFields();
    private final AssertionWriter assertion = new AssertionWriter();
    private final VoteWriter vote = new VoteWriter();
    private final EpochWriter epoch = new EpochWriter();
    private char[] characters = new char[4096];

    /**
     * Reads the line at {@code offset}, without its line feed, and writes the record it holds.
     *
     * @param record has room for the longest record
     * @return length of the record, which starts at 0
     */
    int read(
            final byte[] line, final int offset, final int length, final MutableDirectBuffer record)
            throws RecordSyntaxException {
        final int characterCount = decode(line, offset, length);
        fields.clear();
        try (JsonParser parser = factory.createParser(characters, 0, characterCount)) {
            readObject(parser);
        } catch (final JsonProcessingException e) {
            throw notJson(e);
        } catch (final IOException e) {
            throw new RecordSyntaxException(RecordSyntaxException.LINE, "is no JSON: " + e);
        }
        try {
            return switch (fields.check()) {
                case ASSERTION -> fields.fill(assertion.clear()).encode(record, 0);
                case VOTE -> fields.fill(vote.clear()).encode(record, 0);
                case EPOCH -> fields.fill(epoch.clear()).encode(record, 0);
            };
        } catch (final InvalidRecordException e) {
            throw refusedBy(e);
        }
    }

    /** What the codec refused, in the names of a line. */
    private static RecordSyntaxException refusedBy(final InvalidRecordException e) {
        return new RecordSyntaxException(
                RecordFields.nameInLine(e.field()),
                "must be " + e.limit() + ", is " + RecordSyntaxException.shown(e.value()));
    }

    private void readObject(final JsonParser parser) throws IOException, RecordSyntaxException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw new RecordSyntaxException(
                    RecordSyntaxException.LINE, "must be one JSON object, starts otherwise");
        }
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            final JsonField field = JsonField.of(parser.currentName());
            parser.nextToken();
            fields.read(parser, field);
        }
        if (parser.nextToken() != null) {
            throw new RecordSyntaxException(
                    RecordSyntaxException.LINE, "has more than one JSON value");
        }
    }

    /** Strictly, as the parser itself lets overlong forms and lone surrogates pass. */
    private int decode(final byte[] line, final int offset, final int length)
            throws RecordSyntaxException {
        if (characters.length < length) {
            characters = new char[Math.max(length, 2 * characters.length)];
        }
        final ByteBuffer from = ByteBuffer.wrap(line, offset, length);
        final CharBuffer to = CharBuffer.wrap(characters);
        final CoderResult result = decoder.reset().decode(from, to, true);
        if (result.isError()) {
            throw new RecordSyntaxException(
                    RecordSyntaxException.LINE,
                    "is not UTF-8 at byte " + (from.position() - offset + 1));
        }
        decoder.flush(to);
        return to.position();
    }

    private static RecordSyntaxException notJson(final JsonProcessingException e) {
        String message = e.getOriginalMessage();
        final int detail = message.indexOf(" (start marker at");
        if (detail >= 0) {
            message = message.substring(0, detail);
        }
        final String column =
                e.getLocation() == null ? "" : " at column " + e.getLocation().getColumnNr();
        if (message.startsWith("Duplicate field '")) {
            final String name = message.substring(message.indexOf('\'') + 1, message.length() - 1);
            return new RecordSyntaxException(
                    RecordSyntaxException.shown(name), "stands twice in the line");
        }
        return new RecordSyntaxException(
                RecordSyntaxException.LINE,
                "is no JSON" + column + ": " + RecordSyntaxException.shown(message, 160));
    }
}
