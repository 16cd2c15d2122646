package io.stemedb.engine;

import static io.stemedb.engine.TestEngines.TIMEOUT_NS;
import static io.stemedb.engine.TestEngines.context;
import static io.stemedb.engine.TestEngines.ofLength;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.codecs.AssertionView;
import io.stemedb.codecs.AssertionWriter;
import io.stemedb.codecs.EpochView;
import io.stemedb.codecs.EpochWriter;
import io.stemedb.codecs.InvalidRecordException;
import io.stemedb.codecs.Limits;
import io.stemedb.codecs.RecordWriter;
import io.stemedb.codecs.SupersessionType;
import io.stemedb.codecs.VoteWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every limit of DESIGN 4.4 at it, below it and above it, from an appender to a read. */
class AppenderLimitsTest {
    private static final String UMLAUT = "\u00e4";

    @TempDir Path directory;

    /** A value that must be taken, or refused with this field, limit and value. */
    private record Case<W>(Consumer<W> set, String field, String limit, String value) {}

    private static <W> Case<W> taken(final Consumer<W> set) {
        return new Case<>(set, null, null, null);
    }

    private static <W> Case<W> refused(
            final String field, final String limit, final String value, final Consumer<W> set) {
        return new Case<>(set, field, limit, value);
    }

    private static List<Case<AssertionWriter>> assertions() {
        final List<Case<AssertionWriter>> cases = new ArrayList<>();
        cases.add(refused("subject", "1 to 256 bytes", "0 bytes", w -> w.subject("")));
        cases.add(taken(w -> w.subject("s")));
        cases.add(taken(w -> w.subject(ofLength('s', 255))));
        cases.add(taken(w -> w.subject(ofLength('s', 256))));
        cases.add(taken(w -> w.subject(UMLAUT.repeat(128))));
        cases.add(refused("subject", "256", "257 bytes", w -> w.subject(ofLength('s', 257))));
        cases.add(refused("subject", "256", "258 bytes", w -> w.subject(UMLAUT.repeat(129))));
        cases.add(taken(w -> w.subject(" ~:/\u0080")));
        for (final String control : List.of("\0", "a\u001f", "\u007fb")) {
            cases.add(refused("subject", "without U+0000", "", w -> w.subject(control)));
            cases.add(refused("predicate", "without U+0000", "", w -> w.predicate(control)));
        }
        cases.add(refused("predicate", "1 to 128 bytes", "0 bytes", w -> w.predicate("")));
        cases.add(taken(w -> w.predicate("p")));
        cases.add(taken(w -> w.predicate(ofLength('p', 127))));
        cases.add(taken(w -> w.predicate(ofLength('p', 128))));
        cases.add(refused("predicate", "128", "129 bytes", w -> w.predicate(ofLength('p', 129))));
        cases.add(taken(w -> w.text("")));
        cases.add(taken(w -> w.text(ofLength('t', 65_535))));
        cases.add(taken(w -> w.text(ofLength('t', 65_536))));
        cases.add(refused("objectText", "65536", "65537", w -> w.text(ofLength('t', 65_537))));
        cases.add(refused("objectText", "1 to 65536", "0 bytes", w -> w.reference("")));
        cases.add(taken(w -> w.reference("r")));
        cases.add(refused("objectText", "65536", "65537", w -> w.reference(ofLength('t', 65_537))));
        cases.add(taken(w -> w.vector(new float[4_095])));
        cases.add(taken(w -> w.vector(new float[4_096])));
        cases.add(refused("vector", "4096", "4097", w -> w.vector(new float[4_097])));
        cases.add(refused("vector[1]", "finite", "NaN", w -> w.vector(new float[] {0, Float.NaN})));
        cases.add(taken(w -> sign(w, 63)));
        cases.add(taken(w -> sign(w, 64)));
        cases.add(refused("signatures", "64", "65", w -> sign(w, 65)));
        numbers(cases);
        return cases;
    }

    private static void numbers(final List<Case<AssertionWriter>> cases) {
        cases.add(taken(w -> w.confidence(0.0f)));
        cases.add(taken(w -> w.confidence(1.0f)));
        cases.add(refused("confidence", "[0, 1]", "1.0000001", w -> w.confidence(1.0000001f)));
        cases.add(refused("confidence", "[0, 1]", "-1.4", w -> w.confidence(-Float.MIN_VALUE)));
        cases.add(refused("confidence", "[0, 1]", "NaN", w -> w.confidence(Float.NaN)));
        cases.add(taken(w -> w.number(Double.MAX_VALUE)));
        cases.add(refused("objectNumber", "finite", "NaN", w -> w.number(Double.NaN)));
        cases.add(
                refused(
                        "objectNumber",
                        "finite",
                        "-Infinity",
                        w -> w.number(Double.NEGATIVE_INFINITY)));
        cases.add(taken(w -> w.timestamp(0)));
        cases.add(taken(w -> w.timestamp(Long.MAX_VALUE)));
        cases.add(refused("timestamp", "2^63", "18446744073709551615", w -> w.timestamp(-1)));
        cases.add(refused("sourceHash", "32", "31", w -> w.sourceHash(new byte[31])));
        cases.add(taken(w -> w.sourceHash(new byte[32])));
        cases.add(refused("visualHash", "8", "9", w -> w.visualHash(new byte[9])));
    }

    private static void sign(final AssertionWriter writer, final int count) {
        for (int i = 0; i < count; i++) {
            writer.addSignature(TestEngines.id(i + 1), new byte[64], i, 1);
        }
    }

    private static List<Case<VoteWriter>> votes() {
        return List.of(
                taken(w -> w.weight(Float.MAX_VALUE)),
                taken(w -> w.weight(-Float.MAX_VALUE)),
                refused("weight", "finite", "NaN", w -> w.weight(Float.NaN)),
                refused("weight", "finite", "Infinity", w -> w.weight(Float.POSITIVE_INFINITY)),
                refused("timestamp", "2^63", "18446744073709551615", w -> w.timestamp(-1)),
                refused("signature", "64", "63", w -> w.signature(new byte[63])),
                taken(w -> w.signature(new byte[64])));
    }

    private static List<Case<EpochWriter>> epochs() {
        return List.of(
                taken(w -> w.name("n")),
                taken(w -> w.name(ofLength('n', 255))),
                taken(w -> w.name(ofLength('n', 256))),
                refused("name", "1 to 256", "257", w -> w.name(ofLength('n', 257))),
                taken(w -> w.description(ofLength('d', 65_535))),
                taken(w -> w.description(ofLength('d', 65_536))),
                refused("description", "65536", "65537", w -> w.description(ofLength('d', 65_537))),
                refused("start", "2^63", "18446744073709551615", w -> w.start(-1)),
                refused("epochId", "32", "33", w -> w.id(new byte[33])));
    }

    @Test
    void limitsAtBelowAndAbove() {
        final Model model = new Model();
        try (Engine engine = Engine.launch(context(directory));
                Reader reader = engine.newReader()) {
            final Appender appender = engine.newAppender();
            final AssertionWriter claim = appender.assertion();
            final VoteWriter vote = appender.vote();
            final EpochWriter epoch = appender.epoch();
            int number = 0;
            for (final Case<AssertionWriter> each : assertions()) {
                number++;
                claim.clear().subject("s").predicate("p").number(number);
                claim.confidence(1).timestamp(number);
                run(engine, model, claim, each, claim, number);
            }
            for (final Case<VoteWriter> each : votes()) {
                number++;
                vote.clear().assertion(TestEngines.id(1)).agentId(TestEngines.id(number));
                vote.weight(1).timestamp(1);
                run(engine, model, vote, each, vote, number);
            }
            for (final Case<EpochWriter> each : epochs()) {
                number++;
                epoch.clear().id(TestEngines.id(number)).name("n").description("").start(0);
                epoch.supersessionType(SupersessionType.None);
                run(engine, model, epoch, each, epoch, number);
            }
            assertTrue(engine.await(Watermark.READABLE, model.last(), TIMEOUT_NS));
            model.check(reader, new java.util.Random(1), "readable");
            assertTrue(engine.checkpoint(TIMEOUT_NS));
            model.check(reader, new java.util.Random(1), "stored");
        }
    }

    private static <W> void run(
            final Engine engine,
            final Model model,
            final W fields,
            final Case<W> each,
            final RecordWriter writer,
            final int number) {
        final String at = "case " + number + ", " + each.field();
        final long before = engine.watermark(Watermark.APPENDED);
        if (each.field() == null) {
            each.set().accept(fields);
            final UnsafeBuffer record = new UnsafeBuffer(new byte[Limits.RECORD_MAX]);
            final int length = writer.encode(record, 0);
            final long sequence = TestEngines.append(writer::append);
            model.add(sequence, TestEngines.copy(record, 0, length));
            return;
        }
        final InvalidRecordException refused =
                assertThrows(
                        InvalidRecordException.class,
                        () -> {
                            each.set().accept(fields);
                            writer.append();
                        },
                        at);
        assertEquals(each.field(), refused.field(), at);
        assertTrue(refused.limit().contains(each.limit()), () -> at + ": " + refused.limit());
        assertTrue(refused.value().contains(each.value()), () -> at + ": " + refused.value());
        assertTrue(refused.getMessage().contains(refused.value()), at);
        assertEquals(before, engine.watermark(Watermark.APPENDED), at);
    }

    @Test
    void whatIsMissingIsNamedAndNothingIsAppended() {
        try (Engine engine = Engine.launch(context(directory))) {
            final Appender appender = engine.newAppender();
            final AssertionWriter claim = appender.assertion();
            checkMissing("subject", claim);
            claim.subject("s");
            checkMissing("predicate", claim);
            claim.predicate("p");
            checkMissing("object", claim);
            claim.bool(true);
            checkMissing("confidence", claim);
            claim.confidence(1);
            checkMissing("timestamp", claim);
            assertEquals(0, engine.watermark(Watermark.APPENDED));
            claim.timestamp(1);
            assertEquals(1, TestEngines.append(claim::append)); // the fields were kept
            checkMissing("subject", claim); // and are not any more
        }
    }

    private static void checkMissing(final String field, final RecordWriter writer) {
        assertEquals(field, assertThrows(InvalidRecordException.class, writer::append).field());
    }

    /** As large as a record can get: everything at its limit at once, also over many segments. */
    @Test
    void theLargestRecords() {
        final UnsafeBuffer largest = new UnsafeBuffer(new byte[Limits.RECORD_MAX]);
        final UnsafeBuffer largestEpoch = new UnsafeBuffer(new byte[Limits.RECORD_MAX]);
        final AssertionWriter writer = new AssertionWriter();
        writer.subject(ofLength('s', 256))
                .predicate(ofLength('p', 128))
                .text(ofLength('t', 65_536))
                .confidence(1)
                .timestamp(1)
                .sourceHash(TestEngines.id(1))
                .parentHash(TestEngines.id(2))
                .visualHash(new byte[8])
                .epoch(TestEngines.id(3))
                .vector(new float[4_096]);
        sign(writer, 64);
        final EpochWriter epochWriter = new EpochWriter();
        epochWriter
                .id(TestEngines.id(4))
                .name(ofLength('n', 256))
                .description(ofLength('d', 65_536))
                .start(1)
                .supersessionType(SupersessionType.None);
        final byte[] record = TestEngines.copy(largest, 0, writer.encode(largest, 0));
        final byte[] epoch = TestEngines.copy(largestEpoch, 0, epochWriter.encode(largestEpoch, 0));
        final int count = 100; // some 9 MiB, in segments of 2 MiB and generations of 1 MiB
        try (Engine engine = Engine.launch(context(directory).generationBytes(1 << 20));
                Reader reader = engine.newReader()) {
            final Appender appender = engine.newAppender();
            final Model model = new Model();
            for (int i = 0; i < count; i++) {
                writer.timestamp(i);
                final byte[] next = TestEngines.copy(largest, 0, writer.encode(largest, 0));
                model.add(TestEngines.append(appender, next), next);
            }
            model.add(TestEngines.append(appender, epoch), epoch);
            assertTrue(engine.await(Watermark.READABLE, count + 1, TIMEOUT_NS));
            model.check(reader, new java.util.Random(1), "readable");
            final AssertionView view = new AssertionView();
            writer.timestamp(0);
            final byte[] first = TestEngines.copy(largest, 0, writer.encode(largest, 0));
            assertTrue(reader.assertion(new UnsafeBuffer(TestEngines.hashOf(first)), 0, view));
            assertEquals(record.length, view.length());
            assertEquals(4_096, view.vectorLength());
            assertEquals(64, view.signatureCount());
            final EpochView epochView = new EpochView();
            assertTrue(reader.epoch(new UnsafeBuffer(TestEngines.id(4)), 0, epochView));
            assertArrayEquals(
                    epoch, TestEngines.copy(epochView.buffer(), epochView.offset(), epoch.length));
        }
    }
}
