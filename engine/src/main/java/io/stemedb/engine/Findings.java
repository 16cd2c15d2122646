package io.stemedb.engine;

import java.util.ArrayList;
import java.util.List;

/** Differences found by a verification: all counted, the first ones kept in words. */
final class Findings {
    private final List<String> texts = new ArrayList<>();
    private long count;

    void add(final String text) {
        count++;
        if (texts.size() < Verification.DIFFERENCES_MAX) {
            texts.add(text);
        }
    }

    long count() {
        return count;
    }

    List<String> texts() {
        return List.copyOf(texts);
    }
}
