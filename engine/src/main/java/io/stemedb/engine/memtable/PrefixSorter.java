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
 * range is split by up to twelve bits from the highest bit in which its words differ at all, so
 * bytes that all keys share cost one look and every pass splits; only ranges whose words are all
 * equal fetch the next word of their keys. Work is therefore linear in the bytes that tell the keys
 * apart, whatever the keys. Short ranges are finished by insertion.
 */
final class PrefixSorter {
    static final int REGIONS_MAX = 16;

    private static final int REGION_SHIFT = 28;
    private static final int ENTRY_MASK = (1 << REGION_SHIFT) - 1;
    private static final int WORD_BYTES = 7;
    private static final int MORE = WORD_BYTES + 1;
    private static final int SMALL = 24;
    private static final int RADIX_BITS_MAX = 12;

    private enum Phase {
        FILL,
        COUNT,
        SCATTER,
        COPY,
        NEXT,
        DONE
    }

    private final int[] counts = new int[1 << RADIX_BITS_MAX];
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
    private int buckets;
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
        differing = 0;
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
        long bits = differing;
        for (; i < end; i++) {
            final long word = word(references[i], depth);
            words[i] = word;
            bits |= word ^ words[from];
        }
        differing = bits;
        if (i == to) {
            enterRange();
        }
        return end - start;
    }

    /** The words of the range are there, and in which bits they differ. */
    private void enterRange() {
        final int length = to - from;
        i = from;
        if (length <= SMALL) {
            sortSmall(from, to, depth);
            phase = Phase.NEXT;
        } else if (differing != 0) {
            // about two entries a bucket: no more counters than there is to count
            final int bits = Math.min(RADIX_BITS_MAX, 30 - Integer.numberOfLeadingZeros(length));
            shift = Math.max(0, Long.SIZE - Long.numberOfLeadingZeros(differing) - bits);
            buckets = 1 << bits;
            Arrays.fill(counts, 0, buckets, 0);
            phase = Phase.COUNT;
        } else if ((words[from] & 0xFF) == MORE) {
            depth++;
            phase = Phase.FILL;
        } else {
            phase = Phase.NEXT;
        }
    }

    private int count(final int budget) {
        final int start = i;
        final int end = sliceEnd(budget);
        final int mask = buckets - 1;
        for (; i < end; i++) {
            counts[(int) (words[i] >>> shift) & mask]++;
        }
        if (i == to) {
            int sum = 0;
            for (int bucket = 0; bucket < buckets; bucket++) {
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
        final int mask = buckets - 1;
        for (; i < end; i++) {
            final long word = words[i];
            final int target = counts[(int) (word >>> shift) & mask]++;
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
        i = 0;
    }

    /** Goes through a split range and finishes, or enters, its parts. */
    private int next(final int budget) {
        if (frames == 0) {
            phase = Phase.DONE;
            return 1;
        }
        final int top = frames - 1;
        final int end = frameEnd[top];
        final int bits = frameShift[top];
        int steps = 0;
        while (steps < budget) {
            final int start = framePosition[top];
            if (start == end) {
                frames--;
                return steps + 1;
            }
            // i runs ahead of the position, to the end of the part that starts there
            if (i <= start) {
                i = start + 1;
                differing = 0;
            }
            final long first = words[start];
            while (i < end && steps < budget && words[i] >>> bits == first >>> bits) {
                differing |= words[i++] ^ first;
                steps++;
            }
            if (i < end && words[i] >>> bits == first >>> bits) {
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
            steps += 1 + sortSmall(start, i, frameDepth[top]);
            i = 0;
        }
        return steps;
    }

    private int sliceEnd(final int budget) {
        return to - i <= budget ? to : i + budget;
    }

    /**
     * Sorts a short range whose words are there; fetches further words only of keys that share all
     * before, once each.
     *
     * @return words fetched
     */
    private int sortSmall(final int start, final int end, final int atDepth) {
        int fetched = 0;
        int nextDepth = atDepth + 1;
        while (true) {
            insertionSort(start, end);
            int runStart = start;
            while (runStart < end) {
                final long word = words[runStart];
                int runEnd = runStart + 1;
                while (runEnd < end && words[runEnd] == word) {
                    runEnd++;
                }
                if (runEnd - runStart > 1 && (word & 0xFF) == MORE) {
                    for (int j = runStart; j < runEnd; j++) {
                        words[j] = word(references[j], nextDepth);
                    }
                    fetched += runEnd - runStart;
                    if (runEnd - runStart == end - start) {
                        break;
                    }
                    // at most as deep as the range is long: each call is on a shorter one
                    fetched += sortSmall(runStart, runEnd, nextDepth);
                }
                runStart = runEnd;
            }
            if (runStart == end) {
                return fetched;
            }
            nextDepth++;
        }
    }

    private void insertionSort(final int start, final int end) {
        for (int j = start + 1; j < end; j++) {
            final long word = words[j];
            final int reference = references[j];
            int k = j - 1;
            while (k >= start && Long.compareUnsigned(words[k], word) > 0) {
                words[k + 1] = words[k];
                references[k + 1] = references[k];
                k--;
            }
            words[k + 1] = word;
            references[k + 1] = reference;
        }
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
