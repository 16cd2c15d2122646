package io.stemedb.engine.faults.sim;

import io.stemedb.engine.journal.Journal;
import io.stemedb.engine.journal.JournalReader;
import io.stemedb.engine.journal.SimJournal;
import io.stemedb.engine.store.KvBatch;
import io.stemedb.engine.store.KvReader;
import io.stemedb.engine.store.KvStore;
import org.agrona.DirectBuffer;

/** Parts that say something else than what is: for negative controls. */
final class Decoys {
    private Decoys() {}

    /** A journal that is always durable: for a negative control. */
    record SyncedJournal(SimJournal journal) implements Journal {
        @Override
        public long append(final DirectBuffer record, final int offset, final int length) {
            return journal.append(record, offset, length);
        }

        @Override
        public long appended() {
            return journal.appended();
        }

        @Override
        public long synced() {
            return Long.MAX_VALUE;
        }

        @Override
        public void sync(final long sequence) {
            journal.sync(sequence);
        }

        @Override
        public JournalReader newReader(final long fromSequence) {
            return journal.newReader(fromSequence);
        }

        @Override
        public int prepare() {
            return journal.prepare();
        }

        @Override
        public int trim(final long belowSequence, final long keepBytes) {
            return journal.trim(belowSequence, keepBytes);
        }

        @Override
        public void close() {
            journal.close();
        }
    }

    /** A store that says another cursor: for a negative control. */
    record CursorStore(KvStore store, long cursor) implements KvStore {
        @Override
        public KvReader newReader() {
            return store.newReader();
        }

        @Override
        public KvBatch newBatch() {
            return store.newBatch();
        }

        @Override
        public void flush() {
            store.flush();
        }

        @Override
        public void verify() {
            store.verify();
        }

        @Override
        public void close() {
            store.close();
        }
    }
}
