package io.stemedb.engine.cli;

import io.stemedb.engine.cli.Console.OutputClosedException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.SleepingIdleStrategy;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Prints {@code <line> <sequence> <hash>} once a record is SYNCED, in order. The ingesting thread
 * offers, a thread of this class looks at the watermark every millisecond and prints, so that the
 * last record of a pause is acknowledged while the input is idle. Assumes one offering thread and
 * ascending sequences.
 */
final class AckPrinter implements AutoCloseable {

    private static final int HASH_LENGTH = 32;
    private static final int CAPACITY = 1 << 16;
    private static final int MASK = CAPACITY - 1;
    private static final int LINE_LENGTH_MAX = 2 * 20 + 2 * HASH_LENGTH + 3;
    private static final int PRINTED_AT_ONCE = 512;
    private static final long POLL_INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long FULL_IDLE_NS = TimeUnit.MICROSECONDS.toNanos(50);

    private final IdleStrategy fullIdle = new SleepingIdleStrategy(FULL_IDLE_NS);
    private final IdleStrategy printerIdle = new SleepingIdleStrategy(POLL_INTERVAL_NS);

    private final OutputStream out;
    private final LongSupplier syncedWatermark;
    private final long[] lines = new long[CAPACITY];
    private final long[] sequences = new long[CAPACITY];
    private final UnsafeBuffer hashes = new UnsafeBuffer(new byte[CAPACITY * HASH_LENGTH]);

    /** Count of records offered; written by the offering thread. */
    private final AtomicLong offered = new AtomicLong();

    /** Count of records printed and flushed; written by the printing thread. */
    private final AtomicLong printed = new AtomicLong();

    private final Thread printer;
    private volatile boolean closing;
    private volatile Exception failure;

    AckPrinter(final OutputStream out, final LongSupplier syncedWatermark) {
        this.out = out;
        this.syncedWatermark = syncedWatermark;
        this.printer = new Thread(this::run, "stemedb-acks");
        printer.setDaemon(true);
        printer.start();
    }

    /**
     * Takes a record that was appended; waits while 65,536 of them are not printed.
     *
     * @throws IOException if acknowledgements can no longer be printed
     */
    void offer(final long line, final long sequence, final DirectBuffer hash) throws IOException {
        final long at = offered.get();
        while (at - printed.get() >= CAPACITY) {
            rethrow();
            if (Thread.currentThread().isInterrupted()) {
                throw new IOException("interrupted while waiting for acknowledgements");
            }
            fullIdle.idle();
        }
        rethrow();
        final int slot = (int) at & MASK;
        lines[slot] = line;
        sequences[slot] = sequence;
        hashes.putBytes(slot * HASH_LENGTH, hash, 0, HASH_LENGTH);
        offered.set(at + 1);
    }

    /** Prints what is SYNCED by now, then ends the thread. */
    @Override
    public void close() throws IOException {
        closing = true;
        LockSupport.unpark(printer);
        boolean interrupted = false;
        while (printer.isAlive()) {
            try {
                printer.join();
            } catch (final InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        rethrow();
    }

    /** Count of records acknowledged. */
    long printed() {
        return printed.get();
    }

    private void rethrow() throws IOException {
        final Exception e = failure;
        // a new one each time: an exception cannot be suppressed by itself
        if (e instanceof OutputClosedException) {
            throw new OutputClosedException((OutputClosedException) e);
        } else if (e != null) {
            throw new IOException("acknowledgements ended: " + StemeDbCommand.messageOf(e), e);
        }
    }

    private void run() {
        final byte[] buffer = new byte[PRINTED_AT_ONCE * LINE_LENGTH_MAX];
        try {
            while (true) {
                final boolean last = closing;
                while (print(buffer) > 0) {
                    // more may be SYNCED by now
                }
                if (last) {
                    return;
                }
                printerIdle.idle();
            }
        } catch (final IOException | RuntimeException e) {
            failure = e;
        }
    }

    private int print(final byte[] buffer) throws IOException {
        final long synced = syncedWatermark.getAsLong();
        final long end = offered.get();
        final long start = printed.get();
        int length = 0;
        int count = 0;
        while (count < PRINTED_AT_ONCE && start + count < end) {
            final int slot = (int) (start + count) & MASK;
            if (sequences[slot] > synced) {
                break;
            }
            length = number(lines[slot], buffer, length, ' ');
            length = number(sequences[slot], buffer, length, ' ');
            length = Hex.write(hashes, slot * HASH_LENGTH, HASH_LENGTH, buffer, length);
            buffer[length++] = '\n';
            count++;
        }
        if (count > 0) {
            out.write(buffer, 0, length);
            out.flush();
            printed.set(start + count);
        }
        return count;
    }

    private static int number(
            final long value, final byte[] to, final int offset, final char after) {
        final byte[] digits = Long.toString(value).getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(digits, 0, to, offset, digits.length);
        to[offset + digits.length] = (byte) after;
        return offset + digits.length + 1;
    }
}
