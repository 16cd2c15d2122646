package io.stemedb.engine.cli;

import java.io.PrintStream;
import java.util.concurrent.TimeUnit;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * How far a long command is: a bar on a terminal, a line every ten seconds elsewhere. Written to
 * standard error only. For one thread; the bar draws from a daemon thread of its own.
 */
final class Progress implements AutoCloseable {

    /** For {@link #Progress}: nobody knows how much there will be. */
    static final long UNKNOWN = -1;

    private static final int UPDATE_INTERVAL_MS = 250;
    private static final long LINE_INTERVAL_NS = TimeUnit.SECONDS.toNanos(10);
    private static final int CALLS_PER_CLOCK = 256;

    private final Console console;
    private final String task;
    private final String unit;
    private final long total;
    private final long startNs = System.nanoTime();
    private final ProgressBar bar;
    private long nextLineNs = startNs + LINE_INTERVAL_NS;
    private int calls;

    Progress(final Console console, final String task, final String unit, final long total) {
        this.console = console;
        this.task = task;
        this.unit = unit;
        this.total = total;
        this.bar =
                console.isTerminal()
                        ? new ProgressBarBuilder()
                                .setTaskName(task)
                                .setInitialMax(total)
                                .setUnit(" " + unit, 1)
                                .showSpeed()
                                .setStyle(ProgressBarStyle.ASCII)
                                .setUpdateIntervalMillis(UPDATE_INTERVAL_MS)
                                .setConsumer(new TerminalLine(console.err()))
                                .build()
                        : null;
    }

    /** Says that {@code done} of all is done; cheap enough to call for every record. */
    void reached(final long done) {
        if (bar != null) {
            bar.stepTo(done);
            return;
        }
        calls++;
        if (calls % CALLS_PER_CLOCK == 0 && System.nanoTime() - nextLineNs >= 0) {
            nextLineNs = System.nanoTime() + LINE_INTERVAL_NS;
            final double seconds = (System.nanoTime() - startNs) / 1e9;
            console.say(
                    String.format(
                            "%s: %,d%s %s, %,.0f a second",
                            task,
                            done,
                            total == UNKNOWN ? "" : String.format(" of %,d", total),
                            unit,
                            done / seconds));
        }
    }

    /** Leaves the bar, where one was drawn, as the last line. */
    @Override
    public void close() {
        if (bar != null) {
            bar.close();
        }
    }

    /**
     * Draws over one line of the terminal. The library's own consumer asks a terminal library for
     * the width, which unpacks native code into the temporary directory.
     */
    private static final class TerminalLine implements ProgressBarConsumer {

        private static final int WIDTH = 79;

        private final PrintStream err;

        TerminalLine(final PrintStream err) {
            this.err = err;
        }

        @Override
        public int getMaxRenderedLength() {
            return WIDTH;
        }

        @Override
        public void accept(final String rendered) {
            err.print("\r" + rendered);
            err.flush();
        }

        @Override
        public void clear() {
            err.print("\r" + " ".repeat(WIDTH) + "\r");
            err.flush();
        }

        @Override
        public void close() {
            err.println();
            err.flush();
        }
    }
}
