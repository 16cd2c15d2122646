package io.stemedb.engine.journal;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueue;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueueBuilder;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueueStore;
import org.agrona.CloseHelper;

/**
 * The directory and Chronicle queue of one open of the journal, and the making of its segments.
 * What cannot be made leaves no file and no descriptor behind.
 */
final class Life {
    /** Chronicle maps this file and writes into it; see {@link BlockPreparer#reserveAhead}. */
    private static final String METADATA = "metadata.cq4t";

    private final Path directory;
    private final int segmentLength;
    private final SegmentClock clock;
    private final BlockPreparer preparer = new BlockPreparer();
    private final SingleChronicleQueue queue;

    /**
     * Number of the last segment that Chronicle was asked for. It keeps what it maps by name, so a
     * name is never used twice: a file made again would be mapped as the one that was deleted.
     */
    private long usedNumber;

    /** Kept open: when the next segment comes there may be no descriptor left. */
    private final SyncFile names;

    Life(final Path journal, final long number, final JournalConfig config) throws IOException {
        directory = SegmentFiles.lifeDirectory(journal, number);
        segmentLength = config.segmentLength();
        clock = new SegmentClock(number);
        try {
            Files.createDirectory(directory);
        } catch (final IOException e) {
            throw Shortage.refusal(directory, "cannot be made", e);
        }
        SyncFile opened = null;
        try {
            opened = SyncFile.openWhole(directory);
            names = opened;
            preparer.reserveAhead(directory.resolve(METADATA));
            queue =
                    SingleChronicleQueueBuilder.single(directory.toFile())
                            .rollCycle(SegmentFiles.ROLL_CYCLE)
                            .timeProvider(clock)
                            .blockSize((long) segmentLength)
                            .checkInterrupts(false)
                            .build();
        } catch (final Throwable e) {
            if (opened != null) {
                opened.close();
            }
            delete(e);
            throw e;
        }
    }

    Path directory() {
        return directory;
    }

    /** Makes the names of the segments durable. */
    void forceNames() throws IOException {
        names.force();
    }

    SingleChronicleQueue queue() {
        return queue;
    }

    BlockPreparer preparer() {
        return preparer;
    }

    /** The next document that the appender opens goes into this segment. */
    void roll(final long number) {
        clock.roll(number);
    }

    /**
     * Makes a segment with its first blocks reserved.
     *
     * @param least number to give it; a higher one if that was tried before
     * @throws JournalFullException if the storage has no room
     * @throws JournalRefusedException if it refuses for another reason; both may be tried again
     */
    LiveSegment createSegment(final long least) {
        final long number = Math.max(least, usedNumber + 1);
        if (number > SegmentFiles.MAX_NUMBER) {
            throw new JournalException(
                    directory + ": segment number " + number + ", limit " + SegmentFiles.MAX_NUMBER,
                    null);
        }
        final Path path = directory.resolve(SegmentFiles.fileName(number));
        SingleChronicleQueueStore store = null;
        SyncFile syncFile = null;
        try {
            preparer.create(path);
            syncFile = SyncFile.open(path);
            usedNumber = number;
            store = queue.storeForCycle((int) number, 0, true, null);
            final LiveSegment segment =
                    new LiveSegment(number, path, store, syncFile, segmentLength);
            preparer.segment(segment, Excerpt.HEADER_LENGTH_MAX);
            return segment;
        } catch (final JournalException | Error e) {
            discard(path, store, syncFile, e);
            throw e;
        } catch (final IOException | RuntimeException e) {
            // whatever it is, nothing of the journal is lost by it, and the next try may succeed
            final JournalRefusedException refusal = Shortage.refusal(path, "cannot be made", e);
            discard(path, store, syncFile, refusal);
            throw refusal;
        }
    }

    private void discard(
            final Path path,
            final SingleChronicleQueueStore store,
            final SyncFile syncFile,
            final Throwable reason) {
        CloseHelper.closeAll(
                reason::addSuppressed,
                preparer::closeFile,
                store == null ? null : () -> store.bytes().releaseLast(),
                store,
                syncFile,
                () -> Files.deleteIfExists(path));
    }

    void close() {
        CloseHelper.closeAll(preparer::closeFile, queue, this::closeNames);
    }

    private void closeNames() {
        try {
            names.close();
        } catch (final IOException e) {
            throw new JournalException(directory + ": cannot be closed: " + e, e);
        }
    }

    /** After a failed open: nothing was appended. */
    void discard(final LiveSegment first, final SyncedMark mark, final Throwable reason) {
        CloseHelper.closeAll(
                reason::addSuppressed, first == null ? null : first::close, mark, this::close);
        delete(reason);
    }

    private void delete(final Throwable reason) {
        try {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
                for (final Path file : files) {
                    Files.delete(file);
                }
            }
            Files.delete(directory);
        } catch (final IOException e) {
            reason.addSuppressed(e);
        }
    }
}
