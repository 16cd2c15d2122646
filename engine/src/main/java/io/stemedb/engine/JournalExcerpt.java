package io.stemedb.engine;

import io.stemedb.engine.journal.SegmentCopies;
import io.stemedb.engine.journal.SegmentCopies.Patch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A record of the journal that is right, in an excerpt of which a field was altered. It is no
 * damage: whoever reads the journal takes it, and so does a rebuild.
 *
 * @param segment its file
 * @param sequence its sequence
 * @param position where its excerpt starts
 * @param recordLength bytes of the record
 * @param unread folder of the store that alone could say whether the record belongs here, and
 *     cannot be read; null if that is known
 */
record JournalExcerpt(Path segment, long sequence, int position, int recordLength, String unread) {

    /** Writes the same record, in an excerpt as it must be. */
    Patch patch() throws IOException {
        final ByteBuffer bytes = ByteBuffer.allocate(recordLength);
        try (FileChannel channel = FileChannel.open(segment, StandardOpenOption.READ)) {
            final long at = position + (long) SegmentCopies.EXCERPT_HEAD;
            while (bytes.hasRemaining() && channel.read(bytes, at + bytes.position()) >= 0) {
                Thread.onSpinWait();
            }
        }
        return new Patch(position, sequence, bytes.array());
    }
}
