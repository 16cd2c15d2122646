package io.stemedb.engine;

import io.stemedb.engine.ingest.QuarantineEntry;
import io.stemedb.engine.platform.DirectoryLock;
import io.stemedb.engine.platform.Manifest;
import io.stemedb.engine.store.KeyFamily;
import io.stemedb.engine.store.Keys;
import io.stemedb.engine.store.KvReader;
import io.stemedb.engine.store.KvStore;
import io.stemedb.engine.store.lmdb.LmdbKvStore;
import java.nio.file.Path;

/** What ingest set aside in a directory. */
public final class Quarantine {
    private Quarantine() {}

    /**
     * Something that was set aside.
     *
     * @param sequence of the record; the first one of a stretch of journal
     * @param reason why
     * @param bytes as they were found; none where they are gone
     */
    public record Entry(long sequence, String reason, byte[] bytes) {}

    /** Receives entries. */
    @FunctionalInterface
    public interface Handler {
        /**
         * Called for each entry, by sequence.
         *
         * @param entry the caller's own
         * @return whether to go on
         */
        boolean onEntry(Entry entry);
    }

    /**
     * Reads what is in the quarantine of a directory that no engine runs on; holds its lock
     * meanwhile. A running engine counts what it sets aside in {@link
     * io.stemedb.engine.status.Counter#QUARANTINED}.
     *
     * @param directory data directory
     * @param handler told of each entry
     * @return how many entries it was told
     * @throws EngineException if there is no engine's data there
     * @throws io.stemedb.engine.platform.DirectoryInUseException naming who runs on it
     */
    public static long read(final Path directory, final Handler handler) {
        final Manifest manifest = Verifier.manifest(directory);
        final DirectoryLock lock = DirectoryLock.acquire(directory);
        try {
            return read(directory, manifest, handler);
        } finally {
            lock.close();
        }
    }

    private static long read(final Path directory, final Manifest manifest, final Handler handler) {
        final long[] count = {0};
        try (KvStore store =
                        LmdbKvStore.openReadOnly(
                                directory.resolve(EngineParts.LMDB),
                                EngineParts.identity(manifest),
                                directory.resolve(EngineParts.NATIVE));
                KvReader reader = store.newReader()) {
            ExaminedStore.scan(
                    reader,
                    KeyFamily.QUARANTINE,
                    (key, keyOffset, keyLength, value, valueOffset, valueLength) -> {
                        final int at = QuarantineEntry.bytesOffset(value, valueOffset, valueLength);
                        final byte[] bytes = new byte[valueOffset + valueLength - at];
                        value.getBytes(at, bytes);
                        count[0]++;
                        return handler.onEntry(
                                new Entry(
                                        Keys.sequence(key, keyOffset, keyLength),
                                        QuarantineEntry.reason(value, valueOffset, valueLength),
                                        bytes));
                    });
        }
        return count[0];
    }
}
