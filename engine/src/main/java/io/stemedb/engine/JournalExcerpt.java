package io.stemedb.engine;

import io.stemedb.engine.journal.SegmentCopies;
import io.stemedb.engine.journal.SegmentCopies.Patch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A record of the journal that is right, in an excerpt of which a field was altered: its frame,
 * length or sequence, where the seal says so, or a byte of the seal itself. A seal that differs in
 * more is another record's, and no reader of the journal takes that for this one. It is no damage:
 * whoever reads the journal takes the record, and so does a rebuild.
 *
 * @param segment its file
 * @param sequence its sequence
 * @param position where its excerpt starts
 * @param recordLength bytes of the record
 */
record JournalExcerpt(Path segment, long sequence, int position, int recordLength) {

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
