package io.stemedb.engine;

import java.util.ArrayList;
import java.util.List;

/** Differences found by a verification: all counted, the first ones kept in words. */
final class Findings {
    /** Where a difference was found. */
    enum Part {
        JOURNAL("journal"),
        ROCKSDB("RocksDB"),
        LMDB("LMDB");

        final String shown;

        Part(final String shown) {
            this.shown = shown;
        }
    }

    private final List<String> texts = new ArrayList<>();
    private final long[] counts = new long[Part.values().length];

    void add(final Part part, final String text) {
        counts[part.ordinal()]++;
        if (texts.size() < Verification.DIFFERENCES_MAX) {
            texts.add(part.shown + ": " + text);
        }
    }

    long count() {
        long sum = 0;
        for (final long count : counts) {
            sum += count;
        }
        return sum;
    }

    long count(final Part part) {
        return counts[part.ordinal()];
    }

    List<String> texts() {
        return List.copyOf(texts);
    }
}
