package io.stemedb.engine;

import io.stemedb.engine.status.StorageFull;
import io.stemedb.engine.store.StoreException;
import io.stemedb.engine.store.StoreRetryException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongConsumer;
import org.agrona.ErrorHandler;

/** Rebuilds stores of a closed directory from its journal; the old ones are kept. */
final class StoreRebuild {
    private static final String ASIDE = "aside";
    private static final long STEP_NS = TimeUnit.MILLISECONDS.toNanos(200);

    /** Steps without progress where a store fails, and the rebuilding gives up. */
    private static final int STILL_MAX = 50;

    private final Path directory;

    StoreRebuild(final Path directory) {
        this.directory = directory;
    }

    /** Where the old store goes. */
    Path aside(final String folder) {
        int number = 1;
        while (Files.exists(directory.resolve(ASIDE).resolve(folder + "-" + number))) {
            number++;
        }
        return directory.resolve(ASIDE).resolve(folder + "-" + number);
    }

    void moveAside(final String folder) throws IOException {
        final Path store = directory.resolve(folder);
        if (Files.exists(store)) {
            final Path aside = aside(folder);
            FileCopies.makeDirectory(aside.getParent());
            Files.move(store, aside, StandardCopyOption.ATOMIC_MOVE);
            FileCopies.force(aside.getParent());
            FileCopies.force(directory);
        }
    }

    /** A launch replays the journal into what is not there. */
    void run(final ErrorHandler errorHandler, final LongConsumer progress) {
        final AtomicReference<Throwable> told = new AtomicReference<>();
        final EngineContext context =
                new EngineContext()
                        .directory(directory)
                        .closeTimeoutNs(STEP_NS) // all is stored by then, or will not be
                        .errorHandler(
                                error -> {
                                    if (error instanceof StorageFull
                                            || error instanceof StoreException
                                                    && !(error instanceof StoreRetryException)) {
                                        told.set(error);
                                    }
                                    errorHandler.onError(error);
                                });
        try (Engine engine = Engine.launch(context)) {
            final long last = engine.watermark(Watermark.APPENDED);
            long stored = -1;
            int still = 0;
            while (!engine.checkpoint(STEP_NS)) {
                if (engine.watermark(Watermark.STORED) > stored) {
                    stored = engine.watermark(Watermark.STORED);
                    still = 0;
                    told.set(null);
                }
                if (++still > STILL_MAX && told.get() != null) {
                    throw givenUp(told.get());
                }
                progress.accept(stored);
            }
            progress.accept(last);
        } catch (final EngineFailedException e) { // a store that has to be opened again
            throw givenUp(e.getCause() == null ? e : e.getCause());
        }
    }

    private EngineException givenUp(final Throwable why) {
        return new EngineException(
                directory + ": a store cannot be rebuilt: " + why.getMessage(), why);
    }
}
