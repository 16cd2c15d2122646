package io.stemedb.codecs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/**
 * Mutated records, half of them with their checksum repaired. Whatever the bytes: valid or {@link
 * InvalidRecordException}, nothing read outside them, and what is valid is canonical.
 */
class ValidatorFuzzTest {
    /** Scale and seed are settable as those of the fault suites. */
    private static final int INPUTS = 250_000 * Integer.getInteger("io.stemedb.faults.scale", 1);

    private static final long SEED =
            Long.getLong("io.stemedb.faults.seed", ThreadLocalRandom.current().nextLong());

    /** Bytes for one input, the classes and the message of a first refusal included. */
    private static final long ALLOCATION_MAX = 4 << 20;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int MARGIN = 64;
    private static final String VALID = "valid";

    private final RecordValidator validator = new RecordValidator();
    private final Reencoder reencoder = new Reencoder();
    private final AssertionView assertion = new AssertionView();
    private final VoteView vote = new VoteView();
    private final EpochView epoch = new EpochView();
    private final UnsafeBuffer arena = new UnsafeBuffer(ByteBuffer.allocateDirect(1 << 16));
    private int inputs;
    private long allocated;
    private int taken;
    private int changedAndTaken;
    private int refusedBehindTheChecksum;

    @Test
    void mutatedRecords() {
        final Random random = new Random(SEED);
        final RandomRecords records = new RandomRecords(random);
        final byte[][] corpus = new byte[400][];
        for (int i = 0; i < corpus.length; i++) {
            corpus[i] = records.next();
        }
        final Mutator mutator = new Mutator(random);
        for (inputs = 0; inputs < INPUTS; inputs++) {
            final byte[] original = corpus[random.nextInt(corpus.length)];
            final byte[] other = corpus[random.nextInt(corpus.length)];
            final byte[] mutant = mutator.mutate(original, other);
            if (random.nextBoolean()) {
                Bytes.repairCrc(mutant);
            }
            check(mutant, original);
        }
        final String counts =
                String.format(
                        "seed %d: of %d inputs %d valid, %d of them changed; %d refused behind the"
                                + " checksum",
                        SEED, INPUTS, taken, changedAndTaken, refusedBehindTheChecksum);
        System.out.println(counts + "; at most " + allocated + " bytes allocated for one");
        // Else the mutations would be too crude to reach the rules, and this test would prove
        // nothing.
        assertTrue(changedAndTaken > INPUTS / 50, counts);
        assertTrue(refusedBehindTheChecksum > INPUTS / 10, counts);
    }

    private void check(final byte[] mutant, final byte[] original) {
        // A buffer of exactly these bytes: its bounds checks guard the neighbours.
        final UnsafeBuffer exact = new UnsafeBuffer(mutant.clone());
        final String verdict = verdict(exact, 0, mutant.length);

        // Off the heap, with neighbours of ones and then of zeros: what they are must not matter.
        final int offset = MARGIN + (inputs & 7);
        for (final byte neighbour : new byte[] {-1, 0}) {
            arena.setMemory(0, offset + mutant.length + MARGIN, neighbour);
            arena.putBytes(offset, mutant);
            final String again = verdict(arena, offset, mutant.length);
            assertEquals(verdict, again, () -> where(mutant));
        }
        // Views see only the shape, so they may take what the validator refuses: they stay inside
        // too.
        readAll(exact, mutant);

        if (verdict.equals(VALID)) {
            taken++;
            changedAndTaken += Arrays.equals(mutant, original) ? 0 : 1;
            assertArrayEquals(mutant, reencoder.reencode(mutant), () -> where(mutant));
        } else if (!verdict.startsWith("crc32c")) {
            refusedBehindTheChecksum++;
        }
    }

    private static long allocatedBytes() {
        return THREADS.getThreadAllocatedBytes(Thread.currentThread().getId());
    }

    private String verdict(final DirectBuffer buffer, final int offset, final int length) {
        return bounded(
                () -> validated(buffer, offset, length), () -> where(copy(buffer, offset, length)));
    }

    private String bounded(final Supplier<String> verdict, final Supplier<String> where) {
        final long before = allocatedBytes();
        final String said = verdict.get();
        final long bytes = allocatedBytes() - before;
        allocated = Math.max(allocated, bytes);
        assertTrue(bytes < ALLOCATION_MAX, () -> "allocated " + bytes + ": " + where.get());
        return said;
    }

    /** The control: a verdict that takes more memory than its input can ask for. */
    @Test
    void anAllocationWithoutBoundIsCaught() {
        final AssertionError caught =
                assertThrows(
                        AssertionError.class,
                        () -> bounded(() -> Bytes.hex(new byte[4 << 20]), () -> "control"));
        assertTrue(caught.getMessage().startsWith("allocated "), caught::getMessage);
    }

    private String validated(final DirectBuffer buffer, final int offset, final int length) {
        try {
            validator.validate(buffer, offset, length);
            return VALID;
        } catch (final InvalidRecordException ex) {
            return ex.getMessage();
        } catch (final RuntimeException | Error ex) {
            return fail(where(copy(buffer, offset, length)), ex);
        }
    }

    private static byte[] copy(final DirectBuffer buffer, final int offset, final int length) {
        final byte[] bytes = new byte[length];
        buffer.getBytes(offset, bytes);
        return bytes;
    }

    private void readAll(final DirectBuffer exact, final byte[] mutant) {
        final int length = mutant.length;
        try {
            switch (length == 0 ? 0 : mutant[0]) {
                case 0 -> {
                    assertion.wrap(exact, 0, length);
                    assertion.subject();
                    assertion.predicate();
                    assertion.objectText();
                    for (int i = 0; i < assertion.vectorLength(); i++) {
                        assertion.vectorElement(i);
                    }
                    for (int i = 0; i < assertion.signatureCount(); i++) {
                        exact.boundsCheck(assertion.signatureOffset(i), Limits.SIGNATURE_LENGTH);
                        assertion.signatureTimestamp(i);
                        assertion.signatureScheme(i);
                    }
                    assertion.lifecycle();
                    assertion.sourceClass();
                    assertion.objectType();
                }
                case 1 -> vote.wrap(exact, 0, length).weight();
                default -> {
                    epoch.wrap(exact, 0, length);
                    epoch.name();
                    epoch.description();
                    epoch.supersessionType();
                }
            }
        } catch (final InvalidRecordException ex) {
            assertTrue(ex.getMessage().contains(ex.field()), ex.getMessage());
        } catch (final RuntimeException | Error ex) {
            fail(where(mutant), ex);
        }
    }

    private String where(final byte[] bytes) {
        return "seed " + SEED + " input " + inputs + ": " + Bytes.hex(bytes);
    }
}
