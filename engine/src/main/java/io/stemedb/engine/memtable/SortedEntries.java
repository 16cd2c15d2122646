package io.stemedb.engine.memtable;

import org.agrona.BitUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Yields the entries of one sealed generation in the order in which the stores want them: epochs by
 * id, assertions by hash, quarantine by sequence, subject entries by subject and sequence, votes by
 * assertion hash and own hash; bytes compare unsigned, shorter first; every key once. The order
 * depends on the records alone.
 *
 * <p>For the flush thread, one generation after the other. All arrays are made once, on the heap:
 * 32 bytes for each record of the capacity. The view is good until the generation is released.
 *
 * <p>Subject entries and votes are not sorted against each other: their nodes are (the distinct
 * subjects, the distinct assertions voted on), and then each entry goes to the next place of its
 * node, in order of arrival. So a subject with all the records costs no more than many with one.
 */
public final class SortedEntries extends EntryView {
    private enum Phase {
        IDLE,
        COLLECT,
        SORT_EPOCHS,
        SORT_ASSERTIONS,
        SORT_SUBJECTS,
        PLACE_SUBJECTS,
        SPREAD_CLAIMS,
        COPY_CLAIMS,
        SORT_VOTED,
        PLACE_VOTED,
        SPREAD_VOTES,
        COPY_VOTES,
        SORT_VOTES,
        DONE
    }

    private static final Phase[] PHASES = Phase.values();
    private static final EntryKind[] FAMILIES = EntryKind.values();
    private static final int TOUCHED = 16;
    private static final int LINE = BitUtil.CACHE_LINE_LENGTH;
    private static final int RECORD_LINES = 5; // header, key and a record of common length
    private static final int KINDS = EntryDescriptor.QUARANTINE + 1;

    private final int recordCapacity;
    private final PrefixSorter sorter;
    private final UnsafeBuffer[] regions = new UnsafeBuffer[1];
    private final long[] words;

    /** Nodes: subjects, then voted assertions. */
    private final int[] nodes;

    /** Epochs, assertions, votes, quarantine, and last the places of claims in their subjects. */
    private final int[] entries;

    /** By kind, REPEAT for all places of claims: where its part of the array starts and ends. */
    private final int[] starts = new int[KINDS];

    private final int[] ends = new int[KINDS];

    private Phase phase = Phase.IDLE;
    private Generation generation;
    private UnsafeBuffer region;
    private int cursor;
    private int target;

    private int family;
    private int touched;
    private long sink;
    private int next;
    private int nextEnd;

    /**
     * Makes all arrays.
     *
     * @param recordCapacity records of the largest generation to come
     */
    public SortedEntries(final int recordCapacity) {
        this.recordCapacity = recordCapacity;
        sorter = new PrefixSorter(recordCapacity);
        words = new long[recordCapacity];
        nodes = new int[recordCapacity];
        entries = new int[2 * recordCapacity];
    }

    /**
     * Starts on a generation; nothing is sorted yet.
     *
     * @param sealed what {@link Memtable#sealed()} gave
     */
    public void begin(final Generation sealed) {
        if (sealed.state() != Generation.State.SEALED) {
            throw new IllegalStateException("generation is not sealed: state=" + sealed.state());
        }
        final GenerationWriter counts = sealed.writer;
        if (counts.records > recordCapacity) {
            throw new IllegalArgumentException(
                    "recordCount out of range: limit="
                            + recordCapacity
                            + " value="
                            + counts.records);
        }
        reset();
        generation = sealed;
        region = sealed.region;
        regions[0] = region;
        int start = part(EntryDescriptor.EPOCH, 0, counts.epochs);
        start = part(EntryDescriptor.ASSERTION, start, counts.assertions);
        start = part(EntryDescriptor.VOTE, start, counts.votes);
        start = part(EntryDescriptor.QUARANTINE, start, counts.quarantined);
        part(EntryDescriptor.REPEAT, start, counts.places);
        start = part(EntryDescriptor.SUBJECT, 0, counts.subjects);
        part(EntryDescriptor.VOTED, start, counts.voted);
        family = -1;
        next = 0;
        nextEnd = 0;
        cursor = sealed.first();
        phase = Phase.COLLECT;
    }

    private int part(final int kind, final int start, final int count) {
        starts[kind] = start;
        ends[kind] = start;
        return start + count;
    }

    /**
     * Does a slice of the sorting.
     *
     * @param limit about how many steps to do, 1 or more; a step takes from some nanoseconds to a
     *     cache miss, and a record takes some 10 to 30 of them
     * @return steps done; 0 once sorted
     */
    public int sort(final int limit) {
        if (phase == Phase.IDLE) {
            throw new IllegalStateException("sort before begin");
        }
        if (limit < 1) {
            throw new IllegalArgumentException("limit out of range: limit=1 value=" + limit);
        }
        int steps = 0;
        while (steps < limit && phase != Phase.DONE) {
            steps += step(limit - steps);
        }
        return steps;
    }

    /**
     * Goes on to the next entry of the sorted generation.
     *
     * @return false at the end; then this view is on no entry
     * @throws IllegalStateException if the generation is not sorted yet
     */
    public boolean next() {
        if (phase != Phase.DONE) {
            throw new IllegalStateException("next before sort has returned 0");
        }
        while (next == nextEnd) {
            if (family + 1 >= FAMILIES.length) {
                reset();
                return false;
            }
            final int kind = kindOf(FAMILIES[++family]);
            next = starts[kind];
            nextEnd = ends[kind];
            touched = next;
        }
        if (next >= touched) {
            touchAhead();
        }
        final int place = PrefixSorter.entry(entries[next++]);
        final EntryKind kind = FAMILIES[family];
        if (kind == EntryKind.SUBJECT) {
            position(kind, region, place, MemtableReader.assertion(region, place));
        } else {
            position(kind, region, place);
        }
        return true;
    }

    /**
     * Entries in key order lie anywhere in the region, a cache miss for each line. Reading from
     * many before the first is used lets the processor wait for all of them at once.
     */
    private void touchAhead() {
        final int end = Math.min(next + TOUCHED, nextEnd);
        final int length = FAMILIES[family] == EntryKind.SUBJECT ? LINE : RECORD_LINES * LINE;
        final int last = region.capacity() - length - Long.BYTES;
        long sum = 0;
        for (int i = next; i < end; i++) {
            final int place = Math.min(PrefixSorter.entry(entries[i]), last);
            for (int line = 0; line <= length; line += LINE) {
                sum += region.getLong(place + line);
            }
        }
        sink = sum;
        touched = end;
    }

    private static int kindOf(final EntryKind family) {
        switch (family) {
            case EPOCH:
                return EntryDescriptor.EPOCH;
            case ASSERTION:
                return EntryDescriptor.ASSERTION;
            case QUARANTINE:
                return EntryDescriptor.QUARANTINE;
            case SUBJECT:
                return EntryDescriptor.REPEAT;
            default:
                return EntryDescriptor.VOTE;
        }
    }

    private int step(final int budget) {
        switch (phase) {
            case COLLECT:
                return collect(budget);
            case PLACE_SUBJECTS:
                return place(EntryDescriptor.SUBJECT, budget);
            case SPREAD_CLAIMS:
                return spread(EntryDescriptor.REPEAT, budget);
            case COPY_CLAIMS:
                return copy(EntryDescriptor.REPEAT, budget);
            case PLACE_VOTED:
                return place(EntryDescriptor.VOTED, budget);
            case SPREAD_VOTES:
                return spread(EntryDescriptor.VOTE, budget);
            case COPY_VOTES:
                return copy(EntryDescriptor.VOTE, budget);
            case SORT_VOTES:
                return sortVotes(budget);
            default:
                final int steps = sorter.sort(budget);
                if (steps == 0) {
                    advance();
                }
                return steps;
        }
    }

    /** To the next phase, and to the start of what it works on. */
    private void advance() {
        phase = PHASES[phase.ordinal() + 1];
        target = 0;
        switch (phase) {
            case SORT_EPOCHS:
                beginSort(entries, EntryDescriptor.EPOCH);
                break;
            case SORT_ASSERTIONS:
                beginSort(entries, EntryDescriptor.ASSERTION);
                break;
            case SORT_SUBJECTS:
                beginSort(nodes, EntryDescriptor.SUBJECT);
                break;
            case SORT_VOTED:
                beginSort(nodes, EntryDescriptor.VOTED);
                break;
            case PLACE_SUBJECTS:
                cursor = starts[EntryDescriptor.SUBJECT];
                break;
            case SPREAD_CLAIMS:
            case COPY_CLAIMS:
                cursor = starts[EntryDescriptor.REPEAT];
                break;
            case SPREAD_VOTES:
            case COPY_VOTES:
                cursor = starts[EntryDescriptor.VOTE];
                break;
            case PLACE_VOTED:
                cursor = starts[EntryDescriptor.VOTED];
                break;
            case SORT_VOTES:
                cursor = starts[EntryDescriptor.VOTED];
                target = starts[EntryDescriptor.VOTE];
                sorter.begin(regions, words, entries, 0, 0);
                break;
            default:
                break;
        }
    }

    private void beginSort(final int[] references, final int kind) {
        sorter.begin(regions, words, references, starts[kind], ends[kind]);
    }

    /** Goes through the arena once, in order of arrival. */
    private int collect(final int budget) {
        final int end = generation.writer.position;
        int steps = 0;
        while (steps < budget && cursor < end) {
            final int kind = region.getInt(cursor + EntryDescriptor.KIND);
            final int reference = PrefixSorter.reference(0, cursor);
            final boolean isNode = kind == EntryDescriptor.SUBJECT || kind == EntryDescriptor.VOTED;
            (isNode ? nodes : entries)[ends[kind]++] = reference;
            if (kind == EntryDescriptor.ASSERTION) {
                entries[ends[EntryDescriptor.REPEAT]++] = reference;
            }
            cursor = generation.next(cursor);
            steps++;
        }
        if (cursor >= end) {
            advance();
        }
        return steps;
    }

    /** Gives each node, in order, as many places as its chain has entries. */
    private int place(final int kind, final int budget) {
        final int start = cursor;
        final int end = sliceEnd(ends[kind], budget);
        for (; cursor < end; cursor++) {
            final int node = PrefixSorter.entry(nodes[cursor]);
            region.putInt(node + EntryDescriptor.POSITION, target);
            target += region.getInt(node + EntryDescriptor.COUNT);
        }
        return advanceAt(kind, end - start);
    }

    /** Puts each entry, in order of arrival, at the next place of its node. */
    private int spread(final int kind, final int budget) {
        final int[] spread = sorter.scratch();
        final int start = cursor;
        final int end = sliceEnd(ends[kind], budget);
        for (; cursor < end; cursor++) {
            final int reference = entries[cursor];
            final int owner = region.getInt(PrefixSorter.entry(reference) + EntryDescriptor.OWNER);
            final int position = EntryDescriptor.entry(owner) + EntryDescriptor.POSITION;
            final int place = region.getInt(position);
            spread[place] = reference;
            region.putInt(position, place + 1);
        }
        return advanceAt(kind, end - start);
    }

    private int copy(final int kind, final int budget) {
        final int length = sliceEnd(ends[kind], budget) - cursor;
        System.arraycopy(sorter.scratch(), cursor - starts[kind], entries, cursor, length);
        cursor += length;
        return advanceAt(kind, length);
    }

    /** Sorts the votes on each assertion; the assertions are in order already. */
    private int sortVotes(final int budget) {
        int steps = sorter.sort(budget);
        while (steps < budget && cursor < ends[EntryDescriptor.VOTED]) {
            final int node = PrefixSorter.entry(nodes[cursor]);
            final int count = region.getInt(node + EntryDescriptor.COUNT);
            sorter.begin(regions, words, entries, target, target + count);
            target += count;
            cursor++;
            steps += 1 + sorter.sort(budget - steps);
        }
        if (steps < budget) {
            advance();
        }
        return steps;
    }

    private int advanceAt(final int kind, final int steps) {
        if (cursor == ends[kind]) {
            advance();
        }
        return steps;
    }

    private int sliceEnd(final int end, final int budget) {
        return end - cursor <= budget ? end : cursor + budget;
    }
}
