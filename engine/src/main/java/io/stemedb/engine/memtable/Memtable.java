package io.stemedb.engine.memtable;

import java.util.function.Function;
import org.agrona.DirectBuffer;

/**
 * The records that are not yet in the stores, in a fixed number of preallocated generations.
 *
 * <p>Threads: the ingest thread puts, advances and rotates; the flush thread takes sealed
 * generations and releases them; any thread makes a reader, and each reader is for one thread. Two
 * of these may be the same thread. Nothing here waits except {@link #close()}.
 *
 * <p>Each generation covers a range of sequences; the ranges of the live ones follow each other
 * without a gap, so that a reader can tell which records are its own to serve and which are the
 * stores'.
 */
public final class Memtable implements AutoCloseable {
    private static final int GENERATIONS_MIN = 2;
    private static final int GENERATIONS_MAX = 16;
    private static final int RECORDS_MAX = 1 << 24;

    private final KeyHasher hasher;
    private final Generation[] generations;
    private final ReaderGate gate;
    private final long memoryLength;
    private final Object closeLock = new Object();
    private boolean freed;

    // Ingest thread only.
    private Generation active;
    private long lastSequence;

    /**
     * Allocates and touches all memory; the first sequence is 1 unless {@link #start} says else.
     *
     * @param generationCount generations in rotation, 2 to 16
     * @param recordCapacity records that one generation takes, 1 to 16,777,216
     * @param byteCapacity bytes that one generation has for entries: a record takes its own length,
     *     its key of 32 bytes, 40 bytes more, and for a new subject or newly voted assertion that
     *     key and another 40
     */
    public Memtable(final int generationCount, final int recordCapacity, final int byteCapacity) {
        this(generationCount, recordCapacity, byteCapacity, KeyHasher.random(), ReaderGate::new);
    }

    Memtable(
            final int generationCount,
            final int recordCapacity,
            final int byteCapacity,
            final KeyHasher hasher,
            final Function<Generation, ReaderGate> gateFactory) {
        check("generationCount", generationCount, GENERATIONS_MIN, GENERATIONS_MAX);
        check("recordCapacity", recordCapacity, 1, RECORDS_MAX);
        final long indexLength = Generation.memoryLength(recordCapacity, 0);
        check("byteCapacity", byteCapacity, 256, Integer.MAX_VALUE - 16 - indexLength);
        this.hasher = hasher;
        memoryLength = generationCount * Generation.memoryLength(recordCapacity, byteCapacity);
        generations = new Generation[generationCount];
        try {
            for (int i = 0; i < generationCount; i++) {
                generations[i] = new Generation(hasher, recordCapacity, byteCapacity);
            }
        } catch (final OutOfMemoryError e) {
            freeAll();
            throw e;
        }
        active = generations[0];
        active.activate(1);
        gate = gateFactory.apply(active);
    }

    private static void check(
            final String field, final long value, final long min, final long max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(
                    field + " out of range: limit=" + min + ".." + max + " value=" + value);
        }
    }

    /**
     * Bytes of direct memory held until {@link #close()}.
     *
     * @return bytes
     */
    public long memoryLength() {
        return memoryLength;
    }

    /**
     * Ingest thread, before anything was put or advanced: the sequence at which the first
     * generation's range starts.
     *
     * @param firstSequence the sequence after the one that the stores are known to hold
     */
    public void start(final long firstSequence) {
        if (gate.live().newestFirst.length != 1 || covered() || active.recordCount() != 0) {
            throw new IllegalStateException(
                    "start after the first put: lastSequence=" + lastSequence);
        }
        if (firstSequence < 1) {
            throw new IllegalArgumentException(
                    "firstSequence out of range: limit=1 value=" + firstSequence);
        }
        active.activate(firstSequence);
        lastSequence = firstSequence - 1;
    }

    /**
     * Ingest thread: puts an assertion. One that the active generation holds already is not stored
     * twice, but its subject gets a further place for it.
     *
     * @param sequence above every sequence put or advanced before
     * @param hash buffer of the content hash
     * @param hashOffset first of its 32 bytes
     * @param record buffer of the record; copied
     * @param offset first byte of the record, header included
     * @param length bytes of the record
     * @param subjectOffset first byte of the subject, from the start of the record's buffer
     * @param subjectLength bytes of the subject
     * @return false if the active generation lacks room; then nothing has changed
     * @throws IllegalArgumentException if no generation can ever hold the record
     */
    public boolean putAssertion(
            final long sequence,
            final DirectBuffer hash,
            final int hashOffset,
            final DirectBuffer record,
            final int offset,
            final int length,
            final int subjectOffset,
            final int subjectLength) {
        checkSequence(sequence);
        return done(
                sequence,
                active.writer.putAssertion(
                        sequence,
                        hash,
                        hashOffset,
                        record,
                        offset,
                        length,
                        subjectOffset,
                        subjectLength));
    }

    /**
     * Ingest thread: puts a vote. One that the active generation holds already is ignored.
     *
     * @param sequence above every sequence put or advanced before
     * @param hash buffer of the content hash
     * @param hashOffset first of its 32 bytes
     * @param record buffer of the record; copied
     * @param offset first byte of the record, header included
     * @param length bytes of the record
     * @param assertionHashOffset first of the 32 bytes of the assertion it weighs, from the start
     *     of the record's buffer
     * @return false if the active generation lacks room; then nothing has changed
     * @throws IllegalArgumentException if no generation can ever hold the record
     */
    public boolean putVote(
            final long sequence,
            final DirectBuffer hash,
            final int hashOffset,
            final DirectBuffer record,
            final int offset,
            final int length,
            final int assertionHashOffset) {
        checkSequence(sequence);
        return done(
                sequence,
                active.writer.putVote(
                        sequence, hash, hashOffset, record, offset, length, assertionHashOffset));
    }

    /**
     * Ingest thread: puts an epoch. One whose id the active generation holds already is ignored:
     * the caller has made sure that its content is the same.
     *
     * @param sequence above every sequence put or advanced before
     * @param record buffer of the record; copied
     * @param offset first byte of the record, header included
     * @param length bytes of the record
     * @param epochIdOffset first of the 32 bytes of its id, from the start of the record's buffer
     * @return false if the active generation lacks room; then nothing has changed
     * @throws IllegalArgumentException if no generation can ever hold the record
     */
    public boolean putEpoch(
            final long sequence,
            final DirectBuffer record,
            final int offset,
            final int length,
            final int epochIdOffset) {
        checkSequence(sequence);
        return done(
                sequence, active.writer.putEpoch(sequence, record, offset, length, epochIdOffset));
    }

    /**
     * Ingest thread: puts what was refused. Readers do not see it.
     *
     * @param sequence above every sequence put or advanced before
     * @param reason buffer of the reason; copied
     * @param reasonOffset first byte of the reason
     * @param reasonLength bytes of the reason
     * @param bytes buffer of the refused bytes; copied
     * @param offset first refused byte
     * @param length refused bytes
     * @return false if the active generation lacks room; then nothing has changed
     * @throws IllegalArgumentException if no generation can ever hold it
     */
    public boolean putQuarantine(
            final long sequence,
            final DirectBuffer reason,
            final int reasonOffset,
            final int reasonLength,
            final DirectBuffer bytes,
            final int offset,
            final int length) {
        checkSequence(sequence);
        return done(
                sequence,
                active.writer.putQuarantine(
                        sequence, reason, reasonOffset, reasonLength, bytes, offset, length));
    }

    /**
     * Ingest thread: everything up to a sequence is in, also sequences that put nothing. A reader
     * that enters after seeing any later effect of the ingest thread finds all of it.
     *
     * @param sequence not below any sequence put or advanced before
     */
    public void advance(final long sequence) {
        if (sequence < lastSequence) {
            throw new IllegalArgumentException(
                    "sequence goes back: limit=" + lastSequence + " value=" + sequence);
        }
        lastSequence = sequence;
        active.lastSequence(sequence);
    }

    /**
     * Ingest thread: seals the active generation, whose range ends at the last sequence put or
     * advanced, and goes on in a free one, whose range starts after it.
     *
     * @return false if none is free; then nothing has changed
     */
    public boolean rotate() {
        checkOpen();
        for (final Generation next : generations) {
            if (next.state() == Generation.State.FREE) {
                next.activate(lastSequence + 1);
                gate.link(next);
                active.seal();
                active = next;
                return true;
            }
        }
        return false;
    }

    /**
     * Ingest thread: records in the active generation.
     *
     * @return as {@link Generation#recordCount()}
     */
    public int activeRecords() {
        return active.recordCount();
    }

    /**
     * Ingest thread: first sequence of the active generation's range.
     *
     * @return the sequence, 0 while the range is empty
     */
    public long activeFirstSequence() {
        return covered() ? active.firstSequence() : 0;
    }

    /**
     * Ingest thread: looks an epoch up in all live generations. A miss means that it is in a store
     * or nowhere, so look there after, not before.
     *
     * @param id buffer of the id
     * @param idOffset first of its 32 bytes
     * @param out put on the epoch if there is one; good until the next {@link #rotate()}, as only
     *     the ingest thread overwrites entries
     * @return whether there is one
     */
    public boolean findEpoch(final DirectBuffer id, final int idOffset, final EntryView out) {
        // Not pinned: the flush thread may be clearing one of these, which can only turn a hit into
        // a miss, for an epoch that is in the store by then.
        checkOpen();
        final long key = hasher.ofHash(EntryDescriptor.EPOCH, id, idOffset);
        for (final Generation generation : gate.live().newestFirst) {
            final int entry =
                    generation.find(
                            EntryDescriptor.EPOCH, key, id, idOffset, EntryDescriptor.HASH_LENGTH);
            if (entry > 0) {
                out.position(EntryKind.EPOCH, generation.region, entry);
                return true;
            }
        }
        return false;
    }

    /**
     * Flush thread: what is to be flushed next.
     *
     * @return the oldest sealed generation that was not released yet, or null
     */
    public Generation sealed() {
        final LiveGenerations live = gate.live();
        // one generation is always live, whatever its state
        if (live.newestFirst.length < 2 || live.oldest().state() != Generation.State.SEALED) {
            return null;
        }
        return live.oldest();
    }

    /**
     * Flush thread, once both stores hold the generation durably: takes it away from readers that
     * enter from now on, and empties it when the last reader that saw it has left. Does one bounded
     * piece of work a call and never waits.
     *
     * @param generation the one that {@link #sealed()} gave; may be released while older ones are
     *     still waiting for their readers
     * @return true once it is free for ingest; false: call again later
     */
    public boolean release(final Generation generation) {
        checkOpen();
        final Generation.State state = generation.state();
        if (state == Generation.State.SEALED && generation == sealed()) {
            generation.unlinked(gate.unlinkOldest());
        } else if (state != Generation.State.UNLINKED) {
            throw new IllegalStateException(
                    "only the oldest sealed generation can be released: state=" + state);
        }
        return gate.allPassed(generation.unlinkVersion()) && generation.clear();
    }

    /**
     * Any thread: a reader for one thread.
     *
     * @return a reader, to be closed when no longer used
     * @throws IllegalStateException after {@link #close()}
     */
    public MemtableReader newReader() {
        return new MemtableReader(gate, hasher);
    }

    /**
     * Any thread, after ingest and flush have stopped: refuses readers from now on, spins until
     * those inside have left, and gives the memory back. Idempotent.
     *
     * @throws IllegalStateException if the calling thread itself is inside
     */
    @Override
    public void close() {
        if (gate.isHeldBy(Thread.currentThread())) {
            throw new IllegalStateException("close inside enter and exit of the same thread");
        }
        synchronized (closeLock) {
            if (freed) {
                return;
            }
            final long version = gate.shut();
            for (int spins = 0; !gate.allPassed(version); spins++) {
                if (spins < 1000) {
                    Thread.onSpinWait();
                } else {
                    Thread.yield();
                }
            }
            freed = true;
            freeAll();
        }
    }

    private void freeAll() {
        for (final Generation generation : generations) {
            if (generation != null) {
                generation.free();
            }
        }
    }

    private boolean covered() {
        return lastSequence >= active.firstSequence();
    }

    private void checkSequence(final long sequence) {
        if (sequence <= lastSequence) {
            throw new IllegalArgumentException(
                    "sequence does not ascend: limit=" + (lastSequence + 1) + " value=" + sequence);
        }
        checkOpen();
    }

    private void checkOpen() {
        if (gate.live().closed) {
            throw ReaderGate.closed();
        }
    }

    private boolean done(final long sequence, final boolean put) {
        if (put) {
            lastSequence = sequence;
            active.lastSequence(sequence);
        }
        return put;
    }
}
