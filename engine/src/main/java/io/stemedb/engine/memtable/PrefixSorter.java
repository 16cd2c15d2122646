package io.stemedb.engine.memtable;

import static io.stemedb.engine.memtable.EntryDescriptor.KEY;
import static io.stemedb.engine.memtable.EntryDescriptor.KEY_LENGTH;

import java.nio.ByteOrder;
import java.util.Arrays;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Sorts entries by their keys, as unsigned bytes, shorter first; stable, in slices of bounded work,
 * without allocating. For one thread.
 *
 * <p>Radix sort from the front over words: seven key bytes and, in the lowest byte, how many were
 * left of the key (8 = more than seven), which makes the order of words the order of the keys. A
 * range is split by the eight bits from the highest bit in which its words differ at all, so bytes
 * that all keys share cost one look and every pass splits; only ranges whose words are all equal
 * fetch the next word of their keys. Work is therefore linear in the bytes that tell the keys
 * apart, whatever the keys. Short ranges are finished by insertion.
 */
final class PrefixSorter {
    static final int REGIONS_MAX = 16;

    private static final int REGION_SHIFT = 28;
    private static final int ENTRY_MASK = (1 << REGION_SHIFT) - 1;
    private static final int WORD_BYTES = 7;
    private static final int MORE = WORD_BYTES + 1;
    private static final int SMALL = 24;
    private static final int RADIX_BITS = 8;
    private static final int RADIX_MASK = (1 << RADIX_BITS) - 1;

    private enum Phase {
        FILL,
        DIFFER,
        COUNT,
        SCATTER,
        COPY,
        NEXT,
        DONE
    }

    private final int[] counts = new int[1 << RADIX_BITS];
    private long[] scratchWords;
    private int[] scratch;

    // Ranges that were split, outermost first: what is left of them, and by which bits.
    private int[] framePosition = new int[64];
    private int[] frameEnd = new int[64];
    private int[] frameShift = new int[64];
    private int[] frameDepth = new int[64];
    private int frames;

    private UnsafeBuffer[] regions;
    private long[] words;
    private int[] references;

    // The range at hand, and how far its phase has come.
    private Phase phase = Phase.DONE;
    private int from;
    private int to;
    private int depth;
    private int shift;
    private int i;
    private long differing;

    PrefixSorter(final int capacity) {
        scratchWords = new long[capacity];
        scratch = new int[capacity];
    }

    static int reference(final int region, final int entry) {
        return (region << REGION_SHIFT) | EntryDescriptor.reference(entry);
    }

    static int region(final int reference) {
        return reference >>> REGION_SHIFT;
    }

    static int entry(final int reference) {
        return EntryDescriptor.entry(reference & ENTRY_MASK);
    }

    void ensureCapacity(final int capacity) {
        if (scratch.length < capacity) {
            scratchWords = new long[capacity];
            scratch = new int[capacity];
        }
    }

    /** Room for as many references as it can sort; free while it sorts nothing. */
    int[] scratch() {
        return scratch;
    }

    /** Starts on references[from, to); words is as long, and overwritten in that range. */
    void begin(
            final UnsafeBuffer[] newRegions,
            final long[] newWords,
            final int[] newReferences,
            final int newFrom,
            final int newTo) {
        regions = newRegions;
        words = newWords;
        references = newReferences;
        from = newFrom;
        to = newTo;
        depth = 0;
        frames = 0;
        i = from;
        phase = to - from < 2 ? Phase.DONE : Phase.FILL;
    }

    /** Does about this many steps, each a few nanoseconds to a cache miss; 0 once sorted. */
    int sort(final int limit) {
        int steps = 0;
        while (steps < limit && phase != Phase.DONE) {
            steps += step(limit - steps);
        }
        return steps;
    }

    private int step(final int budget) {
        switch (phase) {
            case FILL:
                return fill(budget);
            case DIFFER:
                return differ(budget);
            case COUNT:
                return count(budget);
            case SCATTER:
                return scatter(budget);
            case COPY:
                return copy(budget);
            default:
                return next(budget);
        }
    }

    private int fill(final int budget) {
        final int start = i;
        final int end = sliceEnd(budget);
        for (; i < end; i++) {
            words[i] = word(references[i], depth);
        }
        if (i == to) {
            enterRange();
        }
        return end - start;
    }

    /** The words of the range are there. */
    private void enterRange() {
        if (to - from <= SMALL) {
            insertionSort(from, to, depth);
            phase = Phase.NEXT;
        } else {
            i = from;
            differing = 0;
            phase = Phase.DIFFER;
        }
    }

    private int differ(final int budget) {
        final int start = i;
        final int end = sliceEnd(budget);
        final long first = words[from];
        long bits = differing;
        for (; i < end; i++) {
            bits |= words[i] ^ first;
        }
        differing = bits;
        if (i == to) {
            i = from;
            if (bits != 0) {
                shift = Math.max(0, Long.SIZE - Long.numberOfLeadingZeros(bits) - RADIX_BITS);
                Arrays.fill(counts, 0);
                phase = Phase.COUNT;
            } else if ((first & 0xFF) == MORE) {
                depth++;
                phase = Phase.FILL;
            } else {
                phase = Phase.NEXT;
            }
        }
        return end - start;
    }

    private int count(final int budget) {
        final int start = i;
        final int end = sliceEnd(budget);
        for (; i < end; i++) {
            counts[(int) (words[i] >>> shift) & RADIX_MASK]++;
        }
        if (i == to) {
            int sum = 0;
            for (int bucket = 0; bucket < counts.length; bucket++) {
                final int size = counts[bucket];
                counts[bucket] = sum;
                sum += size;
            }
            i = from;
            phase = Phase.SCATTER;
        }
        return end - start;
    }

    private int scatter(final int budget) {
        final int start = i;
        final int end = sliceEnd(budget);
        for (; i < end; i++) {
            final long word = words[i];
            final int target = counts[(int) (word >>> shift) & RADIX_MASK]++;
            scratchWords[target] = word;
            scratch[target] = references[i];
        }
        if (i == to) {
            i = from;
            phase = Phase.COPY;
        }
        return end - start;
    }

    private int copy(final int budget) {
        final int length = sliceEnd(budget) - i;
        System.arraycopy(scratchWords, i - from, words, i, length);
        System.arraycopy(scratch, i - from, references, i, length);
        i += length;
        if (i == to) {
            push();
            phase = Phase.NEXT;
        }
        return length;
    }

    private void push() {
        if (frames == framePosition.length) {
            framePosition = Arrays.copyOf(framePosition, frames * 2);
            frameEnd = Arrays.copyOf(frameEnd, frames * 2);
            frameShift = Arrays.copyOf(frameShift, frames * 2);
            frameDepth = Arrays.copyOf(frameDepth, frames * 2);
        }
        framePosition[frames] = from;
        frameEnd[frames] = to;
        frameShift[frames] = shift;
        frameDepth[frames] = depth;
        frames++;
        i = from;
    }

    /** Goes through a split range and finishes, or enters, its parts. */
    private int next(final int budget) {
        if (frames == 0) {
            phase = Phase.DONE;
            return 1;
        }
        final int top = frames - 1;
        final int end = frameEnd[top];
        int steps = 0;
        while (steps < budget) {
            // i runs ahead of the position to the end of the part that starts there
            final int start = framePosition[top];
            if (start == end) {
                frames--;
                if (frames > 0) {
                    i = framePosition[frames - 1];
                }
                return steps + 1;
            }
            final long bucket = words[start] >>> frameShift[top];
            i = Math.max(i, start);
            while (i < end && steps < budget && words[i] >>> frameShift[top] == bucket) {
                i++;
                steps++;
            }
            if (i < end && words[i] >>> frameShift[top] == bucket) {
                return steps;
            }
            framePosition[top] = i;
            if (i - start > SMALL) {
                from = start;
                to = i;
                depth = frameDepth[top];
                enterRange();
                return steps;
            }
            insertionSort(start, i, frameDepth[top]);
            steps++;
        }
        return steps;
    }

    private int sliceEnd(final int budget) {
        return to - i <= budget ? to : i + budget;
    }

    private void insertionSort(final int start, final int end, final int atDepth) {
        for (int j = start + 1; j < end; j++) {
            final long word = words[j];
            final int reference = references[j];
            int k = j - 1;
            while (k >= start && isAfter(words[k], references[k], word, reference, atDepth)) {
                words[k + 1] = words[k];
                references[k + 1] = references[k];
                k--;
            }
            words[k + 1] = word;
            references[k + 1] = reference;
        }
    }

    private boolean isAfter(
            final long wordA, final int a, final long wordB, final int b, final int atDepth) {
        if (wordA != wordB) {
            return Long.compareUnsigned(wordA, wordB) > 0;
        }
        long left = wordA;
        long right = wordB;
        int next = atDepth;
        while (left == right) {
            if ((left & 0xFF) != MORE) {
                return false;
            }
            next++;
            left = word(a, next);
            right = word(b, next);
        }
        return Long.compareUnsigned(left, right) > 0;
    }

    /** Seven bytes of the key and how many were left; reads past the key stay in the region. */
    private long word(final int reference, final int atDepth) {
        final UnsafeBuffer region = regions[region(reference)];
        final int entry = entry(reference);
        final int offset = atDepth * WORD_BYTES;
        final int left = region.getInt(entry + KEY_LENGTH) - offset;
        if (left <= 0) {
            return 0;
        }
        final long bytes = region.getLong(entry + KEY + offset, ByteOrder.BIG_ENDIAN);
        return left > WORD_BYTES
                ? (bytes & ~0xFFL) | MORE
                : (bytes & (-1L << (Long.SIZE - left * Byte.SIZE))) | left;
    }
}
