package io.stemedb.engine.faults.sim;

import io.stemedb.codecs.AssertionView;
import io.stemedb.codecs.EpochView;
import io.stemedb.codecs.RecordView;
import io.stemedb.engine.Reader;
import org.agrona.DirectBuffer;

/** What a reader finds while all goes on, compared with what was appended. */
final class ReadCheck {
    private final Truth truth;
    private final Pool pool;
    private final AssertionView assertion = new AssertionView();
    private final EpochView epoch = new EpochView();
    private final boolean[] found = new boolean[Pool.SIZE];
    private long last;
    private boolean newestFirst;
    private int subject;

    ReadCheck(final Truth truth) {
        this.truth = truth;
        pool = truth.pool;
    }

    /** One read, of whichever kind; what is readable must be found. */
    void check(final Reader reader, final long readable, final Chaos chaos) {
        switch (chaos.random.nextInt(4)) {
            case 0 -> assertion(reader, readable, chaos.random.nextInt(Pool.ASSERTIONS));
            case 1 -> epoch(reader, readable, chaos.random.nextInt(Pool.EPOCH_IDS));
            case 2 -> votes(reader, readable, chaos.random.nextInt(Pool.VOTED));
            default ->
                    subject(
                            reader,
                            readable,
                            chaos.random.nextInt(Pool.SUBJECTS.length),
                            chaos.random.nextBoolean());
        }
    }

    /** Whether a record was appended, undamaged, up to a sequence. */
    private boolean isDue(final int record, final long upTo) {
        for (int s = 1; s <= upTo; s++) {
            if (truth.records[s] == record && !truth.hurt[s]) {
                return true;
            }
        }
        return false;
    }

    private boolean isKnown(final int record) {
        for (int s = 1; s <= truth.top; s++) {
            if (truth.records[s] == record) {
                return true;
            }
        }
        return false;
    }

    private void served(final int record, final RecordView view) {
        served(record, view.buffer(), view.offset(), view.length());
    }

    private void served(
            final int record, final DirectBuffer buffer, final int offset, final int length) {
        if (!isKnown(record)) {
            throw new Violation("served record " + record + ", which was never appended");
        }
        if (!pool.isRecord(record, buffer, offset, length)) {
            throw new Violation("served wrong bytes of record " + record);
        }
    }

    void assertion(final Reader reader, final long readable, final int record) {
        if (reader.assertion(pool.hashes[record], 0, assertion)) {
            served(record, assertion);
        } else if (isDue(record, readable)) {
            throw new Violation("readable record " + record + " not found, READABLE " + readable);
        }
    }

    void epoch(final Reader reader, final long readable, final int id) {
        boolean due = false;
        for (int i = Pool.ASSERTIONS + Pool.VOTES + id; i < Pool.SIZE - 2; i += Pool.EPOCH_IDS) {
            due |= isDue(i, readable);
        }
        if (!reader.epoch(pool.epochIds[id], 0, epoch)) {
            if (due) {
                throw new Violation("readable epoch " + id + " not found, READABLE " + readable);
            }
            return;
        }
        for (int i = Pool.ASSERTIONS + Pool.VOTES + id; i < Pool.SIZE - 2; i += Pool.EPOCH_IDS) {
            if (pool.isRecord(i, epoch.buffer(), epoch.offset(), epoch.length())) {
                served(i, epoch);
                return;
            }
        }
        throw new Violation("served wrong bytes of epoch " + id);
    }

    void votes(final Reader reader, final long readable, final int on) {
        java.util.Arrays.fill(found, false);
        reader.votes(
                pool.hashes[on],
                0,
                (hash, record, offset, length) -> {
                    final int i = pool.find(hash, 0);
                    if (i < 0 || Pool.kind(i) != Pool.Kind.VOTE || Pool.votedBy(i) != on) {
                        throw new Violation("served another vote on " + on + ": " + i);
                    }
                    if (found[i]) {
                        throw new Violation("served vote " + i + " twice");
                    }
                    found[i] = true;
                    served(i, record, offset, length);
                });
        for (int i = Pool.ASSERTIONS; i < Pool.ASSERTIONS + Pool.VOTES; i++) {
            if (Pool.votedBy(i) == on && !found[i] && isDue(i, readable)) {
                throw new Violation("readable vote " + i + " not found, READABLE " + readable);
            }
        }
    }

    void subject(final Reader reader, final long readable, final int which, final boolean newest) {
        java.util.Arrays.fill(found, false);
        newestFirst = newest;
        last = newest ? Long.MAX_VALUE : 0;
        subject = which;
        if (newest) {
            reader.newestFirst(Pool.SUBJECTS[which], Integer.MAX_VALUE, this::onClaim);
        } else {
            reader.oldestFirst(Pool.SUBJECTS[which], Integer.MAX_VALUE, this::onClaim);
        }
        for (int i = 0; i < Pool.ASSERTIONS; i++) {
            if (Pool.subject(i) == which && !found[i] && isDue(i, readable)) {
                throw new Violation("readable claim " + i + " not found, READABLE " + readable);
            }
        }
    }

    private void onClaim(
            final long sequence,
            final DirectBuffer hash,
            final DirectBuffer record,
            final int offset,
            final int length) {
        final int i = pool.find(hash, 0);
        if (i < 0
                || (newestFirst ? sequence >= last : sequence <= last)
                || sequence > truth.top
                || truth.records[(int) sequence] != i
                || i >= Pool.ASSERTIONS
                || Pool.subject(i) != subject
                || found[i]) {
            throw new Violation("served claim " + i + " at " + sequence + " after " + last);
        }
        last = sequence;
        found[i] = true;
        served(i, record, offset, length);
    }
}
