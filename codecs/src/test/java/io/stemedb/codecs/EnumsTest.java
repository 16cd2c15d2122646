package io.stemedb.codecs;

import static io.stemedb.codecs.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.HashMap;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.function.ToIntFunction;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/**
 * The numbers and names of all constants are those of the schema, and no number is anything else.
 */
class EnumsTest {
    private static <E extends Enum<E>> void check(
            final String field,
            final E[] values,
            final ToIntFunction<E> id,
            final IntFunction<E> of,
            final Map<String, Integer> schema) {
        schema.remove("NULL_VAL");
        final Map<String, Integer> ours = new HashMap<>();
        for (final E value : values) {
            ours.put(value.name(), id.applyAsInt(value));
        }
        assertEquals(schema, ours);
        for (int i = -2; i < 300; i++) {
            final int number = i;
            if (ours.containsValue(number)) {
                assertEquals(number, id.applyAsInt(of.apply(number)));
                assertSame(of.apply(number), of.apply(number));
            } else {
                assertRefused(field, () -> of.apply(number));
            }
        }
    }

    @Test
    void lifecycle() {
        final Map<String, Integer> schema = new HashMap<>();
        for (final io.stemedb.codecs.sbe.Lifecycle v : io.stemedb.codecs.sbe.Lifecycle.values()) {
            schema.put(v.name(), (int) v.value());
        }
        check("lifecycle", Lifecycle.values(), Lifecycle::id, Lifecycle::of, schema);
    }

    @Test
    void sourceClass() {
        final Map<String, Integer> schema = new HashMap<>();
        for (final io.stemedb.codecs.sbe.SourceClass v :
                io.stemedb.codecs.sbe.SourceClass.values()) {
            schema.put(v.name(), (int) v.value());
        }
        check("sourceClass", SourceClass.values(), SourceClass::id, SourceClass::of, schema);
    }

    @Test
    void objectType() {
        final Map<String, Integer> schema = new HashMap<>();
        for (final io.stemedb.codecs.sbe.ObjectType v : io.stemedb.codecs.sbe.ObjectType.values()) {
            schema.put(v.name(), (int) v.value());
        }
        check("objectType", ObjectType.values(), ObjectType::id, ObjectType::of, schema);
    }

    @Test
    void supersessionType() {
        final Map<String, Integer> schema = new HashMap<>();
        for (final io.stemedb.codecs.sbe.SupersessionType v :
                io.stemedb.codecs.sbe.SupersessionType.values()) {
            schema.put(v.name(), (int) v.value());
        }
        check(
                "supersessionType",
                SupersessionType.values(),
                SupersessionType::id,
                SupersessionType::of,
                schema);
    }

    @Test
    void recordType() {
        final Map<String, Integer> schema = new HashMap<>();
        schema.put("ASSERTION", (int) io.stemedb.codecs.sbe.AssertionDecoder.TEMPLATE_ID);
        schema.put("VOTE", (int) io.stemedb.codecs.sbe.VoteDecoder.TEMPLATE_ID);
        schema.put("EPOCH", (int) io.stemedb.codecs.sbe.EpochDecoder.TEMPLATE_ID);
        check("type", RecordType.values(), RecordType::id, RecordType::of, schema);
    }

    @Test
    void everyConstantGoesThroughARecord() {
        final RecordValidator validator = new RecordValidator();
        final AssertionView view = new AssertionView();
        for (final Lifecycle lifecycle : Lifecycle.values()) {
            for (final SourceClass sourceClass : SourceClass.values()) {
                final AssertionWriter writer =
                        new AssertionWriter()
                                .subject("s")
                                .predicate("p")
                                .number(1)
                                .confidence(1)
                                .timestamp(1)
                                .lifecycle(lifecycle)
                                .sourceClass(sourceClass);
                final byte[] record = Bytes.encode(writer);
                validator.validate(new UnsafeBuffer(record), 0, record.length);
                view.wrap(new UnsafeBuffer(record), 0, record.length);
                assertSame(lifecycle, view.lifecycle());
                assertSame(sourceClass, view.sourceClass());
            }
        }
    }

    @Test
    void limitsAgreeWithTheSchema() {
        assertEquals(
                Limits.HEADER_LENGTH, io.stemedb.codecs.sbe.MessageHeaderDecoder.ENCODED_LENGTH);
        assertEquals(Limits.HASH_LENGTH, io.stemedb.codecs.sbe.AssertionDecoder.sourceHashLength());
        assertEquals(
                Limits.VISUAL_HASH_LENGTH,
                io.stemedb.codecs.sbe.AssertionDecoder.visualHashLength());
        assertEquals(Limits.SIGNATURE_LENGTH, io.stemedb.codecs.sbe.VoteDecoder.signatureLength());
        for (final RecordType type : RecordType.values()) {
            assertEquals(0, RecordHeader.blockLengthOf(type) % 8, type.toString());
        }
    }
}
