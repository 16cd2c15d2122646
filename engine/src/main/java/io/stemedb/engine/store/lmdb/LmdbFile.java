package io.stemedb.engine.store.lmdb;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.stemedb.engine.store.StoreException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Looks at the file of an environment before LMDB maps it. LMDB believes every page number, offset
 * and length it finds: one that is wrong ends the process, or gives bytes of another entry. So
 * every page that can be reached is read here, and each number in it must fit: pages inside the
 * file and in one place only, nodes inside their page, keys in order, counts as stated, free pages
 * really free.
 *
 * <p>Bytes inside keys and values are covered by the sum of all entries that the store keeps of
 * itself, see {@link EntrySum}.
 */
final class LmdbFile {
    private static final int HEADER = 16;
    private static final int NODE = 8;
    private static final int DB = 48;
    private static final int META_LENGTH = HEADER + 24 + 2 * DB + 16;
    private static final int MAGIC = 0xBEEFC0DE;
    private static final int BRANCH = 0x01;
    private static final int LEAF = 0x02;
    private static final int OVERFLOW = 0x04;
    private static final int META = 0x08;
    private static final int LEAF_2 = 0x22;
    private static final int SUB_PAGE = 0x72;
    private static final int BIG = 0x01;
    private static final int SUB_DB = 0x02;
    private static final int DUPLICATES = 0x04;
    private static final int INTEGER_KEY = 0x08;
    private static final int DUP_SORT_FIXED = 0x14;
    private static final int DUP_FIXED = 0x10;
    private static final int DEPTH_MAX = 32;
    private static final int TRANSACTION = HEADER + 24 + 2 * DB + 8;
    private static final int ATTEMPTS = 20;
    private static final long NO_PAGE = -1;

    /** What a map says of itself, and what is found. */
    private static final class Tree {
        private final int flags;
        private final int depth;
        private final long branches;
        private final long leaves;
        private final long overflows;
        private final long entries;
        private final long root;
        private final boolean integers;
        private final List<Tree> named = new ArrayList<>();

        /** Sum of the key when these are one subject's entries. */
        private long ofSubject;

        /** Whether its entries are a store's content. */
        private boolean content;

        private byte[] last = {};
        private boolean first = true;
        private long foundBranches;
        private long foundLeaves;
        private long foundOverflows;
        private long foundEntries;

        Tree(final ByteBuffer bytes, final int at, final boolean integers) {
            flags = bytes.getShort(at + 4) & 0xFFFF;
            depth = bytes.getShort(at + 6) & 0xFFFF;
            branches = bytes.getLong(at + 8);
            leaves = bytes.getLong(at + 16);
            overflows = bytes.getLong(at + 24);
            entries = bytes.getLong(at + 32);
            root = bytes.getLong(at + 40);
            this.integers = integers;
        }
    }

    private final String name;
    private final FileChannel channel;
    private final BitSet used = new BitSet();
    private final BitSet free = new BitSet();
    private final ByteBuffer[] pages = new ByteBuffer[4 * DEPTH_MAX];
    private int pageBytes = 4096;
    private final UnsafeBuffer keyView = new UnsafeBuffer(0, 0);
    private final UnsafeBuffer valueView = new UnsafeBuffer(0, 0);
    private long lastPage;
    private long current;

    /** Of the entries found. */
    private long sum;

    /** What the store says it is, if it does. */
    private long stated;

    private boolean summed;

    private LmdbFile(final String name, final FileChannel channel) {
        this.name = name;
        this.channel = channel;
    }

    /** Throws if LMDB must not be let near the file; else gives the sum of its entries. */
    static long check(final String name, final Path file) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            final LmdbFile looked = new LmdbFile(name, channel);
            looked.check();
            return looked.sum;
        } catch (final IOException e) {
            throw new StoreException(name + ": " + file + " cannot be read: " + e, e);
        }
    }

    /**
     * As {@link #check}, where another process may write the file meanwhile: what it writes was
     * checked by it.
     */
    static void checkBesideWriter(final String name, final Path file) {
        for (int attempt = 1; ; attempt++) {
            final long before = transaction(name, file);
            try {
                check(name, file);
                return;
            } catch (final StoreException e) {
                if (attempt == ATTEMPTS || transaction(name, file) == before) {
                    throw e;
                }
            }
        }
    }

    private static long transaction(final String name, final Path file) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            final LmdbFile looked = new LmdbFile(name, channel);
            looked.pageBytes = looked.read(0, 0, META_LENGTH).getInt(HEADER + 24);
            looked.require(looked.pageBytes > META_LENGTH, "size of a page");
            final long first = looked.read(0, 0, META_LENGTH).getLong(TRANSACTION);
            return Math.max(first, looked.read(0, 1, META_LENGTH).getLong(TRANSACTION));
        } catch (final IOException e) {
            throw new StoreException(name + ": " + file + " cannot be read: " + e, e);
        }
    }

    private void check() throws IOException {
        final ByteBuffer first = read(0, 0, META_LENGTH);
        pageBytes = first.getInt(HEADER + 24);
        require(Integer.bitCount(pageBytes) == 1 && pageBytes >= 512 && pageBytes <= 65536, "size");
        final ByteBuffer second = read(1, 1, META_LENGTH);
        checkMeta(first, 0);
        checkMeta(second, 1);
        final ByteBuffer meta =
                first.getLong(TRANSACTION) >= second.getLong(TRANSACTION) ? first : second;
        lastPage = meta.getLong(HEADER + 24 + 2 * DB);
        require(lastPage >= 1 && lastPage < 1L << 31, "last page");
        used.set(0, 2);
        final Tree freeTree = new Tree(meta, HEADER + 24, true);
        final Tree names = new Tree(meta, HEADER + 24 + DB, false);
        walk(freeTree, 2);
        walk(names, 2);
        for (final Tree tree : names.named) {
            require(tree.flags == 0 || tree.flags == DUP_SORT_FIXED, "flags of a map");
            tree.content = true;
            walk(tree, 2);
        }
        require(!used.intersects(free), "a page is used and free");
        require(free.length() <= lastPage + 1, "a free page behind the last");
        if (summed && sum != stated) {
            throw new StoreException(
                    name
                            + " is damaged: an entry was altered, or is gone;"
                            + " it can be rebuilt from the journal",
                    null);
        }
    }

    private void checkMeta(final ByteBuffer meta, final long page) {
        current = page;
        require((meta.getShort(10) & 0xFFFF) == META && meta.getLong(0) == page, "no meta page");
        require(meta.getInt(HEADER) == MAGIC && meta.getInt(HEADER + 4) == 1, "magic");
        require(meta.getLong(HEADER + 8) == 0, "address");
        require(meta.getInt(HEADER + 24) == pageBytes, "size of a page");
        require(meta.getShort(HEADER + 28) == INTEGER_KEY, "flags of the free list");
        require(meta.getShort(HEADER + 28 + DB) == 0, "flags of the names");
    }

    private void walk(final Tree tree, final int level) throws IOException {
        if (tree.root == NO_PAGE) {
            require(tree.entries == 0 && tree.depth == 0, "an empty map with entries");
            return;
        }
        require(tree.depth >= 1 && tree.depth <= DEPTH_MAX, "depth");
        walk(tree, tree.root, tree.depth, level, null);
        require(
                tree.foundBranches == tree.branches
                        && tree.foundLeaves == tree.leaves
                        && tree.foundOverflows == tree.overflows
                        && tree.foundEntries == tree.entries,
                "counts of a map");
    }

    private void walk(
            final Tree tree, final long number, final int depth, final int level, final byte[] from)
            throws IOException {
        take(number, 1);
        final ByteBuffer page = read(level, number, pageBytes);
        final int flags = page.getShort(10) & 0xFFFF;
        require(page.getLong(0) == number, "page number");
        if (flags == LEAF_2 && depth == 1 && tree.flags == DUP_FIXED) {
            tree.foundLeaves++;
            checkFixed(tree, page, 0, pageBytes, from);
            return;
        }
        require(flags == (depth == 1 ? LEAF : BRANCH), "kind of page");
        final int count = count(page, 0, pageBytes);
        require(count >= (depth == 1 ? 1 : 2), "number of entries");
        if (depth == 1) {
            tree.foundLeaves++;
            for (int i = 0; i < count; i++) {
                checkLeafNode(tree, page, node(page, i), level, i == 0 ? from : null);
                current = number;
            }
            return;
        }
        tree.foundBranches++;
        for (int i = 0; i < count; i++) {
            final int node = node(page, i);
            final byte[] key = i == 0 ? from : key(page, node);
            if (i > 0) {
                require(tree.first || compare(tree, tree.last, key) < 0, "order of branches");
            }
            final long child =
                    page.getInt(node) & 0xFFFFFFFFL | (page.getShort(node + 4) & 0xFFFFL) << 32;
            walk(tree, child, depth - 1, level + 1, key);
            current = number;
        }
    }

    private void checkLeafNode(
            final Tree tree,
            final ByteBuffer page,
            final int node,
            final int level,
            final byte[] from)
            throws IOException {
        final int flags = page.getShort(node + 4) & 0xFFFF;
        final int keyLength = page.getShort(node + 6) & 0xFFFF;
        final long length = page.getInt(node) & 0xFFFFFFFFL;
        final int data = node + NODE + keyLength;
        checkOrder(tree, key(page, node), from);
        final boolean big = flags == BIG && tree.flags != DUP_SORT_FIXED;
        require(data + (big ? 8 : length) <= pageBytes, "length of a value");
        if (big) {
            tree.foundEntries++;
            checkOverflow(tree, key(page, node), page.getLong(data), length);
        } else if (flags == 0) {
            tree.foundEntries++;
            require(
                    tree.flags != DUP_SORT_FIXED || length == SubjectKey.VALUE_LENGTH,
                    "length of an entry");
            add(tree, key(page, node), page, data, (int) length);
            if (tree.integers) {
                checkFree(page, data, (int) length);
            }
        } else if (flags == SUB_DB && tree.flags == 0 && !tree.integers && length == DB) {
            tree.foundEntries++;
            tree.named.add(new Tree(page, data, false));
        } else if (flags == DUPLICATES && tree.flags == DUP_SORT_FIXED) {
            require(length >= DB, "length of a sub-page"); // of two entries at least
            require((page.getShort(data + 10) & 0xFFFF) == SUB_PAGE, "kind of sub-page");
            final Tree duplicates = new Tree(page, data, false);
            ofSubject(duplicates, key(page, node));
            checkFixed(duplicates, page, data, (int) length, null);
            tree.foundEntries += duplicates.foundEntries;
        } else {
            require(
                    flags == (DUPLICATES | SUB_DB) && tree.flags == DUP_SORT_FIXED && length == DB,
                    "kind of entry");
            final Tree duplicates = new Tree(page, data, false);
            require(
                    duplicates.flags == DUP_FIXED && page.getInt(data) == SubjectKey.VALUE_LENGTH,
                    "flags of duplicates");
            ofSubject(duplicates, key(page, node));
            walk(duplicates, DEPTH_MAX + level);
            tree.foundEntries += duplicates.foundEntries;
        }
    }

    /** Entries of one length, one behind the other. */
    private void checkFixed(
            final Tree tree,
            final ByteBuffer page,
            final int at,
            final int length,
            final byte[] from) {
        require((page.getShort(at + 8) & 0xFFFF) == SubjectKey.VALUE_LENGTH, "length of entries");
        final int count = ((page.getShort(at + 12) & 0xFFFF) - HEADER) / 2;
        require(
                count >= 1 && HEADER + count * SubjectKey.VALUE_LENGTH <= length,
                "number of entries");
        for (int i = 0; i < count; i++) {
            final byte[] entry = new byte[SubjectKey.VALUE_LENGTH];
            page.get(at + HEADER + i * SubjectKey.VALUE_LENGTH, entry);
            checkOrder(tree, entry, i == 0 ? from : null);
            valueView.wrap(entry);
            sum += EntrySum.of(tree.ofSubject, valueView, 0, entry.length);
            tree.foundEntries++;
        }
    }

    private void checkOrder(final Tree tree, final byte[] key, final byte[] from) {
        require(tree.first || compare(tree, tree.last, key) < 0, "order of keys");
        require(from == null || compare(tree, from, key) <= 0, "key below its branch");
        tree.first = false;
        tree.last = key;
    }

    private void ofSubject(final Tree duplicates, final byte[] key) {
        keyView.wrap(key);
        duplicates.ofSubject = EntrySum.ofKey(keyView, 0, key.length);
    }

    private void add(
            final Tree tree,
            final byte[] key,
            final ByteBuffer page,
            final int at,
            final int length) {
        if (!tree.content) {
            return;
        }
        if (Arrays.equals(key, LmdbEnvironment.SUM_KEY)) {
            require(length == Long.BYTES, "length of the sum");
            stated = page.getLong(at);
            summed = true;
        } else {
            keyView.wrap(key);
            valueView.wrap(page.array());
            sum += EntrySum.of(keyView, 0, key.length, valueView, at, length);
        }
    }

    private void checkOverflow(
            final Tree tree, final byte[] key, final long number, final long length)
            throws IOException {
        final long pagesNeeded = (HEADER + length + pageBytes - 1) / pageBytes;
        require(number >= 0 && number <= lastPage, "number of a page");
        current = number;
        final ByteBuffer head = read(1, number, HEADER);
        final long count = head.getInt(12) & 0xFFFFFFFFL;
        require(
                length < Integer.MAX_VALUE - HEADER
                        && (head.getShort(10) & 0xFFFF) == OVERFLOW
                        && head.getLong(0) == number
                        && count >= pagesNeeded
                        && count <= lastPage,
                "pages of a long value");
        take(number, count);
        tree.foundOverflows += count;
        final ByteBuffer value = read(1, number, (int) (HEADER + length));
        if (tree.integers) {
            checkFree(value, HEADER, (int) length);
        }
        add(tree, key, value, HEADER, (int) length);
    }

    /** A list of free pages: its length, then their numbers, descending. */
    private void checkFree(final ByteBuffer bytes, final int at, final int length) {
        final long count = length >= 8 ? bytes.getLong(at) : -1;
        require(count >= 0 && (count + 1) * 8 <= length, "length of the free list");
        long before = Long.MAX_VALUE;
        for (int i = 1; i <= count; i++) {
            final long number = bytes.getLong(at + 8 * i);
            require(number > 1 && number <= lastPage && number < before, "free page");
            require(!free.get((int) number), "a page is free twice");
            free.set((int) number);
            before = number;
        }
    }

    private static int compare(final Tree tree, final byte[] a, final byte[] b) {
        return tree.integers
                ? Long.compareUnsigned(integer(a), integer(b))
                : Arrays.compareUnsigned(a, b);
    }

    private static long integer(final byte[] key) {
        return key.length == 8 ? ByteBuffer.wrap(key).order(LITTLE_ENDIAN).getLong() : 0;
    }

    private int count(final ByteBuffer page, final int at, final int length) {
        final int lower = page.getShort(at + 12) & 0xFFFF;
        final int upper = page.getShort(at + 14) & 0xFFFF;
        require(lower >= HEADER && lower % 2 == 0 && lower <= upper && upper <= length, "bounds");
        return (lower - HEADER) / 2;
    }

    private int node(final ByteBuffer page, final int index) {
        final int at = page.getShort(HEADER + 2 * index) & 0xFFFF;
        require(
                at >= (page.getShort(14) & 0xFFFF)
                        && at % 2 == 0
                        && at + NODE <= pageBytes
                        && at + NODE + (page.getShort(at + 6) & 0xFFFF) <= pageBytes,
                "place of an entry");
        return at;
    }

    private static byte[] key(final ByteBuffer page, final int node) {
        final byte[] key = new byte[page.getShort(node + 6) & 0xFFFF];
        page.get(node + NODE, key);
        return key;
    }

    private void take(final long number, final long count) {
        require(number > 1 && number + count - 1 <= lastPage, "number of a page");
        current = number;
        for (long i = number; i < number + count; i++) {
            require(!used.get((int) i), "a page is in two places");
            used.set((int) i);
        }
    }

    private ByteBuffer read(final int level, final long number, final int length)
            throws IOException {
        current = number;
        ByteBuffer page = pages[level];
        if (page == null || page.capacity() < length) {
            page = ByteBuffer.allocate(Math.max(length, pageBytes)).order(LITTLE_ENDIAN);
            pages[level] = page;
        }
        page.clear().limit(length);
        while (page.hasRemaining()) {
            if (channel.read(page, number * pageBytes + page.position()) < 0) {
                require(false, "the file ends before it");
            }
        }
        page.clear();
        return page;
    }

    private void require(final boolean good, final String what) {
        if (!good) {
            throw new StoreException(
                    name
                            + " is damaged at page "
                            + current
                            + ": "
                            + what
                            + "; it can be rebuilt from the journal",
                    null);
        }
    }
}
