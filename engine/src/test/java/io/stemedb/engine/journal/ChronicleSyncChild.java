package io.stemedb.engine.journal;

import io.stemedb.engine.RecordMix;
import io.stemedb.engine.Watermark;
import io.stemedb.engine.faults.EngineChild;
import io.stemedb.engine.faults.Ledger;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.SleepingIdleStrategy;

/**
 * Appends to a queue of Chronicle's, and takes its {@code sync()} for a force: what the suites for
 * power loss must catch. Says what it acknowledges as {@link EngineChild} does.
 */
public final class ChronicleSyncChild {
    private static final int BATCH = 20;
    private static final long PAUSE_NS = 5_000_000;

    private ChronicleSyncChild() {}

    public static void main(final String[] arguments) throws IOException {
        final Path home = Path.of(arguments[0]);
        final Path blockLog = Path.of(arguments[1]);
        final IdleStrategy pause = new SleepingIdleStrategy(PAUSE_NS);
        final String name = home.getFileName().toString();
        final RecordMix mix = new RecordMix(new Random(Long.parseLong(arguments[2])), 50);
        try (BareQueue queue = new BareQueue(EngineChild.data(home).resolve("journal"))) {
            for (long sequence = 1; ; sequence++) {
                final byte[] record = mix.next();
                queue.append(sequence, record);
                System.out.println(Ledger.line(name, sequence, record));
                if (sequence % BATCH == 0) {
                    queue.sync();
                    System.out.println(
                            Ledger.line(Watermark.SYNCED, name, sequence, Files.size(blockLog)));
                    pause.idle();
                }
            }
        }
    }
}
