package io.stemedb.engine.journal;

import io.stemedb.codecs.AssertionWriter;
import org.agrona.concurrent.UnsafeBuffer;

/** Records whose content follows from a number. */
final class TestRecords {
    private final AssertionWriter writer = new AssertionWriter();
    final UnsafeBuffer buffer = new UnsafeBuffer(new byte[300_000]);

    /** Encodes record n; its text has textLength characters. Returns its length. */
    int encode(final long n, final int textLength) {
        writer.clear();
        writer.subject("subject-" + n % 7)
                .predicate("number")
                .text("x".repeat(textLength))
                .confidence(0.5f)
                .timestamp(n);
        return writer.encode(buffer, 0);
    }
}
