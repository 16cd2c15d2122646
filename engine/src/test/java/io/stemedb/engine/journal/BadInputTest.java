package io.stemedb.engine.journal;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.ChildJvm;
import io.stemedb.engine.faults.Scale;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * P12: mutated records and segments that end where the memory ends, with most checksums repaired. A
 * read past the end is the end of the child.
 */
@Tag("faults")
class BadInputTest {
    private static final int RECORDS = 300_000;
    private static final int SEGMENTS = 200_000;
    private static final List<String> UNCHECKED =
            List.of("-Dagrona.disable.bounds.checks=true", "-XX:-CreateCoredumpOnCrash");

    @TempDir Path directory;

    private ChildJvm child(final String what, final long seed, final int inputs) {
        return ChildJvm.start(
                directory.resolve("output"),
                List.of(),
                UNCHECKED,
                BadInputChild.class,
                what,
                directory.resolve("memory").toString(),
                Long.toString(seed),
                Integer.toString(inputs));
    }

    private long[] counts(final String what, final int inputs) throws InterruptedException {
        final long seed = Scale.seed();
        try (ChildJvm child = child(what, seed, inputs)) {
            final List<String> lines = child.end();
            final String last = lines.get(lines.size() - 1);
            System.out.println(last + " seed " + seed);
            final String[] fields = last.split(" ");
            final long[] counts = new long[fields.length - 1];
            for (int i = 0; i < counts.length; i++) {
                counts[i] = Long.parseLong(fields[i + 1]);
            }
            return counts;
        } catch (final AssertionError e) {
            throw new AssertionError(Scale.again("BadInputTest", seed), e);
        }
    }

    @Test
    void records() throws InterruptedException {
        final long[] counts = counts("records", Scale.of(RECORDS));
        assertTrue(counts[1] > RECORDS / 100, "valid " + counts[1]);
        assertTrue(counts[2] > RECORDS / 4, "refused behind the checksum " + counts[2]);
    }

    @Test
    void segments() throws InterruptedException {
        final long[] counts = counts("segments", Scale.of(SEGMENTS));
        assertTrue(counts[1] > SEGMENTS, "delivered " + counts[1]);
        assertTrue(counts[2] > SEGMENTS / 6, "damages " + counts[2]);
        assertTrue(counts[3] > SEGMENTS / 20, "altered " + counts[3]);
    }

    /** The control: one byte past the end is noticed. */
    @Test
    void aReadPastTheEndIsNoticed() throws InterruptedException {
        try (ChildJvm child = child("past", 0, 1)) {
            assertTrue(child.process().waitFor(300, TimeUnit.SECONDS));
            assertTrue(child.process().exitValue() != 0, () -> child.lines().toString());
            assertFalse(child.lines().toString().contains("PAST"), () -> child.lines().toString());
        }
    }
}
