package io.stemedb.engine;

import io.stemedb.engine.Findings.Part;
import io.stemedb.engine.journal.JournalException;
import io.stemedb.engine.journal.JournalTail;
import io.stemedb.engine.platform.Manifest;
import io.stemedb.engine.store.StoreIdentity;
import io.stemedb.engine.store.lmdb.LmdbKvStore;
import io.stemedb.engine.store.rocks.RocksKvStore;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.LongConsumer;

/**
 * What a look at a closed directory found, for who reports it and who repairs it.
 *
 * @param verification all of it
 * @param rocks what is wrong with RocksDB
 * @param lmdb what is wrong with LMDB
 * @param damages damaged records of the journal
 * @param excerpts sound records in excerpts that were altered
 * @param scars damaged bytes of the journal that no record stood in, in words
 * @param lossless how many of the differences are scars or altered excerpts: all records are there
 * @param oldestSequence oldest record of the journal; in one without a record that of the first it
 *     will have, or 0 if that is not known
 * @param lastSequence newest record of the journal
 * @param syncedSequence newest one that the journal has said is SYNCED; 0 if that is not known
 */
record Examination(
        Verification verification,
        StoreFault rocks,
        StoreFault lmdb,
        List<JournalDamage> damages,
        List<JournalExcerpt> excerpts,
        List<String> scars,
        long lossless,
        long oldestSequence,
        long lastSequence,
        long syncedSequence) {

    /**
     * What is wrong with a store.
     *
     * @param findings how many differences
     * @param cursor up to where it says it is complete; 0 if it does not open
     * @param missing whether there is none
     * @param foreign whether it belongs to another engine
     * @param readable whether it can be read to its end
     * @param unmarked how many entries come from no record that the journal has; 0 if that is not
     *     known
     */
    record StoreFault(
            long findings,
            long cursor,
            boolean missing,
            boolean foreign,
            boolean readable,
            long unmarked) {}

    /** Looks at a directory whose lock the caller holds; native libraries come from a directory. */
    static Examination of(
            final Path directory,
            final Manifest manifest,
            final Path natives,
            final LongConsumer progress) {
        final Findings findings = new Findings();
        final StoreIdentity identity = EngineParts.identity(manifest);
        final Path journal = directory.resolve(EngineParts.JOURNAL);
        try (ExaminedStore rocks =
                        ExaminedStore.open(
                                Part.ROCKSDB,
                                findings,
                                () ->
                                        RocksKvStore.openReadOnly(
                                                directory.resolve(EngineParts.ROCKS),
                                                identity,
                                                natives));
                ExaminedStore lmdb =
                        ExaminedStore.open(
                                Part.LMDB,
                                findings,
                                () ->
                                        LmdbKvStore.openReadOnly(
                                                directory.resolve(EngineParts.LMDB),
                                                identity,
                                                natives))) {
            rocks.checkFiles();
            lmdb.checkFiles();
            final ExaminedStore subjects = "ROCKSDB".equals(manifest.subjectIndex()) ? rocks : lmdb;
            try (JournalTail tail =
                            JournalTail.openLocked(
                                    journal, Math.min(rocks.cursor(), lmdb.cursor()));
                    JournalComparison comparison =
                            new JournalComparison(
                                    rocks, lmdb, subjects, tail, findings, progress)) {
                comparison.takeStores();
                comparison.takeJournal();
                comparison.compareEnds(journal);
                return new Examination(
                        comparison.result(),
                        fault(rocks, findings),
                        fault(lmdb, findings),
                        comparison.damages(),
                        comparison.excerpts(),
                        comparison.scars(),
                        comparison.lossless(),
                        tail.oldestSequence(),
                        tail.nextSequence() - 1,
                        tail.syncedSequence());
            } catch (final JournalException | UncheckedIOException e) {
                throw new EngineException(journal + ": " + e.getMessage(), e);
            }
        }
    }

    private static StoreFault fault(final ExaminedStore store, final Findings findings) {
        return new StoreFault(
                findings.count(store.part()),
                store.cursor(),
                store.isMissing(),
                store.isForeign(),
                store.isComplete(),
                store.unmarked());
    }
}
