package io.stemedb.engine.journal;

import io.stemedb.codecs.RecordHeader;
import java.lang.invoke.VarHandle;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.queue.ExcerptAppender;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueue;
import net.openhft.chronicle.wire.DocumentContext;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Writes excerpts through Chronicle's appender, in the mapped file. For whoever holds the append
 * lock.
 */
final class ExcerptWriter {
    private final ExcerptAppender appender;
    private final UnsafeBuffer target = new UnsafeBuffer(0, 0);
    private boolean broken;

    ExcerptWriter(final SingleChronicleQueue queue) {
        appender = queue.createAppender();
        appender.singleThreadedCheckDisabled(true);
    }

    /** Writes a record as the next excerpt of a segment; returns where it ends. */
    long write(
            final LiveSegment segment,
            final long sequence,
            final DirectBuffer record,
            final int offset,
            final int length) {
        final long end;
        boolean written = false;
        final DocumentContext document = appender.writingDocument();
        try {
            final Bytes<?> bytes = document.wire().bytes();
            final long frame = bytes.writePosition() - Excerpt.FRAME_LENGTH;
            final int padding = Excerpt.padding(frame, length);
            end = frame + Excerpt.RECORD_OFFSET + length + padding;
            target.wrap(segment.address() + frame, (int) (end - frame));
            target.putBytes(Excerpt.RECORD_OFFSET, record, offset, length);
            target.setMemory(Excerpt.RECORD_OFFSET + length, padding, (byte) 0);
            target.putInt(Excerpt.RECORD_LENGTH_OFFSET, length);
            target.putLong(Excerpt.SEQUENCE_OFFSET, sequence);
            // The seal comes last: a process killed in the middle of the copy leaves no excerpt.
            VarHandle.releaseFence();
            target.putLong(
                    Excerpt.SEAL_OFFSET,
                    Excerpt.seal(
                            segment.number(),
                            frame,
                            sequence,
                            length,
                            RecordHeader.crc(record, offset)));
            bytes.writePosition(end);
            written = true;
        } finally {
            if (!written) {
                document.rollbackOnClose();
            }
            broken = written;
            document.close();
        }
        broken = false;
        return end;
    }

    /**
     * Whether a document was written and did not close: it may be in the journal, so its sequence
     * is spent.
     */
    boolean isBroken() {
        return broken;
    }

    void close() {
        appender.close();
    }
}
