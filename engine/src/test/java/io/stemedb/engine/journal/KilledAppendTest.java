package io.stemedb.engine.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.Overridden;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.agrona.DirectBuffer;
import org.junit.jupiter.api.Test;

/** What a process leaves that is killed while an append copies its record into the segment. */
class KilledAppendTest extends JournalFixture {
    private static final int WHOLE = 3;

    private byte[] duringTheCopy;

    @Test
    void aRecordThatIsCopiedInPartIsNoRecordAndNoDamage() throws IOException {
        final int length;
        final byte[] after;
        try (ChronicleJournal journal = open()) {
            for (int n = 1; n <= WHOLE; n++) {
                append(journal, n, 100);
            }
            length = records.encode(WHOLE + 1, 100);
            assertEquals(WHOLE + 1, journal.append(watched(), 0, length));
            after = Files.readAllBytes(segment());
        }
        Files.delete(SyncedMark.file(directory)); // of the close, which a kill does not come to
        final byte[] record = Arrays.copyOf(records.buffer.byteArray(), length);
        final int at = indexOf(after, record);
        for (int copied = 0; copied < length; copied++) {
            if (copied < 16 || copied % 16 == 0) {
                final byte[] image = duringTheCopy.clone();
                System.arraycopy(record, 0, image, at, copied);
                Files.write(segment(), image);
                try (ChronicleJournal journal = open()) {
                    assertEquals(List.of(), journal.damage(), "bytes copied: " + copied);
                    assertEquals(WHOLE, journal.appended(), "bytes copied: " + copied);
                }
            }
        }
    }

    /** The record; the segment is read when the copy asks where its bytes are. */
    private DirectBuffer watched() {
        return Overridden.method(
                DirectBuffer.class,
                records.buffer,
                "addressOffset",
                arguments -> {
                    duringTheCopy = Files.readAllBytes(segment());
                    return records.buffer.addressOffset();
                });
    }

    private Path segment() throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(file -> file.toString().endsWith(".cq4"))
                    .sorted()
                    .findFirst()
                    .get();
        }
    }

    private static int indexOf(final byte[] bytes, final byte[] part) {
        int at = 0;
        while (!Arrays.equals(bytes, at, at + part.length, part, 0, part.length)) {
            at++;
        }
        assertTrue(at > 0);
        return at;
    }
}
