package io.stemedb.codecs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/**
 * One claim has one byte string, however its writer is used and whatever it was used for before.
 */
class CanonicalBytesTest {
    private static final long SEED = 20131125;

    private final Random random = new Random(SEED);
    private final RandomRecords records = new RandomRecords(random);

    private static List<Runnable> setters(final AssertionWriter w) {
        final UnsafeBuffer hashes = new UnsafeBuffer(Bytes.sequence(3, 200));
        final List<Runnable> setters = new ArrayList<>();
        setters.add(() -> w.subject("subject/ü"));
        setters.add(() -> w.predicate("predicate"));
        setters.add(() -> w.text("object"));
        setters.add(() -> w.confidence(0.5f));
        setters.add(() -> w.timestamp(99));
        setters.add(() -> w.lifecycle(Lifecycle.Approved));
        setters.add(() -> w.sourceClass(SourceClass.Clinical));
        setters.add(() -> w.sourceHash(Bytes.sequence(1, 32)));
        setters.add(() -> w.parentHash(hashes, 7));
        setters.add(() -> w.visualHash(hashes, 8));
        setters.add(() -> w.epoch(hashes, 9));
        setters.add(() -> w.vector(new float[] {9, 1, 0, 2, 9}, 1, 3));
        for (int i = 0; i < 4; i++) {
            final int first = i * 80;
            setters.add(
                    () ->
                            w.addSignature(
                                    Bytes.sequence(first, 32), new byte[64], first, first & 255));
        }
        return setters;
    }

    @Test
    void anyOrderOfFieldsGivesTheSameBytes() {
        final AssertionWriter writer = new AssertionWriter();
        setters(writer).forEach(Runnable::run);
        final byte[] expected = Bytes.encode(writer);
        for (int i = 0; i < 200; i++) {
            records.fill(writer);
            writer.clear();
            final List<Runnable> shuffled = setters(writer);
            Collections.shuffle(shuffled, random);
            shuffled.forEach(Runnable::run);
            assertArrayEquals(expected, Bytes.encode(writer), "seed " + SEED + " round " + i);
        }
    }

    @Test
    void aUsedWriterWritesWhatANewOneDoes() {
        final AssertionWriter assertion = new AssertionWriter();
        final VoteWriter vote = new VoteWriter();
        final EpochWriter epoch = new EpochWriter();
        final Reencoder fresh = new Reencoder();
        for (int i = 0; i < 2000; i++) {
            for (final RecordWriter writer :
                    List.of(records.fill(assertion), records.fill(vote), records.fill(epoch))) {
                final byte[] record = Bytes.encode(writer);
                final String where = "seed " + SEED + " round " + i;
                new RecordValidator().validate(new UnsafeBuffer(record), 0, record.length);
                assertArrayEquals(record, new Reencoder().reencode(record), where);
                assertArrayEquals(record, fresh.reencode(record), where);
            }
        }
    }

    @Test
    void aClearedWriterKeepsNothing() {
        final AssertionWriter a = new AssertionWriter();
        setters(a).forEach(Runnable::run);
        a.clear().subject("s").predicate("p").bool(false).confidence(1).timestamp(1);
        final AssertionWriter newA = new AssertionWriter();
        newA.subject("s").predicate("p").bool(false).confidence(1).timestamp(1);
        assertArrayEquals(Bytes.encode(newA), Bytes.encode(a));

        final byte[] hash = Bytes.sequence(1, 32);
        final VoteWriter v = new VoteWriter().signature(new byte[64]).weight(3);
        v.clear().assertion(hash).agentId(hash).weight(1).timestamp(1);
        final VoteWriter newV = new VoteWriter();
        newV.assertion(hash).agentId(hash).weight(1).timestamp(1);
        assertArrayEquals(Bytes.encode(newV), Bytes.encode(v));

        final EpochWriter e = new EpochWriter().description("text").supersedes(hash);
        e.supersessionType(SupersessionType.Refines).clear().id(hash).name("n").start(1);
        final EpochWriter newE = new EpochWriter().id(hash).name("n").start(1);
        assertArrayEquals(Bytes.encode(newE), Bytes.encode(e));
    }

    @Test
    void dirtyBuffersDoNotShow() {
        for (int i = 0; i < 500; i++) {
            final AssertionWriter writer = records.fill(new AssertionWriter());
            final byte[] expected = Bytes.encode(writer);
            final byte[] dirty = records.bytes(expected.length);
            writer.encode(new UnsafeBuffer(dirty), 0);
            assertArrayEquals(expected, dirty, "seed " + SEED + " round " + i);
        }
    }

    @Test
    void theLastObjectHolds() {
        final AssertionWriter writer =
                new AssertionWriter().subject("s").predicate("p").confidence(1).timestamp(1);
        final byte[] text = Bytes.encode(writer.text("text"));
        final byte[] number = Bytes.encode(writer.number(7));
        final byte[] truth = Bytes.encode(writer.bool(true));
        final byte[] reference = Bytes.encode(writer.reference("entity"));
        assertArrayEquals(text, Bytes.encode(writer.text("text")));
        assertArrayEquals(truth, Bytes.encode(writer.bool(true)));
        assertArrayEquals(number, Bytes.encode(writer.number(7)));
        assertArrayEquals(reference, Bytes.encode(writer.reference("entity")));
        assertFalse(Arrays.equals(Bytes.encode(writer.bool(false)), truth));
        assertFalse(Arrays.equals(Bytes.encode(writer.text("entity")), reference));
    }

    @Test
    void negativeZeroIsZero() {
        final AssertionWriter a = new AssertionWriter().subject("s").predicate("p").timestamp(1);
        assertArrayEquals(
                Bytes.encode(a.number(0.0).confidence(0.0f).vector(new float[] {0.0f})),
                Bytes.encode(a.number(-0.0).confidence(-0.0f).vector(new float[] {-0.0f})));
        final VoteWriter v =
                new VoteWriter().assertion(new byte[32]).agentId(new byte[32]).timestamp(1);
        assertArrayEquals(Bytes.encode(v.weight(0.0f)), Bytes.encode(v.weight(-0.0f)));
    }

    @Test
    void absentIsNotTheSameAsZero() {
        final AssertionWriter writer =
                new AssertionWriter().subject("s").predicate("p").number(0).confidence(0);
        final byte[] absent = Bytes.encode(writer.timestamp(0));
        assertFalse(Arrays.equals(absent, Bytes.encode(writer.parentHash(new byte[32]))));
    }

    @Test
    void signaturesAreSortedAsUnsignedBytes() {
        final AssertionWriter writer =
                new AssertionWriter().subject("s").predicate("p").number(0).confidence(0);
        writer.timestamp(0);
        for (final int first : new int[] {0x80, 0x00, 0xFF, 0x7F, 0x01}) {
            writer.addSignature(Bytes.sequence(first, 32), new byte[64], first, 0);
        }
        final byte[] record = Bytes.encode(writer);
        final AssertionView view =
                new AssertionView().wrap(new UnsafeBuffer(record), 0, record.length);
        final int[] order = new int[5];
        for (int i = 0; i < order.length; i++) {
            order[i] = (int) view.signatureTimestamp(i);
        }
        assertArrayEquals(new int[] {0x00, 0x01, 0x7F, 0x80, 0xFF}, order);
    }

    @Test
    void allFormsOfTextGiveTheSameBytes() {
        final AssertionWriter writer =
                new AssertionWriter().subject("s").predicate("p").confidence(1).timestamp(1);
        for (final String text :
                List.of(
                        "",
                        "a",
                        "x".repeat(255),
                        "x".repeat(257),
                        "y".repeat(512) + "ü",
                        "日本 𝛼")) {
            final byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
            final byte[] expected =
                    Bytes.encode(writer.text(new UnsafeBuffer(utf8), 0, utf8.length));
            assertArrayEquals(expected, Bytes.encode(writer.text(new StringBuilder(text))), text);
            assertArrayEquals(expected, Bytes.encode(writer.text(text)), text);
            // The same String once more, and after another form went over its bytes.
            assertArrayEquals(expected, Bytes.encode(writer.text(text)), text);
            writer.text(new StringBuilder("other"));
            assertArrayEquals(expected, Bytes.encode(writer.text(text)), text);
            writer.text(new UnsafeBuffer("another".getBytes(StandardCharsets.UTF_8)), 0, 7);
            assertArrayEquals(expected, Bytes.encode(writer.text(text)), text);
        }
    }

    @Test
    void encodeKeepsTheFields() {
        final AssertionWriter writer = records.fill(new AssertionWriter());
        assertEquals(Bytes.hex(Bytes.encode(writer)), Bytes.hex(Bytes.encode(writer)));
    }
}
