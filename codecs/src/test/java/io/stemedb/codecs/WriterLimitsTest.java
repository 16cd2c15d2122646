package io.stemedb.codecs;

import static io.stemedb.codecs.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every limit at, below and above; what the writer takes, the validator takes. */
class WriterLimitsTest {
    private final RecordValidator validator = new RecordValidator();

    private static AssertionWriter assertion() {
        return new AssertionWriter()
                .subject("s")
                .predicate("p")
                .text("o")
                .confidence(1)
                .timestamp(1);
    }

    private static VoteWriter vote() {
        return new VoteWriter()
                .assertion(new byte[32])
                .agentId(new byte[32])
                .weight(1)
                .timestamp(1);
    }

    private static EpochWriter epoch() {
        return new EpochWriter().id(new byte[32]).name("n").start(1);
    }

    private byte[] taken(final RecordWriter writer) {
        final byte[] record = Bytes.encode(writer);
        validator.validate(new UnsafeBuffer(record), 0, record.length);
        return record;
    }

    private static UnsafeBuffer utf8(final String text) {
        return new UnsafeBuffer(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Both forms of a text setter take at and below the limit and refuse above, by bytes. */
    private interface TextField {
        RecordWriter set(CharSequence value);

        RecordWriter set(UnsafeBuffer buffer, int length);
    }

    private void checkText(final String field, final int min, final int max, final TextField text) {
        for (final int length : new int[] {min, min + 1, max - 1, max}) {
            final String value = "x".repeat(length);
            taken(text.set(value));
            taken(text.set(new StringBuilder(value)));
            taken(text.set(utf8(value), length));
        }
        // Two and four bytes a character: the limit is in bytes.
        taken(text.set("ü".repeat(max / 2)));
        taken(text.set("𝛼".repeat(max / 4)));
        for (final String value :
                new String[] {"x".repeat(max + 1), "ü".repeat(max / 2) + "x", "€".repeat(max)}) {
            final int length = value.getBytes(StandardCharsets.UTF_8).length;
            final InvalidRecordException ex = assertRefused(field, () -> text.set(value));
            assertEquals(min + " to " + max + " bytes", ex.limit());
            assertRefused(field, () -> text.set(utf8(value), length));
        }
        if (min > 0) {
            assertRefused(field, min + " to " + max + " bytes", "0 bytes", () -> text.set(""));
            assertRefused(field, () -> text.set(utf8(""), 0));
        }
        assertRefused(field, () -> text.set(utf8("x"), -1));
        assertThrows(NullPointerException.class, () -> text.set((CharSequence) null));
    }

    private static TextField field(
            final java.util.function.Function<CharSequence, RecordWriter> chars,
            final java.util.function.BiFunction<UnsafeBuffer, Integer, RecordWriter> bytes) {
        return new TextField() {
            @Override
            public RecordWriter set(final CharSequence value) {
                return chars.apply(value);
            }

            @Override
            public RecordWriter set(final UnsafeBuffer buffer, final int length) {
                return bytes.apply(buffer, length);
            }
        };
    }

    @Test
    void texts() {
        final AssertionWriter a = assertion();
        checkText("subject", 1, 256, field(a::subject, (b, n) -> a.subject(b, 0, n)));
        a.subject("s");
        checkText("predicate", 1, 128, field(a::predicate, (b, n) -> a.predicate(b, 0, n)));
        a.predicate("p");
        checkText("objectText", 0, 65536, field(a::text, (b, n) -> a.text(b, 0, n)));
        checkText("objectText", 1, 65536, field(a::reference, (b, n) -> a.reference(b, 0, n)));
        final EpochWriter e = epoch();
        checkText("name", 1, 256, field(e::name, (b, n) -> e.name(b, 0, n)));
        e.name("n");
        checkText("description", 0, 65536, field(e::description, (b, n) -> e.description(b, 0, n)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\u0000", "a\u001Fb", "\u007F", "\n", "0123456\t", "01234567\r", "ü\t"})
    void namesHoldNoControls(final String value) {
        final AssertionWriter writer = assertion();
        assertRefused("subject", () -> writer.subject(value));
        assertRefused("subject", () -> writer.subject(new StringBuilder(value)));
        assertRefused("subject", () -> writer.subject(utf8(value), 0, utf8(value).capacity()));
        assertRefused("predicate", () -> writer.predicate(value));
        taken(assertion().text(value));
        taken(epoch().name(value).description(value));
    }

    @ParameterizedTest
    @ValueSource(strings = {" ", "~", "\u0080", "a:b/c", "\uFFFE", "\uDBFF\uDFFF", "\uE000"})
    void namesHoldAnythingElse(final String value) {
        taken(assertion().subject(value).predicate(value));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\uD800",
                "\uDFFF",
                "ab\uD83Dc",
                "\uDC00\uD800",
                "01234567890\uDBFF",
                "\uD800ü"
            })
    void loneSurrogatesAreRefused(final String value) {
        assertRefused("subject", () -> assertion().subject(value));
        assertRefused("objectText", () -> assertion().text(value));
        assertRefused("objectText", () -> assertion().reference(new StringBuilder(value)));
        assertRefused("name", () -> epoch().name(value));
    }

    @Test
    void badUtf8IsRefused() {
        final UnsafeBuffer overlong = new UnsafeBuffer(new byte[] {'a', (byte) 0xC0, (byte) 0x80});
        assertRefused(
                "subject",
                Refusal.NAME_TEXT,
                "0xC0 at byte 1",
                () -> assertion().subject(overlong, 0, 3));
        assertRefused(
                "objectText", "UTF-8", "0xC0 at byte 0", () -> assertion().text(overlong, 1, 2));
        assertRefused("description", () -> epoch().description(overlong, 2, 1));
    }

    @Test
    void confidence() {
        for (final float value :
                new float[] {0, -0.0f, Float.MIN_VALUE, 0.5f, Math.nextDown(1.0f), 1.0f}) {
            taken(assertion().confidence(value));
        }
        for (final float value :
                new float[] {
                    -Float.MIN_VALUE,
                    -1,
                    Math.nextUp(1.0f),
                    Float.NaN,
                    Float.POSITIVE_INFINITY,
                    Float.NEGATIVE_INFINITY
                }) {
            assertRefused(
                    "confidence",
                    "in [0, 1]",
                    Double.toString(value),
                    () -> assertion().confidence(value));
        }
    }

    @Test
    void weightAndNumber() {
        for (final float value :
                new float[] {0, -0.0f, -Float.MAX_VALUE, Float.MAX_VALUE, 1e-45f}) {
            taken(vote().weight(value));
            taken(assertion().number(value));
            taken(assertion().vector(new float[] {value}));
        }
        taken(assertion().number(Double.MAX_VALUE));
        taken(assertion().number(Double.MIN_VALUE));
        for (final float value :
                new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            assertRefused("weight", () -> vote().weight(value));
            assertRefused("objectNumber", () -> assertion().number(value));
            assertRefused("vector[1]", () -> assertion().vector(new float[] {1, value}));
        }
    }

    @Test
    void times() {
        for (final long value : new long[] {0, 1, Long.MAX_VALUE}) {
            taken(assertion().timestamp(value));
            taken(vote().timestamp(value));
            taken(epoch().start(value));
            taken(assertion().addSignature(new byte[32], new byte[64], value, 0));
        }
        assertRefused("timestamp", () -> assertion().timestamp(-1));
        assertRefused("timestamp", () -> vote().timestamp(Long.MIN_VALUE));
        assertRefused("start", () -> epoch().start(-1));
        assertRefused(
                "signatures.timestamp",
                () -> assertion().addSignature(new byte[32], new byte[64], -1, 0));
    }

    @Test
    void vectors() {
        for (final int length : new int[] {0, 1, 4095, 4096}) {
            final byte[] record = taken(assertion().vector(new float[length]));
            final AssertionView view =
                    new AssertionView().wrap(new UnsafeBuffer(record), 0, record.length);
            assertEquals(length, view.vectorLength());
        }
        assertRefused("vector", "0 to 4096", "4097", () -> assertion().vector(new float[4097]));
        assertRefused("vector", () -> assertion().vector(new float[5000], 0, 4097));
        taken(assertion().vector(new float[5000], 904, 4096));
        assertThrows(IndexOutOfBoundsException.class, () -> assertion().vector(new float[3], 1, 3));
    }

    @Test
    void signatures() {
        final AssertionWriter writer = assertion();
        for (int i = 63; i >= 0; i--) {
            writer.addSignature(Bytes.sequence(i * 3, 32), new byte[64], i, 255 - i);
        }
        final byte[] record = taken(writer);
        final AssertionView view =
                new AssertionView().wrap(new UnsafeBuffer(record), 0, record.length);
        assertEquals(64, view.signatureCount());
        assertRefused(
                "signatures",
                "0 to 64",
                "65",
                () -> writer.addSignature(Bytes.sequence(1, 32), new byte[64], 1, 1));
        assertEquals(Bytes.hex(record), Bytes.hex(Bytes.encode(writer)));

        for (final int scheme : new int[] {-1, 256}) {
            assertRefused(
                    "signatures.scheme",
                    "0 to 255",
                    Integer.toString(scheme),
                    () -> assertion().addSignature(new byte[32], new byte[64], 1, scheme));
        }
        assertRefused(
                "signatures.agentId",
                () ->
                        assertion()
                                .addSignature(new byte[32], new byte[64], 1, 1)
                                .addSignature(new byte[32], Bytes.sequence(1, 64), 2, 2));
    }

    @Test
    void fixedLengths() {
        for (final int length : new int[] {0, 31, 33}) {
            final byte[] hash = new byte[length];
            assertRefused(
                    "sourceHash",
                    "32 bytes",
                    length + " bytes",
                    () -> assertion().sourceHash(hash));
            assertRefused("parentHash", () -> assertion().parentHash(hash));
            assertRefused("epoch", () -> assertion().epoch(hash));
            assertRefused("assertionHash", () -> vote().assertion(hash));
            assertRefused("agentId", () -> vote().agentId(hash));
            assertRefused("epochId", () -> epoch().id(hash));
            assertRefused("supersedes", () -> epoch().supersedes(hash));
            assertRefused("agentId", () -> assertion().addSignature(hash, new byte[64], 1, 1));
        }
        assertRefused("visualHash", () -> assertion().visualHash(new byte[7]));
        assertRefused("visualHash", () -> assertion().visualHash(new byte[9]));
        assertRefused("signature", () -> vote().signature(new byte[63]));
        assertRefused(
                "signature", () -> assertion().addSignature(new byte[32], new byte[65], 1, 1));
    }

    @Test
    void theLargestRecordIsInsideTheRecordLimit() {
        final AssertionWriter writer =
                assertion()
                        .subject("x".repeat(256))
                        .predicate("x".repeat(128))
                        .text("x".repeat(65536))
                        .vector(new float[4096]);
        for (int i = 0; i < 64; i++) {
            writer.addSignature(Bytes.sequence(i, 32), new byte[64], i, i);
        }
        assertTrue(taken(writer).length < Limits.RECORD_MAX);
    }
}
