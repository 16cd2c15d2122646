package io.stemedb.engine;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;

/** Four threads that append with SYNC and nothing that forces besides. */
final class SyncChild {
    static final int RECORDS = 400;
    private static final int WRITERS = 8;

    private SyncChild() {}

    public static void main(final String[] arguments) throws Exception {
        try (Engine engine =
                Engine.launch(
                        TestEngines.context(Path.of(arguments[0]))
                                .durability(Durability.SYNC)
                                .syncIntervalNs(Long.MAX_VALUE)
                                .flushIntervalNs(Long.MAX_VALUE))) {
            final CyclicBarrier together = new CyclicBarrier(WRITERS);
            final List<TestEngines.Running> writers = new ArrayList<>();
            for (int i = 0; i < WRITERS; i++) {
                final String subject = "writer-" + i;
                writers.add(
                        TestEngines.start(
                                subject,
                                () -> {
                                    final Appender appender = engine.newAppender();
                                    together.await();
                                    for (int n = 0; n < RECORDS / WRITERS; n++) {
                                        TestEngines.claim(appender, subject, n, n);
                                    }
                                }));
            }
            for (final TestEngines.Running writer : writers) {
                writer.end();
            }
            System.out.println("synced " + engine.watermark(Watermark.SYNCED));
        }
    }
}
