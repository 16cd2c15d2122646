package io.stemedb.bench.peers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.openhft.chronicle.queue.ExcerptTailer;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueue;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueueBuilder;
import net.openhft.chronicle.queue.rollcycles.SparseRollCycles;
import net.openhft.chronicle.wire.DocumentContext;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RawChronicleTest {
    private static final int BLOCK_LENGTH = 4 << 20;
    private static final int RECORDS = 5_000;
    private static final int LENGTH = 240;

    @TempDir Path directory;

    /** It is a baseline only if what it appends is there. */
    @Test
    void whatIsAppendedCanBeReadByChronicle() {
        final UnsafeBuffer record = new UnsafeBuffer(new byte[LENGTH]);
        try (RawChronicle chronicle = new RawChronicle(directory, BLOCK_LENGTH, 1 << 20)) {
            for (int i = 0; i < RECORDS; i++) {
                if (i % 1_000 == 0) {
                    chronicle.awaitTouched();
                }
                record.putInt(0, i);
                record.putInt(LENGTH - Integer.BYTES, -i);
                chronicle.append(record, 0, LENGTH);
            }
            assertTrue(chronicle.hasRoom(1 << 20));
            assertFalse(chronicle.hasRoom(BLOCK_LENGTH));
        }
        try (SingleChronicleQueue queue =
                        SingleChronicleQueueBuilder.single(directory.toFile())
                                .rollCycle(SparseRollCycles.LARGE_HOURLY_XSPARSE)
                                .blockSize(BLOCK_LENGTH)
                                .build();
                ExcerptTailer tailer = queue.createTailer()) {
            assertEquals(Long.BYTES, readLength(tailer));
            for (int i = 0; i < RECORDS; i++) {
                try (DocumentContext document = tailer.readingDocument()) {
                    assertTrue(document.isPresent(), "record " + i);
                    assertEquals(LENGTH, document.wire().bytes().readRemaining());
                    assertEquals(i, document.wire().bytes().readInt());
                }
            }
            assertEquals(-1, readLength(tailer));
        }
    }

    private static long readLength(final ExcerptTailer tailer) {
        try (DocumentContext document = tailer.readingDocument()) {
            return document.isPresent() ? document.wire().bytes().readRemaining() : -1;
        }
    }

    @Test
    void closingUnmaps() throws Exception {
        final Path maps = Path.of("/proc/self/maps");
        assumeTrue(Files.isReadable(maps));
        final RawChronicle chronicle = new RawChronicle(directory, BLOCK_LENGTH, 1 << 20);
        assertTrue(Files.readString(maps).contains(".cq4"));
        chronicle.close();
        chronicle.close();
        assertFalse(Files.readString(maps).contains(".cq4"), () -> mapped(maps));
    }

    private static String mapped(final Path maps) {
        try (Stream<String> lines = Files.lines(maps)) {
            return lines.filter(line -> line.contains(".cq4")).collect(Collectors.joining("\n"));
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
