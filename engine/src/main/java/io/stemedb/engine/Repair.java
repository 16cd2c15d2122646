package io.stemedb.engine;

import io.stemedb.engine.Examination.StoreFault;
import io.stemedb.engine.journal.SegmentCopies;
import io.stemedb.engine.journal.SegmentCopies.Patch;
import io.stemedb.engine.platform.DirectoryLock;
import io.stemedb.engine.platform.JvmFlags;
import io.stemedb.engine.platform.Manifest;
import io.stemedb.engine.store.KvStore;
import io.stemedb.engine.store.StoreException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import org.agrona.ErrorHandler;

/**
 * Mends a closed directory. First it looks and says what it will do; nothing is changed until
 * {@link #run}. A manifest that is missing is made anew from the stores. Damaged records of the
 * journal are put back from the stores, sound ones whose excerpt was altered are written anew from
 * the journal itself, then a store that is missing, damaged or of another engine is rebuilt from
 * the journal. Nothing is guessed: what neither journal nor stores have with the right hash stays
 * reported. Nothing is deleted: an old store is moved to {@code aside/} in the data directory.
 *
 * <p>One thread. Holds the directory's lock until it is closed or has run.
 */
public final class Repair implements AutoCloseable {
    /** Of records to be written: they are held from the plan on. */
    private static final long BYTES_MAX = 64 << 20;

    private final Path directory;
    private final Manifest manifest;
    private final DirectoryLock lock;
    private final Examination examination;
    private final StoreRebuild rebuild;
    private final long bytesMax;

    /** Of records to be written. */
    private long bytes;

    /** Those on manifest and journal come first. */
    private final List<String> steps = new ArrayList<>();

    private final List<String> impossible = new ArrayList<>();
    private final List<String> rebuilt = new ArrayList<>();
    private final Map<Path, List<Patch>> patches = new LinkedHashMap<>();
    private int journalSteps;

    /** Damages that were set aside: a store that was not rebuilt then may have them. */
    private long setAside;

    private boolean isManifestLost;

    /** Records at the journal's end, behind what the stores that can be read have. */
    private boolean isEndLost;

    /** More is damaged than this one mends; a store that stays now may not be needed then. */
    private boolean isAgainFirst;

    private Repair(
            final Path directory,
            final Manifest manifest,
            final DirectoryLock lock,
            final Examination examination,
            final long bytesMax) {
        this.directory = directory;
        this.manifest = manifest;
        this.lock = lock;
        this.examination = examination;
        this.bytesMax = bytesMax;
        rebuild = new StoreRebuild(directory);
    }

    /**
     * Looks at a directory and decides what to do.
     *
     * @param directory data directory that no engine runs on
     * @param progress told, now and then, how many store entries and journal records were looked at
     * @return what would be done
     * @throws EngineException if there is no engine's data there
     * @throws io.stemedb.engine.platform.ManifestException if the manifest was altered, or is
     *     missing and the stores do not tell for certain what it said; names the field
     * @throws io.stemedb.engine.platform.DirectoryInUseException naming who runs on it
     */
    public static Repair plan(final Path directory, final LongConsumer progress) {
        return plan(directory, BYTES_MAX, progress);
    }

    /**
     * Looks at a directory and decides what to do.
     *
     * @param bytesMax most bytes of records that are held to be written
     */
    static Repair plan(final Path directory, final long bytesMax, final LongConsumer progress) {
        JvmFlags.check();
        final boolean lost = LostManifest.isLost(directory);
        final Manifest known = lost ? null : Verifier.manifest(directory);
        final DirectoryLock lock = DirectoryLock.acquire(directory);
        Repair planned = null;
        try {
            final Manifest manifest = lost ? LostManifest.find(directory) : known;
            final Repair repair =
                    new Repair(
                            directory,
                            manifest,
                            lock,
                            Verifier.examine(directory, manifest, lock, progress),
                            bytesMax);
            if (lost) {
                repair.planManifest();
            }
            repair.plan();
            planned = repair;
            return repair;
        } catch (final IOException e) {
            throw new UncheckedIOException(directory + ": cannot be looked at: " + e, e);
        } finally {
            if (planned == null) { // whatever was thrown: who goes on may repair with less
                lock.close();
            }
        }
    }

    private void planManifest() {
        isManifestLost = true;
        steps.add(
                journalSteps++,
                "make the manifest anew: engine "
                        + manifest.engineId()
                        + ", subject index in "
                        + manifest.subjectIndex()
                        + ", segment length as the next launch names it");
    }

    private void plan() throws IOException {
        long lost = planJournal();
        lost += planEnd();
        final StoreFault rocks = examination.rocks();
        final StoreFault lmdb = examination.lmdb();
        final boolean shut = staysShut(rocks, lost) || staysShut(lmdb, lost);
        planStore("RocksDB", EngineParts.ROCKS, rocks, lost, shut);
        planStore("LMDB", EngineParts.LMDB, lmdb, lost, shut);
        planExcerpts();
    }

    /** They need no store: the seal says that the records belong where they stand. */
    private void planExcerpts() throws IOException {
        final Map<Path, List<Patch>> right = new LinkedHashMap<>();
        int count = 0;
        for (final JournalExcerpt excerpt : examination.excerpts()) {
            bytes += excerpt.recordLength();
            if (++count == JournalComparison.DAMAGES_MAX || bytes > bytesMax) {
                impossible.add(
                        "records from "
                                + excerpt.sequence()
                                + " on in "
                                + excerpt.segment()
                                + " are sound in excerpts that are not: repair again for them");
                break;
            }
            right.computeIfAbsent(excerpt.segment(), path -> new ArrayList<>())
                    .add(excerpt.patch());
        }
        add(right, "write the excerpts of %d sound records of %s anew: sequences %s");
    }

    private void add(final Map<Path, List<Patch>> more, final String step) {
        more.forEach(
                (segment, list) -> {
                    patches.computeIfAbsent(segment, path -> new ArrayList<>()).addAll(list);
                    steps.add(
                            journalSteps++,
                            String.format(step, list.size(), segment, sequences(list)));
                });
    }

    /** Records that will still be missing, and that a store may have. */
    private long planJournal() throws IOException {
        final List<JournalDamage> damages = examination.damages();
        if (damages.isEmpty()) {
            return 0;
        }
        List<JournalDamage> hopeless = damages;
        long lost = 0;
        if (damages.size() == JournalComparison.DAMAGES_MAX) {
            impossible.add(
                    "more than "
                            + (damages.size() - 1)
                            + " places of the journal are damaged: repair again for the rest");
            lost++;
            isAgainFirst = true;
        }
        boolean looked = false;
        final boolean rocksOpens = isOpen(examination.rocks());
        final boolean lmdbOpens = isOpen(examination.lmdb());
        if (rocksOpens || lmdbOpens) {
            try (KvStore store = Snapshot.stores(directory, manifest, rocksOpens, lmdbOpens)) {
                final JournalRepair journal =
                        JournalRepair.plan(
                                examination,
                                store,
                                "ROCKSDB".equals(manifest.subjectIndex()),
                                bytesMax);
                hopeless = journal.hopeless();
                bytes = journal.bytes();
                if (journal.waiting() > 0) {
                    impossible.add(
                            journal.waiting()
                                    + " more damages of the journal are too much to be put back"
                                    + " with the others: repair again for the rest");
                    lost++;
                    isAgainFirst = true;
                }
                looked = isWhole(examination.rocks()) && isWhole(examination.lmdb());
                add(
                        journal.patches(),
                        "put %d damaged records back into %s from the stores: sequences %s");
            } catch (final StoreException e) {
                impossible.add("the stores cannot be read: " + e.getMessage());
            }
        }
        final long unmarked = examination.rocks().unmarked() + examination.lmdb().unmarked();
        for (final JournalDamage damage : hopeless) {
            final boolean aside = looked && damage.isSetAside();
            impossible.add(
                    "sequences "
                            + damage.firstSequence()
                            + "-"
                            + damage.lastSequence()
                            + " in "
                            + damage.segment()
                            + (aside && unmarked == 0
                                    ? ": set aside when they were ingested, no store has them"
                                    : ": no store has a copy that is certain"));
            setAside += aside ? 1 : 0;
            lost += aside ? 0 : 1;
        }
        return lost;
    }

    /** Whether it can be asked, if not for what stands in a damaged block. */
    private static boolean isOpen(final StoreFault store) {
        return isWhole(store) || store.cursor() > 0;
    }

    private static boolean isWhole(final StoreFault store) {
        return store.readable() || store.missing();
    }

    private static String sequences(final List<Patch> patches) {
        final StringBuilder text = new StringBuilder();
        for (final Patch patch : patches.subList(0, Math.min(patches.size(), 20))) {
            text.append(text.length() == 0 ? "" : ", ").append(patch.sequence());
        }
        return text + (patches.size() > 20 ? " and more" : "");
    }

    /**
     * A flush waits for SYNCED, so a store that is ahead of the journal says that the journal has
     * lost its end, and may be all that has it.
     */
    private long planEnd() {
        final long last = last();
        final long cursor =
                Math.max(
                        isAhead(examination.rocks()) ? examination.rocks().cursor() : last,
                        isAhead(examination.lmdb()) ? examination.lmdb().cursor() : last);
        if (cursor > last) {
            impossible.add(
                    "sequences "
                            + (last + 1)
                            + "-"
                            + cursor
                            + ": the journal has lost them, the stores that have them stay");
        }
        if (examination.syncedSequence() > cursor) {
            isEndLost = true;
            impossible.add(
                    "sequences "
                            + (cursor + 1)
                            + "-"
                            + examination.syncedSequence()
                            + ": the journal has lost them, and no store that can be read has"
                            + " them");
        }
        return cursor > last ? 1 : 0;
    }

    /** Newest record that the journal has, or had before it was trimmed. */
    private long last() {
        return Math.max(examination.lastSequence(), examination.oldestSequence() - 1);
    }

    /**
     * Whether it may have records that the journal has lost. That they were set aside says so of
     * the store only that was behind.
     */
    private boolean isAhead(final StoreFault store) {
        return !store.foreign() && store.cursor() > last();
    }

    /** Whether it cannot be opened, and may have the end that the journal has lost. */
    private boolean mayHaveEnd(final StoreFault store) {
        return isEndLost && isShut(store);
    }

    /** Whether it may have what the journal has lost. */
    private boolean mayHaveLost(final StoreFault store, final long lost) {
        return (lost > 0 || mayHaveEnd(store) || setAside > 0 && store.unmarked() > 0)
                && !store.missing()
                && !store.foreign();
    }

    /** Whether it stays, and no engine opens with it. */
    private boolean staysShut(final StoreFault store, final long lost) {
        return isShut(store) && mayHaveLost(store, lost);
    }

    private static boolean isShut(final StoreFault store) {
        return store.cursor() == 0 && !store.readable();
    }

    /** Giving up what nobody can look at is for a human to decide. */
    private String wayOut(final String folder) {
        if (isAgainFirst) {
            return "; repair again first";
        }
        return "; no engine opens with it: put "
                + directory.resolve(folder)
                + " back from a backup, or move it away to give up what only it may have, and"
                + " repair again";
    }

    /**
     * @param shut whether no engine opens while one of the stores stays: none is rebuilt
     */
    private void planStore(
            final String name,
            final String folder,
            final StoreFault fault,
            final long lost,
            final boolean shut) {
        final long last = examination.lastSequence();
        if (fault.findings() == 0 || isAhead(fault)) {
            return;
        }
        final String why =
                fault.missing()
                        ? "is missing"
                        : fault.foreign() ? "belongs to another engine" : "is damaged";
        if (examination.oldestSequence() > 1) {
            impossible.add(
                    name
                            + " "
                            + why
                            + ": it needs sequences 1-"
                            + (examination.oldestSequence() - 1)
                            + ", and the journal is trimmed"
                            + (isShut(fault) ? "; put it back from a backup" : ""));
        } else if (mayHaveLost(fault, lost)) {
            impossible.add(
                    name
                            + " "
                            + why
                            + ": it may have records that the journal has lost, and stays"
                            + (staysShut(fault, lost) ? wayOut(folder) : ""));
        } else if (shut) {
            impossible.add(
                    name
                            + " "
                            + why
                            + ": it is not rebuilt while the other store cannot be opened and stays");
        } else {
            rebuilt.add(folder);
            steps.add(
                    "rebuild "
                            + name
                            + ", which "
                            + why
                            + ", from "
                            + last
                            + " records of the journal"
                            + (fault.missing()
                                    ? ""
                                    : "; the old one goes to " + rebuild.aside(folder)));
        }
    }

    /**
     * What was found.
     *
     * @return as {@link Verifier#verify}
     */
    public Verification found() {
        return examination.verification();
    }

    /**
     * What {@link #run} will do, in order.
     *
     * @return one line a step; empty if there is nothing to do or to be done
     */
    public List<String> steps() {
        return List.copyOf(steps);
    }

    /**
     * What cannot be repaired, and why.
     *
     * @return one line each
     */
    public List<String> impossible() {
        return List.copyOf(impossible);
    }

    /**
     * Damage of the journal that lost no record, and stays: no record stood in these bytes, and
     * none depends on them.
     *
     * @return one line each
     */
    public List<String> lossless() {
        return List.copyOf(examination.scars());
    }

    /**
     * Does it, then verifies. Killed on the way it leaves a directory that opens or can be repaired
     * again.
     *
     * @param errorHandler told of what the engine finds while it rebuilds
     * @param progress told records stored again, then entries and records verified
     * @return what verification found after
     */
    public Verification run(final ErrorHandler errorHandler, final LongConsumer progress) {
        try {
            if (isManifestLost) {
                manifest.write(directory);
            }
            for (final var segment : patches.entrySet()) {
                SegmentCopies.rewrite(segment.getKey(), segment.getValue());
            }
            for (final String folder : rebuilt) {
                rebuild.moveAside(folder);
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(directory + ": repair failed: " + e, e);
        } finally {
            lock.close();
        }
        if (!rebuilt.isEmpty()) {
            rebuild.run(errorHandler, progress);
        }
        return Verifier.verify(directory, progress);
    }

    /** Gives the directory free without changing it, unless it has run. */
    @Override
    public void close() {
        lock.close();
    }
}
