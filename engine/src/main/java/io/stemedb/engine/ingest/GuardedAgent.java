package io.stemedb.engine.ingest;

import io.stemedb.engine.journal.JournalRefusedException;
import io.stemedb.engine.store.StoreException;
import io.stemedb.engine.store.StoreFailedException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.NanoClock;

/**
 * Keeps an agent from failing in a loop. A store that fails is tried again after a pause: disks
 * fill and empty. Anything else ends the ingestor, and with it the work of all its agents; the
 * error is kept and told once.
 */
final class GuardedAgent implements Agent {
    private static final long PAUSE_NS = 100_000_000;

    private final Agent agent;
    private final NanoClock clock;
    private final ErrorHandler errorHandler;
    private final Consumer<Throwable> onFailure;
    private final BooleanSupplier failed;
    private final BooleanSupplier closing;
    private boolean paused;
    private long resumeAtNs;

    GuardedAgent(
            final Agent agent,
            final NanoClock clock,
            final ErrorHandler errorHandler,
            final Consumer<Throwable> onFailure,
            final BooleanSupplier failed,
            final BooleanSupplier closing) {
        this.agent = agent;
        this.clock = clock;
        this.errorHandler = errorHandler;
        this.onFailure = onFailure;
        this.failed = failed;
        this.closing = closing;
    }

    @Override
    public int doWork() {
        if (failed.getAsBoolean() || paused && isPause(resumeAtNs - clock.nanoTime())) {
            return 0;
        }
        paused = false;
        try {
            return agent.doWork();
        } catch (final StoreFailedException e) {
            onFailure.accept(e);
        } catch (final StoreException e) {
            paused = true;
            resumeAtNs = clock.nanoTime() + PAUSE_NS;
            errorHandler.onError(e);
        } catch (final JournalRefusedException e) { // the journal tries again by itself
            errorHandler.onError(e);
        } catch (final Throwable e) { // whatever it is, this engine must not go on acknowledging
            onFailure.accept(e);
        }
        return 0;
    }

    /** More than the pause: the clock was set back. */
    private static boolean isPause(final long leftNs) {
        return leftNs > 0 && leftNs <= PAUSE_NS;
    }

    /**
     * An agent whose thread ends on its own, as it was interrupted, must not look as if it went on.
     */
    @Override
    public void onClose() {
        if (!closing.getAsBoolean() && !failed.getAsBoolean()) {
            onFailure.accept(
                    new IllegalStateException(
                            roleName() + ": its thread was ended from outside, by an interrupt"));
        }
    }

    @Override
    public String roleName() {
        return agent.roleName();
    }
}
