package io.stemedb.engine.ingest;

import io.stemedb.engine.journal.JournalHandler;
import io.stemedb.engine.journal.JournalReader;
import io.stemedb.engine.memtable.Memtable;
import io.stemedb.engine.status.Counters;
import io.stemedb.engine.store.KvStore;
import org.agrona.DirectBuffer;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.SystemNanoClock;

/**
 * Puts the journal's records past a store's cursor into a memtable, once, for reading: ingest
 * without a flush.
 */
public final class TailReplay {
    /** Bytes a memtable takes for a record besides its own: generous. */
    private static final int ENTRY_OVERHEAD = 512;

    private static final int RECORDS_MAX = 1 << 24;
    private static final int BYTES_MAX = 1 << 30;

    private TailReplay() {}

    /** Counts what a reader delivers. */
    public static final class Size implements JournalHandler {
        private long records;
        private long bytes;
        private long damages;

        /** Nothing counted yet. */
        public Size() {}

        /**
         * Reads to the end.
         *
         * @param reader what to count; closed after
         * @return this
         */
        public Size of(final JournalReader reader) {
            try (reader) {
                while (reader.poll(this, Integer.MAX_VALUE) > 0) {
                    Thread.onSpinWait();
                }
            }
            return this;
        }

        /**
         * Whether all of it was sound.
         *
         * @return false if damage was found
         */
        public boolean isSound() {
            return damages == 0;
        }

        @Override
        public void onRecord(
                final long sequence,
                final DirectBuffer buffer,
                final int offset,
                final int length) {
            records++;
            bytes += length;
        }

        @Override
        public void onDamage(
                final long firstSequence,
                final long lastSequence,
                final String reason,
                final DirectBuffer buffer,
                final int offset,
                final int length) {
            records++;
            bytes += length + 2L * reason.length();
            damages++;
        }
    }

    /**
     * Replays.
     *
     * @param reader delivers the records after the store's cursor; closed after
     * @param size what it will deliver at most
     * @param store the store
     * @param cursor its cursor
     * @param errorHandler told of damage
     * @return a memtable with the records, the caller's to close
     * @throws IllegalArgumentException if they are more than a memtable can take
     */
    public static Memtable replay(
            final JournalReader reader,
            final Size size,
            final KvStore store,
            final long cursor,
            final ErrorHandler errorHandler) {
        final long bytes = size.bytes + (size.records + 1) * ENTRY_OVERHEAD;
        if (size.records > RECORDS_MAX || bytes > BYTES_MAX) {
            throw new IllegalArgumentException(
                    "records not yet in the stores: at most "
                            + RECORDS_MAX
                            + " with "
                            + BYTES_MAX
                            + " bytes can be read without an engine, are "
                            + size.records
                            + " with "
                            + bytes);
        }
        final int records = (int) size.records + 1;
        final Memtable memtable = new Memtable(2, records, (int) bytes);
        memtable.start(cursor + 1);
        final IngestConfig config =
                new IngestConfig(
                        2,
                        records,
                        Math.max((int) bytes, IngestConfig.GENERATION_BYTES_MIN),
                        Long.MAX_VALUE,
                        0,
                        Long.MAX_VALUE,
                        SystemNanoClock.INSTANCE);
        final IngestParts parts =
                new IngestParts(
                        null,
                        store,
                        memtable,
                        new Watermarks(cursor),
                        new Counters(),
                        config,
                        (first, last, reason) ->
                                errorHandler.onError(new IllegalStateException(reason)),
                        errorHandler);
        final IngestAgent agent = new IngestAgent(parts, reader, store.newReader());
        try {
            while (agent.doWork() > 0) {
                Thread.onSpinWait();
            }
            return memtable;
        } catch (final RuntimeException e) {
            memtable.close();
            throw e;
        } finally {
            agent.close();
        }
    }
}
