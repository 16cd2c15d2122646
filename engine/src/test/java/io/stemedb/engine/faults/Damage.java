package io.stemedb.engine.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** Changes files as a bad disk, a bad controller or a bad hand would. */
public final class Damage {
    static final int SECTOR = 512;
    static final int PAGE = 4096;

    /** A sector may be zero already. */
    private static final int TRIES = 1_000;

    /** What can be done to any file. */
    enum Kind {
        BIT,
        BITS,
        ZERO_SECTOR,
        ZERO_PAGE,
        TRUNCATED,
        DUPLICATED_PAGE,
        SWAPPED_PAGES,
        STALE_PAGE,
        EARLIER_PAGE
    }

    private Damage() {}

    /** Copies a directory; what is there already is replaced. */
    public static void copy(final Path from, final Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (final Path file : files.toList()) {
                final Path target = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else if (file.getParent().endsWith("native")) { // large, and never damaged
                    Files.createLink(target, file);
                } else {
                    Files.copy(file, target, StandardCopyOption.REPLACE_EXISTING);
                }
            }
        }
    }

    /** Deletes a directory. */
    public static void delete(final Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (final Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    /** Files below a directory whose name ends so. */
    static List<Path> files(final Path directory, final String end) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(file -> file.toString().endsWith(end)).sorted().toList();
        }
    }

    /** Does it to bytes from a place on, so that the file is another one; says what it did. */
    static String apply(
            final Kind kind,
            final Path file,
            final Path other,
            final int from,
            final int to,
            final Random random)
            throws IOException {
        final byte[] before = Files.readAllBytes(file);
        for (int i = 0; i < TRIES; i++) {
            final String did = attempt(kind, file, other, from, to, random);
            if (!Arrays.equals(before, Files.readAllBytes(file))) {
                return did;
            }
        }
        throw new AssertionError(kind + " changes nothing in " + file);
    }

    private static String attempt(
            final Kind kind,
            final Path file,
            final Path other,
            final int from,
            final int to,
            final Random random)
            throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        final int end = Math.min(to, bytes.length);
        final int at = from + random.nextInt(Math.max(1, end - from));
        final int page = Math.min(at / PAGE * PAGE, Math.max(0, bytes.length - PAGE));
        switch (kind) {
            case BIT -> bytes[at] ^= (byte) (1 << random.nextInt(8));
            case BITS -> {
                for (int i = 0; i < 8; i++) {
                    bytes[from + random.nextInt(end - from)] ^= (byte) (1 << random.nextInt(8));
                }
            }
            case ZERO_SECTOR -> {
                final int sector = at / SECTOR * SECTOR;
                Arrays.fill(bytes, sector, Math.min(bytes.length, sector + SECTOR), (byte) 0);
            }
            case ZERO_PAGE ->
                    Arrays.fill(bytes, page, Math.min(bytes.length, page + PAGE), (byte) 0);
            // of a file that grows: as it was when its page was written up to there
            case EARLIER_PAGE ->
                    Arrays.fill(
                            bytes, at, Math.min(bytes.length, at / PAGE * PAGE + PAGE), (byte) 0);
            case TRUNCATED -> bytes = Arrays.copyOf(bytes, at);
            default -> {
                final byte[] source =
                        kind == Kind.STALE_PAGE ? Files.readAllBytes(other) : bytes.clone();
                // of a small file half, so that there are two
                final int unit = Math.max(1, Math.min(PAGE, bytes.length / 2));
                final int units = Math.max(1, Math.min(source.length, bytes.length) / unit);
                final int target = Math.min(at / unit * unit, bytes.length - unit);
                final int taken = random.nextInt(units) * unit;
                final int length = Math.min(unit, source.length - taken);
                if (kind == Kind.SWAPPED_PAGES) {
                    System.arraycopy(bytes, target, bytes, taken, length);
                }
                System.arraycopy(source, taken, bytes, target, length);
            }
        }
        Files.write(file, bytes);
        return kind + " at " + at + " of " + file.getFileName();
    }
}
