package io.stemedb.engine.faults;

import io.stemedb.codecs.AssertionView;
import io.stemedb.codecs.AssertionWriter;
import io.stemedb.engine.Reader;
import io.stemedb.engine.TestEngines;
import org.agrona.concurrent.UnsafeBuffer;

/** Claims of some 1 KB that follow from their sequence: who reads one knows what it must be. */
final class NumberedClaims {
    private static final int SUBJECTS = 20;
    private static final int TEXT = 1_000;
    private static final int DISTINCT_TEXTS = 26;

    private final AssertionWriter writer = new AssertionWriter();
    private final UnsafeBuffer scratch = new UnsafeBuffer(new byte[2 * TEXT]);

    byte[] encode(final long sequence) {
        writer.subject(subject(sequence))
                .predicate("p")
                .text(text(sequence))
                .confidence(1f)
                .timestamp(sequence);
        return TestEngines.copy(scratch, 0, writer.encode(scratch, 0));
    }

    private static String subject(final long sequence) {
        return "s" + sequence % SUBJECTS;
    }

    private static String text(final long sequence) {
        return TestEngines.ofLength((char) ('a' + sequence % DISTINCT_TEXTS), TEXT);
    }

    /** How many up to a sequence a reader serves; throws if one is not as it was. */
    static long read(final Reader reader, final long upTo) {
        final long[] found = {0};
        final AssertionView view = new AssertionView();
        for (int subject = 0; subject < SUBJECTS; subject++) {
            reader.oldestFirst(
                    subject(subject),
                    Integer.MAX_VALUE,
                    (sequence, hash, record, offset, length) -> {
                        if (sequence <= upTo) {
                            view.wrap(record, offset, length);
                            if (view.timestamp() != sequence
                                    || !view.objectText().equals(text(sequence))) {
                                throw new AssertionError("not " + sequence);
                            }
                            found[0]++;
                        }
                    });
        }
        return found[0];
    }
}
