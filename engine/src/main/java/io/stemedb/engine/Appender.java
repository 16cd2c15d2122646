package io.stemedb.engine;

import io.stemedb.codecs.AssertionWriter;
import io.stemedb.codecs.EpochWriter;
import io.stemedb.codecs.Limits;
import io.stemedb.codecs.RecordSink;
import io.stemedb.codecs.RecordValidator;
import io.stemedb.codecs.RecordWriter;
import io.stemedb.codecs.VoteWriter;
import io.stemedb.engine.journal.Journal;
import io.stemedb.engine.journal.JournalException;
import org.agrona.BufferUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Appends records to an engine's journal. For one thread; allocates nothing once warm.
 *
 * <p>Records are encoded and checked in memory of the appender and copied into the journal while it
 * holds the append lock, so a record that is refused leaves no trace. All results above 0 are
 * sequences.
 */
public final class Appender implements RecordSink {
    /**
     * Nothing was appended: ingest is too far behind, or no journal block is ready. Idle, then try
     * again.
     */
    public static final long BACK_PRESSURED = Journal.BACK_PRESSURED;

    /**
     * Nothing was appended: the disk has no room for the next journal block. Works again once it
     * has.
     */
    public static final long STORAGE_FULL = Journal.STORAGE_FULL;

    private final Engine engine;
    private final Journal journal;
    private final boolean syncEach;
    private final UnsafeBuffer scratch =
            new UnsafeBuffer(BufferUtil.allocateDirectAligned(Limits.RECORD_MAX, 64));
    private final RecordValidator validator = new RecordValidator();
    private final AssertionWriter assertion = new AssertionWriter(this);
    private final VoteWriter vote = new VoteWriter(this);
    private final EpochWriter epoch = new EpochWriter(this);

    Appender(final Engine engine, final Journal journal, final boolean syncEach) {
        this.engine = engine;
        this.journal = journal;
        this.syncEach = syncEach;
    }

    /**
     * The appender's writer of assertions: set the fields in any order, then append. It is cleared
     * by a successful append and keeps its fields otherwise.
     *
     * @return always the same writer
     */
    public AssertionWriter assertion() {
        return assertion;
    }

    /**
     * The appender's writer of votes, like {@link #assertion()}.
     *
     * @return always the same writer
     */
    public VoteWriter vote() {
        return vote;
    }

    /**
     * The appender's writer of epochs, like {@link #assertion()}.
     *
     * @return always the same writer
     */
    public EpochWriter epoch() {
        return epoch;
    }

    /**
     * Encodes and appends what a writer holds.
     *
     * @param writer a writer with all required fields
     * @return its sequence, or {@link #BACK_PRESSURED} or {@link #STORAGE_FULL}
     * @throws io.stemedb.codecs.InvalidRecordException naming field, limit and value, if it is no
     *     valid record
     * @throws EngineClosedException after close
     * @throws EngineFailedException if the engine has failed
     */
    @Override
    public long append(final RecordWriter writer) {
        return submit(scratch, 0, writer.encode(scratch, 0));
    }

    /**
     * Checks and appends a record that is encoded already.
     *
     * @param record buffer of the record
     * @param offset first byte of the record, its header
     * @param length bytes of the record
     * @return its sequence, or {@link #BACK_PRESSURED} or {@link #STORAGE_FULL}
     * @throws io.stemedb.codecs.InvalidRecordException naming field, limit and value, if it is no
     *     valid record
     * @throws EngineClosedException after close
     * @throws EngineFailedException if the engine has failed
     */
    public long append(final DirectBuffer record, final int offset, final int length) {
        validator.validate(record, offset, length);
        return submit(record, offset, length);
    }

    private long submit(final DirectBuffer record, final int offset, final int length) {
        engine.checkRunning();
        try {
            final long sequence = journal.append(record, offset, length);
            if (syncEach && sequence > 0) {
                journal.sync(sequence);
            }
            return sequence;
        } catch (final JournalException e) {
            throw engine.explain(e);
        }
    }
}
