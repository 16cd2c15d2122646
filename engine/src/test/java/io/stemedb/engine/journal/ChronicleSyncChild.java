package io.stemedb.engine.journal;

import io.stemedb.engine.RecordMix;
import io.stemedb.engine.Watermark;
import io.stemedb.engine.faults.EngineChild;
import io.stemedb.engine.faults.Ledger;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.queue.ExcerptAppender;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueue;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueueBuilder;
import net.openhft.chronicle.wire.DocumentContext;

/**
 * Appends in our format to a queue of Chronicle's, and takes its {@code sync()} for a force: what
 * the suites for power loss must catch. Says what it acknowledges as {@link EngineChild} does.
 */
public final class ChronicleSyncChild {
    private static final int BATCH = 20;
    private static final long PAUSE_NS = 5_000_000;

    private ChronicleSyncChild() {}

    public static void main(final String[] arguments) throws IOException {
        final Path home = Path.of(arguments[0]);
        final Path blockLog = Path.of(arguments[1]);
        final String name = home.getFileName().toString();
        final Path life = SegmentFiles.lifeDirectory(EngineChild.data(home).resolve("journal"), 1);
        Files.createDirectories(life);
        ChronicleSettings.apply();
        final SegmentClock clock = new SegmentClock(1);
        final RecordMix mix = new RecordMix(new Random(Long.parseLong(arguments[2])), 50);
        try (SingleChronicleQueue queue =
                        SingleChronicleQueueBuilder.single(life.toFile())
                                .rollCycle(SegmentFiles.ROLL_CYCLE)
                                .timeProvider(clock)
                                .blockSize((long) JournalConfig.SEGMENT_LENGTH_MIN)
                                .build();
                ExcerptAppender appender = queue.createAppender()) {
            for (long sequence = 1; ; sequence++) {
                final byte[] record = mix.next();
                write(appender, sequence, record);
                System.out.println(Ledger.line(name, sequence, record));
                if (sequence % BATCH == 0) {
                    appender.sync();
                    System.out.println(
                            Ledger.line(Watermark.SYNCED, name, sequence, Files.size(blockLog)));
                    LockSupport.parkNanos(PAUSE_NS);
                }
            }
        }
    }

    private static void write(
            final ExcerptAppender appender, final long sequence, final byte[] record) {
        try (DocumentContext document = appender.writingDocument()) {
            final Bytes<?> bytes = document.wire().bytes();
            final long frame = bytes.writePosition() - Excerpt.FRAME_LENGTH;
            assert ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
            bytes.writeInt(record.length);
            bytes.writeLong(sequence);
            bytes.write(record);
            bytes.write(new byte[Excerpt.padding(frame, record.length)]);
        }
    }
}
