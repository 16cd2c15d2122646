package io.stemedb.engine.faults.sim;

import io.stemedb.engine.ingest.QuarantineEntry;
import io.stemedb.engine.store.KeyFamily;
import io.stemedb.engine.store.Keys;
import io.stemedb.engine.store.KvReader;
import io.stemedb.engine.store.KvStore;
import io.stemedb.engine.store.SubjectIndex;
import java.util.Arrays;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * What a store holds, compared with what a replay of the journal up to its cursor gives: all of it
 * and nothing else. What was damaged may be there or not.
 */
final class ContentCheck {
    private final Truth truth;
    private final Pool pool;
    private final UnsafeBuffer key = new UnsafeBuffer(new byte[Keys.MAX_LENGTH]);
    private final UnsafeBuffer epochId = new UnsafeBuffer(new byte[Keys.HASH_LENGTH]);
    private final boolean[] found = new boolean[Pool.SIZE];
    private final boolean[] replayed = new boolean[Pool.SIZE];
    private final boolean[] foundPlace = new boolean[4096];
    private final boolean[] quarantined = new boolean[4096];
    private final int[] standing = new int[Pool.EPOCH_IDS];
    private final int[] foundEpoch = new int[Pool.EPOCH_IDS];
    private final boolean[] open = new boolean[Pool.EPOCH_IDS];
    private long cursor;
    private String store;

    ContentCheck(final Truth truth) {
        this.truth = truth;
        pool = truth.pool;
    }

    /** Both stores, each up to its own cursor. */
    void check(final KvStore rocks, final KvStore lmdb, final SubjectIndex subjectIndex) {
        if (subjectIndex == SubjectIndex.ROCKSDB) {
            check(rocks, "rocks", KeyFamily.ASSERTION, KeyFamily.VOTE, KeyFamily.SUBJECT);
            check(lmdb, "lmdb", KeyFamily.EPOCH, KeyFamily.QUARANTINE);
        } else {
            check(rocks, "rocks", KeyFamily.ASSERTION, KeyFamily.VOTE);
            check(lmdb, "lmdb", KeyFamily.SUBJECT, KeyFamily.EPOCH, KeyFamily.QUARANTINE);
        }
    }

    private void check(final KvStore checked, final String name, final KeyFamily... families) {
        store = name;
        cursor = checked.cursor();
        if (cursor > truth.top) {
            throw violation("cursor beyond the journal's end " + truth.top);
        }
        replay();
        final int used = (int) truth.top + 1;
        Arrays.fill(found, false);
        Arrays.fill(foundPlace, 0, used, false);
        Arrays.fill(quarantined, 0, used, false);
        Arrays.fill(foundEpoch, -1);
        try (KvReader reader = checked.newReader()) {
            for (final KeyFamily family : families) {
                reader.scanForward(
                        key,
                        0,
                        Keys.family(key, 0, family),
                        null,
                        0,
                        0,
                        (k, ko, kl, v, vo, vl) -> {
                            entry(family, k, ko, kl, v, vo, vl);
                            return true;
                        });
            }
        }
        for (final KeyFamily family : families) {
            requireAll(family);
        }
    }

    private void replay() {
        Arrays.fill(replayed, false);
        Arrays.fill(standing, -1);
        Arrays.fill(open, false);
        for (int s = 1; s <= cursor; s++) {
            final int record = truth.records[s];
            if (Pool.kind(record) == Pool.Kind.EPOCH) {
                final int id = Pool.epochId(record);
                open[id] |= truth.hurt[s];
                if (standing[id] < 0 && !truth.hurt[s]) {
                    standing[id] = record;
                }
            }
            replayed[record] = true;
        }
    }

    private Violation violation(final String what) {
        return new Violation(store + ", cursor " + cursor + ": " + what);
    }

    private void entry(
            final KeyFamily family,
            final DirectBuffer k,
            final int keyOffset,
            final int keyLength,
            final DirectBuffer value,
            final int offset,
            final int length) {
        switch (family) {
            case ASSERTION -> record(k, Keys.assertionHashOffset(keyOffset), value, offset, length);
            case VOTE -> {
                final int i = record(k, Keys.voteHashOffset(keyOffset), value, offset, length);
                final UnsafeBuffer on = pool.hashes[Pool.votedBy(i)];
                if (!Pool.equal(on, k, Keys.assertionHashOffset(keyOffset), Keys.HASH_LENGTH)) {
                    throw violation("vote " + i + " under another assertion");
                }
            }
            case SUBJECT -> place(k, keyOffset, keyLength, value, offset, length);
            case EPOCH -> {
                Keys.epochId(k, keyOffset, epochId, 0);
                epoch(value, offset, length);
            }
            case QUARANTINE -> {
                final long s = Keys.sequence(k, keyOffset, keyLength);
                if (s < 1 || s > cursor) {
                    throw violation("quarantine of sequence " + s);
                }
                quarantined[(int) s] = true;
                if (!truth.reported[(int) s] && !isClash((int) s)) {
                    throw violation(
                            "sound record "
                                    + s
                                    + " in quarantine: "
                                    + QuarantineEntry.reason(value, offset, length));
                }
            }
            default -> throw violation("family " + family);
        }
    }

    private boolean isClash(final int s) {
        final int record = truth.records[s];
        if (Pool.kind(record) != Pool.Kind.EPOCH) {
            return false;
        }
        final int id = Pool.epochId(record);
        return open[id] || standing[id] != record;
    }

    private int record(
            final DirectBuffer k,
            final int hashOffset,
            final DirectBuffer value,
            final int offset,
            final int length) {
        final int i = pool.find(k, hashOffset);
        if (i < 0 || !replayed[i]) {
            throw violation("holds a record that no replay gives: " + i);
        }
        if (!pool.isRecord(i, value, offset, length)) {
            throw violation("wrong bytes of record " + i);
        }
        found[i] = true;
        return i;
    }

    private void place(
            final DirectBuffer k,
            final int keyOffset,
            final int keyLength,
            final DirectBuffer value,
            final int offset,
            final int length) {
        final long s = Keys.sequence(k, keyOffset, keyLength);
        if (s < 1 || s > cursor) {
            throw violation("place at sequence " + s);
        }
        final int i = pool.find(value, offset);
        if (i < 0
                || length != Keys.HASH_LENGTH
                || i >= Pool.ASSERTIONS
                || truth.records[(int) s] != i) {
            throw violation("wrong record at place " + s + ": " + i);
        }
        foundPlace[(int) s] = true;
    }

    private void epoch(final DirectBuffer value, final int offset, final int length) {
        for (int i = Pool.ASSERTIONS + Pool.VOTES; i < Pool.SIZE - 2; i++) {
            final int id = Pool.epochId(i);
            if (pool.isRecord(i, value, offset, length)
                    && Pool.equal(pool.epochIds[id], epochId, 0, Keys.HASH_LENGTH)) {
                if (!(open[id] ? replayed[i] : standing[id] == i)) {
                    throw violation("epoch " + i + " stands, not " + standing[id]);
                }
                foundEpoch[id] = i;
                return;
            }
        }
        throw violation("wrong bytes of an epoch");
    }

    private void requireAll(final KeyFamily family) {
        for (int s = 1; s <= cursor; s++) {
            final int record = truth.records[s];
            final boolean there =
                    switch (family) {
                        case ASSERTION -> Pool.kind(record) != Pool.Kind.ASSERTION || found[record];
                        case SUBJECT -> Pool.kind(record) != Pool.Kind.ASSERTION || foundPlace[s];
                        case VOTE -> Pool.kind(record) != Pool.Kind.VOTE || found[record];
                        case EPOCH ->
                                Pool.kind(record) != Pool.Kind.EPOCH
                                        || foundEpoch[Pool.epochId(record)] >= 0;
                        case QUARANTINE -> isQuarantinedIfDue(s, record);
                        default -> throw violation("family " + family);
                    };
            if (!there && !truth.hurt[s]) {
                throw violation(family + " lacks sequence " + s + ", record " + record);
            }
            if (!there && !truth.reported[s]) {
                throw violation(family + " lacks damaged sequence " + s + ", and nobody was told");
            }
        }
    }

    private boolean isQuarantinedIfDue(final int s, final int record) {
        if (Pool.kind(record) == Pool.Kind.INVALID) {
            return quarantined[s];
        }
        final boolean due =
                Pool.kind(record) == Pool.Kind.EPOCH
                        && !open[Pool.epochId(record)]
                        && standing[Pool.epochId(record)] != record;
        return !due || quarantined[s];
    }
}
