package io.stemedb.bench;

import io.stemedb.codecs.RecordWriter;
import io.stemedb.engine.Appender;
import io.stemedb.engine.Engine;
import io.stemedb.engine.EngineContext;
import io.stemedb.engine.Watermark;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.IdleStrategy;

/** The engine as it is measured: with its defaults, but for what each benchmark says. */
public final class Engines {
    /** Longest wait for a watermark. */
    public static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(120);

    /** System property: true for tiny runs, whose engines need not touch much memory. */
    public static final String QUICK = "io.stemedb.bench.quick";

    private static final int QUICK_RECORDS = 20_000;
    private static final int QUICK_BYTES = 8 << 20;

    private Engines() {}

    /**
     * Settings for a run.
     *
     * @param directory of the run; the engine's is {@code engine} in it
     * @return default settings, but for {@link #QUICK}
     */
    public static EngineContext context(final Path directory) {
        final EngineContext context = new EngineContext().directory(directory.resolve("engine"));
        return Boolean.getBoolean(QUICK)
                ? context.generationRecords(QUICK_RECORDS).generationBytes(QUICK_BYTES)
                : context;
    }

    /**
     * How a producer waits that was pushed back: it leaves the core to whom it waits for.
     *
     * @return a strategy for one thread
     */
    public static IdleStrategy backPressureIdle() {
        return new BackoffIdleStrategy(
                10, 10, TimeUnit.MICROSECONDS.toNanos(5), TimeUnit.MICROSECONDS.toNanos(100));
    }

    /**
     * Appends, however long it takes.
     *
     * @param writer with all fields
     * @param idle for when the engine pushes back
     * @return sequence of the record
     * @throws IllegalStateException when the disk is full
     */
    public static long append(final RecordWriter writer, final IdleStrategy idle) {
        long sequence = writer.append();
        while (sequence < 0) {
            if (sequence == Appender.STORAGE_FULL) {
                throw new IllegalStateException("append: the disk is full");
            }
            idle.idle();
            sequence = writer.append();
        }
        idle.reset();
        return sequence;
    }

    /**
     * Appends claims one after the other.
     *
     * @param engine to append to
     * @param claims which
     * @param from number of the first
     * @param count how many
     * @return sequence of the last
     */
    public static long append(
            final Engine engine, final Claims claims, final long from, final int count) {
        final Appender appender = engine.newAppender();
        final IdleStrategy idle = backPressureIdle();
        long sequence = 0;
        for (long i = from; i < from + count; i++) {
            sequence = append(claims.set(appender.assertion(), i), idle);
        }
        return sequence;
    }

    /**
     * Waits until everything appended is in both stores.
     *
     * @param engine to wait for
     * @throws IllegalStateException if that takes longer than {@link #TIMEOUT_NS}
     */
    public static void store(final Engine engine) {
        if (!engine.checkpoint(TIMEOUT_NS)) {
            throw new IllegalStateException(
                    "not stored within "
                            + TimeUnit.NANOSECONDS.toSeconds(TIMEOUT_NS)
                            + " s: "
                            + engine.watermark(Watermark.STORED)
                            + " of "
                            + engine.watermark(Watermark.APPENDED));
        }
    }
}
