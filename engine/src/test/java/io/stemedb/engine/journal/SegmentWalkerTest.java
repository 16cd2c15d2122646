package io.stemedb.engine.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.codecs.RecordHeader;
import io.stemedb.engine.journal.ChronicleJournalTest.Collector;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** Which excerpts are believed behind damage, and which gaps. */
class SegmentWalkerTest {
    private static final int LONG = 400;

    private final TestRecords records = new TestRecords();

    private byte[] record(final long n, final int textLength) {
        final int length = records.encode(n, textLength);
        return Arrays.copyOf(records.buffer.byteArray(), length);
    }

    private SegmentImage image(final long firstSequence) {
        return new SegmentImage(
                LongStream.range(firstSequence, firstSequence + 3)
                        .mapToObj(n -> record(n, LONG))
                        .toList(),
                64,
                firstSequence);
    }

    private static Collector walk(final byte[] bytes, final long expected) {
        final ByteBuffer memory = ByteBuffer.allocateDirect(bytes.length);
        memory.put(bytes);
        final SegmentWalker walker = new SegmentWalker();
        walker.wrap(
                BufferUtil.address(memory), bytes.length, SegmentImage.NUMBER, "test", expected);
        final Collector collector = new Collector();
        while (walker.walk(bytes.length, true, collector, 16) > 0) {
            assertTrue(collector.damage.size() < 10, collector.damage.toString());
        }
        walker.release();
        return collector;
    }

    /** Of a segment before there may be any number of records; twelve hours have so many. */
    @Test
    void anyNumberOfRecordsMayBeMissingBeforeASegment() {
        final long first = (1L << 40) + 1;
        final Collector collector = walk(image(first).bytes, 1);
        assertEquals(List.of(first, first + 1, first + 2), collector.sequences);
        assertEquals(1, collector.damage.size());
        assertTrue(collector.damage.get(0).startsWith("1-" + (1L << 40)), collector.toString());
    }

    /**
     * The seal is no secret. Bytes inside a damaged record that look like an excerpt far ahead are
     * none, as so many cannot be missing between two records of a segment.
     */
    @Test
    void noMoreRecordsAreMissingInsideASegmentThanItsBytesHold() {
        final SegmentImage image = image(1);
        final UnsafeBuffer buffer = new UnsafeBuffer(image.bytes);
        final int second = image.positions.get(1);
        buffer.setMemory(second, LONG, (byte) 0x5A);
        final int at = second + 64;
        final byte[] forged = record(1_000, 10);
        final int length = forged.length;
        buffer.putInt(at, Excerpt.RECORD_OFFSET + length - Excerpt.FRAME_LENGTH);
        buffer.putInt(at + Excerpt.RECORD_LENGTH_OFFSET, length);
        buffer.putLong(at + Excerpt.SEQUENCE_OFFSET, 1_000);
        buffer.putBytes(at + Excerpt.RECORD_OFFSET, forged);
        final int crc = RecordHeader.crc(buffer, at + Excerpt.RECORD_OFFSET);
        buffer.putLong(
                at + Excerpt.SEAL_OFFSET,
                Excerpt.seal(SegmentImage.NUMBER, at, 1_000, length, crc));
        final Collector collector = walk(image.bytes, 1);
        assertEquals(List.of(1L, 3L), collector.sequences);
        assertEquals(1, collector.damage.size());
        assertTrue(collector.damage.get(0).startsWith("2-2: "), collector.damage.toString());
    }
}
