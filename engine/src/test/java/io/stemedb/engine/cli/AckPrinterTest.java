package io.stemedb.engine.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.cli.Console.OutputClosedException;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(900) // only for what hangs
class AckPrinterTest {

    private final UnsafeBuffer hash = new UnsafeBuffer(new byte[32]);
    private final AtomicLong synced = new AtomicLong();

    @Test
    void nothingIsPrintedBeforeItIsSynced() throws IOException {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        final AckPrinter acks = new AckPrinter(out, synced::get);
        offer(acks, 1, 10);
        offer(acks, 2, 11);
        synced.set(10);
        acks.close();
        assertEquals("1 10 " + hexOf(1) + "\n", out.toString(StandardCharsets.US_ASCII));
        assertEquals(1, acks.printed());
    }

    @Test
    void theLastRecordIsAcknowledgedWhileNothingElseHappens() throws IOException {
        final PipedOutputStream out = new PipedOutputStream();
        final BufferedReader reader =
                new BufferedReader(
                        new InputStreamReader(
                                new PipedInputStream(out), StandardCharsets.US_ASCII));
        final AckPrinter acks = new AckPrinter(out, synced::get);
        offer(acks, 7, 1);
        synced.set(1);
        // no further offer, no close: only the printer's own thread can bring this line
        final String line = assertTimeoutPreemptively(Duration.ofSeconds(20), reader::readLine);
        assertEquals("7 1 " + hexOf(7), line);
        acks.close();
    }

    /** "Flushed at least every 10 ms": the median, as a loaded machine may be late at times. */
    @Test
    void aLineComesSoonAfterItsRecordIsSynced() throws IOException {
        final int count = 301;
        final long[] delaysNs = new long[count];
        final PipedOutputStream out = new PipedOutputStream();
        final AtomicLong flushedNs = new AtomicLong();
        final PipedInputStream in = new PipedInputStream(out);
        final OutputStream timed =
                new FilterOutputStream(out) {
                    @Override
                    public void flush() throws IOException {
                        super.flush();
                        flushedNs.set(System.nanoTime());
                    }
                };
        final AckPrinter acks = new AckPrinter(timed, synced::get);
        for (int i = 1; i <= count; i++) {
            final long before = flushedNs.get();
            offer(acks, i, i);
            final long syncedNs = System.nanoTime();
            synced.set(i);
            while (flushedNs.get() == before) {
                Thread.yield();
            }
            delaysNs[i - 1] = flushedNs.get() - syncedNs;
            in.skipNBytes(in.available());
        }
        acks.close();
        Arrays.sort(delaysNs);
        // of a loaded machine the better ones: who looks too seldom has no good ones
        final long delayNs = delaysNs[count / 10];
        assertTrue(delayNs < 10_000_000, () -> "a tenth of the delays are below ns: " + delayNs);
    }

    @Test
    void manyAreAllPrintedInOrderThroughAFullRing() throws IOException {
        final int count = 200_000;
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        final AckPrinter acks = new AckPrinter(out, synced::get);
        for (int i = 1; i <= count; i++) {
            offer(acks, i, i + 5);
            synced.set(i + (i % 3 == 0 ? 5 : 3));
        }
        synced.set(count + 5);
        acks.close();
        final String[] lines = out.toString(StandardCharsets.US_ASCII).split("\n");
        assertEquals(count, lines.length);
        for (int i = 1; i <= count; i++) {
            assertEquals(i + " " + (i + 5) + " " + hexOf(i), lines[i - 1]);
        }
    }

    @Test
    void aReaderThatWentAwayIsTold() {
        final OutputStream closed =
                new Console.PipeOutputStream(
                        new OutputStream() {
                            @Override
                            public void write(final int value) throws IOException {
                                throw new IOException("Broken pipe");
                            }
                        });
        final AckPrinter acks = new AckPrinter(closed, () -> Long.MAX_VALUE);
        assertThrows(
                OutputClosedException.class,
                () -> {
                    // the second exception must not be the first one again
                    try (acks) {
                        while (true) {
                            offer(acks, 1, 1);
                        }
                    }
                });
    }

    private void offer(final AckPrinter acks, final long line, final long sequence)
            throws IOException {
        hash.putLong(0, line);
        acks.offer(line, sequence, hash);
    }

    private String hexOf(final long line) {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[32]);
        buffer.putLong(0, line);
        return Hex.of(buffer, 0, 32);
    }
}
