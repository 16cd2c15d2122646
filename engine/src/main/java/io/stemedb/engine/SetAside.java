package io.stemedb.engine;

import io.stemedb.engine.ingest.QuarantineEntry;
import io.stemedb.engine.store.Keys;
import io.stemedb.engine.store.KvReader;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.agrona.concurrent.UnsafeBuffer;

/** What ingest set aside, asked by sequence. One thread. */
final class SetAside {
    /** An entry of bytes without a record stands for all that was lost with them, and names it. */
    private static final Pattern STRETCH =
            Pattern.compile(".*sequences ([0-9]{1,18})-([0-9]{1,18}) are missing", Pattern.DOTALL);

    private final KvReader reader;
    private final UnsafeBuffer key = new UnsafeBuffer(new byte[Keys.MAX_LENGTH]);
    private long end;

    /** Asks a reader of the caller's, or nobody if it is null. */
    SetAside(final KvReader reader) {
        this.reader = reader;
    }

    /** Whether there is an entry for a sequence. */
    boolean has(final long sequence) {
        return endOf(sequence) >= sequence;
    }

    /** Whether each of some sequences was set aside. */
    boolean hasAll(final long first, final long last) {
        long sequence = first;
        while (sequence <= last && has(sequence)) {
            sequence = end + 1;
        }
        return sequence > last;
    }

    /** Up to where the entry of a sequence goes; 0 if there is none. */
    private long endOf(final long sequence) {
        end = 0;
        if (reader != null) {
            reader.get(
                    key,
                    0,
                    Keys.quarantine(key, 0, sequence),
                    (k, ko, kl, value, valueOffset, valueLength) -> {
                        end = sequence;
                        try {
                            final Matcher stretch =
                                    STRETCH.matcher(
                                            QuarantineEntry.reason(
                                                    value, valueOffset, valueLength));
                            if (stretch.find() && Long.parseLong(stretch.group(1)) == sequence) {
                                end = Math.max(sequence, Long.parseLong(stretch.group(2)));
                            }
                        } catch (final IllegalArgumentException e) {
                            end = sequence; // told when the store was looked at
                        }
                        return false;
                    });
        }
        return end;
    }
}
