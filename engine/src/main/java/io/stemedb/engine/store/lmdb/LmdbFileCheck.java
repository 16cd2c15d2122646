package io.stemedb.engine.store.lmdb;

import io.stemedb.engine.store.StoreException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.BitSet;

/**
 * Walks the pages of an LMDB file that nobody writes, without LMDB, which believes every number it
 * finds in them: a page that is cut off, torn or wild would end the process. Checks all that LMDB
 * follows: page numbers, flags, bounds of nodes, overflow pages, trees in trees. What is in the
 * values is not looked at.
 *
 * <p>Format of LMDB 0.9, 64 bits, little-endian.
 */
final class LmdbFileCheck {
    private static final int PAGE_HEADER = 16;
    private static final int NODE_HEADER = 8;
    private static final int DB_LENGTH = 48;
    private static final int MAGIC = 0xBEEFC0DE;
    private static final int VERSION = 1;
    private static final int META = 0x08;
    private static final int BRANCH = 0x01;
    private static final int LEAF = 0x02;
    private static final int OVERFLOW = 0x04;
    private static final int LEAF2 = 0x20;
    private static final int BIG_DATA = 0x01;
    private static final int SUB_DATA = 0x02;
    private static final int DUP_DATA = 0x04;
    private static final int DEPTH_MAX = 32;
    private static final int PAGE_MIN = 512;
    private static final int PAGE_MAX = 65_536;

    // in a meta page
    private static final int META_MAGIC = 16;
    private static final int META_VERSION = 20;
    private static final int META_FREE = 40;
    private static final int META_MAIN = 88;
    private static final int META_LAST_PAGE = 136;
    private static final int META_TXN = 144;
    private static final int META_LENGTH = 152;

    // in a description of a tree
    private static final int DB_DEPTH = 6;
    private static final int DB_ROOT = 40;

    private final Path file;
    private final FileChannel channel;
    private final BitSet seen = new BitSet();
    private int pageSize;
    private long lastPage;

    private LmdbFileCheck(final Path file, final FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /** Checks the file; a {@link StoreException} names the page that is wrong. */
    static void check(final Path file) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            new LmdbFileCheck(file, channel).check();
        } catch (final IOException e) {
            throw new StoreException(file + " cannot be read", e);
        }
    }

    private void check() throws IOException {
        final ByteBuffer first = meta(0);
        pageSize = first.getInt(META_FREE);
        require(
                pageSize >= PAGE_MIN && pageSize <= PAGE_MAX && Integer.bitCount(pageSize) == 1,
                0,
                "size of pages");
        final ByteBuffer second = meta(pageSize);
        final ByteBuffer meta = second.getLong(META_TXN) > first.getLong(META_TXN) ? second : first;
        lastPage = meta.getLong(META_LAST_PAGE);
        require(lastPage >= 1 && lastPage < Integer.MAX_VALUE, 0, "last page");
        walkTree(meta, META_FREE, 0);
        walkTree(meta, META_MAIN, 0);
    }

    private ByteBuffer meta(final long at) throws IOException {
        final ByteBuffer meta = read(at, META_LENGTH);
        final long page = at == 0 ? 0 : 1;
        require(
                (meta.getShort(10) & META) != 0
                        && meta.getInt(META_MAGIC) == MAGIC
                        && meta.getInt(META_VERSION) == VERSION,
                page,
                "head of the file");
        return meta;
    }

    private ByteBuffer read(final long at, final int length) throws IOException {
        final ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining()) {
            if (channel.read(bytes, at + bytes.position()) < 0) {
                throw new StoreException(
                        file + " is damaged: cut off at " + channel.size() + " bytes", null);
            }
        }
        return bytes;
    }

    private void walkTree(final ByteBuffer from, final int at, final int nested)
            throws IOException {
        final long root = from.getLong(at + DB_ROOT);
        if (root != -1) {
            final int depth = from.getShort(at + DB_DEPTH) & 0xFFFF;
            require(depth >= 1 && depth <= DEPTH_MAX, root, "depth of a tree");
            walkPage(root, depth, nested);
        }
    }

    private ByteBuffer page(final long number) throws IOException {
        require(number >= 2 && number <= lastPage, number, "number of a page");
        require(!seen.get((int) number), number, "page that is used twice");
        seen.set((int) number);
        final ByteBuffer page = read(number * pageSize, pageSize);
        require(page.getLong(0) == number, number, "number in a page");
        return page;
    }

    private void walkPage(final long number, final int depth, final int nested) throws IOException {
        final ByteBuffer page = page(number);
        final int flags = page.getShort(10) & 0xFFFF;
        require((flags & (BRANCH | LEAF)) == (depth > 1 ? BRANCH : LEAF), number, "kind of page");
        require((flags & (OVERFLOW | META)) == 0, number, "kind of page");
        final int count = count(page, 0, pageSize, flags, number);
        if ((flags & LEAF2) != 0) {
            return;
        }
        require(count > 0, number, "empty page");
        for (int i = 0; i < count; i++) {
            final int node = node(page, 0, pageSize, i, number);
            if (depth > 1) {
                walkPage(child(page, node), depth - 1, nested);
            } else {
                walkValue(page, node, number, nested);
            }
        }
    }

    /** Entries of a page or of a page inside a value. */
    private int count(
            final ByteBuffer page,
            final int at,
            final int length,
            final int flags,
            final long number) {
        final int lower = page.getShort(at + 12) & 0xFFFF;
        final int upper = page.getShort(at + 14) & 0xFFFF;
        require(lower >= PAGE_HEADER && lower <= upper && upper <= length, number, "bounds");
        final int count = (lower - PAGE_HEADER) / 2;
        final int keyLength = page.getShort(at + 8) & 0xFFFF;
        require(
                (flags & LEAF2) == 0
                        || keyLength > 0 && PAGE_HEADER + (long) count * keyLength <= length,
                number,
                "length of keys");
        return count;
    }

    /** Where a node is; its key is inside the page. */
    private int node(
            final ByteBuffer page, final int at, final int length, final int i, final long number) {
        final int offset = page.getShort(at + PAGE_HEADER + 2 * i) & 0xFFFF;
        require(
                offset >= (page.getShort(at + 14) & 0xFFFF) && offset + NODE_HEADER <= length,
                number,
                "place of an entry");
        final int keyLength = page.getShort(at + offset + 6) & 0xFFFF;
        require(offset + NODE_HEADER + keyLength <= length, number, "length of a key");
        return at + offset;
    }

    private static long child(final ByteBuffer page, final int node) {
        return page.getInt(node) & 0xFFFF_FFFFL | (page.getShort(node + 4) & 0xFFFFL) << 32;
    }

    private void walkValue(
            final ByteBuffer page, final int node, final long number, final int nested)
            throws IOException {
        final int flags = page.getShort(node + 4) & 0xFFFF;
        final long length = page.getInt(node) & 0xFFFF_FFFFL;
        final int value = node + NODE_HEADER + (page.getShort(node + 6) & 0xFFFF);
        final boolean big = (flags & BIG_DATA) != 0;
        require(value + (big ? Long.BYTES : length) <= pageSize, number, "length of a value");
        if (big) {
            walkOverflow(page.getLong(value), length);
        } else if ((flags & SUB_DATA) != 0) {
            require(length == DB_LENGTH && nested < 2, number, "tree in a value");
            walkTree(page, value, nested + 1);
        } else if ((flags & DUP_DATA) != 0) {
            require(length >= PAGE_HEADER, number, "page in a value");
            final int subFlags = page.getShort(value + 10) & 0xFFFF;
            final int count = count(page, value, (int) length, subFlags, number);
            for (int i = 0; i < count && (subFlags & LEAF2) == 0; i++) {
                node(page, value, (int) length, i, number);
            }
        }
    }

    private void walkOverflow(final long number, final long length) throws IOException {
        final ByteBuffer page = page(number);
        final long pages = page.getInt(12) & 0xFFFF_FFFFL;
        require((page.getShort(10) & OVERFLOW) != 0, number, "kind of page");
        require(pages == (PAGE_HEADER + length + pageSize - 1) / pageSize, number, "long value");
        require(number + pages - 1 <= lastPage, number, "long value");
        require((number + pages) * pageSize <= channel.size(), number, "long value is cut off");
    }

    private void require(final boolean right, final long page, final String what) {
        if (!right) {
            throw new StoreException(file + " is damaged: " + what + ", page " + page, null);
        }
    }
}
