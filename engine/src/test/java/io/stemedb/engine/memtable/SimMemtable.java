package io.stemedb.engine.memtable;

/** A memtable that tells how much of it is in use. */
public final class SimMemtable {
    private final Memtable memtable;
    private ReaderGate gate;

    /** As {@link Memtable}'s. */
    public SimMemtable(
            final int generationCount, final int recordCapacity, final int byteCapacity) {
        memtable =
                new Memtable(
                        generationCount,
                        recordCapacity,
                        byteCapacity,
                        KeyHasher.random(),
                        first -> gate = new ReaderGate(first));
    }

    /** The real thing. */
    public Memtable memtable() {
        return memtable;
    }

    /** Generations that readers may see, on the thread of all agents. */
    public int generations() {
        return gate.live().newestFirst.length;
    }

    /** Records in the fullest of them. */
    public int mostRecords() {
        int most = 0;
        for (final Generation generation : gate.live().newestFirst) {
            most = Math.max(most, generation.recordCount());
        }
        return most;
    }
}
