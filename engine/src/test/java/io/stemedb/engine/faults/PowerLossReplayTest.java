package io.stemedb.engine.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.faults.EngineChild.Way;
import io.stemedb.engine.journal.ChronicleSyncChild;
import io.stemedb.engine.journal.JournalHandler;
import io.stemedb.engine.journal.JournalTail;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.agrona.DirectBuffer;
import org.agrona.collections.LongArrayList;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * P1 by replay: an engine appends, rolls, flushes, trims, is killed and recovers on a disk that
 * logs every write and every flush. A power cut after any of them leaves all writes before the last
 * flush, and of those behind it any. In each such state all that was SYNCED or STORED by then is in
 * the journal, as a scan without an engine reads it; and a sample is opened by the engine.
 */
@Tag("faults")
class PowerLossReplayTest {
    private static final int STATES = 1_500;
    private static final int OPENED_EVERY = 10;
    private static final List<Way> WAYS =
            List.of(Way.USUAL, Way.TRIMMED, Way.SYNC, Way.USUAL, Way.TRIMMED);
    private static final int ATTEMPTS = 10;
    private static final int CONTROL_STATES = 60;
    private static final int RECORDS = 700;

    /** Each is forced, and a life of as many need not roll. */
    private static final int SYNC_RECORDS = 100;

    /** What a life says of a page that the kernel gave up: damage of the journal, records gone. */
    private static final Pattern GIVEN_UP =
            Pattern.compile("ERROR \\S+ \\S+JournalException: .*|LOST .*");

    /** A store may come to what the disk refuses, too. */
    private static final Predicate<String> WHAT_THE_DISK_REFUSED =
            Pattern.compile(
                            "ERROR .*force failed.*"
                                    + "|ERROR \\S+ \\S+StoreException: .*Input/output error.*"
                                    + "|ERROR \\S+ \\S+StoreFailedException: .*must be opened again.*")
                    .asMatchPredicate();

    @TempDir Path work;

    @Test
    void whatWasSyncedIsInEveryCrashState() throws Exception {
        Machine.needs(BlockLog.isPossible(), "block log", "no FUSE, loop device or gcc here");
        final long seed = Children.seed();
        final Random random = new Random(seed);
        try (Children children = new Children(work)) {
            final Path home = children.home("home");
            final Ledger ledger = new Ledger();
            final Path log;
            final List<Step> steps = new ArrayList<>();
            final Path journal = EngineChild.data(home).resolve("journal");
            final long from;
            int rolled = 0;
            try (BlockLog disk = BlockLog.start(work, EngineChild.data(home))) {
                log = disk.log();
                from = Files.size(log);
                for (int i = 0; i < WAYS.size(); i++) {
                    final Way way = WAYS.get(i);
                    try (Children.Life life =
                            children.live(List.of(), random, way, log, List.of(home))) {
                        assertTrue(
                                life.await("APPENDED", way == Way.SYNC ? SYNC_RECORDS : RECORDS)
                                        && hasBeenThrough(life, way, home),
                                () -> life.said().toString());
                        life.kill();
                        assertEquals(
                                List.of(), ledger.add(Children.name(home), life.said()), "" + seed);
                        assertEquals(List.of(), life.settle(), "seed " + seed);
                        steps.addAll(steps(life.said()));
                    }
                    rolled += Children.rolls(EngineChild.data(home)) >= 2 ? 1 : 0;
                    if (way == Way.USUAL) { // what the other way trims afterwards
                        steps.addAll(rolls(journal, ledger));
                    }
                }
                // the control: by then some was trimmed, which no store need have
                assertTrue(
                        ledger.lostInJournal(journal, 0, 0).stream()
                                .anyMatch(line -> line.startsWith("journal begins at")));
            }
            assertTrue(
                    rolled >= WAYS.size() - 1, "lives that rolled: " + rolled + ", seed " + seed);
            final List<String> wrong =
                    replay(children, random, home, log, ledger, steps, from, seed);
            assertEquals(List.of(), wrong);
            System.out.println(
                    "PowerLossReplayTest: %d states of %d log records, %d MB, %d obligations"
                            .formatted(
                                    Children.scaled(STATES),
                                    BlockLog.ends(log).size(),
                                    Files.size(log) >> 20,
                                    ledger.size()));
        }
    }

    /** However fast it appends: until it has rolled, flushed, and trimmed if it does. */
    private static boolean hasBeenThrough(final Children.Life life, final Way way, final Path home)
            throws Exception {
        if (way == Way.SYNC) {
            return true;
        }
        while (Children.rolls(EngineChild.data(home)) < 2) {
            if (life.child().process().waitFor(2, TimeUnit.MILLISECONDS)) {
                return false;
            }
        }
        final String done = "PHASE " + Children.name(home) + ' ';
        return life.await(done + Phase.FLUSH, 1)
                && (way != Way.TRIMMED || life.await(done + Phase.TRIM, 1));
    }

    private List<String> replay(
            final Children children,
            final Random random,
            final Path home,
            final Path log,
            final Ledger ledger,
            final List<Step> steps,
            final long from,
            final long seed)
            throws Exception {
        final LongArrayList ends = BlockLog.ends(log);
        final Path journal = EngineChild.data(home).resolve("journal");
        final List<String> wrong = new ArrayList<>();
        final Map<Phase, Integer> fell = new EnumMap<>(Phase.class);
        final int count = Children.scaled(STATES);
        int owing = 0;
        try (CrashStates states = CrashStates.open(work, log, EngineChild.data(home))) {
            final int[] cuts =
                    IntStream.concat(
                                    IntStream.of(cuts(random, ends, from, count / 2)),
                                    cutsInSteps(random, ends, steps, from, count - count / 2))
                            .sorted()
                            .toArray();
            for (int i = 0; i < cuts.length && wrong.isEmpty(); i++) {
                final long end = ends.getLong(cuts[i] - 1);
                final boolean opened = i % OPENED_EVERY == 0;
                final long stateSeed = random.nextLong();
                states.mount(cuts[i], stateSeed, opened);
                final long owed = ledger.durableAt(end);
                owing += owed > 0 ? 1 : 0;
                steps.stream()
                        .filter(step -> step.from < end && end <= step.to)
                        .map(Step::phase)
                        .distinct()
                        .forEach(phase -> fell.merge(phase, 1, Integer::sum));
                final List<String> lost =
                        new ArrayList<>(ledger.lostInJournal(journal, owed, ledger.storedBy(end)));
                if (opened && lost.isEmpty()) {
                    ledger.durablePartAt(end)
                            .write(EngineChild.obligations(home), Children.name(home));
                    lost.addAll(children.checkAfterPowerCut(home, false));
                }
                if (!lost.isEmpty()) {
                    wrong.add("seed %d, state %d, cut %d".formatted(seed, i, cuts[i]));
                    wrong.addAll(lost);
                }
            }
            states.drop();
        }
        final String seen = "cuts during %s, owing %d".formatted(fell, owing);
        System.out.println("PowerLossReplayTest: " + seen);
        if (wrong.isEmpty()) {
            for (final Phase phase : Phase.values()) {
                assertTrue(fell.getOrDefault(phase, 0) >= count / 20, seen);
            }
            assertTrue(owing >= count / 2, seen);
        }
        return wrong;
    }

    /** A phase that an engine was in, between two lengths of the log. */
    private record Step(Phase phase, long from, long to) {}

    /** As the children said of recovery, flush and trim. */
    private static List<Step> steps(final List<String> said) {
        final List<Step> steps = new ArrayList<>();
        for (final String line : said) {
            if (line.startsWith("PHASE ") && line.endsWith(" .")) {
                final String[] fields = line.split(" ");
                steps.add(
                        new Step(
                                Phase.valueOf(fields[2]),
                                Long.parseLong(fields[3]),
                                Long.parseLong(fields[4])));
            }
        }
        return steps;
    }

    /** Where SYNCED went over from one segment of a life into the next. */
    private static List<Step> rolls(final Path journal, final Ledger ledger) {
        final List<Step> rolls = new ArrayList<>();
        try (JournalTail tail = JournalTail.open(journal, 1)) {
            final Firsts firsts = new Firsts(tail, ledger, rolls);
            while (tail.poll(firsts, Integer.MAX_VALUE) > 0) {
                Thread.onSpinWait();
            }
        }
        return rolls;
    }

    /** Looks at the first record of each segment. */
    private static final class Firsts implements JournalHandler {
        private final JournalTail tail;
        private final Ledger ledger;
        private final List<Step> rolls;
        private Path segment;

        Firsts(final JournalTail tail, final Ledger ledger, final List<Step> rolls) {
            this.tail = tail;
            this.ledger = ledger;
            this.rolls = rolls;
        }

        @Override
        public void onRecord(
                final long sequence,
                final DirectBuffer buffer,
                final int offset,
                final int length) {
            final Path now = tail.segment();
            final long[] span = now.equals(segment) ? null : ledger.synced(sequence);
            if (span != null && segment != null && segment.getParent().equals(now.getParent())) {
                rolls.add(new Step(Phase.ROLL, span[0], span[1]));
            }
            segment = now;
        }

        @Override
        public void onDamage(
                final long firstSequence,
                final long lastSequence,
                final String reason,
                final DirectBuffer buffer,
                final int offset,
                final int length) {
            throw new AssertionError(reason); // a kill damages nothing
        }
    }

    /** As many in each phase, if there is a record of the log in one of its steps. */
    private static IntStream cutsInSteps(
            final Random random,
            final LongArrayList ends,
            final List<Step> steps,
            final long from,
            final int count) {
        final List<List<Step>> phases = new ArrayList<>();
        for (final Phase phase : Phase.values()) {
            final List<Step> these =
                    steps.stream() // before a life's first mark nobody knows since when
                            .map(s -> new Step(s.phase, Math.max(s.from, from), s.to))
                            .filter(step -> step.phase == phase)
                            .filter(step -> records(ends, step.to) > records(ends, step.from))
                            .toList();
            assertFalse(these.isEmpty(), () -> "nothing was logged during any " + phase);
            phases.add(these);
        }
        return IntStream.range(0, count)
                .map(
                        i -> {
                            final List<Step> these = phases.get(i % phases.size());
                            final Step step = these.get(random.nextInt(these.size()));
                            return random.nextInt(records(ends, step.from), records(ends, step.to))
                                    + 1;
                        });
    }

    /** Records of the log that end within its first bytes. */
    private static int records(final LongArrayList ends, final long bytes) {
        int low = 0;
        int high = ends.size();
        while (low < high) {
            final int middle = (low + high) / 2;
            if (ends.getLong(middle) <= bytes) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private static int[] cuts(
            final Random random, final LongArrayList ends, final long from, final int count) {
        int first = 0;
        while (ends.getLong(first) < from) {
            first++;
        }
        return random.ints(count, first + 1, ends.size() + 1).sorted().toArray();
    }

    /**
     * After a force that failed the kernel takes pages for clean that are not on disk. The next
     * life finds them in memory: what it says is SYNCED must be on disk all the same. The kernel
     * may give such a page up meanwhile, as it takes it for clean; what it held was never SYNCED,
     * the next life tells of the damage, and there is nothing left to force: then once more.
     */
    @Test
    void whatAFailedForceLeftInMemoryIsForcedByTheNextLife() throws Exception {
        Machine.needs(BlockLog.isPossible(), "block log", "no FUSE, loop device or gcc here");
        final long seed = Children.seed();
        final Random random = new Random(seed);
        List<String> wrong = List.of("not run");
        for (int attempt = 1; attempt <= ATTEMPTS && !wrong.isEmpty(); attempt++) {
            final Path at = Files.createDirectory(work.resolve("attempt-" + attempt));
            wrong = failThenForce(at, seed, random);
        }
        assertEquals(List.of(), wrong, "seed " + seed);
    }

    private static List<String> failThenForce(final Path work, final long seed, final Random random)
            throws Exception {
        try (Children children = new Children(work)) {
            final Path home = children.home("home");
            final Ledger ledger = new Ledger();
            final Path log;
            final long from;
            try (BlockLog disk = BlockLog.start(work, EngineChild.data(home))) {
                log = disk.log();
                try (Children.Life life =
                        children.live(List.of(), random, Way.FAILING, log, List.of(home))) {
                    assertTrue(life.await("SYNCED", 2), () -> life.said().toString());
                    disk.fail("community://rust/http"); // a subject of the mix
                    assertTrue(life.await("STANDS", 1), () -> life.said().toString());
                    life.kill();
                    ledger.add(Children.name(home), life.said());
                    final List<String> errors = life.settle();
                    assertTrue(
                            errors.stream().anyMatch(line -> line.contains("force failed"))
                                    && errors.stream().allMatch(WHAT_THE_DISK_REFUSED),
                            () -> "seed " + seed + ": " + errors);
                }
                final Ledger owed = ledger.upTo(ledger.durable());
                disk.heal();
                from = Files.size(log);
                try (Children.Life life =
                        children.live(List.of(), random, Way.JOURNAL_ONLY, log, List.of(home))) {
                    assertTrue(life.await("SYNCED", 2), () -> life.said().toString());
                    life.kill();
                    final List<String> wrong = ledger.add(Children.name(home), life.said());
                    if (!wrong.isEmpty()) {
                        for (final String line : wrong) {
                            assertTrue(
                                    GIVEN_UP.matcher(line).matches() && owed.isOfNoneOwed(line),
                                    "seed " + seed + ": " + wrong);
                        }
                        return wrong;
                    }
                }
            }
            final LongArrayList ends = BlockLog.ends(log);
            try (CrashStates states = CrashStates.open(work, log, EngineChild.data(home))) {
                for (final int cut : cuts(random, ends, from, CONTROL_STATES)) {
                    states.mount(cut, random.nextLong(), false);
                    assertEquals(
                            List.of(),
                            ledger.lostInJournal(
                                    EngineChild.data(home).resolve("journal"),
                                    ledger.durableAt(ends.getLong(cut - 1)),
                                    0),
                            "seed " + seed);
                }
                states.drop();
            }
        }
        return List.of();
    }

    /**
     * A commit of LMDB that the disk refused ends the engine. The next life writes into the same
     * blocks, which ext4 does not mark as written if it is the same cached pages that are written
     * once more; what it says is STORED must be on disk all the same.
     */
    @Test
    void whatLmdbCommitsAfterAFailedForceIsOnDisk() throws Exception {
        Machine.needs(BlockLog.isPossible(), "block log", "no FUSE, loop device or gcc here");
        final long seed = Children.seed();
        final Random random = new Random(seed);
        try (Children children = new Children(work)) {
            final Path home = children.home("home");
            final Path log;
            try (BlockLog disk = BlockLog.start(work, EngineChild.data(home))) {
                log = disk.log();
                try (Children.Life life =
                        children.live(List.of(), random, Way.FAILING_LMDB, log, List.of(home))) {
                    assertTrue(life.await("STORED", 2), () -> life.said().toString());
                    disk.fail("S:community://rust/http"); // a key of the subject index
                    assertTrue(life.await("STANDS", 1), () -> life.said().toString());
                    life.kill();
                    final List<String> errors = life.settle();
                    assertTrue(
                            errors.stream().anyMatch(line -> line.contains("LMDB store"))
                                    && errors.stream().allMatch(WHAT_THE_DISK_REFUSED),
                            () -> "seed " + seed + ": " + errors);
                }
                disk.heal();
                try (Children.Life life =
                        children.live(List.of(), random, Way.USUAL, log, List.of(home))) {
                    assertTrue(life.await("STORED", 3), () -> life.said().toString());
                    life.kill();
                    assertEquals(List.of(), life.settle(), "seed " + seed);
                }
            }
            try (CrashStates states = CrashStates.open(work, log, EngineChild.data(home))) {
                states.mount(BlockLog.ends(log).size(), random.nextLong(), true);
                assertEquals(List.of(), children.checkAfterPowerCut(home, false), "seed " + seed);
                states.drop();
            }
        }
    }

    /** A journal that forces by Chronicle's own sync(). */
    @Test
    void chroniclesOwnSyncIsCaught() throws Exception {
        Machine.needs(BlockLog.isPossible(), "block log", "no FUSE, loop device or gcc here");
        final long seed = Children.seed();
        final Random random = new Random(seed);
        try (Children children = new Children(work)) {
            final Path home = children.home("home");
            final Ledger ledger = new Ledger();
            final Path log;
            final long from;
            try (BlockLog disk = BlockLog.start(work, EngineChild.data(home))) {
                log = disk.log();
                from = Files.size(log);
                try (Children.Life life =
                        children.start(
                                ChronicleSyncChild.class,
                                List.of(home),
                                home.toString(),
                                log.toString(),
                                Long.toString(random.nextLong()))) {
                    assertTrue(life.await("APPENDED", RECORDS), () -> life.said().toString());
                    life.kill();
                    assertEquals(List.of(), ledger.add(Children.name(home), life.said()));
                }
                // what a cut may take is there before it, and can be read
                assertEquals(
                        List.of(),
                        ledger.lostInJournal(
                                EngineChild.data(home).resolve("journal"), Long.MAX_VALUE, 0));
            }
            final LongArrayList ends = BlockLog.ends(log);
            int caught = 0;
            try (CrashStates states = CrashStates.open(work, log, EngineChild.data(home))) {
                for (final int cut : cuts(random, ends, from, CONTROL_STATES)) {
                    states.mount(cut, random.nextLong(), false);
                    final long owed = ledger.durableAt(ends.getLong(cut - 1));
                    caught += isLost(ledger, home, owed) ? 1 : 0;
                }
                states.drop();
            }
            System.out.println(
                    "PowerLossReplayTest: Chronicle's sync() lost records in %d of %d states"
                            .formatted(caught, CONTROL_STATES));
            assertTrue(caught > 0, "seed " + seed);
        }
    }

    private static boolean isLost(final Ledger ledger, final Path home, final long owed)
            throws IOException {
        final Path journal = EngineChild.data(home).resolve("journal");
        return !Files.isDirectory(journal) && owed > 0
                || !ledger.lostInJournal(journal, owed, 0).isEmpty();
    }
}
