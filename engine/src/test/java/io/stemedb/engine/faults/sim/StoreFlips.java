package io.stemedb.engine.faults.sim;

import io.stemedb.engine.EngineException;
import io.stemedb.engine.Reader;
import io.stemedb.engine.store.KeyFamily;
import io.stemedb.engine.store.Keys;
import io.stemedb.engine.store.KvReader;
import io.stemedb.engine.store.SimKvStore;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A bit of a stored value turns over, in a store that keeps no checksums, and a reader asks for it:
 * it is told, or served from memory; never wrong, never missing. It is turned back at once: what a
 * store keeps that rots through flushes, launches and a repair, {@code RepairTest} and {@code
 * StoreCorruptionTest} look at, on the real ones.
 */
final class StoreFlips {
    private static final KeyFamily[] SERVED = {
        KeyFamily.ASSERTION, KeyFamily.VOTE, KeyFamily.EPOCH, KeyFamily.SUBJECT
    };

    private record Entry(byte[] key, byte[] value) {}

    private final Pool pool;
    private final ReadCheck readCheck;
    private final UnsafeBuffer prefix = new UnsafeBuffer(new byte[Keys.MAX_LENGTH]);
    private final UnsafeBuffer epochId = new UnsafeBuffer(new byte[Keys.HASH_LENGTH]);

    StoreFlips(final Pool pool, final ReadCheck readCheck) {
        this.pool = pool;
        this.readCheck = readCheck;
    }

    /** Turns one over if there is any, reads it, turns it back. */
    void check(
            final SimKvStore.Disk disk,
            final Reader reader,
            final long readable,
            final Chaos chaos,
            final Reached reached) {
        final KeyFamily family = SERVED[chaos.random.nextInt(SERVED.length)];
        final List<Entry> entries = entries(disk, family);
        if (entries.isEmpty()) {
            return;
        }
        final Entry entry = entries.get(chaos.random.nextInt(entries.size()));
        disk.flip(entry.key, chaos.random.nextInt(Byte.SIZE * entry.value.length));
        reached.storeFlips++;
        try {
            read(family, entry, reader, readable, chaos);
        } catch (final EngineException e) {
            reached.storeFlipsTold++;
        } finally {
            disk.flip(null, 0);
        }
    }

    private List<Entry> entries(final SimKvStore.Disk disk, final KeyFamily family) {
        final List<Entry> entries = new ArrayList<>();
        try (KvReader all = disk.data().newReader()) {
            all.scanForward(
                    prefix,
                    0,
                    Keys.family(prefix, 0, family),
                    null,
                    0,
                    0,
                    (key, keyOffset, keyLength, value, valueOffset, valueLength) -> {
                        final Entry entry = new Entry(new byte[keyLength], new byte[valueLength]);
                        key.getBytes(keyOffset, entry.key);
                        value.getBytes(valueOffset, entry.value);
                        return entries.add(entry);
                    });
        }
        return entries;
    }

    private void read(
            final KeyFamily family,
            final Entry entry,
            final Reader reader,
            final long readable,
            final Chaos chaos) {
        final UnsafeBuffer key = new UnsafeBuffer(entry.key);
        switch (family) {
            case ASSERTION ->
                    readCheck.assertion(
                            reader, readable, pool.find(key, Keys.assertionHashOffset(0)));
            case VOTE ->
                    readCheck.votes(
                            reader, readable, Pool.votedBy(pool.find(key, Keys.voteHashOffset(0))));
            case EPOCH -> {
                Keys.epochId(key, 0, epochId, 0);
                int id = 0;
                while (!Pool.equal(pool.epochIds[id], epochId, 0, Keys.HASH_LENGTH)) {
                    id++;
                }
                readCheck.epoch(reader, readable, id);
            }
            default -> {
                final int claim = pool.find(new UnsafeBuffer(entry.value), 0);
                readCheck.subject(
                        reader, readable, Pool.subject(claim), chaos.random.nextBoolean());
            }
        }
    }
}
