package io.stemedb.engine.faults.sim;

import io.stemedb.engine.Overridden;
import io.stemedb.engine.Reader;
import io.stemedb.engine.SimReaders;
import io.stemedb.engine.ingest.IngestConfig;
import io.stemedb.engine.ingest.SimAgents;
import io.stemedb.engine.journal.Journal;
import io.stemedb.engine.journal.JournalException;
import io.stemedb.engine.journal.SimDisk;
import io.stemedb.engine.journal.SimJournal;
import io.stemedb.engine.memtable.SimMemtable;
import io.stemedb.engine.status.Counters;
import io.stemedb.engine.store.HybridStore;
import io.stemedb.engine.store.KvStore;
import io.stemedb.engine.store.SimKvStore;
import io.stemedb.engine.store.StoreException;
import java.util.Arrays;

/**
 * One engine's parts through several lives, on one thread, by a schedule that follows from a seed:
 * who works next, what is appended, what goes wrong. After each step the watermarks are looked at,
 * now and then what readers and stores hold; at the end the faults stop and all must become STORED.
 */
final class Simulation {
    private static final int SEGMENT = 8192;
    private static final long STEP_NS = 1_000_000;
    private static final long DAY_NS = 86_400_000_000_000L;

    private final Pool pool = new Pool();
    private final Truth truth = new Truth(pool);
    private final ContentCheck contentCheck = new ContentCheck(truth);
    private final ReadCheck readCheck = new ReadCheck(truth);
    private final StoreFlips storeFlips = new StoreFlips(pool, readCheck);
    private final Chaos chaos = new Chaos();
    private final SimDisk disk = new SimDisk(SEGMENT);
    private final SimKvStore.Disk rocksDisk = new SimKvStore.Disk();
    private final SimKvStore.Disk lmdbDisk = new SimKvStore.Disk();
    private final Counters counters = new Counters();
    private Schedule schedule;
    private long nowNs;

    // One life.
    private SimJournal journal;
    private KvStore store;
    private SimMemtable memtable;
    private SimAgents agents;
    private Reader reader;
    private Throwable unexpected;

    /** Who is inside a call of a store that stands still, or in any other. */
    private final boolean[] isBusy = new boolean[SimAgents.AGENTS];

    private boolean reading;
    private int stalls;

    /** Statistics over all schedules: what was reached. */
    final Reached reached = new Reached();

    private final WatermarkCheck watermarkCheck =
            new WatermarkCheck(truth, rocksDisk, lmdbDisk, reached);

    Simulation() {
        chaos.whileStalled = this::whileStalled;
    }

    /** Runs the schedule of a seed; a broken promise is an error. */
    void run(final long seed, final Mutant mutant) {
        chaos.reset(seed, mutant);
        schedule = new Schedule(chaos.random);
        truth.reset();
        disk.reset();
        rocksDisk.clear();
        lmdbDisk.clear();
        watermarkCheck.reset();
        nowNs = schedule.startNs;
        lostPower = false;
        Arrays.fill(isBusy, false);
        reading = false;
        stalls = 0;
        try {
            open();
            for (int i = 0; i < schedule.steps && !truth.isFull(); i++) {
                step();
                afterStep();
            }
            settle();
        } catch (final StoreException e) {
            throw unasked(e);
        } catch (final RuntimeException | Error e) {
            e.addSuppressed(new IllegalStateException(truth.state(disk)));
            throw e;
        } finally {
            reached.trims = disk.trimmed();
            reached.filesBack = disk.filesBack();
            reached.unusedFound = disk.unusedFound();
            closeLife();
        }
    }

    private void open() {
        boolean powerLost = false;
        while (true) {
            try {
                openOnce(powerLost);
                return;
            } catch (final Chaos.Crash e) { // in the middle of recovery
                powerLost |= endProcess();
            } catch (final JournalException e) {
                if (!chaos.journalFull && !truthKnows(e)) {
                    throw e;
                }
                closeLife();
                chaos.journalFull = false;
                chaos.forceFails = false;
                powerLost |= endProcess();
            }
        }
    }

    private static boolean truthKnows(final JournalException e) {
        return e.getCause() != null && String.valueOf(e.getCause()).contains("simulated EIO");
    }

    private boolean lostPower;

    private void openOnce(final boolean powerLost) {
        final long atLeast = powerLost || lostPower ? truth.synced : truth.top;
        final SimKvStore rocks = new SimKvStore(rocksDisk, chaos, SimKvStore.ROCKS);
        final SimKvStore lmdb = new SimKvStore(lmdbDisk, chaos, SimKvStore.LMDB);
        final long floor = Math.max(rocks.cursor(), lmdb.cursor());
        store = new HybridStore(rocks, lmdb, schedule.subjectIndex);
        if (chaos.mutant == Mutant.LARGER_CURSOR) {
            store = Overridden.method(KvStore.class, store, "cursor", none -> floor);
        }
        journal =
                new SimJournal(
                        disk,
                        chaos,
                        WatermarkCheck.BACKLOG,
                        floor,
                        Math.min(rocks.cursor(), lmdb.cursor()));
        truth.opened(disk, journal.appended(), atLeast);
        lostPower = false;
        memtable = schedule.newMemtable(chaos.mutant);
        reader = new SimReaders().newReader(memtable.memtable(), store);
        final IngestConfig config = schedule.config(() -> nowNs);
        // last: a life that ends before is none that published anything
        agents =
                new SimAgents(
                        journal,
                        chaos.mutant == Mutant.FLUSH_BEFORE_SYNCED
                                ? Overridden.method(
                                        Journal.class, journal, "synced", none -> Long.MAX_VALUE)
                                : journal,
                        store,
                        memtable.memtable(),
                        config,
                        chaos.mutant == Mutant.PAUSE_FOR_EVER
                                ? schedule.config(() -> schedule.startNs)
                                : config,
                        counters,
                        truth::reported,
                        this::onError,
                        chaos.mutant);
        watermarkCheck.opened(journal, agents);
        reached.lives++;
    }

    private void onError(final Throwable error) {
        if (!(error instanceof StoreException)) {
            unexpected = error;
        } else if (!storesFail()) {
            unexpected = unasked(error);
        }
    }

    /** Else no error of theirs has an excuse. */
    private boolean storesFail() {
        return chaos.storeFaults[0] > 0 || chaos.storeFaults[1] > 0;
    }

    private static Violation unasked(final Throwable error) {
        return new Violation("a store failed and none was to: " + error, error);
    }

    private void step() {
        try {
            final int dice = chaos.random.nextInt(100);
            if (dice < schedule.appendUntil) {
                append();
            } else if (dice < schedule.faultFrom) {
                turn(schedule.agent());
            } else {
                event();
            }
        } catch (final Chaos.Crash e) {
            reached.crashes++;
        } catch (final JournalException e) {
            if (!journal.hasFailed()) {
                throw e;
            }
        } catch (final StoreException e) {
            if (!storesFail()) {
                throw unasked(e);
            }
            reached.storeErrors++;
        }
        nowNs += chaos.random.nextInt(4) * STEP_NS;
    }

    private void turn(final int agent) {
        if (!isBusy[agent]) {
            isBusy[agent] = true;
            try {
                agents.turn(agent);
            } finally {
                isBusy[agent] = false;
            }
        }
    }

    /** One call of a store takes long: meanwhile all others go on. */
    private void whileStalled(final int steps) {
        stalls++;
        reached.stalls++;
        try {
            for (int i = 0; i < steps && !chaos.isDead() && !truth.isFull(); i++) {
                step();
                if (!chaos.isDead()) {
                    checkWatermarks();
                }
            }
        } catch (final RuntimeException | Error e) {
            unexpected = e; // the agent that is inside would keep it to itself
            throw e;
        } finally {
            stalls--;
        }
    }

    private void append() {
        final int burst = chaos.random.nextInt(24) == 0 ? 40 : 6;
        for (int i = chaos.random.nextInt(burst); i >= 0; i--) {
            final int record = schedule.record();
            final long before = journal.appended();
            if (!journal.hasFailed()) {
                truth.inFlight = record;
            }
            final long sequence =
                    journal.append(pool.records[record], 0, pool.bytes[record].length);
            truth.inFlight = -1;
            if (sequence < 0) {
                reached.refusals++;
                if (journal.appended() != before) {
                    throw new Violation("an append was refused and took effect");
                }
                return;
            }
            truth.appended(sequence, record);
            reached.records++;
        }
    }

    private void event() {
        switch (schedule.event()) {
            case KILL -> chaos.kill();
            case KILL_SOON -> chaos.crashIn(chaos.random.nextInt(40));
            case WRITE_BACK -> disk.writeBack(chaos.random);
            case FORCE_FAILS -> chaos.forceFails = true;
            case APPEND_BREAKS -> chaos.appendBreaks = true;
            case JOURNAL_FULL -> chaos.journalFull = !chaos.journalFull;
            case STORE_FAULTS -> {
                final int which = chaos.random.nextInt(2);
                chaos.storeFaults[which] = chaos.random.nextInt(3) * 3;
            }
            case SHORT_READS -> chaos.shortReads = chaos.random.nextInt(3);
            case ROLL -> chaos.rollNext = true;
            case STORE_STALL -> {
                final int which = chaos.random.nextInt(2);
                chaos.storeStalls[which] = 1 + chaos.random.nextInt(20);
            }
            case STORE_FLIP -> flipStored();
            case CLOCK -> {
                final long jumpNs = chaos.random.nextBoolean() ? DAY_NS : 200_000_000;
                nowNs += chaos.random.nextBoolean() ? jumpNs : -jumpNs;
            }
            case TRIM -> journal.trim(agents.stored(), 0);
            case FLUSH -> agents.requestFlush(journal.appended());
            case SYNC -> journal.sync(journal.appended());
            case CLOSE -> close();
            case READ -> read();
            case CONTENT -> checkContent();
            default -> throw new IllegalStateException();
        }
    }

    private void read() {
        if (schedule.hasReader && !reading) {
            reading = true;
            try {
                readCheck.check(reader, agents.readable(), chaos);
            } finally {
                reading = false;
            }
            reached.reads++;
        }
    }

    /** Nobody else comes across it. */
    private void flipStored() {
        if (!reading && stalls == 0) {
            Arrays.fill(chaos.storeStalls, 0);
            storeFlips.check(
                    chaos.random.nextBoolean() ? rocksDisk : lmdbDisk,
                    reader,
                    agents.readable(),
                    chaos,
                    reached);
        }
    }

    /** An orderly end. */
    private void close() {
        if (stalls > 0) {
            return; // it would wait
        }
        closeLife();
        try {
            journal.close();
        } finally {
            chaos.kill();
        }
    }

    private void afterStep() {
        checkExplained(unexpected);
        checkExplained(agents == null ? null : agents.failure());
        if (chaos.isDead()) {
            lostPower = endProcess();
            open();
            return;
        }
        checkWatermarks();
        if (journal.hasFailed()) {
            reached.failures++;
            if (schedule.restartsAfterFailure()) {
                chaos.kill();
                afterStep();
            }
        }
    }

    /** What ended an agent, or was told by it, if it is neither its death nor the journal's. */
    private void checkExplained(final Throwable error) {
        if (error != null
                && !(error instanceof Chaos.Crash)
                && !(error instanceof JournalException && journal.hasFailed())) {
            throw new AssertionError("agents ended: " + error, error);
        }
    }

    private void checkWatermarks() {
        watermarkCheck.check(journal, agents, memtable, schedule);
    }

    /** The process is gone, and perhaps the power. Whether it was. */
    private boolean endProcess() {
        final boolean power = schedule.losesPower();
        if (journal != null && agents != null) {
            watermarkCheck.ended(agents);
        }
        closeLife();
        truth.processEnded(disk, false);
        if (power) {
            disk.powerLoss(chaos.random);
            truth.processEnded(disk, true);
            reached.powerLosses++;
        }
        for (int i = schedule.flips(); i > 0 && truth.top > 0; i--) {
            flip(1 + chaos.random.nextInt((int) truth.top));
        }
        chaos.revive();
        chaos.forceFails = false;
        chaos.appendBreaks = false;
        if (schedule.crashesInRecovery()) {
            chaos.crashIn(chaos.random.nextInt(30));
        }
        return power;
    }

    private void flip(final long sequence) {
        if (disk.isThere(sequence) && truth.isIntact(disk, sequence)) {
            disk.flip(sequence, pool.bytes[truth.records[(int) sequence]].length, chaos.random);
            truth.hurt(sequence);
            reached.flips++;
        }
    }

    private void closeLife() {
        if (reader != null) {
            reader.close();
            reader = null;
        }
        if (agents != null) {
            agents.close();
            agents = null;
        } else if (memtable != null) {
            memtable.memtable().close();
        }
        memtable = null;
        unexpected = null;
    }

    /** Faults stop; within a bounded number of cycles all is stored, and all is as it should be. */
    private void settle() {
        chaos.calm();
        schedule.calm();
        if (journal.hasFailed() || agents == null) {
            chaos.kill();
            lostPower = endProcess();
            open();
        }
        settleLife();
        close();
        lostPower = endProcess();
        open();
        settleLife();
    }

    private void settleLife() {
        final long target = journal.appended();
        int cycles = 200 + 20 * (int) (target - agents.stored());
        while (agents.stored() < target) {
            if (cycles-- == 0) {
                throw new Violation(
                        "not stored once faults had stopped: STORED "
                                + agents.stored()
                                + " READABLE "
                                + agents.readable()
                                + " APPENDED "
                                + target
                                + " failure "
                                + agents.failure());
            }
            for (int agent = 0; agent < SimAgents.AGENTS; agent++) {
                agents.turn(agent);
                checkWatermarks();
            }
            nowNs += 20 * STEP_NS;
        }
        if (unexpected != null) {
            throw new AssertionError("agents ended: " + unexpected, unexpected);
        }
        checkContent();
        for (int i = 0; i < 4; i++) {
            readCheck.check(reader, agents.readable(), chaos);
        }
    }

    private void checkContent() {
        contentCheck.check(rocksDisk.data(), lmdbDisk.data(), schedule.subjectIndex);
        reached.contents++;
    }
}
