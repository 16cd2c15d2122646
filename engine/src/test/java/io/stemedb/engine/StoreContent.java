package io.stemedb.engine;

import io.stemedb.engine.ingest.QuarantineEntry;
import io.stemedb.engine.platform.Manifest;
import io.stemedb.engine.store.HybridStore;
import io.stemedb.engine.store.KeyFamily;
import io.stemedb.engine.store.Keys;
import io.stemedb.engine.store.KvBatch;
import io.stemedb.engine.store.KvReader;
import io.stemedb.engine.store.KvStore;
import io.stemedb.engine.store.StoreIdentity;
import io.stemedb.engine.store.lmdb.LmdbKvStore;
import io.stemedb.engine.store.rocks.RocksKvStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * All that the stores of a directory hold, read behind the engine's back while none is running:
 * entries of each family, a digest of all, and the quarantine.
 */
public record StoreContent(
        long rocksCursor,
        long lmdbCursor,
        TreeMap<KeyFamily, Integer> counts,
        String digest,
        TreeMap<Long, Quarantined> quarantine) {

    private static final long MAP_BYTES = 1L << 30;

    public record Quarantined(String reason, String bytes) {}

    /** Up to which sequence each store is complete; 0 where there is none. */
    public record Cursors(long rocks, long lmdb) {}

    /** The cursors as they are, before a launch that would replay the journal. */
    public static Cursors cursors(final Path directory) {
        final StoreIdentity identity = EngineParts.identity(Manifest.read(directory));
        final Path natives = directory.resolve(EngineParts.NATIVE);
        try (KvStore rocks =
                        RocksKvStore.openReadOnly(
                                directory.resolve(EngineParts.ROCKS), identity, natives);
                KvStore lmdb =
                        LmdbKvStore.openReadOnly(
                                directory.resolve(EngineParts.LMDB), identity, natives)) {
            return new Cursors(rocks.cursor(), lmdb.cursor());
        }
    }

    public static StoreContent read(final Path directory) {
        final Manifest manifest = Manifest.read(directory);
        final StoreIdentity identity = EngineParts.identity(manifest);
        final Path natives = directory.resolve(EngineParts.NATIVE);
        try (KvStore rocks =
                        RocksKvStore.openReadOnly(
                                directory.resolve(EngineParts.ROCKS), identity, natives);
                KvStore lmdb =
                        LmdbKvStore.openReadOnly(
                                directory.resolve(EngineParts.LMDB), identity, natives);
                KvStore store = new HybridStore(rocks, lmdb, EngineParts.subjectIndex(manifest));
                KvReader reader = store.newReader()) {
            return read(rocks.cursor(), lmdb.cursor(), reader);
        }
    }

    private static StoreContent read(
            final long rocksCursor, final long lmdbCursor, final KvReader reader) {
        final MessageDigest digest = sha256();
        final TreeMap<KeyFamily, Integer> counts = new TreeMap<>();
        final TreeMap<Long, Quarantined> quarantine = new TreeMap<>();
        final UnsafeBuffer prefix = new UnsafeBuffer(new byte[Keys.MAX_LENGTH]);
        for (final KeyFamily family : KeyFamily.values()) {
            counts.put(family, 0);
            reader.scanForward(
                    prefix,
                    0,
                    Keys.family(prefix, 0, family),
                    null,
                    0,
                    0,
                    (key, keyOffset, keyLength, value, valueOffset, valueLength) -> {
                        counts.merge(family, 1, Integer::sum);
                        digest.update((keyLength + ":" + valueLength).getBytes());
                        digest.update(TestEngines.copy(key, keyOffset, keyLength));
                        digest.update(TestEngines.copy(value, valueOffset, valueLength));
                        if (family == KeyFamily.QUARANTINE) {
                            final int bytes =
                                    QuarantineEntry.bytesOffset(value, valueOffset, valueLength);
                            quarantine.put(
                                    Keys.sequence(key, keyOffset, keyLength),
                                    new Quarantined(
                                            QuarantineEntry.reason(value, valueOffset, valueLength),
                                            HexFormat.of()
                                                    .formatHex(
                                                            TestEngines.copy(
                                                                    value,
                                                                    bytes,
                                                                    valueOffset
                                                                            + valueLength
                                                                            - bytes))));
                        }
                        return true;
                    });
        }
        return new StoreContent(
                rocksCursor,
                lmdbCursor,
                counts,
                HexFormat.of().formatHex(digest.digest()),
                quarantine);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (final NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    public int count(final KeyFamily family) {
        return counts.get(family);
    }

    /** Puts an entry into a store behind the engine's back; its cursor stays. */
    public static void put(
            final Path directory, final boolean rocks, final byte[] key, final byte[] value) {
        final Manifest manifest = Manifest.read(directory);
        final StoreIdentity identity = EngineParts.identity(manifest);
        try (KvStore store =
                        rocks
                                ? RocksKvStore.open(directory.resolve(EngineParts.ROCKS), identity)
                                : LmdbKvStore.open(
                                        directory.resolve(EngineParts.LMDB), identity, MAP_BYTES);
                KvBatch batch = store.newBatch()) {
            batch.put(
                    new UnsafeBuffer(key), 0, key.length, new UnsafeBuffer(value), 0, value.length);
            batch.commit(store.cursor());
        }
    }

    /** Damages a store so that it does not open. */
    static void shut(final Path directory, final String store) throws IOException {
        if (EngineParts.LMDB.equals(store)) {
            JournalPlaces.change(
                    directory.resolve(store).resolve("data.mdb"),
                    bytes -> {
                        for (int page = 2; page * 4096 < bytes.length; page++) {
                            bytes[page * 4096 + 13] ^= 0x70; // where its entries end
                        }
                    });
        } else {
            Files.writeString(directory.resolve(store).resolve("CURRENT"), "MANIFEST-000999\n");
        }
    }

    /** Deletes both stores, as P7 allows. */
    public static void deleteStores(final Path directory) {
        delete(directory, EngineParts.ROCKS);
        delete(directory, EngineParts.LMDB);
    }

    /** Deletes one store, as P7 allows. */
    public static void delete(final Path directory, final String store) {
        final List<Path> paths = new ArrayList<>();
        try (Stream<Path> walk = Files.walk(directory.resolve(store))) {
            walk.forEach(paths::add);
            paths.sort(Comparator.reverseOrder());
            for (final Path path : paths) {
                Files.delete(path);
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
