package io.stemedb.engine.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.reflect.Field;
import java.nio.file.Path;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.api.io.TempDir;

/** A journal in a directory of its own, with small segments. */
abstract class JournalFixture {
    static final int SEGMENT = JournalConfig.SEGMENT_LENGTH_MIN;

    @TempDir Path directory;

    final TestRecords records = new TestRecords();

    static JournalConfig config(final long floor) {
        return new JournalConfig(SEGMENT, 1 << 20, 64 << 20, floor, SystemNanoClock.INSTANCE);
    }

    ChronicleJournal open() {
        return ChronicleJournal.open(directory, config(0));
    }

    /** Appends, turning the preparing crank whenever the journal asks for it. */
    long append(final Journal journal, final long n, final int textLength) {
        final int length = records.encode(n, textLength);
        long sequence;
        while ((sequence = journal.append(records.buffer, 0, length)) < 0) {
            assertEquals(Journal.BACK_PRESSURED, sequence);
            journal.prepare();
        }
        return sequence;
    }

    /** What a part keeps to itself. */
    static <T> T part(final Object whole, final String name, final Class<T> type) {
        try {
            final Field field = whole.getClass().getDeclaredField(name);
            field.setAccessible(true);
            return type.cast(field.get(whole));
        } catch (final ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }
}
