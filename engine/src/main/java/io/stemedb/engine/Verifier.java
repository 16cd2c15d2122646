package io.stemedb.engine;

import io.stemedb.codecs.Limits;
import io.stemedb.engine.hash.Blake3;
import io.stemedb.engine.journal.JournalTail;
import io.stemedb.engine.platform.DirectoryLock;
import io.stemedb.engine.platform.JvmFlags;
import io.stemedb.engine.platform.Manifest;
import io.stemedb.engine.store.KeyFamily;
import io.stemedb.engine.store.Keys;
import io.stemedb.engine.store.KvReader;
import io.stemedb.engine.store.KvStore;
import io.stemedb.engine.store.StoreException;
import io.stemedb.engine.store.lmdb.LmdbKvStore;
import io.stemedb.engine.store.rocks.RocksKvStore;
import java.nio.file.Path;
import java.util.function.LongConsumer;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Compares a directory's journal with its stores, both ways: every record up to a store's cursor
 * must be in it, byte for byte, and every entry of a store must come from a record. Changes
 * nothing; holds the directory's lock meanwhile.
 */
public final class Verifier implements AutoCloseable {
    private final Path directory;
    private final DirectoryLock lock;
    private final Findings findings = new Findings();
    private final ContentDigest digest = new ContentDigest();
    private final Blake3 blake3;
    private final UnsafeBuffer bodyHash =
            new UnsafeBuffer(java.nio.ByteBuffer.allocateDirect(Limits.HASH_LENGTH));
    private final long[] counts = new long[128];

    private Verifier(final Path directory, final DirectoryLock lock) {
        this.directory = directory;
        this.lock = lock;
        blake3 = Blake3.newInstance();
    }

    /**
     * Verifies a directory that no engine runs on.
     *
     * @param directory data directory
     * @param progress told, now and then, how many journal records and store entries were looked at
     * @return what was found
     * @throws EngineException if there is no engine's data there
     * @throws io.stemedb.engine.platform.DirectoryInUseException naming who runs on it
     */
    public static Verification verify(final Path directory, final LongConsumer progress) {
        JvmFlags.check();
        final Manifest manifest = Manifest.read(directory);
        if (manifest == null) {
            throw new EngineException(directory + ": no data directory of an engine", null);
        }
        final DirectoryLock lock = DirectoryLock.acquire(directory);
        try {
            Blake3.load(directory.resolve(EngineParts.NATIVE));
            try (Verifier verifier = new Verifier(directory, lock)) {
                return verifier.run(manifest, progress);
            }
        } finally {
            lock.close();
        }
    }

    private Verification run(final Manifest manifest, final LongConsumer progress) {
        final Path natives = directory.resolve(EngineParts.NATIVE);
        try (KvStore rocks =
                        RocksKvStore.openReadOnly(
                                directory.resolve(EngineParts.ROCKS),
                                EngineParts.identity(manifest),
                                natives);
                KvStore lmdb =
                        LmdbKvStore.openReadOnly(
                                directory.resolve(EngineParts.LMDB),
                                EngineParts.identity(manifest),
                                natives)) {
            checkFiles("RocksDB", rocks);
            checkFiles("LMDB", lmdb);
            final boolean subjectsInRocks = "ROCKSDB".equals(manifest.subjectIndex());
            try (JournalComparison comparison =
                    new JournalComparison(
                            rocks, lmdb, subjectsInRocks ? rocks : lmdb, findings, progress)) {
                compareJournal(comparison, Math.max(rocks.cursor(), lmdb.cursor()));
                scan(rocks, comparison, progress);
                scan(lmdb, comparison, progress);
                comparison.compareCounts(counts);
                return new Verification(
                        comparison.records(),
                        comparison.notYetStored(),
                        counts[KeyFamily.ASSERTION.prefix()],
                        counts[KeyFamily.VOTE.prefix()],
                        counts[KeyFamily.EPOCH.prefix()],
                        counts[KeyFamily.SUBJECT.prefix()],
                        counts[KeyFamily.QUARANTINE.prefix()],
                        digest.toString(),
                        findings.texts(),
                        findings.count());
            }
        }
    }

    private void checkFiles(final String name, final KvStore store) {
        try {
            store.verify();
        } catch (final StoreException e) {
            findings.add(name + ": " + e.getMessage());
        }
    }

    private void compareJournal(final JournalComparison comparison, final long cursor) {
        try (JournalTail tail = JournalTail.open(directory.resolve(EngineParts.JOURNAL), 1)) {
            comparison.startsAt(tail.oldestSequence());
            while (tail.poll(comparison, Integer.MAX_VALUE) > 0) {
                Thread.onSpinWait();
            }
            comparison.endsAt(tail.nextSequence() - 1, cursor);
        }
    }

    private void scan(
            final KvStore store, final JournalComparison comparison, final LongConsumer progress) {
        final UnsafeBuffer prefix = new UnsafeBuffer(new byte[Keys.PREFIX_LENGTH]);
        try (KvReader reader = store.newReader()) {
            for (final KeyFamily family : KeyFamily.values()) {
                final int length = Keys.family(prefix, 0, family);
                reader.scanForward(
                        prefix,
                        0,
                        length,
                        null,
                        0,
                        0,
                        (key, keyOffset, keyLength, value, valueOffset, valueLength) -> {
                            if (++counts[family.prefix()] % 10_000 == 0) {
                                progress.accept(comparison.records() + counts[family.prefix()]);
                            }
                            if (family != KeyFamily.QUARANTINE) {
                                digest.add(
                                        key, keyOffset, keyLength, value, valueOffset, valueLength);
                                checkContent(
                                        family, key, keyOffset, value, valueOffset, valueLength);
                                comparison.checkOrigin(family, key, keyOffset, keyLength);
                            }
                            return true;
                        });
            }
        } catch (final StoreException e) {
            findings.add(e.getMessage());
        }
    }

    /** Assertions and votes carry the hash of their value in their key. */
    private void checkContent(
            final KeyFamily family,
            final DirectBuffer key,
            final int keyOffset,
            final DirectBuffer value,
            final int valueOffset,
            final int valueLength) {
        final int hashOffset =
                switch (family) {
                    case ASSERTION -> Keys.assertionHashOffset(keyOffset);
                    case VOTE -> Keys.voteHashOffset(keyOffset);
                    default -> -1;
                };
        if (hashOffset >= 0) {
            if (valueLength > Limits.HEADER_LENGTH) {
                blake3.hash(
                        value,
                        valueOffset + Limits.HEADER_LENGTH,
                        valueLength - Limits.HEADER_LENGTH,
                        bodyHash,
                        0);
            }
            if (!JournalComparison.equal(key, hashOffset, bodyHash, 0, Limits.HASH_LENGTH)) {
                findings.add(
                        family
                                + " "
                                + JournalComparison.hex(key, hashOffset)
                                + ": the stored bytes have another hash");
            }
        }
    }

    @Override
    public void close() {
        lock.close();
    }
}
