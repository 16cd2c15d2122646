package io.stemedb.bench.rig;

import io.stemedb.bench.Claims;
import io.stemedb.bench.DataDirectory;
import io.stemedb.bench.Engines;
import io.stemedb.engine.Engine;
import io.stemedb.engine.Watermark;
import io.stemedb.engine.journal.JournalHandler;
import io.stemedb.engine.journal.JournalTail;
import io.stemedb.engine.journal.SegmentCopies;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.agrona.DirectBuffer;

/** How fast a journal is scanned, and how long an engine takes to open on a backlog. */
public final class RecoveryRig {
    private static final double SCAN_GB_PER_S = 1;
    private static final double OPEN_S = 2;
    private static final double OPEN_S_PER_100_MB = 1;
    private static final double MB = 1e6;

    private final Session session;
    private final int records;
    private final int repetitions;
    private final Table raw =
            new Table("repetition", "journal_mb", "scan_s", "scan_gb_per_s", "open_s", "limit_s");

    /** Counts what a scan delivers, and looks at a byte of each. */
    private static final class Count implements JournalHandler {
        private long records;
        private long sum;

        @Override
        public void onRecord(
                final long sequence,
                final DirectBuffer buffer,
                final int offset,
                final int length) {
            records++;
            sum += buffer.getByte(offset + length - 1);
        }

        @Override
        public void onDamage(
                final long firstSequence,
                final long lastSequence,
                final String reason,
                final DirectBuffer buffer,
                final int offset,
                final int length) {
            throw new IllegalStateException("damaged: " + reason);
        }

        @Override
        public boolean onPolled() {
            return true;
        }
    }

    /**
     * A rig.
     *
     * @param session where results go
     * @param records in the journal
     * @param repetitions how often each is measured
     */
    public RecoveryRig(final Session session, final int records, final int repetitions) {
        this.session = session;
        this.records = records;
        this.repetitions = repetitions;
    }

    /** Measures. */
    public void run() {
        session.section(
                "Recovery",
                String.format(
                        Locale.ROOT,
                        "A journal of %,d assertions of %d bytes in the page cache. Scan: every record"
                                + " decoded and its CRC checked by the decoder that recovery uses. Open:"
                                + " Engine.launch() after the process that appended was killed, with both"
                                + " stores deleted, until all is READABLE, which is more than the scan"
                                + " alone. Median [min..max] of %d.",
                        records,
                        Claims.LENGTH,
                        repetitions));
        final double[] gbPerSecond = new double[repetitions];
        final double[] openSeconds = new double[repetitions];
        double limit = 0;
        for (int i = 0; i < repetitions; i++) {
            try (DataDirectory directory = DataDirectory.make()) {
                final Path data = directory.path().resolve("engine");
                KilledEngine.leave(directory.path(), records);
                if (i == 0) {
                    scan(data); // what the JIT has not seen yet is not the decoder's speed
                }
                final double mb =
                        records * (double) SegmentCopies.excerptLength(0, Claims.LENGTH) / MB;
                final double scanSeconds = scan(data);
                gbPerSecond[i] = mb / 1e3 / scanSeconds;
                delete(data.resolve("rocks"));
                delete(data.resolve("lmdb"));
                openSeconds[i] = open(directory.path());
                limit = OPEN_S + OPEN_S_PER_100_MB * mb / 100;
                raw.row(i, f(mb), f(scanSeconds), f(gbPerSecond[i]), f(openSeconds[i]), f(limit));
                session.say(
                        String.format(
                                Locale.ROOT,
                                "repetition %d: %,.0f MB, scan %.2f GB/s, open %.2f s",
                                i + 1,
                                mb,
                                gbPerSecond[i],
                                openSeconds[i]));
            }
        }
        session.table(raw);
        session.raw("recovery.csv", raw);
        final Spread scan = Spread.of(gbPerSecond);
        session.verdict(
                String.format(
                        Locale.ROOT, "scan of a warm journal at least %.0f GB/s", SCAN_GB_PER_S),
                scan.text(2) + " GB/s",
                scan.median() >= SCAN_GB_PER_S);
        final Spread open = Spread.of(openSeconds);
        session.verdict(
                String.format(
                        Locale.ROOT, "open after a kill with nothing stored at most %.1f s", limit),
                open.text(2) + " s",
                open.median() <= limit);
    }

    private double scan(final Path data) {
        final Count count = new Count();
        final long startNs = System.nanoTime();
        try (JournalTail tail = JournalTail.open(data.resolve("journal"), 1)) {
            while (count.records < records) {
                if (tail.poll(count, 1_024) == 0) {
                    throw new IllegalStateException(
                            "the scan ended at record " + count.records + " of " + records);
                }
            }
        }
        return (System.nanoTime() - startNs) / 1e9;
    }

    private double open(final Path directory) {
        final long startNs = System.nanoTime();
        try (Engine engine = Engine.launch(Engines.context(directory))) {
            if (!engine.await(Watermark.READABLE, records, Engines.TIMEOUT_NS)) {
                throw new IllegalStateException("not readable in time");
            }
            final double seconds = (System.nanoTime() - startNs) / 1e9;
            Engines.store(engine);
            return seconds;
        }
    }

    private static void delete(final Path store) {
        try (Stream<Path> files = Files.list(store)) {
            final List<Path> all = files.toList();
            for (final Path file : all) {
                if (Files.isDirectory(file)) {
                    delete(file);
                } else {
                    Files.delete(file);
                }
            }
            Files.delete(store);
        } catch (final IOException e) {
            throw new UncheckedIOException(store + ": cannot be deleted", e);
        }
    }

    private static String f(final double value) {
        return String.format(Locale.ROOT, "%.3f", value);
    }
}
