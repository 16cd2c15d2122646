package io.stemedb.engine;

import io.stemedb.codecs.AssertionView;
import io.stemedb.codecs.EpochView;
import io.stemedb.codecs.Limits;
import io.stemedb.codecs.VoteView;
import io.stemedb.engine.memtable.Memtable;
import io.stemedb.engine.memtable.MemtableReader;
import io.stemedb.engine.store.KeyFamily;
import io.stemedb.engine.store.Keys;
import io.stemedb.engine.store.KvHandler;
import io.stemedb.engine.store.KvReader;
import io.stemedb.engine.store.KvStore;
import java.nio.charset.StandardCharsets;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Reads an engine: the memtables first, then the stores. For one thread; allocates nothing once
 * warm.
 *
 * <p>A call pins the memtables, then looks into the stores, so that a record is found in the one or
 * the other whatever the flush does meanwhile; each side serves its own range of sequences, so none
 * is found twice. Handlers run inside the call, on memory that is the engine's: keep them short,
 * and use a second reader for further reads. Views handed in are put on a copy of the record that
 * is good until the next call.
 */
public final class Reader implements AutoCloseable {
    private final Readers readers;
    private final MemtableReader memtable;
    private final KvReader records;
    private final KvReader index;
    private final SubjectWalk subjectWalk;
    private final SubjectList subjectList;
    private final SeenHashes seen = new SeenHashes(1024);
    private final UnsafeBuffer key = new UnsafeBuffer(new byte[Keys.MAX_LENGTH]);
    private final UnsafeBuffer text = new UnsafeBuffer(new byte[Limits.SUBJECT_MAX]);
    private final UnsafeBuffer hashView = new UnsafeBuffer(0, 0);
    private final ExpandableArrayBuffer copy = new ExpandableArrayBuffer(1024);
    private final KvHandler copyRecord = this::copyRecord;
    private final KvHandler onStoredVote = this::onStoredVote;
    private int copyLength;
    private VoteHandler voteHandler;
    private int voteCount;

    /** The thread inside a call; whoever closes the engine looks at it. */
    private volatile Thread inside;

    private boolean closed;

    Reader(final Readers readers, final Memtable memtable, final KvStore store) {
        this.readers = readers;
        this.memtable = memtable.newReader();
        records = store.newReader();
        index = store.newReader();
        subjectWalk = new SubjectWalk(this.memtable, index, records, seen);
        subjectList = new SubjectList(this.memtable, index);
    }

    /**
     * Looks an assertion up.
     *
     * @param hash buffer of its content hash
     * @param offset first of the 32 bytes
     * @param view put on a copy of the record; good until the next call
     * @return whether there is one
     */
    public boolean assertion(final DirectBuffer hash, final int offset, final AssertionView view) {
        enter();
        try {
            if (memtable.findAssertion(hash, offset)) {
                copyEntry();
            } else if (!records.get(key, 0, Keys.assertion(key, 0, hash, offset), copyRecord)) {
                return false;
            }
            view.wrap(copy, 0, copyLength);
            return true;
        } finally {
            exit();
        }
    }

    /**
     * Looks a vote up.
     *
     * @param assertionHash buffer of the content hash of the assertion it weighs
     * @param assertionOffset first of the 32 bytes
     * @param hash buffer of the vote's own content hash
     * @param offset first of the 32 bytes
     * @param view put on a copy of the record; good until the next call
     * @return whether there is one
     */
    public boolean vote(
            final DirectBuffer assertionHash,
            final int assertionOffset,
            final DirectBuffer hash,
            final int offset,
            final VoteView view) {
        enter();
        try {
            if (memtable.findVote(hash, offset)) {
                copyEntry();
            } else if (!records.get(
                    key,
                    0,
                    Keys.vote(key, 0, assertionHash, assertionOffset, hash, offset),
                    copyRecord)) {
                return false;
            }
            view.wrap(copy, 0, copyLength);
            Stored.checkSame(
                    KeyFamily.VOTE,
                    copy,
                    view.assertionHashOffset(),
                    assertionHash,
                    assertionOffset,
                    Limits.HASH_LENGTH);
            return true;
        } finally {
            exit();
        }
    }

    /**
     * Looks an epoch up.
     *
     * @param id buffer of its id
     * @param offset first of the 32 bytes
     * @param view put on a copy of the record; good until the next call
     * @return whether there is one
     */
    public boolean epoch(final DirectBuffer id, final int offset, final EpochView view) {
        enter();
        try {
            if (memtable.findEpoch(id, offset)) {
                copyEntry();
            } else if (!records.get(key, 0, Keys.epoch(key, 0, id, offset), copyRecord)) {
                return false;
            }
            view.wrap(copy, 0, copyLength);
            Stored.checkSame(
                    KeyFamily.EPOCH, copy, view.epochIdOffset(), id, offset, Limits.HASH_LENGTH);
            return true;
        } finally {
            exit();
        }
    }

    private void copyEntry() {
        copyLength = memtable.recordLength();
        copy.putBytes(0, memtable.buffer(), memtable.recordOffset(), copyLength);
    }

    private boolean copyRecord(
            final DirectBuffer keyBuffer,
            final int keyOffset,
            final int keyLength,
            final DirectBuffer value,
            final int valueOffset,
            final int valueLength) {
        copyLength = valueLength;
        copy.putBytes(0, value, valueOffset, valueLength);
        Stored.check(keyBuffer, keyOffset, copy, 0, valueLength);
        return false;
    }

    /**
     * The claims on a subject, newest first; one that was appended more than once comes once, at
     * its newest place.
     *
     * @param subject its name; allocates if it is not ASCII
     * @param limit most claims to deliver
     * @param handler called for each
     * @return claims delivered
     * @throws IllegalArgumentException if the name is empty, too long or holds U+0000
     */
    public int newestFirst(
            final CharSequence subject, final int limit, final ClaimHandler handler) {
        return newestFirst(text, 0, encode(subject), limit, handler);
    }

    /**
     * The claims on a subject, newest first, as {@link #newestFirst(CharSequence, int,
     * ClaimHandler)}.
     *
     * @param subject buffer of its name, UTF-8
     * @param offset first byte of the name
     * @param length bytes of the name
     * @param limit most claims to deliver
     * @param handler called for each
     * @return claims delivered
     * @throws IllegalArgumentException if the name is empty, too long or holds U+0000
     */
    public int newestFirst(
            final DirectBuffer subject,
            final int offset,
            final int length,
            final int limit,
            final ClaimHandler handler) {
        checkName(subject, offset, length);
        enter();
        try {
            return subjectWalk.newestFirst(subject, offset, length, limit, handler);
        } finally {
            exit();
        }
    }

    /**
     * The claims on a subject, oldest first; one that was appended more than once comes once, at
     * its newest place. Walks the whole index of the subject to know which place that is, whatever
     * the limit.
     *
     * @param subject its name; allocates if it is not ASCII
     * @param limit most claims to deliver
     * @param handler called for each
     * @return claims delivered
     * @throws IllegalArgumentException if the name is empty, too long or holds U+0000
     */
    public int oldestFirst(
            final CharSequence subject, final int limit, final ClaimHandler handler) {
        return oldestFirst(text, 0, encode(subject), limit, handler);
    }

    /**
     * The claims on a subject, oldest first, as {@link #oldestFirst(CharSequence, int,
     * ClaimHandler)}.
     *
     * @param subject buffer of its name, UTF-8
     * @param offset first byte of the name
     * @param length bytes of the name
     * @param limit most claims to deliver
     * @param handler called for each
     * @return claims delivered
     * @throws IllegalArgumentException if the name is empty, too long or holds U+0000
     */
    public int oldestFirst(
            final DirectBuffer subject,
            final int offset,
            final int length,
            final int limit,
            final ClaimHandler handler) {
        checkName(subject, offset, length);
        enter();
        try {
            return subjectWalk.oldestFirst(subject, offset, length, limit, handler);
        } finally {
            exit();
        }
    }

    /**
     * The votes on an assertion, whether or not the assertion itself has arrived; each once. In
     * memory they come in order of arrival, then from the stores in order of hash.
     *
     * @param assertionHash buffer of the assertion's content hash
     * @param offset first of the 32 bytes
     * @param handler called for each
     * @return votes delivered
     */
    public int votes(
            final DirectBuffer assertionHash, final int offset, final VoteHandler handler) {
        enter();
        try {
            seen.clear();
            voteCount = 0;
            voteHandler = handler;
            for (boolean more = memtable.firstVote(assertionHash, offset);
                    more;
                    more = memtable.nextVote()) {
                final DirectBuffer buffer = memtable.buffer();
                if (seen.add(buffer, memtable.hashOffset())) {
                    voteCount++;
                    hashView.wrap(buffer, memtable.hashOffset(), Limits.HASH_LENGTH);
                    handler.onVote(
                            hashView, buffer, memtable.recordOffset(), memtable.recordLength());
                }
            }
            final int prefixLength = Keys.votesPrefix(key, 0, assertionHash, offset);
            records.scanForward(key, 0, prefixLength, null, 0, 0, onStoredVote);
            return voteCount;
        } finally {
            voteHandler = null;
            exit();
        }
    }

    private boolean onStoredVote(
            final DirectBuffer keyBuffer,
            final int keyOffset,
            final int keyLength,
            final DirectBuffer value,
            final int valueOffset,
            final int valueLength) {
        final int hashOffset = Keys.voteHashOffset(keyOffset);
        Stored.check(keyBuffer, keyOffset, value, valueOffset, valueLength);
        if (seen.add(keyBuffer, hashOffset)) {
            voteCount++;
            hashView.wrap(keyBuffer, hashOffset, Limits.HASH_LENGTH);
            voteHandler.onVote(hashView, value, valueOffset, valueLength);
        }
        return true;
    }

    /**
     * The subjects that have claims and start with a prefix, in order of their bytes.
     *
     * @param prefix start of the name, may be empty; allocates if it is not ASCII
     * @param limit most subjects to deliver
     * @param handler called for each
     * @return subjects delivered
     * @throws IllegalArgumentException if the prefix is too long or holds U+0000
     */
    public int subjects(final CharSequence prefix, final int limit, final SubjectHandler handler) {
        final int length = encode(prefix);
        checkName(text, 0, length);
        enter();
        try {
            return subjectList.list(text, 0, length, limit, handler);
        } finally {
            exit();
        }
    }

    private int encode(final CharSequence name) {
        final int length = name.length();
        if (length <= Limits.SUBJECT_MAX) {
            int i = 0;
            while (i < length && name.charAt(i) < 0x80) {
                text.putByte(i, (byte) name.charAt(i));
                i++;
            }
            if (i == length) {
                return length;
            }
        }
        final byte[] bytes = name.toString().getBytes(StandardCharsets.UTF_8);
        if (bytes.length > Limits.SUBJECT_MAX) {
            throw new IllegalArgumentException(
                    "subject: at most " + Limits.SUBJECT_MAX + " bytes, is " + bytes.length);
        }
        text.putBytes(0, bytes);
        return bytes.length;
    }

    /** A name that goes on after a 0x00 would reach into the keys of the subject before it. */
    private static void checkName(final DirectBuffer name, final int offset, final int length) {
        for (int i = 0; i < length; i++) {
            if (name.getByte(offset + i) == 0) {
                throw new IllegalArgumentException(
                        "subject: must be without U+0000, has one at byte " + i);
            }
        }
    }

    private void enter() {
        if (inside != null) {
            throw new IllegalStateException(
                    "reader is in use, by a handler or another thread: use one for each");
        }
        readers.checkOpen();
        inside = Thread.currentThread();
        try {
            memtable.enter();
        } catch (final IllegalStateException e) {
            inside = null;
            throw readers.closed(e);
        }
    }

    private void exit() {
        memtable.exit();
        inside = null;
    }

    boolean isInside(final Thread thread) {
        return inside == thread;
    }

    /**
     * Gives the reader's memory back. Idempotent; on the reader's own thread, also after the engine
     * was closed.
     */
    @Override
    public void close() {
        if (!closed) {
            if (inside != null) {
                throw new IllegalStateException("reader is closed by one of its own handlers");
            }
            closed = true;
            readers.remove(this);
            memtable.close();
            records.close();
            index.close();
        }
    }
}
