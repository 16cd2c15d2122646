package io.stemedb.engine;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.YieldingIdleStrategy;
import org.bouncycastle.crypto.digests.Blake3Digest;

/** Small engines, and what every suite does with them. */
public final class TestEngines {
    /**
     * For what hangs for ever otherwise: how long it takes to be red, and no limit of anything. An
     * overloaded machine takes a minute for what a quiet one does in a second.
     */
    public static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(240);

    public static final int HASH = 32;

    private TestEngines() {}

    /** Small segments and generations, so that a few thousand records roll and flush often. */
    public static EngineContext context(final Path directory) {
        return new EngineContext()
                .directory(directory)
                .segmentLength(2 << 20)
                .prepareAhead(2 << 20)
                .generationRecords(2_000)
                .generationBytes(2 << 20)
                .closeTimeoutNs(TIMEOUT_NS)
                .ingestIdleStrategy(new YieldingIdleStrategy())
                .errorHandler(
                        error -> {
                            if (!isSlow(error)) {
                                throw new AssertionError(error);
                            }
                        });
    }

    /** That a close waits for an agent, which sits in a force, is told and is no error. */
    public static boolean isSlow(final Throwable error) {
        return error instanceof IllegalStateException
                && error.getMessage().contains(": still busy after ");
    }

    /** Waits until something holds that another thread does by itself. */
    public static void await(final BooleanSupplier holds, final Supplier<String> otherwise) {
        final long startNs = System.nanoTime();
        while (!holds.getAsBoolean()) {
            if (System.nanoTime() - startNs > TIMEOUT_NS) {
                throw new AssertionError(otherwise.get());
            }
            Thread.yield();
        }
    }

    /** Appends, and again while the engine pushes back. */
    public static long append(final LongSupplier append) {
        final long startNs = System.nanoTime();
        long sequence = append.getAsLong();
        while (sequence < 0) {
            if (System.nanoTime() - startNs > TIMEOUT_NS) {
                throw new AssertionError("append is refused for minutes: " + sequence);
            }
            Thread.yield();
            sequence = append.getAsLong();
        }
        return sequence;
    }

    public static long append(final Appender appender, final byte[] record) {
        final UnsafeBuffer buffer = new UnsafeBuffer(record);
        return append(() -> appender.append(buffer, 0, record.length));
    }

    /** Turns the duty cycle where nobody else does, so that blocks get ready. */
    public static long append(
            final Appender appender,
            final byte[] record,
            final Engine engine,
            final boolean invoked) {
        final UnsafeBuffer buffer = new UnsafeBuffer(record);
        return append(
                () -> {
                    final long sequence = appender.append(buffer, 0, record.length);
                    if (sequence < 0 && invoked) {
                        engine.invoke();
                    }
                    return sequence;
                });
    }

    public static long claim(
            final Appender appender, final String subject, final double value, final long ns) {
        appender.assertion()
                .subject(subject)
                .predicate("price")
                .number(value)
                .confidence(1.0f)
                .timestamp(ns);
        return append(appender.assertion()::append);
    }

    public static long newSeed() {
        return ThreadLocalRandom.current().nextLong();
    }

    /** 32 bytes that follow from a number: an agent, an epoch id, a hash of something. */
    public static byte[] id(final long number) {
        final byte[] bytes = new byte[HASH];
        final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
        for (int i = 0; i < HASH; i += Long.BYTES) {
            buffer.putLong(i, (number + i) * 0x9E3779B97F4A7C15L ^ number);
        }
        return bytes;
    }

    /** Content hash by an implementation that is not ours. */
    public static byte[] hashOf(final byte[] record) {
        final Blake3Digest digest = new Blake3Digest(HASH * Byte.SIZE);
        digest.update(record, 8, record.length - 8);
        final byte[] hash = new byte[HASH];
        digest.doFinal(hash, 0);
        return hash;
    }

    public static byte[] copy(final DirectBuffer buffer, final int offset, final int length) {
        final byte[] bytes = new byte[length];
        buffer.getBytes(offset, bytes);
        return bytes;
    }

    public static String text(final DirectBuffer buffer, final int offset, final int length) {
        return new String(copy(buffer, offset, length), StandardCharsets.UTF_8);
    }

    /** A subject of exactly so many bytes. */
    public static String ofLength(final char letter, final int length) {
        final char[] letters = new char[length];
        Arrays.fill(letters, letter);
        return new String(letters);
    }

    /** Starts a thread whose error is kept; {@link Running#end} gives it. */
    public static Running start(final String name, final Work work) {
        return new Running(name, work);
    }

    @FunctionalInterface
    public interface Work {
        void run() throws Exception;
    }

    /** A thread that must end in time, and without an error. */
    public static final class Running {
        private final Thread thread;
        private volatile Throwable error;

        private Running(final String name, final Work work) {
            thread =
                    new Thread(
                            () -> {
                                try {
                                    work.run();
                                } catch (final Throwable e) {
                                    error = e;
                                }
                            },
                            name);
            thread.setDaemon(true);
            thread.start();
        }

        public Thread thread() {
            return thread;
        }

        public void end() throws InterruptedException {
            thread.join(TimeUnit.NANOSECONDS.toMillis(TIMEOUT_NS));
            if (thread.isAlive()) {
                final AssertionError hang = new AssertionError(thread.getName() + " hangs");
                hang.setStackTrace(thread.getStackTrace());
                throw hang;
            }
            if (error != null) {
                throw new AssertionError(thread.getName() + ": " + error, error);
            }
        }
    }
}
