package io.stemedb.engine.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.codecs.Limits;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each kind of line that is no record, with the field and the reason it is refused for. */
class JsonRefusalTest {

    private static final String H = "ab".repeat(32);
    private static final String CLAIM =
            "{'type':'assertion','subject':'s','predicate':'p','object':{'type':'Number','value':1},"
                    + "'confidence':1,'timestamp':0";
    private static final String VOTE =
            "{'type':'vote','assertion':'" + H + "','agentId':'" + H + "','weight':1,'timestamp':0";
    private static final String EPOCH = "{'type':'epoch','id':'" + H + "','name':'n','start':0";

    private final JsonRecordReader reader = new JsonRecordReader();
    private final UnsafeBuffer record = new UnsafeBuffer(new byte[Limits.RECORD_MAX]);

    static Stream<Arguments> refused() {
        return Stream.of(
                // no JSON, or not one object
                refusal("", "line", "must be one JSON object"),
                refusal("nonsense", "line", "is no JSON at column"),
                refusal("[1]", "line", "must be one JSON object"),
                refusal("{", "line", "Unexpected end-of-input"),
                refusal(CLAIM, "line", "Unexpected end-of-input"),
                refusal(CLAIM + "} {}", "line", "more than one JSON value"),
                refusal(CLAIM + ",'vector':[NaN]}", "line", "NaN"),
                refusal("\uFEFF{}", "line", "is no JSON"),
                // type
                refusal("{}", "type", "is missing"),
                refusal(
                        "{'type':'Assertion'}",
                        "type",
                        "must be assertion, vote or epoch, is 'Assertion'"),
                refusal("{'type':0}", "type", "must be a string, is an integer"),
                // fields
                refusal(CLAIM + ",'color':1}", "color", "is not a field of any record"),
                refusal(CLAIM + ",'weight':1}", "weight", "is not a field of assertion records"),
                refusal(VOTE + ",'vector':[]}", "vector", "is not a field of vote records"),
                refusal(EPOCH + ",'timestamp':0}", "timestamp", "is not a field of epoch records"),
                refusal(CLAIM + ",'subject':'t'}", "subject", "stands twice"),
                refusal(
                        CLAIM.replace("'value':1", "'value':1,'value':1") + "}",
                        "value",
                        "stands twice"),
                refusal("{'type':'assertion','predicate':'p'}", "subject", "is missing"),
                refusal("{'type':'vote','assertion':'" + H + "'}", "timestamp", "is missing"),
                refusal("{'type':'epoch','id':'" + H + "','name':'n'}", "start", "is missing"),
                // strings
                refusal(
                        CLAIM.replace("'s'", "5") + "}",
                        "subject",
                        "must be a string, is an integer"),
                refusal(CLAIM.replace("'s'", "null") + "}", "subject", "must be a string, is null"),
                refusal(CLAIM.replace("'s'", "''") + "}", "subject", "must be 1 to 256 bytes"),
                refusal(CLAIM.replace("'s'", "'a\\u0000'") + "}", "subject", "U+0000"),
                refusal(CLAIM.replace("'s'", "'\\ud800'") + "}", "subject", "UTF-8"),
                refusal(
                        CLAIM.replace("'s'", "'" + "x".repeat(257) + "'") + "}",
                        "subject",
                        "257 bytes"),
                refusal(
                        CLAIM.replace("'p'", "'" + "x".repeat(129) + "'") + "}",
                        "predicate",
                        "129"),
                refusal(EPOCH.replace("'n'", "'" + "x".repeat(257) + "'") + "}", "name", "257"),
                // hashes
                refusal(CLAIM + ",'epoch':'ab'}", "epoch", "must have 64 hex digits, has 2"),
                refusal(
                        CLAIM + ",'parentHash':'" + "g".repeat(64) + "'}",
                        "parentHash",
                        "character 1"),
                refusal(
                        CLAIM + ",'visualHash':'" + H + "'}",
                        "visualHash",
                        "must have 16 hex digits"),
                refusal(
                        VOTE + ",'signature':'" + H + "'}",
                        "signature",
                        "must have 128 hex digits"),
                refusal(CLAIM + ",'sourceHash':7}", "sourceHash", "is an integer"),
                // numbers
                refusal(
                        CLAIM.replace("'confidence':1", "'confidence':1.5") + "}",
                        "confidence",
                        "[0, 1]"),
                refusal(
                        CLAIM.replace("'confidence':1", "'confidence':'1'") + "}",
                        "confidence",
                        "must be a number"),
                refusal(VOTE.replace("'weight':1", "'weight':1e39") + "}", "weight", "32-bit"),
                refusal(CLAIM + ",'vector':[1,'2']}", "vector[1]", "must be a number, is a string"),
                refusal(CLAIM + ",'vector':" + numbers(4097) + "}", "vector", "more than 4096"),
                refusal(CLAIM + ",'vector':3}", "vector", "must be an array"),
                // times
                refusal(time("1.0"), "timestamp", "is a number with a fraction"),
                refusal(time("1e18"), "timestamp", "is a number with a fraction or exponent"),
                refusal(time("-1"), "timestamp", "before 1970"),
                refusal(time("9223372036854775808"), "timestamp", "must be nanoseconds in"),
                refusal(time("'2013-11-25'"), "timestamp", "is no ISO-8601 time"),
                refusal(time("'2013-11-25T00:00:00'"), "timestamp", "with an offset"),
                refusal(time("'2013-11-25T00:00:00.1234567891Z'"), "timestamp", "9 digits"),
                refusal(time("'1969-12-31T23:59:59Z'"), "timestamp", "before 1970"),
                refusal(time("'2300-01-01T00:00:00Z'"), "timestamp", "past the last nanosecond"),
                refusal(time("true"), "timestamp", "is a boolean"),
                // object
                refusal(object("7"), "object", "must be an object"),
                refusal(object("{}"), "object.type", "is missing"),
                refusal(object("{'type':'Number'}"), "object.value", "is missing"),
                refusal(object("{'type':'Number','value':'1'}"), "object.value", "does not fit"),
                refusal(object("{'type':'Text','value':1}"), "object.value", "does not fit"),
                refusal(object("{'type':'Boolean','value':0}"), "object.value", "does not fit"),
                refusal(object("{'type':'Text','value':null}"), "object.value", "is null"),
                refusal(object("{'type':'Text','value':{}}"), "object.value", "is an object"),
                refusal(
                        object("{'type':'Int','value':1}"),
                        "object.type",
                        "must be one of [Text, Number"),
                refusal(object("{'type':'Number','value':1e999}"), "object.value", "64-bit"),
                refusal(
                        object("{'type':'Number','value':1,'unit':'USD'}"),
                        "object.unit",
                        "not a field"),
                refusal(object("{'type':'Reference','value':''}"), "object.value", "bytes"),
                refusal(
                        object("{'type':'Text','value':'" + "x".repeat(65537) + "'}"),
                        "object.value",
                        "65537"),
                // named constants
                refusal(
                        CLAIM + ",'lifecycle':'proposed'}",
                        "lifecycle",
                        "must be one of [Proposed"),
                refusal(CLAIM + ",'sourceClass':3}", "sourceClass", "must be a string"),
                refusal(EPOCH + ",'supersessionType':'Kills'}", "supersessionType", "Invalidates"),
                refusal(
                        EPOCH + ",'supersessionType':'Replaces'}",
                        "supersedes",
                        "supersessionType"),
                // signatures
                refusal(signatures("{}"), "signatures[0].agentId", "is missing"),
                refusal(signatures("1"), "signatures[0]", "must be an object"),
                refusal(
                        signatures("{'key':1}"),
                        "signatures[0].key",
                        "is not a field of a signature"),
                refusal(signature("'scheme':256"), "signatures[0].scheme", "0..255"),
                refusal(signature("'scheme':99999999999"), "signatures[0].scheme", "0..255"),
                refusal(signature("'scheme':1.0"), "signatures[0].scheme", "must be an integer"),
                refusal(
                        signatures(oneSignature("'scheme':1") + "," + oneSignature("'scheme':1")),
                        "signatures.agentId",
                        "there once"),
                refusal(
                        signatures((oneSignature("'scheme':1") + ",").repeat(64) + "{}"),
                        "signatures",
                        "more than 64"));
    }

    @ParameterizedTest
    @MethodSource("refused")
    void isRefused(final String line, final String field, final String reason) {
        final byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
        final RecordSyntaxException e =
                assertThrows(
                        RecordSyntaxException.class,
                        () -> reader.read(bytes, 0, bytes.length, record));
        assertEquals(field, e.field(), e.reason());
        assertTrue(e.reason().contains(reason), () -> "reason is: " + e.reason());
        assertTrue(e.reason().length() < 400, () -> "too long for a line: " + e.reason());
    }

    @Test
    void badUtf8IsRefusedWithItsPlace() {
        final byte[][] ends = {
            {(byte) 0xC0, (byte) 0x80}, // overlong
            {(byte) 0xED, (byte) 0xA0, (byte) 0x80}, // a surrogate
            {(byte) 0xF5, (byte) 0x80, (byte) 0x80, (byte) 0x80}, // past U+10FFFF
            {(byte) 0xE2, (byte) 0x82}, // cut
        };
        for (final byte[] end : ends) {
            final byte[] line = new byte[4 + end.length];
            System.arraycopy("{\"aa".getBytes(StandardCharsets.US_ASCII), 0, line, 0, 4);
            System.arraycopy(end, 0, line, 4, end.length);
            final RecordSyntaxException e =
                    assertThrows(
                            RecordSyntaxException.class,
                            () -> reader.read(line, 0, line.length, record));
            assertEquals("line", e.field());
            assertEquals("is not UTF-8 at byte 5", e.reason());
        }
    }

    @Test
    void aRefusedLineLeavesNothingToTheNext() throws Exception {
        final byte[] bad =
                (CLAIM + ",'vector':[1,2],'lifecycle':'Approved','weight':2}")
                        .replace('\'', '"')
                        .getBytes(StandardCharsets.UTF_8);
        final byte[] good = (CLAIM + "}").replace('\'', '"').getBytes(StandardCharsets.UTF_8);
        final int length = new JsonRecordReader().read(good, 0, good.length, record);
        assertThrows(RecordSyntaxException.class, () -> reader.read(bad, 0, bad.length, record));
        assertEquals(length, reader.read(good, 0, good.length, record));
    }

    @Test
    void whatIsShownOfABadValueIsPrintableAndShort() {
        assertEquals("a\\u001b[31mb\\u202e", RecordSyntaxException.shown("a\u001b[31mb\u202e"));
        assertEquals("x".repeat(80) + "...", RecordSyntaxException.shown("x".repeat(10_000)));
    }

    private static Arguments refusal(final String line, final String field, final String reason) {
        return Arguments.of(line.replace('\'', '"'), field, reason);
    }

    private static String time(final String value) {
        return VOTE.replace("'timestamp':0", "'timestamp':" + value) + "}";
    }

    private static String object(final String value) {
        return CLAIM.replace("{'type':'Number','value':1}", value) + "}";
    }

    private static String signatures(final String entries) {
        return CLAIM + ",'signatures':[" + entries + "]}";
    }

    private static String signature(final String scheme) {
        return signatures(oneSignature(scheme));
    }

    private static String oneSignature(final String scheme) {
        return "{'agentId':'" + H + "','signature':'" + H + H + "','timestamp':0," + scheme + "}";
    }

    private static String numbers(final int count) {
        return "[" + "1,".repeat(count - 1) + "1]";
    }
}
