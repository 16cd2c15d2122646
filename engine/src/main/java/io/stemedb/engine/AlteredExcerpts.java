package io.stemedb.engine;

import io.stemedb.codecs.AssertionView;
import io.stemedb.codecs.EpochView;
import io.stemedb.codecs.RecordHeader;
import io.stemedb.codecs.RecordType;
import io.stemedb.codecs.VoteView;
import io.stemedb.engine.journal.SegmentCopies;
import io.stemedb.engine.store.Keys;
import io.stemedb.engine.store.KvReader;
import io.stemedb.engine.store.StoreException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Sound records in excerpts of which a field was altered, and what says that they belong where they
 * stand:
 *
 * <ul>
 *   <li>the seal, if it is right for this place, sequence, length and checksum: the frame, the
 *       length or the sequence was altered;
 *   <li>else for a claim the subject index, if it reaches so far: it has this content under this
 *       sequence, or this is not the record;
 *   <li>else the store that keeps such records, if it reaches so far: it has the content under its
 *       hash, or this is not the record;
 *   <li>else, where that store is missing, of another engine, or not that far: nothing but the
 *       journal can have it.
 * </ul>
 *
 * <p>Where that store cannot be read nothing is known. The journal's record is what a rebuild of
 * the store takes, so it is written anew together with that, and else stays as it is.
 */
final class AlteredExcerpts implements AutoCloseable {
    /** More are no rot, but a file under another's name, and not to be written anew. */
    static final int MAX = 64;

    private enum Answer {
        YES,
        NO,
        NOBODY_KNOWS
    }

    private final ExaminedStore rocks;
    private final ExaminedStore lmdb;
    private final ExaminedStore subjects;
    private final KvReader rocksReader;
    private final KvReader lmdbReader;
    private final AssertionView assertion = new AssertionView();
    private final VoteView vote = new VoteView();
    private final EpochView epoch = new EpochView();
    private final UnsafeBuffer key = new UnsafeBuffer(new byte[Keys.MAX_LENGTH]);
    private final List<JournalExcerpt> found = new ArrayList<>();
    private boolean same;

    AlteredExcerpts(
            final ExaminedStore rocks, final ExaminedStore lmdb, final ExaminedStore subjects) {
        this.rocks = rocks;
        this.lmdb = lmdb;
        this.subjects = subjects;
        rocksReader = rocks.store() == null ? null : rocks.store().newReader();
        lmdbReader = lmdb.store() == null ? null : lmdb.store().newReader();
    }

    /** At most one more than {@link #MAX}. */
    List<JournalExcerpt> found() {
        return found;
    }

    /**
     * Takes a sound record.
     *
     * @param buffer the whole segment
     * @param offset first byte of the record
     * @param hash its content hash
     * @return whether it belongs there, for all that can be known
     */
    boolean take(
            final Path segment,
            final long sequence,
            final DirectBuffer buffer,
            final int offset,
            final int length,
            final DirectBuffer hash) {
        final int position = offset - SegmentCopies.EXCERPT_HEAD;
        Answer answer = Answer.YES;
        final boolean isEpoch = RecordHeader.type(buffer, offset) == RecordType.EPOCH.id();
        if (!SegmentCopies.isSealed(segment, buffer, position, sequence, length)) {
            answer = indexed(sequence, buffer, offset, length, hash);
            if (answer == Answer.NOBODY_KNOWS) {
                answer = stored(isEpoch ? lmdb : rocks, sequence, buffer, offset, length, hash);
            }
        }
        if (answer == Answer.NO) {
            return false;
        }
        if (found.size() <= MAX) {
            final String home = isEpoch ? EngineParts.LMDB : EngineParts.ROCKS;
            final String unread = answer == Answer.NOBODY_KNOWS ? home : null;
            found.add(new JournalExcerpt(segment, sequence, position, length, unread));
        }
        return true;
    }

    /** What the subject index has under the sequence of a claim. */
    private Answer indexed(
            final long sequence,
            final DirectBuffer buffer,
            final int offset,
            final int length,
            final DirectBuffer hash) {
        if (RecordHeader.type(buffer, offset) != RecordType.ASSERTION.id()
                || sequence > subjects.cursor()) {
            return Answer.NOBODY_KNOWS;
        }
        assertion.wrap(buffer, offset, length);
        return ask(
                subjects == rocks ? rocksReader : lmdbReader,
                Keys.subject(
                        key,
                        0,
                        buffer,
                        assertion.subjectOffset(),
                        assertion.subjectLength(),
                        sequence),
                hash,
                0,
                Keys.HASH_LENGTH);
    }

    private Answer stored(
            final ExaminedStore home,
            final long sequence,
            final DirectBuffer buffer,
            final int offset,
            final int length,
            final DirectBuffer hash) {
        if (home.isMissing() || home.isForeign()) {
            return Answer.YES;
        }
        if (home.store() == null) {
            return Answer.NOBODY_KNOWS;
        }
        if (sequence > home.cursor()) {
            return Answer.YES;
        }
        if (home == rocks) {
            int keyLength = Keys.assertion(key, 0, hash, 0);
            if (RecordHeader.type(buffer, offset) == RecordType.VOTE.id()) {
                vote.wrap(buffer, offset, length);
                keyLength = Keys.vote(key, 0, buffer, vote.assertionHashOffset(), hash, 0);
            }
            return ask(rocksReader, keyLength, buffer, offset, length);
        }
        epoch.wrap(buffer, offset, length);
        final int keyLength = Keys.epoch(key, 0, buffer, epoch.epochIdOffset());
        final Answer first = ask(lmdbReader, keyLength, buffer, offset, length);
        return first == Answer.NO // or it is the second one with that id, and was set aside
                ? ask(lmdbReader, Keys.quarantine(key, 0, sequence), buffer, offset, length)
                : first;
    }

    /** Whether the value of the key, or the end of it, are these bytes. */
    private Answer ask(
            final KvReader reader,
            final int keyLength,
            final DirectBuffer buffer,
            final int offset,
            final int length) {
        same = false;
        try {
            reader.get(
                    key,
                    0,
                    keyLength,
                    (k, ko, kl, value, valueOffset, valueLength) -> {
                        final int from = valueOffset + valueLength - length;
                        same =
                                from >= valueOffset
                                        && StoredRecords.equal(value, from, buffer, offset, length);
                        return false;
                    });
            return same ? Answer.YES : Answer.NO;
        } catch (final StoreException e) {
            return Answer.NOBODY_KNOWS; // told when the store was looked at
        }
    }

    @Override
    public void close() {
        if (rocksReader != null) {
            rocksReader.close();
        }
        if (lmdbReader != null) {
            lmdbReader.close();
        }
    }
}
