package io.stemedb.engine;

import io.stemedb.codecs.Limits;
import io.stemedb.engine.store.KeyFamily;
import io.stemedb.engine.store.Keys;
import io.stemedb.engine.store.KvReader;
import java.nio.ByteBuffer;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Store entries that no record of the journal has marked. A record that the journal has lost
 * explains one of them, which cannot be known: so as many are no difference, and if there are more
 * all are named.
 */
final class UnmarkedEntries {
    private final FingerprintTable assertions;
    private final FingerprintTable votes;
    private final FingerprintTable epochs;
    private final UnsafeBuffer hash =
            new UnsafeBuffer(ByteBuffer.allocateDirect(Limits.HASH_LENGTH));

    UnmarkedEntries(
            final FingerprintTable assertions,
            final FingerprintTable votes,
            final FingerprintTable epochs) {
        this.assertions = assertions;
        this.votes = votes;
        this.epochs = epochs;
    }

    /**
     * Names what is too much.
     *
     * @param lost records that the journal has lost
     */
    void name(final ExaminedStore rocks, final ExaminedStore lmdb, final long lost) {
        rocks.unmarked(rocks.isComplete() ? assertions.unmarked() + votes.unmarked() : 0);
        lmdb.unmarked(lmdb.isComplete() ? epochs.unmarked() : 0);
        final long all = rocks.unmarked() + lmdb.unmarked();
        if (all > lost) {
            final String text =
                    " is in the store and in no record of the journal"
                            + (lost == 0
                                    ? ""
                                    : "; of "
                                            + all
                                            + " such entries up to "
                                            + lost
                                            + " may be of lost records");
            name(rocks, List.of(KeyFamily.ASSERTION, KeyFamily.VOTE), text);
            name(lmdb, List.of(KeyFamily.EPOCH), text);
        }
    }

    private void name(
            final ExaminedStore store, final List<KeyFamily> families, final String text) {
        if (store.unmarked() == 0) {
            return;
        }
        try (KvReader reader = store.store().newReader()) {
            for (final KeyFamily family : families) {
                ExaminedStore.scan(
                        reader,
                        family,
                        (k, keyOffset, keyLength, value, valueOffset, valueLength) -> {
                            if (!isMarked(family, k, keyOffset)) {
                                store.add(ExaminedStore.name(family, k, keyOffset) + text);
                            }
                            return true;
                        });
            }
        }
    }

    private boolean isMarked(
            final KeyFamily family, final DirectBuffer entryKey, final int keyOffset) {
        return switch (family) {
            case ASSERTION ->
                    assertions.isMarked(
                            Fingerprints.assertion(entryKey, Keys.assertionHashOffset(keyOffset)));
            case VOTE ->
                    votes.isMarked(
                            Fingerprints.vote(
                                    entryKey,
                                    Keys.assertionHashOffset(keyOffset),
                                    entryKey,
                                    Keys.voteHashOffset(keyOffset)));
            default -> {
                Keys.epochId(entryKey, keyOffset, hash, 0);
                yield epochs.isMarked(Fingerprints.epoch(hash, 0));
            }
        };
    }
}
