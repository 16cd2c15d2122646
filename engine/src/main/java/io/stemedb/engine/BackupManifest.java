package io.stemedb.engine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * What belongs to a backup: the file {@code backup} of its directory, text with a CRC, written
 * last.
 *
 * @param number its files are in the directory of this number
 * @param engineId of the data directory
 * @param lastSequence newest record
 * @param lastRecord the beginning of its content hash; {@link BackupLoss#NO_RECORD} if there is
 *     none, or it is a gap
 * @param gaps what is damaged or missing and was set aside, by sequence
 * @param files all files
 */
record BackupManifest(
        long number,
        String engineId,
        long lastSequence,
        long lastRecord,
        List<BackupManifest.Gap> gaps,
        List<BackupManifest.Entry> files) {
    static final String FILE = "backup";
    private static final String FORMAT = "format=2";
    private static final int HEAD_LINES = 6;
    private static final int FIELDS = 4;
    private static final int HEX = 16;

    /** Sequences that nobody has. */
    record Gap(long first, long last) {
        boolean has(final Gap other) {
            return first <= other.first && other.last <= last;
        }
    }

    /** Whether the last record of another backup is in a gap of this one. */
    boolean isGap(final BackupManifest other) {
        final Gap end = new Gap(other.lastSequence, other.lastSequence);
        return gaps.stream().anyMatch(gap -> gap.has(end));
    }

    /**
     * A file of the backup.
     *
     * @param path below the directory of the number
     * @param length its bytes
     * @param crc CRC32C of them
     * @param isFinal whether the original will never change
     */
    record Entry(String path, long length, long crc, boolean isFinal) {}

    Path directory(final Path target) {
        return target.resolve(directoryName(number));
    }

    static String directoryName(final long number) {
        return String.format("%08d", number);
    }

    Entry find(final String path) {
        for (final Entry entry : files) {
            if (entry.path().equals(path)) {
                return entry;
            }
        }
        return null;
    }

    /** Reads the manifest; null if there is none. */
    static BackupManifest read(final Path target) {
        final Path file = target.resolve(FILE);
        if (!Files.exists(file)) {
            return null;
        }
        try {
            final String text = Files.readString(file, StandardCharsets.UTF_8);
            final int crcAt = text.lastIndexOf("crc32c=");
            if (crcAt < 0 || !text.substring(crcAt).equals(crcLine(text.substring(0, crcAt)))) {
                throw new EngineException(file + ": crc32c: the file was altered", null);
            }
            final String[] lines = text.substring(0, crcAt).split("\n");
            if (lines.length < HEAD_LINES || !FORMAT.equals(lines[0])) {
                throw new EngineException(
                        file + ": format: this version reads " + FORMAT + ", is " + lines[0], null);
            }
            final List<Entry> files = new ArrayList<>();
            for (int i = HEAD_LINES; i < lines.length; i++) {
                final String[] fields = lines[i].split(" ", FIELDS);
                files.add(
                        new Entry(
                                fields[3],
                                Long.parseLong(fields[1]),
                                Long.parseLong(fields[0], HEX),
                                "final".equals(fields[2])));
            }
            return new BackupManifest(
                    Long.parseLong(value(lines[1])),
                    value(lines[2]),
                    Long.parseLong(value(lines[3])),
                    Long.parseUnsignedLong(value(lines[4]), HEX),
                    gaps(value(lines[5])),
                    files);
        } catch (final IOException e) {
            throw new UncheckedIOException(file + ": cannot be read: " + e, e);
        }
    }

    private static List<Gap> gaps(final String text) {
        final List<Gap> gaps = new ArrayList<>();
        for (final String gap : text.isEmpty() ? new String[0] : text.split(",")) {
            final int dash = gap.indexOf('-');
            gaps.add(
                    new Gap(
                            Long.parseLong(gap.substring(0, dash)),
                            Long.parseLong(gap.substring(dash + 1))));
        }
        return gaps;
    }

    private static String value(final String line) {
        return line.substring(line.indexOf('=') + 1);
    }

    /** Writes the manifest durably and at once: from now on this is the backup. */
    void write(final Path target) throws IOException {
        final StringBuilder text = new StringBuilder(FORMAT);
        text.append("\nnumber=").append(number);
        text.append("\nengineId=").append(engineId);
        text.append("\nlastSequence=").append(lastSequence);
        text.append("\nlastRecord=").append(Long.toHexString(lastRecord));
        text.append("\ngaps=");
        for (final Gap gap : gaps) {
            text.append(text.charAt(text.length() - 1) == '=' ? "" : ",");
            text.append(gap.first()).append('-').append(gap.last());
        }
        text.append('\n');
        for (final Entry file : files) {
            text.append(Long.toHexString(file.crc())).append(' ').append(file.length());
            text.append(file.isFinal() ? " final " : " open ").append(file.path()).append('\n');
        }
        text.append(crcLine(text.toString()));
        final Path temporary = target.resolve(FILE + ".new");
        Files.writeString(temporary, text);
        FileCopies.force(temporary);
        Files.move(temporary, target.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
        FileCopies.force(target);
    }

    private static String crcLine(final String body) {
        final CRC32C crc = new CRC32C();
        crc.update(body.getBytes(StandardCharsets.UTF_8));
        return "crc32c=" + Long.toHexString(crc.getValue()) + "\n";
    }
}
