package io.stemedb.engine.ingest;

import io.stemedb.engine.journal.Journal;
import io.stemedb.engine.memtable.Generation;
import io.stemedb.engine.memtable.Memtable;
import io.stemedb.engine.memtable.SortedEntries;
import io.stemedb.engine.status.Counter;
import io.stemedb.engine.status.Counters;
import io.stemedb.engine.store.Keys;
import io.stemedb.engine.store.KvBatch;
import io.stemedb.engine.store.KvStore;
import io.stemedb.engine.store.StoreException;
import io.stemedb.engine.store.StoreFailedException;
import org.agrona.ErrorHandler;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Takes sealed generations into the store: waits until the journal is durable past the last record,
 * sorts, writes one batch in key order, commits it with its cursor, moves STORED, gives the
 * generation back.
 *
 * <p>Each duty cycle does one slice of that. A flush that fails is begun again after a pause: the
 * generation stays readable and the journal has its records, so nothing is lost meanwhile but room.
 */
final class FlushAgent implements Agent {
    private static final int SORT_SLICE = 20_000;
    private static final int PUT_SLICE = 500;
    private static final long RETRY_NS = 100_000_000;

    private enum Step {
        IDLE,
        SYNC,
        SORT,
        PUT,
        COMMIT,
        RELEASE
    }

    private final Journal journal;
    private final KvStore store;
    private final Memtable memtable;
    private final Watermarks watermarks;
    private final Counters counters;
    private final NanoClock clock;
    private final long retentionBytes;
    private final ErrorHandler errorHandler;
    private final SortedEntries entries;
    private final UnsafeBuffer key = new UnsafeBuffer(new byte[Keys.MAX_LENGTH]);
    private final ExpandableArrayBuffer quarantined = new ExpandableArrayBuffer();

    private Step step = Step.IDLE;
    private Generation generation;
    private KvBatch batch;

    /**
     * LMDB binds a transaction to its thread: with INVOKER another one may come along meanwhile.
     */
    private volatile Thread batchThread;

    private long startNs;
    private long retryAtNs;
    private boolean retrying;
    private boolean trimming;

    FlushAgent(final IngestParts parts) {
        journal = parts.journal();
        store = parts.store();
        memtable = parts.memtable();
        watermarks = parts.watermarks();
        counters = parts.counters();
        clock = parts.config().nanoClock();
        retentionBytes = parts.config().retentionBytes();
        errorHandler = parts.errorHandler();
        entries = new SortedEntries(parts.config().generationRecords());
    }

    @Override
    public int doWork() {
        if (isHeldByOtherThread()) {
            return 0;
        }
        try {
            return step() + trim();
        } catch (final StoreFailedException e) {
            throw e;
        } catch (final StoreException e) {
            retry(e);
            return 1;
        }
    }

    private int step() {
        return switch (step) {
            case IDLE -> idle();
            case SYNC -> sync();
            case SORT -> sort();
            case PUT -> put();
            case COMMIT -> commit();
            case RELEASE -> release();
        };
    }

    /**
     * A little beside each step: a launch may find very many segments to delete, and neither they
     * nor the flushes may wait for the others to end.
     */
    private int trim() {
        if (!trimming) {
            return 0;
        }
        trimming = false; // unless there is more: what is refused is tried again after a flush
        final int trimmed = journal.trim(watermarks.stored(), retentionBytes);
        counters.add(Counter.SEGMENTS_TRIMMED, trimmed);
        trimming = trimmed > 0;
        return trimmed;
    }

    private int idle() {
        counters.set(Counter.READABLE, watermarks.readable());
        if (retrying) {
            final long leftNs = retryAtNs - clock.nanoTime();
            if (leftNs > 0 && leftNs <= RETRY_NS) { // more: the clock was set back
                return 0;
            }
        }
        generation = memtable.sealed();
        if (generation == null) {
            return 0;
        }
        if (!retrying) {
            startNs = clock.nanoTime();
        }
        step = Step.SYNC;
        return 1;
    }

    /**
     * The store must never be ahead of the journal, or a power cut would leave records without
     * their history.
     */
    private int sync() {
        if (journal.synced() < generation.lastSequence()) {
            SyncAgent.force(journal, generation.lastSequence(), counters, clock);
        }
        entries.begin(generation);
        step = Step.SORT;
        return 1;
    }

    private int sort() {
        if (entries.sort(SORT_SLICE) == 0) {
            batch = store.newBatch();
            batchThread = Thread.currentThread();
            step = Step.PUT;
        }
        return 1;
    }

    private int put() {
        for (int i = 0; i < PUT_SLICE; i++) {
            if (!entries.next()) {
                step = Step.COMMIT;
                break;
            }
            putEntry();
        }
        return 1;
    }

    private void putEntry() {
        final UnsafeBuffer buffer = (UnsafeBuffer) entries.buffer();
        switch (entries.kind()) {
            case EPOCH -> putRecord(Keys.epoch(key, 0, buffer, entries.hashOffset()));
            case ASSERTION -> putRecord(Keys.assertion(key, 0, buffer, entries.hashOffset()));
            case VOTE ->
                    putRecord(
                            Keys.vote(
                                    key,
                                    0,
                                    buffer,
                                    entries.assertionHashOffset(),
                                    buffer,
                                    entries.hashOffset()));
            case SUBJECT ->
                    batch.put(
                            key,
                            0,
                            Keys.subject(
                                    key,
                                    0,
                                    buffer,
                                    entries.subjectOffset(),
                                    entries.subjectLength(),
                                    entries.sequence()),
                            buffer,
                            entries.hashOffset(),
                            Keys.HASH_LENGTH);
            case QUARANTINE ->
                    batch.put(
                            key,
                            0,
                            Keys.quarantine(key, 0, entries.sequence()),
                            quarantined,
                            0,
                            QuarantineEntry.encode(
                                    quarantined,
                                    buffer,
                                    entries.reasonOffset(),
                                    entries.reasonLength(),
                                    entries.recordOffset(),
                                    entries.recordLength()));
            default -> throw new IllegalStateException("kind of entry: " + entries.kind());
        }
    }

    private void putRecord(final int keyLength) {
        batch.put(
                key,
                0,
                keyLength,
                entries.buffer(),
                entries.recordOffset(),
                entries.recordLength());
    }

    private int commit() {
        final KvBatch finished = batch;
        batch = null;
        batchThread = null;
        finished.commit(generation.lastSequence());
        finished.close();
        retrying = false;
        watermarks.stored(generation.lastSequence());
        counters.set(Counter.STORED, watermarks.stored());
        final long timeNs = clock.nanoTime() - startNs;
        counters.add(Counter.FLUSHES, 1);
        counters.add(Counter.FLUSH_TIME_NS, timeNs);
        counters.max(Counter.FLUSH_TIME_MAX_NS, timeNs);
        step = Step.RELEASE;
        return 1;
    }

    private int release() {
        if (!memtable.release(generation)) {
            return 0; // a reader is still in there: try again, do not spin
        }
        generation = null;
        step = Step.IDLE;
        trimming = retentionBytes != Long.MAX_VALUE;
        return 1;
    }

    private void retry(final StoreException e) {
        discard();
        step = Step.IDLE;
        retrying = true;
        retryAtNs = clock.nanoTime() + RETRY_NS;
        counters.add(Counter.FLUSH_RETRIES, 1);
        errorHandler.onError(e);
    }

    private void discard() {
        if (batch != null) {
            final KvBatch unfinished = batch;
            batch = null;
            batchThread = null;
            unfinished.close();
        }
    }

    /** Whether a batch is open that only another thread, which is alive, can finish. */
    boolean isHeldByOtherThread() {
        final Thread thread = batchThread;
        return thread != null && thread != Thread.currentThread() && thread.isAlive();
    }

    @Override
    public String roleName() {
        return "flush";
    }

    /** On the agent's thread, or once that has ended. */
    void close() {
        discard();
    }
}
