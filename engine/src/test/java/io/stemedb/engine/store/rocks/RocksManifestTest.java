package io.stemedb.engine.store.rocks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.store.KvBatch;
import io.stemedb.engine.store.KvStore;
import io.stemedb.engine.store.StoreException;
import io.stemedb.engine.store.StoreIdentity;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.RocksDB;

@Timeout(value = 600, threadMode = ThreadMode.SEPARATE_THREAD) // RocksDB may read for ever
class RocksManifestTest {
    private static final StoreIdentity IDENTITY = new StoreIdentity(1, 2, 1);
    private static final Path NATIVE = Path.of("target", "test-native").toAbsolutePath();
    private static final int BLOCK = 32 << 10;
    private static final int HEADER = 7;

    /** Long keys, as the manifest has the first and the last of each table. */
    private static final int KEY = 200;

    @TempDir Path parent;

    private record Place(int at, int length, int type) {
        int end() {
            return at + HEADER + length;
        }
    }

    /** With so many, the newest is not compacted away at once. */
    private static final int FEW = 1;

    private Path manifest;
    private byte[] sound;
    private List<Place> places;

    private void fill(final int batches) throws IOException {
        final UnsafeBuffer entry = new UnsafeBuffer(new byte[KEY]);
        try (RocksKvStore store = RocksKvStore.open(directory(), IDENTITY, NATIVE)) {
            for (int i = 1; i <= batches; i++) {
                try (KvBatch batch = store.newBatch()) {
                    entry.putStringWithoutLengthAscii(0, String.format("H:%08d", i));
                    batch.put(entry, 0, entry.capacity(), entry, 0, entry.capacity());
                    batch.commit(i);
                }
            }
        }
        manifest = directory().resolve(Files.readString(directory().resolve("CURRENT")).strip());
        sound = Files.readAllBytes(manifest);
        places = places();
    }

    private List<Place> places() {
        final List<Place> found = new ArrayList<>();
        final ByteBuffer bytes = ByteBuffer.wrap(sound).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at + HEADER <= sound.length; at = found.get(found.size() - 1).end()) {
            if (BLOCK - at % BLOCK < HEADER) { // nothing begins there
                at += BLOCK - at % BLOCK;
            }
            found.add(
                    new Place(at, Short.toUnsignedInt(bytes.getShort(at + 4)), bytes.get(at + 6)));
        }
        assertEquals(sound.length, found.get(found.size() - 1).end());
        return found;
    }

    private Path directory() {
        return parent.resolve("rocks");
    }

    private long cursor() {
        try (KvStore store = RocksKvStore.openReadOnly(directory(), IDENTITY, NATIVE)) {
            return store.cursor();
        }
    }

    private List<Path> tables() throws IOException {
        try (Stream<Path> files = Files.list(directory())) {
            return files.filter(file -> file.toString().endsWith(".sst")).sorted().toList();
        }
    }

    private void assertDamaged(final byte[] bytes, final int at, final String what)
            throws IOException {
        Files.write(manifest, bytes);
        final StoreException e = assertThrows(StoreException.class, this::cursor, what);
        assertTrue(e.getMessage().contains("record at byte " + at + ";"), e.getMessage());
        for (final Executable other :
                List.<Executable>of(
                        () -> RocksKvStore.open(directory(), IDENTITY, NATIVE).close(),
                        () -> RocksKvStore.dataFiles(directory(), NATIVE))) {
            assertEquals(
                    e.getMessage(), assertThrows(StoreException.class, other, what).getMessage());
        }
    }

    /** Of the check: RocksDB may miss tables that a compaction has deleted. */
    private void assertNoDamage(final byte[] bytes) throws IOException {
        Files.write(manifest, bytes);
        RocksManifest.check(directory());
    }

    @Test
    void anyBitOfAnyHeaderThatTurnsOverIsRefused() throws IOException {
        fill(FEW + 9);
        for (final Place place : places) {
            for (int bit = 0; bit < HEADER * Byte.SIZE; bit++) {
                final byte[] bytes = sound.clone();
                bytes[place.at() + bit / Byte.SIZE] ^= (byte) (1 << bit % Byte.SIZE);
                Files.write(manifest, bytes);
                assertThrows(StoreException.class, this::cursor, place + ", bit " + bit);
            }
        }
    }

    /** What RocksDB would read for ever, or take for torn, is named; and no table is deleted. */
    @Test
    void whatRocksDbDoesNotRefuseIsNamed() throws IOException {
        fill(FEW + 9);
        final List<Path> tables = tables();
        for (final Place place : places) {
            final byte[] type = sound.clone();
            type[place.at() + 6] += 4; // of a log that is used again
            assertDamaged(type, place.at(), place + ": type");
            final byte[] length = sound.clone();
            length[place.at() + 5] |= 0x40; // beyond the end
            assertDamaged(length, place.at(), place + ": length");
            if (place.end() < sound.length) {
                final byte[] zeros = sound.clone();
                Arrays.fill(zeros, place.at(), place.end(), (byte) 0);
                assertDamaged(zeros, place.at(), place + ": zeros");
            }
        }
        assertEquals(tables, tables());
        Files.write(manifest, sound);
        assertEquals(FEW + 9, cursor());
    }

    /** The control: RocksDB itself opens the store as it was a batch before. */
    @Test
    void rocksDbTakesAnAlteredLengthForTorn() throws Exception {
        fill(FEW);
        final byte[] bytes = sound.clone();
        bytes[places.get(places.size() - 1).at() + 5] |= 0x40;
        Files.write(manifest, bytes);
        try (RocksSettings settings = new RocksSettings();
                RocksDB db = RocksDB.openReadOnly(settings.options, directory().toString())) {
            final byte[] cursor = db.get(RocksKvStore.CURSOR_KEY);
            assertEquals(FEW - 1, new UnsafeBuffer(cursor).getLong(0, ByteOrder.LITTLE_ENDIAN));
        }
        assertDamaged(bytes, places.get(places.size() - 1).at(), "length");
    }

    /** A machine that lost power wrote it in part: the store is as it was a batch before. */
    @Test
    void aTornEndIsNoDamage() throws IOException {
        fill(FEW);
        assertEquals(FEW, cursor());
        final Place last = places.get(places.size() - 1);
        for (int end = last.at(); end < last.end(); end++) {
            Files.write(manifest, Arrays.copyOf(sound, end));
            assertEquals(FEW - 1, cursor(), last + ", cut at " + end);
        }
        Files.write(manifest, Arrays.copyOf(Arrays.copyOf(sound, last.at()), sound.length));
        assertEquals(FEW - 1, cursor(), "zeros");
        // torn between two sectors: this RocksDB refuses by itself
        Files.write(manifest, Arrays.copyOf(Arrays.copyOf(sound, last.end() - 9), sound.length));
        final StoreException e = assertThrows(StoreException.class, this::cursor);
        assertTrue(e.getMessage().contains("checksum mismatch"), e.getMessage());
    }

    @Test
    void recordsThatCrossBlocks() throws IOException {
        fill(300);
        assertTrue(sound.length > 2 * BLOCK, () -> "bytes " + sound.length);
        assertTrue(places.stream().anyMatch(place -> place.type() > 1), "none crosses a block");
        assertEquals(300, cursor());
        final Place crosses =
                places.stream().filter(place -> place.type() == 2).findFirst().orElseThrow();
        assertNoDamage(Arrays.copyOf(Arrays.copyOf(sound, crosses.at()), sound.length)); // zeros
        for (int end = crosses.at(); end < crosses.end() + 2 * HEADER; end++) {
            assertNoDamage(Arrays.copyOf(sound, end));
        }
        for (final Place place : places.subList(places.size() / 2, places.size())) {
            final byte[] bytes = sound.clone();
            bytes[place.at() + 6] += 4;
            assertDamaged(bytes, place.at(), place.toString());
        }
    }

    @Test
    void whatIsNotThereIsLeftToRocksDb() throws IOException {
        fill(FEW);
        Files.delete(manifest);
        final StoreException missing = assertThrows(StoreException.class, this::cursor);
        assertTrue(missing.getMessage().contains("No such file"), missing.getMessage());
        Files.writeString(directory().resolve("CURRENT"), "MANIFEST");
        final StoreException refused = assertThrows(StoreException.class, this::cursor);
        assertTrue(refused.getMessage().contains("CURRENT"), refused.getMessage());
    }
}
