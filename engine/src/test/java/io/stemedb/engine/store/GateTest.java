package io.stemedb.engine.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.TestEngines;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD) // only for what hangs
class GateTest {
    private final Gate gate = new Gate("store");
    private final Gate.Pass outer = gate.newPass(() -> {});
    private final Gate.Pass inner = gate.newPass(() -> {});

    private TestEngines.Running pause(final Runnable action) {
        final TestEngines.Running pausing =
                TestEngines.start("pauses", () -> gate.whileIdle(action));
        TestEngines.await( // it waits for who is inside
                () -> pausing.thread().getState() == Thread.State.TIMED_WAITING,
                () -> pausing.thread().getState().toString());
        return pausing;
    }

    /** A handler that reads on with a second reader: the pause waits for both, and they go on. */
    @Test
    void whoIsInsideEntersAgainBesideAPause() throws InterruptedException {
        final AtomicBoolean ran = new AtomicBoolean();
        outer.enter();
        final TestEngines.Running pausing = pause(() -> ran.set(true));
        inner.enter();
        assertFalse(ran.get());
        inner.exit();
        outer.exit();
        pausing.end();
        assertTrue(ran.get());
    }

    /** Who is outside waits until the pause is over. */
    @Test
    void whoIsOutsideWaits() throws InterruptedException {
        final AtomicBoolean over = new AtomicBoolean();
        final AtomicBoolean before = new AtomicBoolean();
        outer.enter();
        final TestEngines.Running pausing = pause(() -> over.set(true));
        final TestEngines.Running entering =
                TestEngines.start(
                        "enters",
                        () -> {
                            inner.enter();
                            before.set(!over.get());
                            inner.exit();
                        });
        TestEngines.await(
                () -> entering.thread().getState() == Thread.State.TIMED_WAITING,
                () -> entering.thread().getState().toString());
        outer.exit();
        pausing.end();
        entering.end();
        assertFalse(before.get());
    }

    /** It would wait for itself; who asks tries again later. */
    @Test
    void aPauseFromInsideIsRefused() {
        outer.enter();
        assertThrows(StoreRetryException.class, () -> gate.whileIdle(() -> {}));
        assertThrows(IllegalStateException.class, gate::close);
        outer.exit();
        gate.whileIdle(() -> {});
    }

    /** Each user is looked after in a pause, one that asks to enter at that moment too. */
    @Test
    void everybodyIsTendedInAPause() throws InterruptedException {
        final int[] tended = {0};
        final Gate.Pass asking = gate.newPass(() -> {}, () -> tended[0]++);
        final AtomicBoolean done = new AtomicBoolean();
        final TestEngines.Running entering =
                TestEngines.start(
                        "enters",
                        () -> {
                            while (!done.get()) {
                                asking.enter();
                                asking.exit();
                            }
                        });
        final int rounds = 1_000;
        for (int i = 0; i < rounds; i++) {
            gate.whileIdle(gate::tendAll);
        }
        done.set(true);
        entering.end();
        assertEquals(rounds, tended[0]);
    }
}
