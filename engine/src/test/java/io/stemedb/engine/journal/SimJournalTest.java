package io.stemedb.engine.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.Overridden;
import io.stemedb.engine.faults.Damage;
import io.stemedb.engine.faults.Scale;
import io.stemedb.engine.faults.sim.Chaos;
import io.stemedb.engine.faults.sim.Mutant;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.agrona.DirectBuffer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The simulated journal against Chronicle's: the same random steps, the same answers. Where blocks
 * are ready and where segments end may differ; what was appended, is synced and is read may not.
 */
@Tag("faults")
class SimJournalTest extends JournalFixture {
    private static final int RUNS = Scale.of(2);
    private static final int STEPS = 4_000;
    private static final int LIFE = 200;
    private static final String TEST = "SimJournalTest#theSameStepsGiveTheSameAnswers";

    /** What a reader was told, in order. */
    private static final class Heard implements JournalHandler {
        final List<String> lines = new ArrayList<>();

        @Override
        public void onRecord(
                final long sequence,
                final DirectBuffer buffer,
                final int offset,
                final int length) {
            int hash = 1;
            for (int i = 0; i < length; i++) {
                hash = 31 * hash + buffer.getByte(offset + i);
            }
            lines.add(sequence + " " + length + " " + hash);
        }

        @Override
        public void onDamage(
                final long firstSequence,
                final long lastSequence,
                final String reason,
                final DirectBuffer buffer,
                final int offset,
                final int length) {
            lines.add("damage " + firstSequence + "-" + lastSequence);
        }
    }

    private final SimDisk disk = new SimDisk(SEGMENT);
    private Path home;
    private boolean powerLost;
    private int kills;
    private int lives;
    private long trimmed;
    private final Chaos chaos = new Chaos();
    private Journal[] journals;
    private JournalReader[] readers;
    private final Heard[] heard = {new Heard(), new Heard()};
    private long read;

    private void openBoth(final long floor) {
        journals =
                new Journal[] {
                    ChronicleJournal.open(home, config(floor)),
                    new SimJournal(disk, chaos, 64 << 20, floor, floor)
                };
        readBoth();
    }

    private void readBoth() {
        readers =
                new JournalReader[] {
                    journals[0].newReader(read + 1), journals[1].newReader(read + 1)
                };
    }

    private void closeBoth() {
        for (int i = 0; i < 2; i++) {
            readers[i].close();
            journals[i].close();
        }
    }

    /**
     * Both processes end, perhaps in the middle of an append: the files of the one are copied as
     * they are, the other does nothing any more.
     */
    private void killBoth(final int step, final boolean appending) throws IOException {
        final Path left = directory.resolve("killed-" + step);
        if (appending) {
            final int length = records.encode(step, 100);
            final DirectBuffer watched =
                    Overridden.method(
                            DirectBuffer.class,
                            records.buffer,
                            "addressOffset",
                            none -> {
                                Damage.copy(home, left);
                                return records.buffer.addressOffset();
                            });
            journals[0].append(watched, 0, length);
            chaos.crashIn(1);
            try {
                journals[1].append(records.buffer, 0, length);
            } catch (final Chaos.Crash e) {
                assertTrue(chaos.isDead());
            }
        }
        if (!Files.exists(left)) { // nothing was copied: refused, or not asked for
            Damage.copy(home, left);
        }
        chaos.kill();
        closeBoth();
        Damage.delete(home);
        home = left;
        if (powerLost) {
            disk.powerLoss(chaos.random);
        }
        chaos.revive();
        kills++;
    }

    private void drain(final int i) {
        int idle = 0;
        while (idle < 4) {
            idle = readers[i].poll(heard[i], 16) == 0 ? idle + 1 : 0;
        }
    }

    private void compare(final String at) {
        drain(0);
        drain(1);
        assertEquals(heard[0].lines, heard[1].lines, at);
        assertEquals(readers[0].nextSequence(), readers[1].nextSequence(), at);
        read = readers[0].nextSequence() - 1;
        heard[0].lines.clear();
        heard[1].lines.clear();
    }

    @Test
    void theSameStepsGiveTheSameAnswers() throws IOException {
        final long seed = Scale.seed();
        for (int i = 0; i < RUNS; i++) {
            run(seed + i, Mutant.NONE);
        }
        assertTrue(
                trimmed > 0 && lives > 4 * RUNS && kills > 2 * RUNS,
                "trimmed " + trimmed + " lives " + lives + " kills " + kills);
    }

    /** The control: a reader that swallows a record now and then. */
    @Test
    void aSwallowedRecordIsCaught() {
        assertThrows(AssertionError.class, () -> run(Scale.seed(), Mutant.RECORD_SWALLOWED));
    }

    /** The control: a disk that loses at a kill what is lost with the power only. */
    @Test
    void aKillThatLosesWhatWasAppendedIsCaught() {
        powerLost = true;
        assertThrows(AssertionError.class, () -> run(Scale.seed(), Mutant.NONE));
    }

    private void run(final long seed, final Mutant mutant) throws IOException {
        final Random random = new Random(seed);
        chaos.reset(seed, mutant);
        disk.reset();
        read = 0;
        home = directory.resolve("run-" + seed);
        openBoth(0);
        try {
            for (int step = 0; step < STEPS; step++) {
                final String at = Scale.again(TEST, seed) + " step " + step;
                step(random, step, at);
                if (random.nextInt(LIFE) == 0) {
                    nextLife(random, step, at);
                }
            }
            compare(Scale.again(TEST, seed) + " at the end");
        } finally {
            closeBoth();
        }
        for (final Journal journal : journals) {
            assertThrows(JournalException.class, () -> journal.sync(Long.MAX_VALUE));
        }
    }

    private void step(final Random random, final int step, final String at) {
        switch (random.nextInt(16)) {
            case 0 -> {
                journals[0].sync(journals[0].appended());
                journals[1].sync(journals[1].appended());
            }
            case 1 -> compare(at);
            case 2 -> {
                readers[0].close();
                readers[1].close();
                readBoth();
            }
            case 3 -> {
                compare(at);
                journals[0].sync(read);
                journals[1].sync(read);
                final long below = read - random.nextInt(50);
                for (final Journal journal : journals) {
                    journal.prepare();
                    trimmed += journal.trim(below, 0);
                }
            }
            default -> {
                final int text = random.nextInt(random.nextInt(8) == 0 ? 60_000 : 300);
                assertEquals(append(journals[0], step, text), append(journals[1], step, text), at);
            }
        }
        assertEquals(journals[0].appended(), journals[1].appended(), at);
        assertTrue(journals[1].synced() <= journals[1].appended(), at);
    }

    private void nextLife(final Random random, final int step, final String at) throws IOException {
        if (random.nextInt(3) == 0) {
            closeBoth();
        } else {
            killBoth(step, random.nextBoolean());
        }
        openBoth(random.nextBoolean() ? read : 0);
        assertEquals(journals[0].appended(), journals[1].appended(), at);
        assertEquals(journals[0].synced(), journals[1].synced(), at);
        lives++;
    }
}
