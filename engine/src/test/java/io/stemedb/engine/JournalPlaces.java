package io.stemedb.engine;

import io.stemedb.codecs.RecordHeader;
import io.stemedb.engine.journal.SegmentCopies;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.agrona.concurrent.UnsafeBuffer;

/** Where each record of a closed journal stands, found without the engine's own walker. */
public final class JournalPlaces {
    public static final int RECORD = SegmentCopies.EXCERPT_HEAD;

    /** Of an excerpt: file, place of its frame, sequence, type, bytes of the record. */
    public record Place(Path segment, int frame, long sequence, int type, int length) {
        public int end() {
            return frame + RECORD + length + 7 & -8;
        }

        /** Changes bytes, counted from the frame. */
        void flip(final int... offsets) {
            change(
                    segment,
                    bytes -> {
                        for (final int offset : offsets) {
                            bytes[frame + offset] ^= 0x15;
                        }
                    });
        }
    }

    interface Change {
        void apply(byte[] bytes);
    }

    private JournalPlaces() {}

    static void change(final Path file, final Change change) {
        try {
            final byte[] bytes = Files.readAllBytes(file);
            change.apply(bytes);
            Files.write(file, bytes);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<Path> segments(final Path directory) {
        try (Stream<Path> files = Files.walk(directory.resolve(EngineParts.JOURNAL))) {
            return files.filter(file -> file.toString().endsWith(".cq4")).sorted().toList();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static List<Place> of(final Path directory) {
        return of(directory, 1);
    }

    /** From a sequence on. */
    static List<Place> of(final Path directory, final long first) {
        final List<Place> places = new ArrayList<>();
        long expected = first;
        for (final Path segment : segments(directory)) {
            final UnsafeBuffer bytes = read(segment);
            for (int at = 0; at + RECORD + 8 < bytes.capacity(); at += 4) {
                final int length = bytes.getInt(at + 4);
                if (bytes.getLong(at + 8) == expected
                        && length > 8
                        && length < bytes.capacity() - at - RECORD
                        && RecordHeader.crc(bytes, at + RECORD)
                                == RecordHeader.computeCrc(bytes, at + RECORD, length)) {
                    final int type = RecordHeader.type(bytes, at + RECORD);
                    final Place place = new Place(segment, at, expected++, type, length);
                    places.add(place);
                    at = place.end() - 4;
                }
            }
        }
        return places;
    }

    private static UnsafeBuffer read(final Path segment) {
        try {
            return new UnsafeBuffer(Files.readAllBytes(segment));
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
