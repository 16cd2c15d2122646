package io.stemedb.engine.journal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import net.openhft.chronicle.queue.RollCycle;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueue;
import net.openhft.chronicle.queue.rollcycles.SparseRollCycles;

/**
 * Names and listing of segment files.
 *
 * <p>Each open of the journal is one <em>life</em> and keeps a Chronicle queue of its own, {@code
 * NNNNNNNN/} after the number of its first segment. So Chronicle never opens, locks, repairs or
 * renames a file that an earlier process wrote; a stale lock, a clock or damage in an old segment
 * cannot reach it. Segment numbers are Chronicle cycles and go up over all lives. A cycle is an
 * hour on a clock of our own that moves when we roll, hence the dates in the names.
 */
final class SegmentFiles {
    /**
     * Records are found by walking from the head of a segment, so the index is as small as
     * Chronicle allows.
     */
    static final RollCycle ROLL_CYCLE = SparseRollCycles.LARGE_HOURLY_XSPARSE;

    /** Chronicle keeps 22 bits for the cycle. */
    static final long MAX_NUMBER = (1L << 22) - 1;

    /** Names of lives; anything else in a journal's directory is not its. */
    private static final String LIVES = "[0-9]".repeat(8);

    private static final DateTimeFormatter NAME = DateTimeFormatter.ofPattern(ROLL_CYCLE.format());

    private SegmentFiles() {}

    static Path lifeDirectory(final Path journal, final long firstNumber) {
        return journal.resolve(String.format("%08d", firstNumber));
    }

    /**
     * The number for a new life: above every segment and every life that has a directory, if only
     * an empty one.
     */
    static long nextNumber(final Path journal, final List<SegmentFile> segments)
            throws IOException {
        long highest = segments.isEmpty() ? 0 : segments.get(segments.size() - 1).number();
        try (DirectoryStream<Path> lives = Files.newDirectoryStream(journal, LIVES)) {
            for (final Path life : lives) {
                highest = Math.max(highest, Long.parseLong(life.getFileName().toString()));
            }
        }
        return highest + 1;
    }

    static String fileName(final long number) {
        return NAME.format(LocalDateTime.ofEpochSecond(number * 3600, 0, ZoneOffset.UTC))
                + SingleChronicleQueue.SUFFIX;
    }

    /** All segments of a journal directory, by number; empty if the directory is not there. */
    static List<SegmentFile> list(final Path journal) {
        final List<SegmentFile> segments = new ArrayList<>();
        if (Files.isDirectory(journal)) {
            try (DirectoryStream<Path> lives = Files.newDirectoryStream(journal, LIVES)) {
                for (final Path life : lives) {
                    listLife(life, segments);
                }
            } catch (final IOException e) {
                throw new UncheckedIOException(journal + ": cannot be listed: " + e, e);
            }
        }
        segments.sort(Comparator.comparingLong(SegmentFile::number));
        return segments;
    }

    private static void listLife(final Path life, final List<SegmentFile> segments)
            throws IOException {
        try (DirectoryStream<Path> files =
                Files.newDirectoryStream(life, "*" + SingleChronicleQueue.SUFFIX)) {
            for (final Path file : files) {
                segments.add(new SegmentFile(file, number(file)));
            }
        } catch (final NoSuchFileException e) {
            return; // its owner deletes it at this moment
        }
    }

    /** Number of a segment, by its file's name. */
    static long number(final Path file) {
        final String name = file.getFileName().toString();
        final String date = name.substring(0, name.length() - SingleChronicleQueue.SUFFIX.length());
        try {
            return LocalDateTime.parse(
                                    date + "00",
                                    DateTimeFormatter.ofPattern(ROLL_CYCLE.format() + "mm"))
                            .toEpochSecond(ZoneOffset.UTC)
                    / 3600;
        } catch (final DateTimeParseException e) {
            throw new JournalException(
                    file + ": name is not that of a segment, such as " + fileName(1), e);
        }
    }

    /** Whether bytes [from, to) of a file are zero. */
    static boolean isZero(final FileChannel channel, final long from, final long to)
            throws IOException {
        final ByteBuffer chunk = ByteBuffer.allocate(1 << 20);
        long position = from;
        while (position < to) {
            chunk.clear().limit((int) Math.min(chunk.capacity(), to - position));
            if (channel.read(chunk, position) < 0) {
                return true;
            }
            chunk.flip();
            position += chunk.remaining();
            while (chunk.remaining() >= Long.BYTES) {
                if (chunk.getLong() != 0) {
                    return false;
                }
            }
            while (chunk.hasRemaining()) {
                if (chunk.get() != 0) {
                    return false;
                }
            }
        }
        return true;
    }

    /** Gives back what a segment has behind a length. */
    static void cutBack(final Path segment, final long length) throws IOException {
        try (FileChannel channel = FileChannel.open(segment, StandardOpenOption.WRITE)) {
            channel.truncate(length);
            channel.force(true);
        }
    }

    /** At close: deletes what was never appended to, cuts off what was reserved and not written. */
    static void giveBack(final Path journal, final LiveSegment last, final LiveSegment unused) {
        try {
            if (unused != null) {
                delete(unused.path());
            }
            if (last.limit() == 0) {
                delete(last.path());
            } else {
                cutBack(last.path(), last.limit() + Excerpt.ALIGNMENT);
            }
            SyncFile.forceDirectory(journal);
        } catch (final IOException e) {
            throw new UncheckedIOException(last.path() + ": cannot be cut back at close: " + e, e);
        }
    }

    /**
     * Deletes a segment and, when it was the last of its life, the directory. May be called again
     * after it failed.
     */
    static void delete(final Path segment) throws IOException {
        Files.deleteIfExists(segment);
        final Path life = segment.getParent();
        if (Files.notExists(life)) {
            return; // somebody moved it away
        }
        try (DirectoryStream<Path> files =
                Files.newDirectoryStream(life, "*" + SingleChronicleQueue.SUFFIX)) {
            if (files.iterator().hasNext()) {
                return;
            }
        }
        try (DirectoryStream<Path> rest = Files.newDirectoryStream(life)) {
            for (final Path file : rest) {
                Files.deleteIfExists(file);
            }
        }
        Files.deleteIfExists(life);
    }
}
