package io.stemedb.engine.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** What is printed reads back as the same bytes; what is read prints as expected. */
class JsonRoundTripTest {

    private static final String H1 = "ab".repeat(32);
    private static final String H2 = "0123456789abcdef".repeat(4);
    private static final String S = "fe".repeat(64);

    private final JsonRecordReader reader = new JsonRecordReader();
    private final UnsafeBuffer hash = new UnsafeBuffer(new byte[32]);

    @Test
    void everyFieldOfAnAssertion() throws Exception {
        assertPrinted(
                "{\"type\":\"assertion\",\"subject\":\"BTCUSD@bitstamp\",\"predicate\":\"trade_price\","
                        + "\"object\":{\"type\":\"Number\",\"value\":912.44},\"confidence\":1.0,"
                        + "\"timestamp\":\"2013-11-25T00:00:01Z\",\"sourceHash\":\""
                        + H1
                        + "\",\"parentHash\":\""
                        + H2
                        + "\",\"visualHash\":\"0102030405060708\",\"epoch\":\""
                        + H1.toUpperCase()
                        + "\",\"lifecycle\":\"Approved\",\"sourceClass\":\"Expert\",\"signatures\":[{\"agentId\":\""
                        + H2
                        + "\",\"signature\":\""
                        + S
                        + "\",\"timestamp\":1385337601000000000,\"scheme\":2}],\"vector\":[0.5,1]}",
                "{\"type\":\"assertion\",\"subject\":\"BTCUSD@bitstamp\",\"predicate\":\"trade_price\","
                        + "\"object\":{\"type\":\"Number\",\"value\":912.44},\"confidence\":1.0,"
                        + "\"timestamp\":1385337601000000000,\"sourceHash\":\""
                        + H1
                        + "\",\"parentHash\":\""
                        + H2
                        + "\",\"visualHash\":\"0102030405060708\",\"epoch\":\""
                        + H1
                        + "\",\"lifecycle\":\"Approved\",\"sourceClass\":\"Expert\",\"signatures\":[{\"agentId\":\""
                        + H2
                        + "\",\"signature\":\""
                        + S
                        + "\",\"timestamp\":1385337601000000000,\"scheme\":2}],\"vector\":[0.5,1.0]");
    }

    /** With and without what is optional. */
    @Test
    void theLinesOfTheReadme() throws Exception {
        final String readme = Files.readString(Path.of("../engine/README.md"));
        final int start = readme.indexOf("```\n{\"type\"") + 4;
        final String lines = readme.substring(start, readme.indexOf("```", start));
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[1 << 16]);
        int read = 0;
        for (final String line : lines.split("\n(?=\\{)")) {
            final String all =
                    Pattern.compile("<(\\d+) hex>")
                            .matcher(line.replace("\n", ""))
                            .replaceAll(m -> "a".repeat(Integer.parseInt(m.group(1))));
            final String required = all.substring(0, all.indexOf(", \"")) + "}";
            for (final String json : List.of(all, required)) {
                assertTrue(read(json.getBytes(StandardCharsets.UTF_8), buffer) > 0);
            }
            read++;
        }
        assertEquals(3, read);
    }

    @Test
    void anAssertionWithNothingOptional() throws Exception {
        assertPrinted(
                "{\"type\":\"assertion\",\"subject\":\"a\",\"predicate\":\"b\",\"object\":"
                        + "{\"value\":\"\",\"type\":\"Text\"},\"confidence\":0,\"timestamp\":0}",
                "{\"type\":\"assertion\",\"subject\":\"a\",\"predicate\":\"b\",\"object\":"
                        + "{\"type\":\"Text\",\"value\":\"\"},\"confidence\":0.0,\"timestamp\":0,"
                        + "\"lifecycle\":\"Proposed\",\"sourceClass\":\"Unspecified\"");
    }

    @Test
    void theTypeMayComeLast() throws Exception {
        assertPrinted(
                "{\"timestamp\":7,\"weight\":-0.85,\"agentId\":\""
                        + H2
                        + "\",\"assertion\":\""
                        + H1
                        + "\",\"type\":\"vote\"}",
                "{\"type\":\"vote\",\"assertion\":\""
                        + H1
                        + "\",\"agentId\":\""
                        + H2
                        + "\",\"weight\":-0.85,\"timestamp\":7");
    }

    @Test
    void everyFieldOfVoteAndEpoch() throws Exception {
        final String vote =
                "{\"type\":\"vote\",\"assertion\":\""
                        + H1
                        + "\",\"agentId\":\""
                        + H2
                        + "\",\"weight\":0.85,\"timestamp\":9223372036854775807,\"signature\":\""
                        + S
                        + "\"";
        assertPrinted(vote + "}", vote);
        final String epoch =
                "{\"type\":\"epoch\",\"id\":\""
                        + H1
                        + "\",\"name\":\"2013-11-25\",\"description\":\"UTC day\",\"start\":%s,"
                        + "\"supersedes\":\""
                        + H2
                        + "\",\"supersessionType\":\"Replaces\"";
        assertPrinted(
                epoch.formatted("\"2013-11-25T00:00:00Z\"") + "}",
                epoch.formatted("1385337600000000000"));
    }

    @Test
    void anEpochWithNothingOptional() throws Exception {
        final String epoch = "{\"type\":\"epoch\",\"id\":\"" + H1 + "\",\"name\":\"n\",\"start\":0";
        assertPrinted(epoch + "}", epoch);
    }

    @Test
    void hashAndSequenceAreIgnoredOnInput() throws Exception {
        final String vote =
                "{\"type\":\"vote\",\"assertion\":\""
                        + H1
                        + "\",\"agentId\":\""
                        + H2
                        + "\",\"weight\":1.0,\"timestamp\":0";
        assertPrinted(vote + ",\"hash\":\"" + H2 + "\",\"sequence\":18446744073709551615}", vote);
    }

    @Test
    void timesHaveNanosecondsAndOffsets() throws Exception {
        final String vote =
                "{\"type\":\"vote\",\"assertion\":\""
                        + H1
                        + "\",\"agentId\":\""
                        + H2
                        + "\",\"weight\":1.0,\"timestamp\":";
        assertPrinted(
                vote + "\"2013-11-25T01:00:01.123456789+01:00\"}", vote + "1385337601123456789");
        assertPrinted(vote + "\"2013-11-25T00:00:01.5Z\"}", vote + "1385337601500000000");
    }

    @Test
    void printedRecordsReadBackAsTheSameBytes() throws Exception {
        final long seed = System.nanoTime();
        final RandomRecords records = new RandomRecords(seed);
        final UnsafeBuffer expected = new UnsafeBuffer(new byte[1 << 16]);
        final UnsafeBuffer actual = new UnsafeBuffer(new byte[1 << 16]);
        for (int i = 0; i < 5_000; i++) {
            final int length = records.next().encode(expected, 0);
            final byte[] line = print(i % 2, expected, length);
            final int actualLength = read(line, actual);
            final String where =
                    "seed "
                            + seed
                            + " record "
                            + i
                            + ": "
                            + new String(line, StandardCharsets.UTF_8);
            assertEquals(length, actualLength, where);
            assertArrayEquals(bytes(expected, length), bytes(actual, length), where);
        }
    }

    @Test
    void aPrintedRecordIsOneLine() throws Exception {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[4096]);
        final String line =
                "{\"type\":\"assertion\",\"subject\":\"a\",\"predicate\":\"b\",\"object\":"
                        + "{\"type\":\"Text\",\"value\":\"x\\ny\\r\\u0000\"},\"confidence\":0,\"timestamp\":0}";
        final int length = read(line.getBytes(StandardCharsets.UTF_8), buffer);
        final byte[] printed = print(5, buffer, length);
        for (int i = 0; i < printed.length - 1; i++) {
            assertEquals(false, printed[i] >= 0 && printed[i] < 0x20, "control character at " + i);
        }
        assertEquals('\n', printed[printed.length - 1]);
    }

    private void assertPrinted(final String input, final String expectedWithoutHash)
            throws Exception {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[1 << 16]);
        final int length = read(input.getBytes(StandardCharsets.UTF_8), buffer);
        final String zero = "00".repeat(32);
        assertEquals(
                expectedWithoutHash + ",\"hash\":\"" + zero + "\",\"sequence\":12}\n",
                new String(print(12, buffer, length), StandardCharsets.UTF_8));
        assertEquals(
                expectedWithoutHash + ",\"hash\":\"" + zero + "\"}\n",
                new String(
                        print(JsonRecordWriter.NO_SEQUENCE, buffer, length),
                        StandardCharsets.UTF_8));
    }

    private int read(final byte[] line, final UnsafeBuffer record) throws RecordSyntaxException {
        return reader.read(line, 0, line.length, record);
    }

    private byte[] print(final long sequence, final UnsafeBuffer record, final int length)
            throws Exception {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        final JsonRecordWriter writer = new JsonRecordWriter(out);
        writer.write(sequence, hash, 0, record, 0, length);
        return out.toByteArray();
    }

    private static byte[] bytes(final UnsafeBuffer buffer, final int length) {
        final byte[] bytes = new byte[length];
        buffer.getBytes(0, bytes);
        return bytes;
    }
}
