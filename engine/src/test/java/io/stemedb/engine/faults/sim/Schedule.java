package io.stemedb.engine.faults.sim;

import io.stemedb.engine.ingest.IngestConfig;
import io.stemedb.engine.memtable.SimMemtable;
import io.stemedb.engine.store.SubjectIndex;
import java.util.SplittableRandom;
import org.agrona.concurrent.NanoClock;

/**
 * What a seed chooses once: how long, how much of what, which faults are on, which agent starves.
 * Each schedule has some faults and not others, as all at once would hide each other.
 */
final class Schedule {
    enum Event {
        READ,
        CONTENT,
        FLUSH,
        SYNC,
        ROLL,
        WRITE_BACK,
        STORE_FLIP,
        CLOCK,
        CLOSE,
        KILL,
        KILL_SOON,
        TRIM,
        FORCE_FAILS,
        APPEND_BREAKS,
        JOURNAL_FULL,
        STORE_FAULTS,
        STORE_STALL,
        SHORT_READS
    }

    private static final int ALWAYS = Event.CLOCK.ordinal();
    private static final long GENERATION_BYTES = 16 << 10;

    final int steps;
    final int appendUntil;
    final int faultFrom;
    final long startNs;
    final SubjectIndex subjectIndex;
    final boolean hasReader;
    final int generations;
    final int generationRecords;
    private final SplittableRandom random;
    private final int[] agentWeights = new int[4];
    private final boolean[] events = new boolean[Event.values().length];
    private final int recordRange;
    private final long flushIntervalNs;
    private final long syncIntervalNs;
    private final long retentionBytes;
    private final boolean power;
    private final boolean flips;
    private boolean recoveryCrashes;
    private boolean calm;

    Schedule(final SplittableRandom random) {
        this.random = random;
        steps = 20 + random.nextInt(random.nextInt(4) == 0 ? 180 : 80);
        appendUntil = 15 + random.nextInt(30);
        faultFrom = 75 + random.nextInt(15);
        // nanoTime starts anywhere and may overflow
        startNs = random.nextInt(4) == 0 ? Long.MAX_VALUE - 50_000_000 : random.nextLong();
        subjectIndex = random.nextBoolean() ? SubjectIndex.LMDB : SubjectIndex.ROCKSDB;
        hasReader = random.nextBoolean();
        int sum = 0;
        for (int i = 0; i < agentWeights.length; i++) {
            agentWeights[i] = random.nextInt(6) == 0 ? 0 : 1 + random.nextInt(4);
            sum += agentWeights[i];
        }
        if (sum == 0) {
            agentWeights[0] = 1;
        }
        for (final Event event : Event.values()) {
            events[event.ordinal()] = event.ordinal() <= ALWAYS || random.nextInt(3) == 0;
        }
        generations = 2 + random.nextInt(2);
        generationRecords = 3 + random.nextInt(20);
        recordRange = random.nextBoolean() ? Pool.SIZE : 8 + random.nextInt(Pool.SIZE - 8);
        flushIntervalNs = random.nextBoolean() ? 5_000_000 : 1_000_000_000;
        syncIntervalNs = random.nextInt(4) == 0 ? 0 : 1_000_000;
        retentionBytes = random.nextInt(3) == 0 ? random.nextInt(8_000) : Long.MAX_VALUE;
        flips = random.nextInt(5) == 0;
        power = random.nextInt(4) > 0;
        recoveryCrashes = random.nextBoolean();
    }

    /** Faults stop. */
    void calm() {
        calm = true;
        recoveryCrashes = false;
    }

    int agent() {
        int sum = 0;
        for (final int weight : agentWeights) {
            sum += weight;
        }
        int dice = random.nextInt(sum);
        int agent = 0;
        while (dice >= agentWeights[agent]) {
            dice -= agentWeights[agent++];
        }
        return agent;
    }

    Event event() {
        while (true) {
            final Event event = Event.values()[random.nextInt(events.length)];
            if (events[event.ordinal()]) {
                return event;
            }
        }
    }

    int record() {
        return random.nextInt(2) == 0
                ? Pool.SIZE - 1 - random.nextInt(recordRange)
                : random.nextInt(recordRange);
    }

    boolean losesPower() {
        return power && random.nextBoolean();
    }

    int flips() {
        return flips && !calm ? random.nextInt(2) : 0;
    }

    boolean crashesInRecovery() {
        return recoveryCrashes && random.nextInt(3) == 0;
    }

    boolean restartsAfterFailure() {
        return random.nextInt(4) == 0;
    }

    SimMemtable newMemtable(final Mutant mutant) {
        return new SimMemtable(
                mutant == Mutant.MEMTABLE_UNBOUNDED ? generations + 1 : generations,
                generationRecords,
                (int) GENERATION_BYTES);
    }

    IngestConfig config(final NanoClock clock) {
        return new IngestConfig(
                generations,
                generationRecords,
                IngestConfig.GENERATION_BYTES_MIN,
                flushIntervalNs,
                syncIntervalNs,
                retentionBytes,
                clock);
    }
}
