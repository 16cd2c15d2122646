package io.stemedb.bench.rig;

import io.stemedb.bench.Claims;
import io.stemedb.bench.Engines;
import io.stemedb.bench.peers.RawChronicle;
import io.stemedb.engine.Appender;
import io.stemedb.engine.Engine;
import io.stemedb.engine.EngineContext;
import io.stemedb.engine.Watermark;
import io.stemedb.engine.journal.JournalConfig;
import java.nio.file.Path;
import org.HdrHistogram.Histogram;
import org.agrona.BufferUtil;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.SleepingIdleStrategy;
import org.agrona.concurrent.UnsafeBuffer;

/** Something that takes 240 bytes at a time. */
interface AppendSide extends AutoCloseable {
    /** Appends one; the index says which claim it is, where that matters. */
    void append(int index);

    /** Waits until whatever runs in the background has caught up. */
    void settle();

    @Override
    void close();

    /** What each of some appends at a rate costs its caller, in ns, two clock readings included. */
    static Histogram paced(
            final AppendSide side, final int first, final int count, final int ratePerSecond) {
        final Histogram costs = Percentiles.newHistogram();
        final Schedule schedule = new Schedule(System.nanoTime(), 1, ratePerSecond, count);
        for (int i = 0; i < count; i++) {
            final long dueNs = schedule.intendedNs(i);
            long startNs = System.nanoTime();
            while (startNs - dueNs < 0) {
                startNs = System.nanoTime();
            }
            side.append(first + i);
            costs.recordValue(System.nanoTime() - startNs);
        }
        return costs;
    }

    /** The engine: fields set, encoded, checked, summed, appended with a sequence. */
    final class OfEngine implements AppendSide {
        private static final long PREPARE_NS = 20_000_000;

        private final Engine engine;
        private final Appender appender;
        private final IdleStrategy idle = Engines.backPressureIdle();
        private final Claims claims = new Claims(1_000);

        OfEngine(final Path directory) {
            this(Engines.context(directory));
        }

        OfEngine(final EngineContext context) {
            engine = Engine.launch(context);
            appender = engine.newAppender();
        }

        @Override
        public void append(final int index) {
            Engines.append(claims.set(appender.assertion(), index), idle);
        }

        @Override
        public void settle() {
            final long appended = engine.watermark(Watermark.APPENDED);
            if (!engine.await(Watermark.READABLE, appended, Engines.TIMEOUT_NS)) {
                throw new IllegalStateException("ingest does not catch up with " + appended);
            }
            new SleepingIdleStrategy(PREPARE_NS)
                    .idle(); // blocks ahead: nothing outside can see them
        }

        @Override
        public void close() {
            engine.close();
        }
    }

    /** A raw Chronicle queue: 240 bytes that are encoded already, copied in place. */
    final class OfChronicle implements AppendSide {
        private final RawChronicle chronicle;
        private final UnsafeBuffer record =
                new UnsafeBuffer(BufferUtil.allocateDirectAligned(Claims.LENGTH, 64));

        OfChronicle(final Path directory) {
            new Claims(1_000).encode(0, record, 0);
            chronicle =
                    new RawChronicle(
                            directory.resolve("raw"),
                            JournalConfig.SEGMENT_LENGTH_DEFAULT,
                            JournalConfig.PREPARE_AHEAD_DEFAULT);
        }

        @Override
        public void append(final int index) {
            chronicle.append(record, 0, Claims.LENGTH);
        }

        @Override
        public void settle() {
            chronicle.awaitTouched();
        }

        @Override
        public void close() {
            chronicle.close();
        }
    }
}
