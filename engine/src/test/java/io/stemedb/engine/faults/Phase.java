package io.stemedb.engine.faults;

import io.stemedb.engine.Engine;
import io.stemedb.engine.Watermark;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Consumer;
import org.agrona.concurrent.SleepingIdleStrategy;

/** What an engine was at, between two lengths of the block log. */
enum Phase {
    /** From before the launch until after it. */
    RECOVERY,
    /** While SYNCED goes over from one segment into the next. */
    ROLL,
    /** From the file that is to be ingested until STORED moves. */
    FLUSH,
    /** From the journal's new beginning until segments are gone and something was forced. */
    TRIM;

    private static final long LOOK_NS = 100_000;

    String line(final String home, final long from, final long to) {
        return "PHASE %s %s %d %d .%n".formatted(home, this, from, to);
    }

    /** Tells of flushes and trims as long as the process lives; it sees them by the files. */
    static void watch(
            final Path data, final Path blockLog, final Engine engine, final Consumer<String> say)
            throws IOException {
        final String home = data.getParent().getFileName().toString();
        final SleepingIdleStrategy pause = new SleepingIdleStrategy(LOOK_NS);
        final Path oldest = data.resolve("journal/oldest");
        long stored = engine.watermark(Watermark.STORED);
        byte[] began = bytes(oldest);
        long flushFrom = -1;
        long trimFrom = -1;
        long trimmedAt = Long.MAX_VALUE;
        int segments = segments(data);
        for (long last = Files.size(blockLog); ; ) {
            final boolean flushing = count(data.resolve("rocks/incoming"), "*") > 0;
            if (flushing && flushFrom < 0) {
                flushFrom = last;
            }
            final long storedNow = engine.watermark(Watermark.STORED);
            final byte[] beginsNow = bytes(oldest);
            final int segmentsNow = segments(data);
            final long position = Files.size(blockLog);
            if (storedNow > stored) {
                if (flushFrom >= 0) {
                    say.accept(FLUSH.line(home, flushFrom, position));
                }
                stored = storedNow;
                flushFrom = -1;
            }
            if (!Arrays.equals(began, beginsNow)) {
                began = beginsNow;
                trimFrom = trimFrom < 0 ? last : trimFrom;
            }
            if (trimFrom >= 0 && segmentsNow < segments) {
                trimmedAt = position;
            }
            if (trimFrom >= 0 && position > trimmedAt) {
                say.accept(TRIM.line(home, trimFrom, position));
                trimFrom = -1;
                trimmedAt = Long.MAX_VALUE;
            }
            segments = segmentsNow;
            last = position;
            pause.idle();
        }
    }

    private static byte[] bytes(final Path file) throws IOException {
        try {
            return Files.readAllBytes(file);
        } catch (final NoSuchFileException e) {
            return new byte[0]; // nothing was ever trimmed
        }
    }

    private static int segments(final Path data) throws IOException {
        int count = 0;
        try (DirectoryStream<Path> lives =
                Files.newDirectoryStream(data.resolve("journal"), "[0-9]*")) {
            for (final Path life : lives) {
                count += count(life, "*.cq4");
            }
        } catch (final DirectoryIteratorException e) {
            throw e.getCause();
        }
        return count;
    }

    private static int count(final Path directory, final String glob) throws IOException {
        int count = 0;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, glob)) {
            for (final Path file : files) {
                count += file.getFileName() == null ? 0 : 1;
            }
        } catch (final NoSuchFileException e) {
            return 0; // a life that is trimmed at this moment
        }
        return count;
    }
}
