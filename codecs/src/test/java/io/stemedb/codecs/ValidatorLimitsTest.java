package io.stemedb.codecs;

import static io.stemedb.codecs.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteOrder;
import java.util.Arrays;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/**
 * Records one byte, or one entry, above a limit, whole in all other ways: no writer would write
 * them.
 */
class ValidatorLimitsTest {
    private static final byte[] X = {'x'};

    private final RecordValidator validator = new RecordValidator();

    private static AssertionWriter assertion() {
        return new AssertionWriter()
                .subject("s")
                .predicate("p")
                .text("o")
                .confidence(1)
                .timestamp(1);
    }

    private static EpochWriter epoch() {
        return new EpochWriter().id(new byte[32]).name("n").start(1);
    }

    private void validate(final byte[] record) {
        validator.validate(new UnsafeBuffer(record), 0, record.length);
    }

    /**
     * Takes the record, and refuses it with bytes put in and the count that stands at an offset
     * raised.
     */
    private void checkOneMore(
            final String field,
            final String value,
            final RecordWriter writer,
            final int countOffset,
            final int insertAt,
            final byte[] inserted) {
        final byte[] atLimit = Bytes.encode(writer);
        validate(atLimit);
        final byte[] head = Arrays.copyOf(atLimit, insertAt);
        final byte[] tail = Arrays.copyOfRange(atLimit, insertAt, atLimit.length);
        final byte[] above = Bytes.concat(Bytes.concat(head, inserted), tail);
        final UnsafeBuffer buffer = new UnsafeBuffer(above);
        // All counts fit 16 bits but for 65,536, whose successor differs in its lower half too.
        final int count = buffer.getShort(countOffset, ByteOrder.LITTLE_ENDIAN) & 0xFFFF;
        buffer.putShort(countOffset, (short) (count + 1), ByteOrder.LITTLE_ENDIAN);
        Bytes.repairCrc(above);
        assertEquals(value, assertRefused(field, () -> validate(above)).value());
    }

    @Test
    void subject() {
        final int at = 136 + 8 + 8;
        final AssertionWriter writer = assertion().subject("x".repeat(256));
        checkOneMore("subject", "257 bytes", writer, at, at + 2, X);
    }

    @Test
    void predicate() {
        final int at = 136 + 8 + 8 + 3;
        final AssertionWriter writer = assertion().predicate("x".repeat(128));
        checkOneMore("predicate", "129 bytes", writer, at, at + 2, X);
    }

    @Test
    void objectText() {
        final int at = 136 + 8 + 8 + 3 + 3;
        final AssertionWriter writer = assertion().text("x".repeat(65536));
        checkOneMore("objectText", "65537 bytes", writer, at, at + 4, X);
    }

    @Test
    void signatures() {
        final AssertionWriter writer = assertion();
        for (int i = 0; i < 64; i++) {
            writer.addSignature(Bytes.sequence(i, 32), new byte[64], 1, 1);
        }
        final byte[] last = new byte[112];
        Arrays.fill(last, 0, 32, (byte) 0xFF);
        checkOneMore("signatures", "65", writer, 138, 144 + 64 * 112, last);
    }

    @Test
    void vector() {
        final AssertionWriter writer = assertion().vector(new float[4096]);
        checkOneMore("vector", "4097", writer, 146, 152, new byte[4]);
    }

    @Test
    void epochName() {
        final EpochWriter writer = epoch().name("x".repeat(256));
        checkOneMore("name", "257 bytes", writer, 88, 90, X);
    }

    @Test
    void epochDescription() {
        final EpochWriter writer = epoch().description("x".repeat(65536));
        checkOneMore("description", "65537 bytes", writer, 88 + 3, 88 + 3 + 4, X);
    }
}
