package io.stemedb.engine.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class HashWindowTest {

    private static final int CAPACITY = 64;

    private final HashWindow window = new HashWindow(CAPACITY);
    private final UnsafeBuffer hash = new UnsafeBuffer(new byte[32]);

    @Test
    void remembersAtLeastTheLastOnesAndForgetsInTheEnd() {
        final long seed = System.nanoTime();
        for (int i = 0; i < 1_000; i++) {
            assertFalse(window.contains(hash(seed, i)), "seed " + seed + " hash " + i);
            window.add(hash(seed, i), i + 1);
            for (int j = Math.max(0, i - CAPACITY); j <= i; j++) {
                assertTrue(
                        window.contains(hash(seed, j)), "seed " + seed + " hash " + j + " of " + i);
            }
            if (i > 2 * CAPACITY) {
                assertFalse(
                        window.contains(hash(seed, i - 2 * CAPACITY)),
                        "seed " + seed + " hash " + i);
            }
        }
    }

    @Test
    void whatIsForgottenNextHasASequenceThatWasGivenOut() {
        final long seed = System.nanoTime();
        int forgettings = 0;
        for (int i = 0; i < 10 * CAPACITY; i++) {
            if (window.isFull()) {
                forgettings++;
                assertEquals((long) (forgettings - 1) * CAPACITY, window.olderLastSequence());
            }
            window.add(hash(seed, i), i + 1);
        }
        assertEquals(9, forgettings);
    }

    @Test
    void hashesThatStartAlikeAreToldApart() {
        for (int i = 0; i < CAPACITY; i++) {
            hash.putLong(0, 7);
            hash.putLong(8, i);
            assertFalse(window.contains(hash));
            window.add(hash, i + 1);
            assertTrue(window.contains(hash));
        }
    }

    @Test
    void theSameHashTakesOnePlace() {
        for (int i = 0; i < 10 * CAPACITY; i++) {
            window.add(hash(1, 1), i + 1);
        }
        assertFalse(window.isFull());
    }

    private UnsafeBuffer hash(final long seed, final int index) {
        final byte[] bytes = new byte[32];
        new Random(seed + index * 7919L).nextBytes(bytes);
        hash.putBytes(0, bytes);
        return hash;
    }
}
