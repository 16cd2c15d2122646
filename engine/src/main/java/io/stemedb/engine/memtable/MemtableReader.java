package io.stemedb.engine.memtable;

import static io.stemedb.engine.memtable.EntryDescriptor.HASH_LENGTH;

import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Reads the memtable while it is written, rotated and flushed. For one thread. Between {@link
 * #enter()} and {@link #exit()} the live generations are pinned: their memory stays as it is, and
 * everything this view points at stays good. Stay inside briefly, as pinned memory cannot be used
 * again for new records.
 *
 * <p>A walk over a subject's claims, or over the votes on an assertion, sees what was there when it
 * was sought and nothing later. Lookups in between do not disturb it. Walks yield places: an
 * assertion put twice has two. Allocation-free, except that listing subjects grows its arrays.
 */
public final class MemtableReader extends EntryView implements AutoCloseable {
    private static final Generation[] OUTSIDE = {};

    private final ReaderGate gate;
    private final KeyHasher hasher;
    private final ReaderSlot slot;
    private final SubjectScan subjectScan = new SubjectScan();

    private Generation[] live = OUTSIDE;
    private boolean inside;
    private boolean closed;

    // The walk: where it is, which node's chain, and the newest sequence it may yield.
    private int nodeKind;
    private long nodeHash;
    private int walkGeneration;
    private int walkNode;
    private int walkPlace;
    private long walkBound = Long.MIN_VALUE;

    MemtableReader(final ReaderGate gate, final KeyHasher hasher) {
        this.gate = gate;
        this.hasher = hasher;
        slot = gate.register();
    }

    /**
     * Pins the generations that are live now. Costs one full fence; never waits.
     *
     * @throws IllegalStateException if already inside, or if this reader or the memtable is closed
     */
    public void enter() {
        if (inside) {
            throw new IllegalStateException("reader is already inside");
        }
        if (closed) {
            throw new IllegalStateException("reader is closed");
        }
        live = gate.enter(slot).newestFirst;
        inside = true;
    }

    /** Unpins; this view is then on no entry. Without effect outside. */
    public void exit() {
        if (inside) {
            reset();
            walkPlace = 0;
            walkBound = Long.MIN_VALUE;
            live = OUTSIDE;
            inside = false;
            slot.unpin();
        }
    }

    /**
     * Where the pinned ranges start: every record from this sequence up to the last one readable at
     * {@link #enter()} is to be served from here, every one below from the stores, whatever the
     * stores hold by now.
     *
     * @return the smallest sequence of the oldest pinned generation's range, be it empty or not
     */
    public long firstSequence() {
        final Generation[] pinned = pinned();
        return pinned[pinned.length - 1].firstSequence();
    }

    /**
     * Looks an assertion up.
     *
     * @param hash buffer of the content hash
     * @param hashOffset first of its 32 bytes
     * @return whether there is one; then this view is on it, at its first place in the newest
     *     generation that holds it
     */
    public boolean findAssertion(final DirectBuffer hash, final int hashOffset) {
        return find(EntryDescriptor.ASSERTION, EntryKind.ASSERTION, hash, hashOffset);
    }

    /**
     * Looks a vote up.
     *
     * @param hash buffer of the content hash
     * @param hashOffset first of its 32 bytes
     * @return whether there is one; then this view is on it
     */
    public boolean findVote(final DirectBuffer hash, final int hashOffset) {
        return find(EntryDescriptor.VOTE, EntryKind.VOTE, hash, hashOffset);
    }

    /**
     * Looks an epoch up.
     *
     * @param id buffer of the id
     * @param idOffset first of its 32 bytes
     * @return whether there is one; then this view is on it
     */
    public boolean findEpoch(final DirectBuffer id, final int idOffset) {
        return find(EntryDescriptor.EPOCH, EntryKind.EPOCH, id, idOffset);
    }

    private boolean find(
            final int entryKind, final EntryKind kind, final DirectBuffer key, final int offset) {
        final long hash = hasher.ofHash(entryKind, key, offset);
        for (final Generation generation : pinned()) {
            final int entry = generation.find(entryKind, hash, key, offset, HASH_LENGTH);
            if (entry > 0) {
                position(kind, generation.region, entry);
                return true;
            }
        }
        reset();
        return false;
    }

    /**
     * Starts a walk at the newest claim about a subject; {@link #older()} goes on.
     *
     * @param subject buffer of the subject
     * @param offset first byte of the subject
     * @param length bytes of the subject
     * @return whether there is a claim; then this view is on it
     */
    public boolean seekNewest(final DirectBuffer subject, final int offset, final int length) {
        nodeKind = EntryDescriptor.SUBJECT;
        nodeHash = hasher.ofBytes(nodeKind, subject, offset, length);
        return boundWalk(subject, offset, length) && toPlace();
    }

    /**
     * Starts a walk at the oldest claim about a subject; {@link #newer()} goes on.
     *
     * @param subject buffer of the subject
     * @param offset first byte of the subject
     * @param length bytes of the subject
     * @return whether there is a claim; then this view is on it
     */
    public boolean seekOldest(final DirectBuffer subject, final int offset, final int length) {
        nodeKind = EntryDescriptor.SUBJECT;
        nodeHash = hasher.ofBytes(nodeKind, subject, offset, length);
        return seekFirst(subject, offset, length);
    }

    /**
     * Starts a walk at the first vote on an assertion, whether or not the assertion is known;
     * {@link #nextVote()} goes on.
     *
     * @param assertionHash buffer of the assertion's hash
     * @param hashOffset first of its 32 bytes
     * @return whether there is a vote; then this view is on it
     */
    public boolean firstVote(final DirectBuffer assertionHash, final int hashOffset) {
        nodeKind = EntryDescriptor.VOTED;
        nodeHash = hasher.ofHash(nodeKind, assertionHash, hashOffset);
        return seekFirst(assertionHash, hashOffset, HASH_LENGTH);
    }

    /**
     * Goes on to the claim that arrived before.
     *
     * @return false at the end; then this view is on no entry
     */
    public boolean older() {
        final Generation[] pinned = pinned();
        if (walkPlace == 0) {
            reset();
            return false;
        }
        final UnsafeBuffer region = pinned[walkGeneration].region;
        walkPlace = EntryDescriptor.entry(region.getInt(walkPlace + EntryDescriptor.OLDER));
        if (walkPlace == 0) {
            final int keyLength = region.getInt(walkNode + EntryDescriptor.KEY_LENGTH);
            final int key = walkNode + EntryDescriptor.KEY;
            for (int i = walkGeneration + 1; i < pinned.length && walkPlace == 0; i++) {
                final int node = pinned[i].find(nodeKind, nodeHash, region, key, keyLength);
                if (node > 0) {
                    walkGeneration = i;
                    walkNode = node;
                    walkPlace = newest(pinned[i].region, node);
                }
            }
        }
        return toPlace();
    }

    /**
     * Goes on to the claim that arrived after.
     *
     * @return false at the end; then this view is on no entry
     */
    public boolean newer() {
        final Generation[] pinned = pinned();
        if (walkPlace == 0) {
            reset();
            return false;
        }
        final UnsafeBuffer region = pinned[walkGeneration].region;
        walkPlace = EntryDescriptor.entry(region.getIntAcquire(walkPlace + EntryDescriptor.NEWER));
        if (walkPlace == 0) {
            final int keyLength = region.getInt(walkNode + EntryDescriptor.KEY_LENGTH);
            toOldest(walkGeneration - 1, region, walkNode + EntryDescriptor.KEY, keyLength);
        }
        stopAtBound();
        return toPlace();
    }

    /**
     * Goes on to the next vote in order of arrival, leaving out what an older generation holds too.
     *
     * @return false at the end; then this view is on no entry
     */
    public boolean nextVote() {
        while (newer()) {
            if (!isHeldBy(walkGeneration + 1, live.length, EntryDescriptor.VOTE)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Whether the assertion at which the walk over a subject stands has a newer place in the same
     * walk. Claims that answer true are yielded elsewhere when each shall be seen once, at its
     * newest place.
     *
     * @return whether there is a newer place
     * @throws IllegalStateException if no walk over a subject stands on a claim
     */
    public boolean isRepeatedLater() {
        final Generation[] pinned = pinned();
        if (walkPlace == 0 || nodeKind != EntryDescriptor.SUBJECT) {
            throw new IllegalStateException("no walk over a subject stands on a claim");
        }
        final UnsafeBuffer region = pinned[walkGeneration].region;
        final int assertion = assertion(region, walkPlace);
        int place =
                EntryDescriptor.entry(
                        region.getIntAcquire(assertion + EntryDescriptor.NEWEST_PLACE));
        while (place > assertion && region.getLong(place + EntryDescriptor.SEQUENCE) > walkBound) {
            place = EntryDescriptor.entry(region.getInt(place + EntryDescriptor.PREVIOUS_PLACE));
        }
        return place != walkPlace || isHeldBy(0, walkGeneration, EntryDescriptor.ASSERTION);
    }

    /**
     * Whether the walk over a subject that was sought last yields an assertion, before or after
     * where it stands. A store's place of such an assertion is not its newest.
     *
     * @param hash buffer of the content hash
     * @param hashOffset first of its 32 bytes
     * @return whether the walk yields it; false if the walk yields nothing
     */
    public boolean walkHolds(final DirectBuffer hash, final int hashOffset) {
        return holds(0, pinned().length, EntryDescriptor.ASSERTION, hash, hashOffset);
    }

    /**
     * Lists the distinct subjects that start with a prefix, in ascending order of their bytes.
     *
     * @param prefix buffer of the prefix
     * @param offset first byte of the prefix
     * @param length bytes of the prefix, 0 for all subjects
     * @param handler called for each subject until it returns false
     */
    public void subjects(
            final DirectBuffer prefix,
            final int offset,
            final int length,
            final MemtableSubjectHandler handler) {
        subjectScan.scan(pinned(), prefix, offset, length, handler);
    }

    /**
     * Gives the reader's place in the memtable up. Idempotent, also after the memtable was closed.
     *
     * @throws IllegalStateException if another thread is inside with this reader
     */
    @Override
    public void close() {
        if (inside && !slot.isHeldBy(Thread.currentThread())) {
            throw new IllegalStateException("another thread is inside with this reader");
        }
        exit();
        if (!closed) {
            closed = true;
            gate.unregister(slot);
        }
    }

    private boolean boundWalk(final DirectBuffer key, final int offset, final int length) {
        final Generation[] pinned = pinned();
        walkPlace = 0;
        walkBound = Long.MIN_VALUE;
        for (int i = 0; i < pinned.length; i++) {
            final int node = pinned[i].find(nodeKind, nodeHash, key, offset, length);
            if (node > 0) {
                walkGeneration = i;
                walkNode = node;
                walkPlace = newest(pinned[i].region, node);
                walkBound = pinned[i].region.getLong(walkPlace + EntryDescriptor.SEQUENCE);
                return true;
            }
        }
        reset();
        return false;
    }

    private boolean seekFirst(final DirectBuffer key, final int offset, final int length) {
        if (!boundWalk(key, offset, length)) {
            return false;
        }
        toOldest(live.length - 1, key, offset, length);
        return toPlace();
    }

    /** The oldest place in this generation or the next newer one that has the key. */
    private void toOldest(
            final int from, final DirectBuffer key, final int offset, final int length) {
        walkPlace = 0;
        for (int i = from; i >= 0 && walkPlace == 0; i--) {
            final int node = live[i].find(nodeKind, nodeHash, key, offset, length);
            if (node > 0) {
                walkGeneration = i;
                walkNode = node;
                walkPlace =
                        EntryDescriptor.entry(live[i].region.getInt(node + EntryDescriptor.OLDEST));
            }
        }
    }

    private void stopAtBound() {
        if (walkPlace != 0) {
            final UnsafeBuffer region = live[walkGeneration].region;
            if (region.getLong(walkPlace + EntryDescriptor.SEQUENCE) > walkBound) {
                walkPlace = 0;
            }
        }
    }

    private boolean toPlace() {
        if (walkPlace == 0) {
            reset();
            return false;
        }
        final UnsafeBuffer region = live[walkGeneration].region;
        if (nodeKind == EntryDescriptor.VOTED) {
            position(EntryKind.VOTE, region, walkPlace);
        } else {
            position(EntryKind.SUBJECT, region, walkPlace, assertion(region, walkPlace));
        }
        return true;
    }

    private static int newest(final UnsafeBuffer region, final int node) {
        return EntryDescriptor.entry(region.getIntAcquire(node + EntryDescriptor.NEWEST));
    }

    static int assertion(final UnsafeBuffer region, final int place) {
        return region.getInt(place + EntryDescriptor.KIND) == EntryDescriptor.REPEAT
                ? EntryDescriptor.entry(region.getInt(place + EntryDescriptor.TARGET))
                : place;
    }

    /** Whether a generation in [from, to) holds, within the walk, what the walk stands on. */
    private boolean isHeldBy(final int from, final int to, final int kind) {
        if (from >= to) {
            return false;
        }
        final UnsafeBuffer region = live[walkGeneration].region;
        final int entry = assertion(region, walkPlace);
        return holds(from, to, kind, region, entry + EntryDescriptor.KEY);
    }

    private boolean holds(
            final int from,
            final int to,
            final int kind,
            final DirectBuffer hash,
            final int hashOffset) {
        final long key = hasher.ofHash(kind, hash, hashOffset);
        for (int i = from; i < to; i++) {
            final int entry = live[i].find(kind, key, hash, hashOffset, HASH_LENGTH);
            if (entry > 0
                    && live[i].region.getLong(entry + EntryDescriptor.SEQUENCE) <= walkBound) {
                return true;
            }
        }
        return false;
    }

    private Generation[] pinned() {
        if (!inside) {
            throw gate.live().closed
                    ? ReaderGate.closed()
                    : new IllegalStateException("reader is outside: call enter() first");
        }
        return live;
    }
}
