package io.stemedb.engine.faults.sim;

import io.stemedb.codecs.AssertionWriter;
import io.stemedb.codecs.EpochWriter;
import io.stemedb.codecs.Limits;
import io.stemedb.codecs.RecordHeader;
import io.stemedb.codecs.RecordWriter;
import io.stemedb.codecs.SupersessionType;
import io.stemedb.codecs.VoteWriter;
import io.stemedb.engine.TestEngines;
import java.util.HashMap;
import java.util.Map;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The records that simulations append, the same for every seed: assertions on subjects that start
 * with each other, votes, epochs that clash, and records that are whole but not valid. Hashes are
 * by an implementation that is not ours.
 */
final class Pool {
    enum Kind {
        ASSERTION,
        VOTE,
        EPOCH,
        INVALID
    }

    static final int ASSERTIONS = 48;
    static final int VOTES = 16;
    static final int EPOCHS = 12;
    static final int EPOCH_IDS = 5;
    static final int SIZE = ASSERTIONS + VOTES + EPOCHS + 2;
    static final int VOTED = 6;
    static final String[] SUBJECTS = {"a", "ab", "a:b", "\u00e4", "Semaglutide:Type2Diabetes"};

    final byte[][] bytes = new byte[SIZE][];
    final UnsafeBuffer[] records = new UnsafeBuffer[SIZE];
    final UnsafeBuffer[] hashes = new UnsafeBuffer[SIZE];
    final UnsafeBuffer[] epochIds = new UnsafeBuffer[EPOCH_IDS];
    private final Map<Long, Integer> byHash = new HashMap<>();

    Pool() {
        final AssertionWriter assertion = new AssertionWriter();
        for (int i = 0; i < ASSERTIONS; i++) {
            assertion.clear();
            assertion.subject(SUBJECTS[subject(i)]).predicate("p" + i % 3).confidence(1);
            assertion.timestamp(i);
            if (i % 12 == 11) {
                assertion.text(TestEngines.ofLength('t', 700 + 10 * i));
            } else {
                assertion.text(TestEngines.ofLength('t', 5 * i % 97));
            }
            set(i, assertion);
        }
        final VoteWriter vote = new VoteWriter();
        for (int i = 0; i < VOTES; i++) {
            vote.clear();
            vote.assertion(hash(votedBy(ASSERTIONS + i))).agentId(TestEngines.id(i)).weight(i);
            set(ASSERTIONS + i, vote.timestamp(i));
        }
        for (int i = 0; i < EPOCH_IDS; i++) {
            epochIds[i] = new UnsafeBuffer(TestEngines.id(i));
        }
        final EpochWriter epoch = new EpochWriter();
        for (int i = 0; i < EPOCHS; i++) {
            epoch.clear();
            epoch.id(TestEngines.id(i % EPOCH_IDS)).name("epoch-" + i).description("");
            set(ASSERTIONS + VOTES + i, epoch.start(0).supersessionType(SupersessionType.None));
        }
        for (int i = SIZE - 2; i < SIZE; i++) {
            bytes[i] = bytes[i - SIZE + 2 + 5].clone();
            records[i] = new UnsafeBuffer(bytes[i]);
            bytes[i][0] = (byte) (77 + i); // no such type
            final int crc = RecordHeader.computeCrc(records[i], 0, bytes[i].length);
            records[i].putInt(Integer.BYTES, crc);
            hash(i);
        }
    }

    private void set(final int i, final RecordWriter writer) {
        final UnsafeBuffer scratch = new UnsafeBuffer(new byte[Limits.RECORD_MAX]);
        bytes[i] = TestEngines.copy(scratch, 0, writer.encode(scratch, 0));
        records[i] = new UnsafeBuffer(bytes[i]);
        byHash.put(key(hash(i), 0), i);
    }

    private byte[] hash(final int i) {
        final byte[] hash = TestEngines.hashOf(bytes[i]);
        hashes[i] = new UnsafeBuffer(hash);
        return hash;
    }

    private static long key(final byte[] hash, final int offset) {
        return new UnsafeBuffer(hash).getLong(offset);
    }

    static Kind kind(final int i) {
        if (i < ASSERTIONS) {
            return Kind.ASSERTION;
        }
        if (i < ASSERTIONS + VOTES) {
            return Kind.VOTE;
        }
        return i < SIZE - 2 ? Kind.EPOCH : Kind.INVALID;
    }

    static int subject(final int assertion) {
        return assertion * 7 % 11 % SUBJECTS.length;
    }

    static int votedBy(final int vote) {
        return vote % VOTED;
    }

    static int epochId(final int epoch) {
        return (epoch - ASSERTIONS - VOTES) % EPOCH_IDS;
    }

    /** Which record has a hash; -1 for none. */
    int find(final DirectBuffer buffer, final int offset) {
        final Integer found = byHash.get(buffer.getLong(offset));
        if (found == null || !equal(hashes[found], buffer, offset, TestEngines.HASH)) {
            return -1;
        }
        return found;
    }

    /** Whether bytes are exactly those of a record. */
    boolean isRecord(final int i, final DirectBuffer buffer, final int offset, final int length) {
        return length == bytes[i].length && equal(records[i], buffer, offset, length);
    }

    static boolean equal(
            final DirectBuffer expected,
            final DirectBuffer buffer,
            final int offset,
            final int length) {
        for (int i = 0; i < length; i++) {
            if (expected.getByte(i) != buffer.getByte(offset + i)) {
                return false;
            }
        }
        return true;
    }
}
