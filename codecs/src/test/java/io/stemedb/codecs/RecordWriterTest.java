package io.stemedb.codecs;

import static io.stemedb.codecs.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** What all writers have in common: needed fields, buffers, the sink, life after a refusal. */
class RecordWriterTest {
    private static AssertionWriter fill(final AssertionWriter writer) {
        return writer.subject("s").predicate("p").number(1).confidence(1).timestamp(1);
    }

    private static VoteWriter fill(final VoteWriter writer) {
        return writer.assertion(new byte[32]).agentId(new byte[32]).weight(1).timestamp(1);
    }

    private static EpochWriter fill(final EpochWriter writer) {
        return writer.id(new byte[32]).name("n").start(1);
    }

    private static void assertMissing(final String field, final RecordWriter writer) {
        assertRefused(field, "set", "not set", () -> Bytes.encode(writer));
    }

    @Test
    void everyNeededFieldIsNeeded() {
        final AssertionWriter a = new AssertionWriter();
        assertMissing("subject", a);
        assertMissing("predicate", a.subject("s"));
        assertMissing("object", a.predicate("p"));
        assertMissing("confidence", a.bool(false));
        assertMissing("timestamp", a.confidence(0));
        Bytes.encode(a.timestamp(0));
        assertMissing("subject", a.clear());

        final VoteWriter v = new VoteWriter();
        assertMissing("assertionHash", v);
        assertMissing("agentId", v.assertion(new byte[32]));
        assertMissing("weight", v.agentId(new byte[32]));
        assertMissing("timestamp", v.weight(0));
        Bytes.encode(v.timestamp(0));
        assertMissing("assertionHash", v.clear());

        final EpochWriter e = new EpochWriter();
        assertMissing("epochId", e);
        assertMissing("name", e.id(new byte[32]));
        assertMissing("start", e.name("n"));
        Bytes.encode(e.start(0));
        assertMissing("epochId", e.clear());
    }

    @Test
    void supersedesAndItsTypeComeTogether() {
        final EpochWriter writer = fill(new EpochWriter());
        for (final SupersessionType type : SupersessionType.values()) {
            fill(writer.clear()).supersessionType(type);
            if (type == SupersessionType.None) {
                Bytes.encode(writer);
                assertRefused("supersedes", () -> Bytes.encode(writer.supersedes(new byte[32])));
            } else {
                assertRefused("supersedes", () -> Bytes.encode(writer));
                Bytes.encode(writer.supersedes(new byte[32]));
            }
        }
    }

    @Test
    void aRefusedFieldIsNotSetAndNothingElseIsLost() {
        final AssertionWriter writer = new AssertionWriter();
        final List<Consumer<AssertionWriter>> refused =
                List.of(
                        w -> w.subject(""),
                        w -> w.predicate("\n"),
                        w -> w.number(Double.NaN),
                        w -> w.text("\uD800"),
                        w -> w.reference(""),
                        w -> w.confidence(2),
                        w -> w.timestamp(-1));
        final List<String> fields =
                List.of(
                        "subject",
                        "predicate",
                        "object",
                        "object",
                        "object",
                        "confidence",
                        "timestamp");
        final List<Consumer<AssertionWriter>> repaired =
                List.of(
                        w -> w.subject("s"),
                        w -> w.predicate("p"),
                        w -> w.number(1),
                        w -> w.number(1),
                        w -> w.number(1),
                        w -> w.confidence(1),
                        w -> w.timestamp(1));
        final byte[] expected = Bytes.encode(fill(writer));
        for (int i = 0; i < refused.size(); i++) {
            final Consumer<AssertionWriter> setter = refused.get(i);
            assertThrows(InvalidRecordException.class, () -> setter.accept(writer));
            assertMissing(fields.get(i), writer);
            repaired.get(i).accept(writer);
            assertArrayEquals(expected, Bytes.encode(writer));
        }
        // What is optional is absent after its refusal.
        writer.sourceHash(Bytes.sequence(1, 32)).vector(new float[] {1});
        assertThrows(InvalidRecordException.class, () -> writer.sourceHash(new byte[1]));
        assertThrows(InvalidRecordException.class, () -> writer.vector(new float[] {Float.NaN}));
        assertArrayEquals(expected, Bytes.encode(writer));
        assertThrows(
                InvalidRecordException.class,
                () -> writer.addSignature(new byte[32], new byte[64], -1, 1));
        assertArrayEquals(expected, Bytes.encode(writer));
    }

    @Test
    void writesOnlyTheRecordInAnyBuffer() {
        for (final RecordWriter writer :
                List.of(
                        fill(new AssertionWriter()),
                        fill(new VoteWriter()),
                        fill(new EpochWriter()))) {
            final byte[] expected = Bytes.encode(writer);
            final int capacity = expected.length + 40;
            for (final MutableDirectBuffer buffer :
                    List.of(
                            new UnsafeBuffer(new byte[capacity]),
                            new UnsafeBuffer(new byte[capacity + 9], 9, capacity),
                            new UnsafeBuffer(ByteBuffer.allocate(capacity)),
                            new UnsafeBuffer(ByteBuffer.allocateDirect(capacity)),
                            new ExpandableArrayBuffer(capacity))) {
                for (final int offset : new int[] {0, 1, 8, 39, 40}) {
                    buffer.setMemory(0, capacity, (byte) 0x5A);
                    assertEquals(expected.length, writer.encode(buffer, offset));
                    final byte[] all = new byte[capacity];
                    buffer.getBytes(0, all);
                    final byte[] want = new byte[capacity];
                    Arrays.fill(want, (byte) 0x5A);
                    System.arraycopy(expected, 0, want, offset, expected.length);
                    assertArrayEquals(want, all);
                }
            }
        }
    }

    @Test
    void aBufferWithoutRoomIsRefusedUntouched() {
        final VoteWriter writer = fill(new VoteWriter());
        final byte[] bytes = new byte[writer.encodedLength()];
        final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
        assertRefused(
                "buffer",
                "at least 152 bytes from offset 1",
                "152 bytes long",
                () -> writer.encode(buffer, 1));
        assertRefused("buffer", () -> writer.encode(buffer, -1));
        assertRefused("buffer", () -> writer.encode(buffer, Integer.MAX_VALUE));
        assertRefused("buffer", () -> writer.encode(new ExpandableArrayBuffer(8), -1));
        assertArrayEquals(new byte[bytes.length], bytes);
    }

    @Test
    void anExpandableBufferGrows() {
        final VoteWriter writer = fill(new VoteWriter());
        final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer(16);
        final int length = writer.encode(buffer, 100);
        new RecordValidator().validate(buffer, 100, length);
    }

    @Test
    void appendClearsOnlyWhatWasTaken() {
        final List<byte[]> taken = new ArrayList<>();
        final long[] code = {-1};
        final VoteWriter writer =
                new VoteWriter(
                        w -> {
                            if (code[0] > 0) {
                                taken.add(Bytes.encode(w));
                            }
                            return code[0];
                        });
        final byte[] expected = Bytes.encode(fill(writer));
        assertEquals(-1, writer.append());
        assertEquals(-1, writer.append());
        code[0] = 7;
        assertEquals(7, writer.append());
        assertArrayEquals(expected, taken.get(0));
        assertMissing("assertionHash", writer);
        assertRefused("assertionHash", writer::append);
    }

    @Test
    void appendNeedsASink() {
        for (final RecordWriter writer :
                List.of(new AssertionWriter(), new VoteWriter(), new EpochWriter())) {
            final IllegalStateException ex =
                    assertThrows(IllegalStateException.class, writer::append);
            assertTrue(ex.getMessage().contains("RecordSink"), ex.getMessage());
        }
    }

    @Test
    void serializersWriteWhatTheWritersHold() {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[1024]);
        final RecordValidator validator = new RecordValidator();
        final AssertionWriter a = fill(new AssertionWriter());
        validator.validate(buffer, 3, Records.serializeAssertion(a, buffer, 3));
        assertEquals(RecordType.ASSERTION.id(), RecordHeader.type(buffer, 3));
        final VoteWriter v = fill(new VoteWriter());
        validator.validate(buffer, 3, Records.serializeVote(v, buffer, 3));
        assertEquals(RecordType.VOTE.id(), RecordHeader.type(buffer, 3));
        final EpochWriter e = fill(new EpochWriter());
        validator.validate(buffer, 3, Records.serializeEpoch(e, buffer, 3));
        assertEquals(RecordType.EPOCH.id(), RecordHeader.type(buffer, 3));
    }
}
