package io.stemedb.engine.cli;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.stemedb.codecs.InvalidRecordException;
import io.stemedb.codecs.Limits;
import io.stemedb.codecs.RecordValidator;
import io.stemedb.engine.TestEngines;
import io.stemedb.engine.faults.Allocation;
import io.stemedb.engine.faults.Mutations;
import io.stemedb.engine.faults.Scale;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** P12: a line of any bytes is a valid record or refused with a field and a short reason. */
@Tag("faults")
class JsonFuzzTest {
    private static final int INPUTS = 250_000;
    private static final int CORPUS = 300;

    private final UnsafeBuffer record = new UnsafeBuffer(new byte[Limits.RECORD_MAX]);

    private byte[][] corpus(final long seed) throws IOException {
        final RandomRecords records = new RandomRecords(seed);
        final byte[][] lines = new byte[CORPUS][];
        for (int i = 0; i < CORPUS; i++) {
            final int length = records.next().encode(record, 0);
            final ByteArrayOutputStream out = new ByteArrayOutputStream();
            final JsonRecordWriter writer = new JsonRecordWriter(out);
            final byte[] hash = TestEngines.hashOf(TestEngines.copy(record, 0, length));
            writer.write(
                    JsonRecordWriter.NO_SEQUENCE, new UnsafeBuffer(hash), 0, record, 0, length);
            lines[i] = inputOf(out.toString(StandardCharsets.UTF_8));
        }
        return lines;
    }

    /** What is printed has the record's own hash besides what is read. */
    private static byte[] inputOf(final String line) {
        return line.strip()
                .replaceFirst(",\"hash\":\"[0-9a-f]*\"", "")
                .replaceFirst("\"hash\":\"[0-9a-f]*\",", "")
                .getBytes(StandardCharsets.UTF_8);
    }

    /** Of a line; the bytes of its record. */
    @FunctionalInterface
    private interface Decoder {
        int read(byte[] line, int offset, int length, UnsafeBuffer record)
                throws RecordSyntaxException;
    }

    @Test
    void anyLine() throws IOException {
        anyLine(new JsonRecordReader()::read, Scale.of(INPUTS));
    }

    /** The control: one that takes what it should refuse. */
    @Test
    void aLenientDecoderIsCaught() {
        final JsonRecordReader strict = new JsonRecordReader();
        final Throwable caught =
                caught(
                        (line, offset, length, into) -> {
                            try {
                                return strict.read(line, offset, length, into);
                            } catch (final RecordSyntaxException e) {
                                return Limits.HEADER_LENGTH;
                            }
                        });
        assertInstanceOf(InvalidRecordException.class, caught);
    }

    /** The control: one that believes a length. */
    @Test
    void oneThatAllocatesWithoutBoundIsCaught() {
        final JsonRecordReader modest = new JsonRecordReader();
        final byte[][] held = new byte[1][];
        final Throwable caught =
                caught(
                        (line, offset, length, into) -> {
                            held[0] = new byte[1 << 24];
                            return modest.read(line, offset, length, into);
                        });
        assertTrue(caught.getMessage().startsWith("allocated "), caught::getMessage);
    }

    /** Why an input failed. */
    private Throwable caught(final Decoder decoder) {
        final AssertionError failure =
                assertThrows(AssertionError.class, () -> anyLine(decoder, CORPUS));
        assertNotNull(failure.getCause(), failure::getMessage);
        return failure.getCause();
    }

    private void anyLine(final Decoder reader, final int inputs) throws IOException {
        final long seed = Scale.seed();
        final SplittableRandom random = new SplittableRandom(seed);
        final Mutations mutations = new Mutations(random);
        final byte[][] lines = corpus(seed);
        final RecordValidator validator = new RecordValidator();
        final Allocation allocation = new Allocation();
        int taken = 0;
        int refused = 0;
        for (int i = 0; i < inputs; i++) {
            final byte[] line = lines[random.nextInt(CORPUS)];
            final byte[] mutant =
                    random.nextInt(16) == 0
                            ? line
                            : mutations.mutate(line, lines[random.nextInt(CORPUS)]);
            allocation.begin();
            try {
                try {
                    validator.validate(record, 0, reader.read(mutant, 0, mutant.length, record));
                    taken++;
                } catch (final RecordSyntaxException e) {
                    refused++;
                    assertTrue(e.getMessage().length() < 600, e.getMessage());
                }
                allocation.end();
            } catch (final RuntimeException | Error e) {
                fail(
                        Scale.again("JsonFuzzTest", seed)
                                + " input "
                                + i
                                + ": "
                                + Arrays.toString(mutant),
                        e);
            }
        }
        final String counts =
                "taken " + taken + " refused " + refused + " at most bytes " + allocation.most();
        System.out.println("JSON lines: " + counts);
        assertTrue(taken > inputs / 20 && refused > inputs / 4, counts);
    }
}
