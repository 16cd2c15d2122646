package io.stemedb.engine.journal;

import io.stemedb.codecs.RecordHeader;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;

/**
 * The look at the files of earlier lives before anything else opens them: where each segment
 * starts, where the journal ends, what is damaged in the last segment. Reads mapped files only;
 * gives reserved blocks that were never written back to the disk.
 */
final class TailScan implements JournalHandler {
    /** A segment is cut back when it would free at least this much. */
    private static final int CUT_FROM = 64 << 10;

    private static final int DAMAGE_MAX = 100;

    /** Number of the first segment of a data directory. */
    private static final long FIRST_NUMBER = 1;

    private final List<String> damage = new ArrayList<>();
    private final SegmentWalker walker = new SegmentWalker();
    private boolean checkRecords;
    private boolean damaged;
    private long lastSequence;

    /**
     * Removes segments without a record from the list and from the disk; sets the first sequences
     * of the others.
     */
    void scan(final List<SegmentFile> segments) {
        boolean tailFound = false;
        for (int i = segments.size() - 1; i >= 0; i--) {
            final SegmentFile segment = segments.get(i);
            final int length = segment.map(walker, SegmentWalker.ANY_SEQUENCE);
            try {
                checkRecords = !tailFound;
                damaged = false;
                final int found = walker.walk(length, true, this, 1);
                if (found > 0) {
                    segment.firstSequence(
                            damaged && segment.number() == FIRST_NUMBER
                                    ? 1 // what is damaged at the head of all was the first record
                                    : walker.expected() - 1);
                    if (!tailFound) {
                        while (walker.walk(length, true, this, Integer.MAX_VALUE) > 0) {
                            checkRecords = true;
                        }
                        lastSequence = walker.expected() - 1;
                        tailFound = true;
                        cut(segment, length, walker.goodEnd());
                    }
                }
            } finally {
                walker.release();
                segment.unmap();
            }
            if (segment.firstSequence() == 0) {
                removeEmpty(segment, length);
                segments.remove(i);
            }
        }
    }

    long lastSequence() {
        return lastSequence;
    }

    /** What was found, for the one who opens; the first {@value #DAMAGE_MAX} findings. */
    List<String> damage() {
        return damage;
    }

    @Override
    public void onRecord(
            final long sequence, final DirectBuffer buffer, final int offset, final int length) {
        if (checkRecords
                && RecordHeader.crc(buffer, offset)
                        != RecordHeader.computeCrc(buffer, offset, length)) {
            note("record " + sequence + ": CRC is wrong");
        }
    }

    @Override
    public void onDamage(
            final long firstSequence,
            final long lastLost,
            final String reason,
            final DirectBuffer buffer,
            final int offset,
            final int length) {
        damaged = true;
        note(reason);
    }

    private void note(final String finding) {
        if (damage.size() < DAMAGE_MAX) {
            damage.add(finding);
        }
    }

    private static void cut(final SegmentFile segment, final int length, final long goodEnd) {
        final long keep = Math.min(length, goodEnd + Excerpt.ALIGNMENT);
        if (length - keep >= CUT_FROM) {
            try (FileChannel channel =
                    FileChannel.open(
                            segment.path(), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                if (SegmentFiles.isZero(channel, keep, length)) {
                    channel.truncate(keep);
                }
            } catch (final IOException e) {
                throw new JournalException(
                        segment + ": cannot be cut back to " + keep + " bytes", e);
            }
        }
    }

    /**
     * A segment that was prepared and never appended to is deleted; one with anything else in it
     * stays and is told.
     */
    private void removeEmpty(final SegmentFile segment, final int length) {
        try (FileChannel channel = FileChannel.open(segment.path(), StandardOpenOption.READ)) {
            if (!SegmentFiles.isZero(
                    channel, Math.min(length, Excerpt.HEADER_LENGTH_MAX), length)) {
                note(segment + ": holds bytes but no record");
                return;
            }
        } catch (final IOException e) {
            throw new JournalException(segment + ": cannot be read", e);
        }
        try {
            SegmentFiles.delete(segment.path());
        } catch (final IOException e) {
            note(
                    segment
                            + ": empty, cannot be deleted: "
                            + e
                            + (Files.exists(segment.path()) ? "" : ", gone"));
        }
    }
}
