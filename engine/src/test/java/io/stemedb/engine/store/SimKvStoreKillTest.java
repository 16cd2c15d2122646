package io.stemedb.engine.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.faults.Damage;
import io.stemedb.engine.faults.Scale;
import io.stemedb.engine.faults.sim.Chaos;
import io.stemedb.engine.faults.sim.Mutant;
import io.stemedb.engine.store.lmdb.LmdbKvStore;
import io.stemedb.engine.store.rocks.RocksKvStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The simulated store against the real ones through lives that end with a kill in the middle of a
 * batch: what the next life finds is the same, cursor and content. A real store's directory is
 * copied while it is open.
 */
@Tag("faults")
class SimKvStoreKillTest {
    private static final int LIVES = Scale.of(12);
    private static final int BATCHES = 5;
    private static final int ENTRIES = 60;
    private static final String CONTENT = "content: ";
    private static final long MAP_BYTES = 64 << 20;

    /** Points of a commit: before and between its steps, and behind it. */
    private static final int DEATHS = 6;

    @TempDir Path directory;

    private final Chaos chaos = new Chaos();
    private final SimKvStore.Disk disk = new SimKvStore.Disk();
    private int undone;
    private int deaths;
    private int done;

    private static KvStore rocks(final Path home) {
        return RocksKvStore.open(
                home.resolve("rocks"), KvStoreContractTest.IDENTITY, NativeDirectory.PATH);
    }

    private static KvStore lmdb(final Path home) {
        return LmdbKvStore.open(
                home.resolve("lmdb"),
                KvStoreContractTest.IDENTITY,
                MAP_BYTES,
                NativeDirectory.PATH);
    }

    @Test
    void rocksDbLeavesTheSame() throws IOException {
        run(SimKvStoreKillTest::rocks, Mutant.NONE);
        assertTrue(done > 0 && undone > 0, "done " + done + " undone " + undone);
    }

    @Test
    void lmdbLeavesTheSame() throws IOException {
        run(SimKvStoreKillTest::lmdb, Mutant.NONE);
        assertTrue(done > 0 && undone > 0, "done " + done + " undone " + undone);
    }

    /** The control: a cursor that is durable in a step before its data. */
    @Test
    void aCursorBeforeItsDataIsCaught() {
        final AssertionError caught =
                assertThrows(
                        AssertionError.class,
                        () -> {
                            // until a kill is just between the two: most times in the first
                            for (int i = 0; i < 50; i++) {
                                disk.clear();
                                run(SimKvStoreKillTest::lmdb, Mutant.CURSOR_BEFORE_DATA);
                            }
                        });
        assertTrue(String.valueOf(caught.getMessage()).startsWith(CONTENT), caught::getMessage);
    }

    private void run(final Function<Path, KvStore> open, final Mutant mutant) throws IOException {
        final long seed = Scale.seed();
        final Random random = new Random(seed);
        chaos.reset(seed, mutant);
        Path home = Files.createTempDirectory(directory, "life");
        for (int life = 0; life < LIVES; life++) {
            final String at = Scale.again("SimKvStoreKillTest", seed) + " life " + life;
            final Path before = Files.createTempDirectory(directory, "before");
            final Path after = Files.createTempDirectory(directory, "after");
            long cursor;
            try (KvStore real = open.apply(home)) {
                final KvStore sim = new SimKvStore(disk, chaos, SimKvStore.LMDB);
                cursor = real.cursor();
                assertEquals(cursor, sim.cursor(), at);
                compare(real, sim, at);
                for (int batch = random.nextInt(BATCHES); batch > 0; batch--) {
                    final NavigableMap<byte[], byte[]> entries = entries(random);
                    cursor++;
                    Entries.commit(real, cursor, entries);
                    Entries.commit(sim, cursor, entries);
                }
                final NavigableMap<byte[], byte[]> last = entries(random);
                cursor++;
                leave(real, cursor, last, random, home, before, after);
                die(sim, cursor, last);
            }
            home = disk.data().cursor() == cursor ? after : before;
            done += home == after ? 1 : 0;
            undone += home == before ? 1 : 0;
        }
    }

    /** What a kill leaves before a batch is committed, and what after. */
    private static void leave(
            final KvStore real,
            final long cursor,
            final NavigableMap<byte[], byte[]> entries,
            final Random random,
            final Path home,
            final Path before,
            final Path after)
            throws IOException {
        final int copyAt = random.nextInt(entries.size() + 1);
        int put = 0;
        try (KvBatch batch = real.newBatch()) {
            for (final Map.Entry<byte[], byte[]> entry : entries.entrySet()) {
                if (put++ == copyAt) {
                    copyAtRest(home, before);
                }
                Entries.put(batch, entry.getKey(), entry.getValue());
            }
            if (put <= copyAt) {
                copyAtRest(home, before);
            }
            batch.commit(cursor);
            copyAtRest(home, after);
        }
    }

    private void die(
            final KvStore sim, final long cursor, final NavigableMap<byte[], byte[]> entries) {
        chaos.crashIn(entries.size() + deaths++ % DEATHS);
        try {
            Entries.commit(sim, cursor, entries);
        } catch (final Chaos.Crash e) {
            assertTrue(chaos.isDead());
        }
        chaos.revive();
    }

    /** Again, if RocksDB's own threads changed a file meanwhile. */
    private static void copyAtRest(final Path from, final Path to) throws IOException {
        boolean atRest = false;
        while (!atRest) {
            if (Files.exists(to)) {
                Damage.delete(to);
            }
            try {
                final Map<String, Long> files = files(from);
                Damage.copy(from, to);
                atRest = files.equals(files(from));
            } catch (final NoSuchFileException | UncheckedIOException e) {
                Thread.onSpinWait(); // gone while it was looked at
            }
        }
    }

    private static Map<String, Long> files(final Path directory) throws IOException {
        final Map<String, Long> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(directory)) {
            for (final Path file : (Iterable<Path>) all::iterator) {
                files.put(file.toString(), file.toFile().length());
            }
        }
        return files;
    }

    private static NavigableMap<byte[], byte[]> entries(final Random random) {
        final NavigableMap<byte[], byte[]> entries = Entries.map();
        for (int i = 1 + random.nextInt(ENTRIES); i > 0; i--) {
            final byte[] value = new byte[random.nextInt(400)];
            random.nextBytes(value);
            entries.put(Entries.key("HVEQ".charAt(i % 4) + ":" + random.nextInt(500)), value);
            entries.put(
                    Entries.subjectKey("s" + random.nextInt(5), random.nextInt(500)),
                    Entries.hash(random.nextLong()));
        }
        return entries;
    }

    private static void compare(final KvStore real, final KvStore sim, final String at) {
        try (KvReader one = real.newReader();
                KvReader other = sim.newReader()) {
            for (final String prefix : new String[] {"H:", "V:", "E:", "S:", "Q:"}) {
                assertEquals(
                        Entries.forward(one, Entries.key(prefix), null, Integer.MAX_VALUE),
                        Entries.forward(other, Entries.key(prefix), null, Integer.MAX_VALUE),
                        CONTENT + at);
            }
        }
        real.verify();
    }
}
