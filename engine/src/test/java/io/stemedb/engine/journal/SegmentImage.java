package io.stemedb.engine.journal;

import io.stemedb.codecs.RecordHeader;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.agrona.concurrent.UnsafeBuffer;

/** Bytes of a segment as Chronicle would leave them, from records. */
final class SegmentImage {
    static final int NUMBER = 7;
    private static final int HEAD = 60;

    final byte[] bytes;
    final List<Integer> positions = new ArrayList<>();
    final List<byte[]> records;

    private final long firstSequence;

    SegmentImage(final List<byte[]> records, final int spare) {
        this(records, spare, 1);
    }

    SegmentImage(final List<byte[]> records, final int spare, final long firstSequence) {
        this.records = records;
        this.firstSequence = firstSequence;
        int end = HEAD;
        for (final byte[] record : records) {
            positions.add(end);
            end += Excerpt.RECORD_OFFSET + record.length + Excerpt.padding(end, record.length);
        }
        bytes = new byte[end + spare];
        final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
        buffer.putInt(0, Excerpt.METADATA | HEAD - Excerpt.FRAME_LENGTH);
        for (int i = 0; i < records.size(); i++) {
            final byte[] record = records.get(i);
            final int at = positions.get(i);
            final int length =
                    Excerpt.RECORD_OFFSET + record.length + Excerpt.padding(at, record.length);
            buffer.putInt(at, length - Excerpt.FRAME_LENGTH);
            buffer.putInt(at + Excerpt.RECORD_LENGTH_OFFSET, record.length);
            buffer.putLong(at + Excerpt.SEQUENCE_OFFSET, firstSequence + i);
            buffer.putBytes(at + Excerpt.RECORD_OFFSET, record);
            seal(buffer, i, record.length);
        }
    }

    private void seal(final UnsafeBuffer buffer, final int index, final int length) {
        final int at = positions.get(index);
        final int crc = RecordHeader.crc(buffer, at + Excerpt.RECORD_OFFSET);
        final long seal = Excerpt.seal(NUMBER, at, firstSequence + index, length, crc);
        buffer.putLong(at + Excerpt.SEAL_OFFSET, seal);
    }

    /** Makes checksum and seal of one record right again, whatever its bytes are now. */
    void repair(final byte[] mutant, final SplittableRandom random) {
        final int i = random.nextInt(records.size());
        final int at = positions.get(i) + Excerpt.RECORD_OFFSET;
        final int length = records.get(i).length;
        if (at + length <= mutant.length) {
            final UnsafeBuffer buffer = new UnsafeBuffer(mutant);
            buffer.putInt(at + Integer.BYTES, RecordHeader.computeCrc(buffer, at, length));
            seal(buffer, i, length);
        }
    }
}
