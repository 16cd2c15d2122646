package io.stemedb.engine.status;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.agrona.BitUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Values of the {@link Counter}s: one little-endian i64 at each multiple of 128 bytes, so that no
 * two writers share a cache line. Nothing to close: the mapping goes with the garbage, so that
 * whoever reads a counter never finds it gone. In the file {@code counters} of the data directory
 * they can be read by any process.
 */
public final class Counters {
    private static final int STRIDE = 2 * BitUtil.CACHE_LINE_LENGTH;
    private static final int LENGTH = Counter.values().length * STRIDE;

    private final UnsafeBuffer values;

    /** Counters in memory only. */
    public Counters() {
        values = new UnsafeBuffer(new byte[LENGTH]);
    }

    private Counters(final MappedByteBuffer mapped) {
        values = new UnsafeBuffer(mapped);
    }

    /**
     * Counters in a file, which is made anew.
     *
     * @param file path of the file
     * @return counters, all 0
     */
    public static Counters map(final Path file) {
        try (FileChannel channel =
                FileChannel.open(
                        file,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE)) {
            channel.write(
                    java.nio.ByteBuffer.allocate(LENGTH),
                    0); // blocks are there before they are mapped
            return new Counters(channel.map(FileChannel.MapMode.READ_WRITE, 0, LENGTH));
        } catch (final IOException e) {
            throw new UncheckedIOException(file + ": cannot be mapped: " + e, e);
        }
    }

    /**
     * Reads a counter. Any thread.
     *
     * @param counter which
     * @return its value
     */
    public long get(final Counter counter) {
        return values.getLongVolatile(counter.ordinal() * STRIDE);
    }

    /**
     * Sets a counter. Its one writing thread.
     *
     * @param counter which
     * @param value new value
     */
    public void set(final Counter counter, final long value) {
        values.putLongOrdered(counter.ordinal() * STRIDE, value);
    }

    /**
     * Adds to a counter. Any thread.
     *
     * @param counter which
     * @param delta amount
     */
    public void add(final Counter counter, final long delta) {
        values.getAndAddLong(counter.ordinal() * STRIDE, delta);
    }

    /**
     * Raises a counter to a value if that is higher. Its one writing thread.
     *
     * @param counter which
     * @param value value seen
     */
    public void max(final Counter counter, final long value) {
        if (value > get(counter)) {
            set(counter, value);
        }
    }
}
