package io.stemedb.engine.journal;

import org.agrona.DirectBuffer;

/**
 * The write-ahead journal: records in one order, each with a dense sequence 1, 2, 3 …
 *
 * <p>Any number of threads append and sync; one thread reads. After {@link #close()} every method
 * but close throws {@link JournalException}.
 */
public interface Journal extends AutoCloseable {

    /**
     * {@link #append} took nothing: too much is waiting for ingest, or no block is ready yet. Try
     * again.
     */
    long BACK_PRESSURED = -1;

    /**
     * {@link #append} took nothing: the disk has no room for the next block. Goes away when space
     * returns.
     */
    long STORAGE_FULL = -2;

    /**
     * Appends one encoded record. The bytes are copied; nothing of them is checked but the length.
     *
     * @param record buffer of the record, header first
     * @param offset first byte of the record
     * @param length bytes of the record
     * @return its sequence, from 1; or {@link #BACK_PRESSURED} or {@link #STORAGE_FULL}, and
     *     nothing was appended
     */
    long append(DirectBuffer record, int offset, int length);

    /**
     * The sequence of the newest record in the journal.
     *
     * @return 0 in an empty journal
     */
    long appended();

    /**
     * The sequence up to which every record survives the loss of power.
     *
     * @return never above {@link #appended()}
     */
    long synced();

    /**
     * Makes what is appended now durable. Callers on several threads share one force.
     *
     * @param sequence returns once {@link #synced()} has reached it; not above {@link #appended()}
     * @throws IllegalArgumentException if nothing with that sequence was appended
     * @throws JournalException if a force failed, now or earlier: nothing is acknowledged ever
     *     after
     */
    void sync(long sequence);

    /**
     * Opens the journal for its one reading thread.
     *
     * @param fromSequence the first record to deliver, from 1
     * @return a reader
     * @throws JournalException if records from there on were trimmed
     * @throws IllegalStateException while another reader is open
     */
    JournalReader newReader(long fromSequence);

    /**
     * Does a bounded piece of the work that keeps {@link #append} from waiting: reserves and
     * prepares blocks ahead of it. One thread, which does nothing but this or shares its duty
     * cycle.
     *
     * @return amount of work done; 0 when there was none
     * @throws JournalFullException once, when the storage has no room for the next block; calls
     *     after it try again, less and less often, at least once a second
     * @throws JournalRefusedException as that, where the storage refuses for another reason
     */
    int prepare();

    /**
     * Deletes whole segments whose records are all below a sequence, oldest first, while the
     * journal is larger than asked; a few of them, so that a caller with other work goes on with
     * it. One thread.
     *
     * @param belowSequence records from here on stay
     * @param keepBytes bytes of journal to keep in any case
     * @return segments deleted; 0 when there was none to delete
     * @throws JournalRefusedException if one cannot be deleted now; a later call tries again
     * @throws JournalException if it is not known whether the disk has where the journal begins:
     *     nothing is acknowledged ever after
     */
    int trim(long belowSequence, long keepBytes);

    /**
     * Syncs what is appended, then closes. Idempotent; safe from any thread but inside a handler.
     */
    @Override
    void close();
}
