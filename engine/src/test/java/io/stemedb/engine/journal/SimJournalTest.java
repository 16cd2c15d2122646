package io.stemedb.engine.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.faults.Scale;
import io.stemedb.engine.faults.sim.Chaos;
import io.stemedb.engine.faults.sim.Mutant;
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
    private static final int STEPS = 4_000;
    private static final int LIFE = 700;

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
    private final Chaos chaos = new Chaos();
    private Journal[] journals;
    private JournalReader[] readers;
    private final Heard[] heard = {new Heard(), new Heard()};
    private long read;

    private void openBoth(final long floor) {
        journals =
                new Journal[] {
                    ChronicleJournal.open(directory, config(floor)),
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
    void theSameStepsGiveTheSameAnswers() {
        final long seed = Scale.seed();
        final Random random = new Random(seed);
        chaos.reset(seed, Mutant.NONE);
        openBoth(0);
        long trimmed = 0;
        int lives = 1;
        for (int step = 0; step < STEPS; step++) {
            final String at = Scale.again("SimJournalTest", seed) + " step " + step;
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
                    assertEquals(
                            append(journals[0], step, text), append(journals[1], step, text), at);
                }
            }
            assertEquals(journals[0].appended(), journals[1].appended(), at);
            assertTrue(journals[1].synced() <= journals[1].appended(), at);
            if (random.nextInt(LIFE) == 0) {
                closeBoth();
                openBoth(random.nextBoolean() ? read : 0);
                assertEquals(journals[0].synced(), journals[1].synced(), at);
                lives++;
            }
        }
        compare(Scale.again("SimJournalTest", seed) + " at the end");
        assertTrue(trimmed > 0 && lives > 1, "trimmed " + trimmed + " lives " + lives);
        closeBoth();
        for (final Journal journal : journals) {
            assertThrows(JournalException.class, () -> journal.sync(Long.MAX_VALUE));
        }
    }
}
