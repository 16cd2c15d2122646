package io.stemedb.engine.faults;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.ChildJvm;
import io.stemedb.engine.ReadersRaceChild;
import io.stemedb.engine.TestEngines;
import io.stemedb.engine.memtable.MemtableRaceChild;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Readers against flush, recycling and close for a while, in child JVMs: no wrong byte, nothing
 * readable missed, no crash.
 */
@Tag("faults")
class RaceTest {
    private static final int SECONDS = 60;

    /**
     * A check of the race's, an entry that points nowhere, or memory that is not there any more.
     */
    private static final String TORN =
            "AssertionError: java.lang.(AssertionError: [a-z]|[A-Za-z]*(IndexOutOfBounds|NegativeArraySize"
                    + "|IllegalArgument))|SIGSEGV|SIGBUS";

    @TempDir Path directory;

    /** One child after the other, as many as the suites are long; the least of each count. */
    private long[] run(final Class<?> main, final String... arguments) throws InterruptedException {
        final long[] least = {Long.MAX_VALUE, Long.MAX_VALUE};
        for (int i = Scale.of(1); i > 0; i--) {
            try (ChildJvm child = ChildJvm.start(directory.resolve("output"), main, arguments)) {
                final List<String> lines = child.end();
                final String last = lines.get(lines.size() - 1);
                System.out.println(main.getSimpleName() + ' ' + last);
                final String[] fields = last.split(" ");
                least[0] = Math.min(least[0], Long.parseLong(fields[1]));
                least[1] = Math.min(least[1], Long.parseLong(fields[2]));
            }
        }
        return least;
    }

    /** With what it says when the check itself sees the defect, as an expression. */
    private void isCaught(final String says, final Class<?> main, final String... arguments)
            throws InterruptedException {
        try (ChildJvm child = ChildJvm.start(directory.resolve("output"), main, arguments)) {
            assertTrue(
                    child.process().waitFor(TestEngines.TIMEOUT_NS, TimeUnit.NANOSECONDS),
                    "never caught");
            final String output = String.join("\n", child.lines());
            assertTrue(child.process().exitValue() != 0, output);
            assertTrue(Pattern.compile(says).matcher(output).find(), output);
        }
    }

    @Test
    void readersAndRecycledGenerations() throws InterruptedException {
        final long[] counts = run(MemtableRaceChild.class, Integer.toString(SECONDS));
        assertTrue(counts[0] > 1_000 && counts[1] > 1_000, "visits " + counts[0]);
    }

    @Test
    void readersAndAClosingEngine() throws InterruptedException {
        final String data = directory.resolve("data").toString();
        final long[] counts =
                run(
                        ReadersRaceChild.class,
                        data,
                        Integer.toString(SECONDS),
                        Long.toString(Scale.seed()));
        assertTrue(counts[0] > 2 && counts[1] > 10_000, "lives " + counts[0]);
    }

    /** The control: memory is used again while readers are in it. */
    @Test
    void recyclingUnderReadersIsCaught() throws InterruptedException {
        isCaught(TORN, MemtableRaceChild.class, "0", "reckless");
    }

    /** The control: memory is given back while readers are in it. */
    @Test
    void closingUnderReadersIsCaught() throws InterruptedException {
        isCaught(TORN, MemtableRaceChild.class, "0", "closed");
    }

    /** The control: a claim whose number is not what its sequence says. */
    @Test
    void aWrongNumberIsCaught() throws InterruptedException {
        final String data = directory.resolve("data").toString();
        isCaught(
                "AssertionError: claim \\d+\\.0 at \\d+",
                ReadersRaceChild.class,
                data,
                "0",
                "1",
                "wrong");
    }
}
