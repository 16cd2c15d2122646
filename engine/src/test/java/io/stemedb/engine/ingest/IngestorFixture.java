package io.stemedb.engine.ingest;

import io.stemedb.codecs.AssertionWriter;
import io.stemedb.engine.journal.ChronicleJournal;
import io.stemedb.engine.journal.Journal;
import io.stemedb.engine.journal.JournalConfig;
import io.stemedb.engine.status.Counters;
import io.stemedb.engine.store.KvStore;
import java.nio.file.Path;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.SystemNanoClock;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.io.TempDir;

/** A small ingestor on a real journal. */
abstract class IngestorFixture {
    @TempDir Path directory;

    private final UnsafeBuffer record = new UnsafeBuffer(new byte[1 << 12]);
    private final AssertionWriter claim = new AssertionWriter();

    final ChronicleJournal open() {
        return ChronicleJournal.open(
                directory,
                new JournalConfig(
                        JournalConfig.SEGMENT_LENGTH_MIN,
                        1 << 20,
                        64 << 20,
                        0,
                        SystemNanoClock.INSTANCE));
    }

    static Ingestor ingestor(
            final Journal journal, final KvStore store, final int generationBytes) {
        return ingestor(journal, store, generationBytes, Long.MAX_VALUE, error -> {});
    }

    static Ingestor ingestor(
            final Journal journal,
            final KvStore store,
            final int generationBytes,
            final long retentionBytes,
            final ErrorHandler errorHandler) {
        return new Ingestor(
                journal,
                store,
                new IngestConfig(
                        2,
                        1_000,
                        generationBytes,
                        Long.MAX_VALUE,
                        1_000_000,
                        retentionBytes,
                        SystemNanoClock.INSTANCE),
                new Counters(),
                (first, last, reason) -> {},
                errorHandler);
    }

    /** Appends a record, different for each number; what the journal answers. */
    final long append(final Journal journal, final long n) {
        claim.subject("s").predicate("p").number(n).confidence(1).timestamp(n);
        return journal.append(record, 0, claim.encode(record, 0));
    }
}
