package io.stemedb.engine.journal;

import io.stemedb.codecs.RecordHeader;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.queue.ExcerptAppender;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueue;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueueBuilder;
import net.openhft.chronicle.wire.DocumentContext;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A queue of Chronicle's in our format, without what our journal adds: no reserved blocks, and no
 * force but Chronicle's {@code sync()}. For negative controls.
 */
public final class BareQueue implements AutoCloseable {
    private final SingleChronicleQueue queue;
    private final ExcerptAppender appender;

    public BareQueue(final Path journal) throws IOException {
        final Path life = SegmentFiles.lifeDirectory(journal, 1);
        Files.createDirectories(life);
        ChronicleSettings.apply();
        queue =
                SingleChronicleQueueBuilder.single(life.toFile())
                        .rollCycle(SegmentFiles.ROLL_CYCLE)
                        .timeProvider(new SegmentClock(1))
                        .blockSize((long) JournalConfig.SEGMENT_LENGTH_MIN)
                        .build();
        appender = queue.createAppender();
    }

    public void append(final long sequence, final byte[] record) {
        try (DocumentContext document = appender.writingDocument()) {
            final Bytes<?> bytes = document.wire().bytes();
            final long frame = bytes.writePosition() - Excerpt.FRAME_LENGTH;
            assert ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
            bytes.writeInt(record.length);
            bytes.writeLong(sequence);
            bytes.writeLong(
                    Excerpt.seal(
                            1,
                            frame,
                            sequence,
                            record.length,
                            RecordHeader.crc(new UnsafeBuffer(record), 0)));
            bytes.write(record);
            bytes.write(new byte[Excerpt.padding(frame, record.length)]);
        }
    }

    public void sync() {
        appender.sync();
    }

    @Override
    public void close() {
        appender.close();
        queue.close();
    }
}
