package io.stemedb.engine.faults;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** What the calling thread allocates for one input. */
public final class Allocation {
    /** Of an input that fits into a line of the fuzz suites' corpora, whatever it says. */
    public static final long LIMIT = 4 << 20;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private long before;
    private long most;

    /** An input comes next. */
    public void begin() {
        before = THREADS.getThreadAllocatedBytes(Thread.currentThread().getId());
    }

    /** It was taken or refused. */
    public void end() {
        final long bytes = THREADS.getThreadAllocatedBytes(Thread.currentThread().getId()) - before;
        most = Math.max(most, bytes);
        assertTrue(bytes < LIMIT, () -> "allocated " + bytes + " bytes for one input");
    }

    /** Bytes for the most expensive input. */
    public long most() {
        return most;
    }
}
