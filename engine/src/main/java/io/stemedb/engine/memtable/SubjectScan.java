package io.stemedb.engine.memtable;

import java.util.Arrays;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Lists the distinct subjects of several generations in order. Belongs to one reader; its arrays
 * grow to the most subjects it ever listed, and stay.
 */
final class SubjectScan {
    private final UnsafeBuffer[] regions = new UnsafeBuffer[PrefixSorter.REGIONS_MAX];
    private final PrefixSorter sorter = new PrefixSorter(0);
    private int[] nodes = {};
    private long[] words = {};

    /** Pinned reader thread. */
    void scan(
            final Generation[] generations,
            final DirectBuffer prefix,
            final int offset,
            final int length,
            final MemtableSubjectHandler handler) {
        final int count = collect(generations, prefix, offset, length);
        sorter.ensureCapacity(count);
        sorter.begin(regions, words, nodes, 0, count);
        while (sorter.sort(Integer.MAX_VALUE) > 0) {
            Thread.onSpinWait();
        }
        for (int i = 0; i < count; i++) {
            if (i > 0 && isSame(nodes[i - 1], nodes[i])) {
                continue;
            }
            final UnsafeBuffer region = regions[PrefixSorter.region(nodes[i])];
            final int entry = PrefixSorter.entry(nodes[i]);
            final int keyLength = region.getInt(entry + EntryDescriptor.KEY_LENGTH);
            if (!handler.onSubject(region, entry + EntryDescriptor.KEY, keyLength)) {
                break;
            }
        }
        Arrays.fill(regions, null);
    }

    private int collect(
            final Generation[] generations,
            final DirectBuffer prefix,
            final int offset,
            final int length) {
        int count = 0;
        for (int i = 0; i < generations.length; i++) {
            final UnsafeBuffer region = generations[i].region;
            regions[i] = region;
            int node = EntryDescriptor.entry(generations[i].writer.newestSubject());
            while (node != 0) {
                if (region.getInt(node + EntryDescriptor.KEY_LENGTH) >= length
                        && HashIndex.equal(
                                prefix, offset, region, node + EntryDescriptor.KEY, length)) {
                    if (count == nodes.length) {
                        nodes = Arrays.copyOf(nodes, Math.max(64, count * 2));
                        words = Arrays.copyOf(words, nodes.length);
                    }
                    nodes[count++] = PrefixSorter.reference(i, node);
                }
                node = EntryDescriptor.entry(region.getInt(node + EntryDescriptor.SIBLING));
            }
        }
        return count;
    }

    private boolean isSame(final int a, final int b) {
        final UnsafeBuffer regionA = regions[PrefixSorter.region(a)];
        final UnsafeBuffer regionB = regions[PrefixSorter.region(b)];
        final int entryA = PrefixSorter.entry(a);
        final int entryB = PrefixSorter.entry(b);
        final int length = regionA.getInt(entryA + EntryDescriptor.KEY_LENGTH);
        return length == regionB.getInt(entryB + EntryDescriptor.KEY_LENGTH)
                && HashIndex.equal(
                        regionA,
                        entryA + EntryDescriptor.KEY,
                        regionB,
                        entryB + EntryDescriptor.KEY,
                        length);
    }
}
