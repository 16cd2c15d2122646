package io.stemedb.engine.platform;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * What was fixed when a data directory was made: the file {@code manifest}, five lines of text and
 * their CRC32C.
 *
 * @param engineId identity of this directory; its stores carry it too
 * @param format version of the directory's layout
 * @param rollCycle Chronicle roll cycle of the journal's segments
 * @param segmentLength bytes of a journal segment; {@link #UNKNOWN_LENGTH} in a manifest that a
 *     repair made, until a launch names it
 * @param subjectIndex store that keeps the subject index
 */
public record Manifest(
        UUID engineId, int format, String rollCycle, int segmentLength, String subjectIndex) {
    /** The layout written by this version, and the only one it reads. */
    public static final int FORMAT = 2;

    /** Nobody knows how long segments were made. */
    public static final int UNKNOWN_LENGTH = 0;

    private static final String FILE = "manifest";
    private static final int LENGTH_MAX = 4096;

    /**
     * Reads the manifest of a directory.
     *
     * @param directory data directory
     * @return the manifest; null if there is none
     * @throws ManifestException naming the file and what is wrong with it
     */
    public static Manifest read(final Path directory) {
        final Path file = directory.resolve(FILE);
        if (Files.notExists(file)) { // and not where nobody may look
            return null;
        }
        try {
            final long size = Files.size(file);
            if (size > LENGTH_MAX) {
                throw new ManifestException(
                        file + ": length: at most " + LENGTH_MAX + " bytes, is " + size);
            }
            return parse(file, Files.readString(file, StandardCharsets.ISO_8859_1));
        } catch (final IOException e) {
            throw new UncheckedIOException(file + ": cannot be read: " + e, e);
        }
    }

    static Manifest parse(final Path file, final String text) {
        final int crcAt = text.lastIndexOf("crc32c=");
        final String body = crcAt < 0 ? text : text.substring(0, crcAt);
        if (crcAt < 0 || !text.substring(crcAt).equals(crcLine(body))) {
            throw new ManifestException(
                    file
                            + ": crc32c: the file was altered: its text has "
                            + crcLine(body).strip()
                            + ", it says "
                            + (crcAt < 0 ? "nothing" : text.substring(crcAt).strip())
                            + "; put it back from a backup, or delete it and have the command"
                            + " repair make it anew");
        }
        final String[] lines = body.split("\n", -1);
        if (lines.length != 6) {
            throw new ManifestException(
                    file + ": must have 5 lines and a CRC, has " + (lines.length - 1));
        }
        try {
            final int format = Integer.parseInt(value(file, lines[0], "format"));
            if (format != FORMAT) {
                throw new ManifestException(
                        file + ": format: this version reads " + FORMAT + ", is " + format);
            }
            final Manifest manifest =
                    new Manifest(
                            UUID.fromString(value(file, lines[1], "engineId")),
                            format,
                            value(file, lines[2], "rollCycle"),
                            Integer.parseInt(value(file, lines[3], "segmentLength")),
                            value(file, lines[4], "subjectIndex"));
            if (!manifest.body().equals(body)) { // a UUID that is too long would be cut silently
                throw new ManifestException(
                        file
                                + ": a field is not as it is written, which would be\n"
                                + manifest.body());
            }
            return manifest;
        } catch (final IllegalArgumentException e) {
            throw new ManifestException(file + ": " + e.getMessage());
        }
    }

    private static String value(final Path file, final String line, final String field) {
        if (!line.startsWith(field + "=")) {
            throw new ManifestException(file + ": " + field + ": expected, found \"" + line + "\"");
        }
        return line.substring(field.length() + 1);
    }

    /**
     * Writes the manifest durably: a new file, forced, renamed into place, the directory forced.
     *
     * @param directory data directory
     */
    public void write(final Path directory) {
        final String body = body();
        final Path temporary = directory.resolve(FILE + ".new");
        try {
            try (FileChannel channel =
                    FileChannel.open(
                            temporary,
                            StandardOpenOption.CREATE,
                            StandardOpenOption.WRITE,
                            StandardOpenOption.TRUNCATE_EXISTING)) {
                channel.write(
                        ByteBuffer.wrap(
                                (body + crcLine(body)).getBytes(StandardCharsets.ISO_8859_1)));
                channel.force(true);
            }
            Files.move(temporary, directory.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
            try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                channel.force(true);
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(
                    directory.resolve(FILE) + ": cannot be written: " + e, e);
        }
    }

    /** All lines but the CRC's. */
    String body() {
        return "format="
                + format
                + "\nengineId="
                + engineId
                + "\nrollCycle="
                + rollCycle
                + "\nsegmentLength="
                + segmentLength
                + "\nsubjectIndex="
                + subjectIndex
                + "\n";
    }

    static String crcLine(final String body) {
        final CRC32C crc = new CRC32C();
        crc.update(body.getBytes(StandardCharsets.ISO_8859_1));
        return String.format("crc32c=%08x%n", crc.getValue()).replace(System.lineSeparator(), "\n");
    }
}
