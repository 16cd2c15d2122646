package io.stemedb.engine.store.rocks;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.stemedb.engine.store.StoreException;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

/**
 * Looks through RocksDB's MANIFEST before RocksDB does, for damage that it does not refuse itself:
 * where a record's type was altered into one of a recycled log's, it reads that record again for
 * ever; where a length was, or zeros stand where sound records follow, it takes all that follows
 * for torn, opens the store as it was before, and deletes the tables that only the rest would have
 * named.
 *
 * <p>What a machine did not write to its end is RocksDB's own to forget: the file may end anywhere,
 * or in zeros. Records that are gone from its end as a whole are missed by nobody here. The format
 * is that of its logs: blocks of 32 KiB, records in them that cross no block.
 *
 * <pre>
 *   0        4        6      7
 *   +--------+--------+------+---------+
 *   | crc32c | length | type | payload |   little-endian; the sum is masked, of type and payload
 *   | u32    | u16    | u8   |         |   types: whole 1, first 2, middle 3, last 4
 *   +--------+--------+------+---------+
 * </pre>
 */
final class RocksManifest {
    private static final int BLOCK = 32 << 10;
    private static final int LENGTH_OFFSET = 4;
    private static final int TYPE_OFFSET = 6;
    private static final int HEADER = 7;
    private static final int TYPE_MAX = 4;
    private static final int MASK_DELTA = 0xa282ead8;
    private static final Pattern NAME = Pattern.compile("MANIFEST-[0-9]+\n");

    private final CRC32C crc = new CRC32C();
    private ByteBuffer block;
    private int end;

    /**
     * Throws if the manifest is damaged. What is not there, or no name of a manifest, is left to
     * RocksDB, which says so.
     *
     * @param directory of the store; a process may be writing it
     */
    static void check(final Path directory) {
        try {
            final String current =
                    Files.readString(directory.resolve("CURRENT"), StandardCharsets.ISO_8859_1);
            if (NAME.matcher(current).matches()) {
                check(directory, current.strip());
            }
        } catch (final NoSuchFileException e) {
            return;
        } catch (final IOException e) {
            throw new StoreException(
                    RocksKvStore.name(directory) + ": its manifest cannot be read: " + e, e);
        }
    }

    /**
     * The manifest that is in use, looked through; for who copies it.
     *
     * @throws StoreException also if there is no name of one where it must be
     */
    static String name(final Path directory) {
        final String current;
        try {
            current = Files.readString(directory.resolve("CURRENT"), StandardCharsets.ISO_8859_1);
        } catch (final IOException e) {
            throw new StoreException(
                    RocksKvStore.name(directory) + ": CURRENT cannot be read: " + e, e);
        }
        if (!NAME.matcher(current).matches()) {
            throw RocksKvStore.damaged(directory, "CURRENT names no manifest");
        }
        check(directory);
        return current.strip();
    }

    private static void check(final Path directory, final String name) throws IOException {
        final RocksManifest manifest = new RocksManifest();
        final Path file = directory.resolve(name);
        // no channel, which an interrupt of this thread would close
        try (InputStream in = new FileInputStream(file.toFile())) {
            byte[] bytes = in.readNBytes(BLOCK);
            for (long block = 0; bytes.length > 0; block++) {
                // behind a short one there is none, whatever a writer appends meanwhile
                final byte[] next = bytes.length < BLOCK ? new byte[0] : in.readNBytes(BLOCK);
                final int at = manifest.firstUnsound(bytes);
                if (at >= 0) {
                    if (manifest.mayBeTorn(at) && isZero(next, in)) {
                        return;
                    }
                    throw RocksKvStore.damaged(
                            directory,
                            name + " has a damaged record at byte " + (block * BLOCK + at));
                }
                bytes = next;
            }
        } catch (final FileNotFoundException e) { // or it cannot be opened
            if (Files.exists(file)) {
                throw e;
            }
        }
    }

    private static boolean isZero(final byte[] from, final InputStream in) throws IOException {
        boolean zero = true;
        for (byte[] bytes = from; zero && bytes.length > 0; bytes = in.readNBytes(BLOCK)) {
            zero = Arrays.equals(bytes, new byte[bytes.length]);
        }
        return zero;
    }

    /** Where the first record of a block that is not as it was written is; -1 if all are. */
    private int firstUnsound(final byte[] bytes) {
        block = ByteBuffer.wrap(bytes).order(LITTLE_ENDIAN);
        end = bytes.length;
        int at = 0;
        while (at + HEADER <= end) {
            if (!isSound(at)) {
                return at;
            }
            at += HEADER + length(at);
        }
        return -1;
    }

    /** No record of the block was ever whole at this place or behind it. */
    private boolean mayBeTorn(final int at) {
        if (type(at) > TYPE_MAX || isSoundIfShorter(at)) {
            return false;
        }
        for (int behind = at + 1; behind + HEADER <= end; behind++) {
            if (isSound(behind)) {
                return false;
            }
        }
        return true;
    }

    private boolean isSound(final int at) {
        final int payloadEnd = at + HEADER + length(at);
        if (type(at) < 1 || type(at) > TYPE_MAX || payloadEnd > end) {
            return false;
        }
        crc.reset();
        crc.update(block.array(), at + TYPE_OFFSET, payloadEnd - at - TYPE_OFFSET);
        return masked() == block.getInt(at);
    }

    /** Its sum holds for fewer bytes than it says it has. */
    private boolean isSoundIfShorter(final int at) {
        crc.reset();
        for (int i = at + TYPE_OFFSET; i < Math.min(end, at + HEADER + length(at)); i++) {
            crc.update(block.get(i));
            if (masked() == block.getInt(at)) {
                return true;
            }
        }
        return false;
    }

    private int masked() {
        return Integer.rotateRight((int) crc.getValue(), 15) + MASK_DELTA;
    }

    private int length(final int at) {
        return Short.toUnsignedInt(block.getShort(at + LENGTH_OFFSET));
    }

    private int type(final int at) {
        return Byte.toUnsignedInt(block.get(at + TYPE_OFFSET));
    }
}
