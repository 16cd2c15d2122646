package io.stemedb.engine.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.Stream;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.SleepingIdleStrategy;

/**
 * A clock that goes as fast as the machine does, for times that are promised of a machine that is
 * not overloaded.
 *
 * <p>Its thread writes and forces a page, over and over. A round that takes longer than it should
 * counts no more than that: while the disk does not answer, or nobody gets a core, the clock hardly
 * moves. And of a round counts only the share that the threads of this process ran, of the time in
 * which they ran or waited for a core. So it is never ahead of the time; and what stands still on a
 * machine that would let it go on is late by it as by any other clock.
 */
final class Pace implements AutoCloseable {
    private static final long PAUSE_NS = 5_000_000;

    /** With the force of a page, some ms on a disk that nobody else loads. */
    private static final long ROUND_MAX_NS = 15_000_000;

    private static final int PAGE = 4096;
    private static final int PAGES = 64;
    private static final Path THREADS = Path.of("/proc/self/task");

    private final ByteBuffer page = ByteBuffer.allocateDirect(PAGE);
    private final Path file;
    private final FileChannel channel;
    private final Thread thread = new Thread(this::run, "pace");
    private long ranNs;
    private long waitedNs;
    private double share = 1;
    private volatile long paceNs;
    private volatile boolean closed;

    /** Starts one that forces a file of its own, on the disk whose pace it is. */
    Pace(final Path file) throws IOException {
        this.file = file;
        channel = // a kill may have left one
                FileChannel.open(
                        file,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE);
        thread.setDaemon(true);
        thread.start();
    }

    /** What it shows, from 0 at its start on; any thread. */
    long nanoTime() {
        return paceNs;
    }

    private void run() {
        final IdleStrategy pause = new SleepingIdleStrategy(PAUSE_NS);
        try {
            while (!closed) {
                final long startNs = System.nanoTime();
                force();
                pause.idle();
                paceNs += counted(System.nanoTime() - startNs, share());
            }
            channel.close();
            Files.delete(file);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What a round counts. */
    static long counted(final long tookNs, final double share) {
        return (long) (Math.min(tookNs, ROUND_MAX_NS) * share);
    }

    /** The file grows, so that the force waits for the file system's log, as most do. */
    private void force() throws IOException {
        if (channel.position() >= PAGES * PAGE) {
            channel.truncate(0);
        }
        channel.write(page.clear());
        channel.force(true);
    }

    private double share() {
        long ran = 0;
        long waited = 0;
        try (Stream<Path> threads = Files.list(THREADS)) {
            for (final Path one : threads.toList()) {
                final String[] times = times(one.resolve("schedstat"));
                ran += Long.parseLong(times[0]);
                waited += Long.parseLong(times[1]);
            }
        } catch (final IOException e) {
            return share; // no descriptor left, or no such files here: as before
        }
        final double run = Math.max(ran - ranNs, 0); // below, when threads have ended
        final double wait = Math.max(waited - waitedNs, 0);
        ranNs = ran;
        waitedNs = waited;
        share = run + wait == 0 ? 1 : run / (run + wait);
        return share;
    }

    private static String[] times(final Path schedstat) throws IOException {
        try {
            return Files.readString(schedstat).split(" ");
        } catch (final NoSuchFileException e) {
            return new String[] {"0", "0"}; // it has just ended
        }
    }

    @Override
    public void close() {
        closed = true;
        try {
            thread.join();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
