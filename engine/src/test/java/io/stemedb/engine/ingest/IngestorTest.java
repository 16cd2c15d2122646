package io.stemedb.engine.ingest;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.codecs.AssertionView;
import io.stemedb.codecs.AssertionWriter;
import io.stemedb.codecs.EpochWriter;
import io.stemedb.codecs.RecordWriter;
import io.stemedb.codecs.SupersessionType;
import io.stemedb.codecs.VoteWriter;
import io.stemedb.engine.TestEngines;
import io.stemedb.engine.journal.ChronicleJournal;
import io.stemedb.engine.journal.Journal;
import io.stemedb.engine.journal.JournalConfig;
import io.stemedb.engine.memtable.MemtableReader;
import io.stemedb.engine.store.HybridStore;
import io.stemedb.engine.store.KeyFamily;
import io.stemedb.engine.store.Keys;
import io.stemedb.engine.store.KvReader;
import io.stemedb.engine.store.KvStore;
import io.stemedb.engine.store.MemoryKvStore;
import io.stemedb.engine.store.StoreIdentity;
import io.stemedb.engine.store.SubjectIndex;
import io.stemedb.engine.store.lmdb.LmdbKvStore;
import io.stemedb.engine.store.rocks.RocksKvStore;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.agrona.concurrent.SystemNanoClock;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Chronicle's journal, an {@link Ingestor} and any store, put together as an embedder would. */
@Timeout(900) // only for what hangs
class IngestorTest {
    private static final StoreIdentity IDENTITY = new StoreIdentity(1, 2, 1);
    private static final Path NATIVES = Path.of("target", "test-native").toAbsolutePath();
    private static final int MANY = 5_000;

    /** What is ingested into; memory starts empty each time, the others go on. */
    enum Kind {
        MEMORY,
        ROCKSDB,
        HYBRID;

        KvStore open(final Path directory) {
            return switch (this) {
                case MEMORY -> new MemoryKvStore();
                case ROCKSDB -> rocks(directory);
                case HYBRID ->
                        new HybridStore(
                                rocks(directory),
                                LmdbKvStore.open(
                                        directory.resolve("lmdb"), IDENTITY, 1L << 30, NATIVES),
                                SubjectIndex.LMDB);
            };
        }

        private static KvStore rocks(final Path directory) {
            return RocksKvStore.open(directory.resolve("rocks"), IDENTITY, NATIVES);
        }
    }

    @TempDir Path directory;

    private final AssertionWriter assertion = new AssertionWriter();
    private final VoteWriter vote = new VoteWriter();
    private final EpochWriter epoch = new EpochWriter();
    private final UnsafeBuffer scratch = new UnsafeBuffer(new byte[1 << 16]);

    /** Key to value, as the formats say, by means that are not the engine's. */
    private final Map<ByteBuffer, byte[]> expected = new TreeMap<>();

    private long last;

    /** Everything open, on the same directory as the life before. */
    private final class Life implements AutoCloseable {
        final KvStore store;
        final Journal journal;
        final Ingestor ingestor;

        Life(final Kind kind) {
            store = kind.open(directory);
            journal =
                    ChronicleJournal.open(
                            directory.resolve("journal"),
                            new JournalConfig(
                                    JournalConfig.SEGMENT_LENGTH_MIN,
                                    1 << 20,
                                    JournalConfig.BACKLOG_LIMIT_DEFAULT,
                                    store.cursor(),
                                    SystemNanoClock.INSTANCE));
            ingestor = new Ingestor(journal, store);
            ingestor.start();
        }

        /** Appends what a writer holds; the record. */
        byte[] append(final RecordWriter writer) {
            final int length = writer.encode(scratch, 0);
            writer.clear();
            final long sequence = TestEngines.append(() -> journal.append(scratch, 0, length));
            assertEquals(++last, sequence);
            return TestEngines.copy(scratch, 0, length);
        }

        void awaitReadable() {
            await("READABLE", () -> ingestor.readable() >= last);
        }

        void awaitStored() {
            ingestor.requestFlush(last);
            await("STORED", () -> ingestor.stored() >= last);
            assertEquals(last, store.cursor());
            assertTrue(journal.synced() >= last, "never stored before it is synced");
        }

        private void await(final String what, final BooleanSupplier reached) {
            final long startNs = System.nanoTime();
            while (!reached.getAsBoolean()) {
                assertEquals(null, ingestor.failure());
                assertTrue(System.nanoTime() - startNs < TestEngines.TIMEOUT_NS, what);
                Thread.yield();
            }
        }

        void checkStored() {
            final Map<ByteBuffer, byte[]> found = new TreeMap<>();
            final UnsafeBuffer prefix = new UnsafeBuffer(new byte[Keys.MAX_LENGTH]);
            try (KvReader reader = store.newReader()) {
                for (final KeyFamily family : KeyFamily.values()) {
                    reader.scanForward(
                            prefix,
                            0,
                            Keys.family(prefix, 0, family),
                            null,
                            0,
                            0,
                            (key, keyOffset, keyLength, value, valueOffset, valueLength) ->
                                    found.put(
                                                    ByteBuffer.wrap(
                                                            TestEngines.copy(
                                                                    key, keyOffset, keyLength)),
                                                    TestEngines.copy(
                                                            value, valueOffset, valueLength))
                                            == null);
                }
            }
            assertEquals(expected.keySet(), found.keySet());
            found.forEach((key, value) -> assertArrayEquals(expected.get(key), value));
        }

        @Override
        public void close() {
            ingestor.close();
            journal.close();
            store.close();
        }
    }

    private byte[] claim(final Life life, final String subject, final long number) {
        assertion.subject(subject).predicate("p").number(number).confidence(1).timestamp(number);
        final byte[] record = life.append(assertion);
        final byte[] hash = TestEngines.hashOf(record);
        expect(record, "H:".getBytes(StandardCharsets.UTF_8), hash);
        final byte[] at = ByteBuffer.allocate(Long.BYTES).putLong(last).array();
        expect(hash, ("S:" + subject + '\0').getBytes(StandardCharsets.UTF_8), at);
        return hash;
    }

    private byte[] vote(final Life life, final byte[] on, final long number) {
        vote.assertion(on).agentId(TestEngines.id(number)).weight(0.5f).timestamp(number);
        final byte[] record = life.append(vote);
        final byte[] hash = TestEngines.hashOf(record);
        final byte[] colon = {':'};
        expect(record, "V:".getBytes(StandardCharsets.UTF_8), on, colon, hash);
        return hash;
    }

    private byte[] epoch(final Life life, final long number) {
        final byte[] id = TestEngines.id(number);
        epoch.id(id).name("epoch " + number).description("").start(number);
        epoch.supersessionType(SupersessionType.None);
        final String hex = java.util.HexFormat.of().formatHex(id);
        expect(life.append(epoch), ("E:" + hex).getBytes(StandardCharsets.UTF_8));
        return id;
    }

    private void expect(final byte[] value, final byte[]... keyParts) {
        final ByteBuffer key =
                ByteBuffer.allocate(Arrays.stream(keyParts).mapToInt(part -> part.length).sum());
        for (final byte[] part : keyParts) {
            key.put(part);
        }
        expected.put(key.flip(), value);
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void aSingleAssertion(final Kind kind) {
        try (Life life = new Life(kind)) {
            final byte[] hash = claim(life, "subject", 1);
            life.awaitReadable();
            try (MemtableReader memory = life.ingestor.memtable().newReader()) {
                memory.enter();
                assertTrue(
                        memory.findAssertion(new UnsafeBuffer(hash), 0) || life.store.cursor() > 0);
                memory.exit();
            }
            life.awaitStored();
            life.checkStored();
            final AssertionView view = new AssertionView();
            final UnsafeBuffer key = new UnsafeBuffer(new byte[Keys.MAX_LENGTH]);
            final int length = Keys.assertion(key, 0, new UnsafeBuffer(hash), 0);
            try (KvReader reader = life.store.newReader()) {
                assertTrue(
                        reader.get(
                                key,
                                0,
                                length,
                                (k, ko, kl, value, offset, valueLength) -> {
                                    view.wrap(value, offset, valueLength);
                                    assertEquals("subject", view.subject());
                                    assertEquals(1, view.number());
                                    return false;
                                }));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void aVote(final Kind kind) {
        try (Life life = new Life(kind)) {
            final byte[] on = claim(life, "subject", 1);
            vote(life, on, 2);
            vote(life, TestEngines.id(7), 3); // its assertion never arrives
            life.awaitStored();
            life.checkStored();
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void anEpoch(final Kind kind) {
        try (Life life = new Life(kind)) {
            final byte[] id = epoch(life, 1);
            life.awaitReadable();
            try (MemtableReader memory = life.ingestor.memtable().newReader()) {
                memory.enter();
                assertTrue(memory.findEpoch(new UnsafeBuffer(id), 0) || life.store.cursor() > 0);
                memory.exit();
            }
            life.awaitStored();
            life.checkStored();
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void manyRecords(final Kind kind) {
        try (Life life = new Life(kind)) {
            many(life);
            life.awaitStored();
            life.checkStored();
        }
    }

    private void many(final Life life) {
        byte[] on = TestEngines.id(0);
        for (int i = 0; i < MANY; i++) {
            switch (i % 10) {
                case 7, 8 -> vote(life, on, last);
                case 9 -> epoch(life, last);
                default -> on = claim(life, "subject-" + i % 13, last);
            }
        }
    }

    /** Nothing asks for a flush before the first two closes, so most is replayed. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void whatWasNotStoredIsReplayed(final Kind kind) {
        for (int life = 0; life < 2; life++) {
            try (Life open = new Life(kind)) {
                open.awaitReadable(); // of the lives before
                many(open);
            }
        }
        for (int life = 0; life < 2; life++) {
            try (Life open = new Life(kind)) {
                open.awaitReadable();
                open.awaitStored();
                open.checkStored();
                epoch(open, last);
                open.awaitStored();
                open.checkStored();
            }
        }
    }

    /** One subject's places, in order and apart from those of one that starts like it. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void theSubjectIndex(final Kind kind) {
        try (Life life = new Life(kind)) {
            for (int i = 0; i < 300; i++) {
                claim(life, i % 3 == 0 ? "subject" : "subject:" + i % 3, i);
            }
            life.awaitStored();
            life.checkStored();
            final byte[] name = "subject".getBytes(StandardCharsets.UTF_8);
            final UnsafeBuffer prefix = new UnsafeBuffer(new byte[Keys.MAX_LENGTH]);
            final int length =
                    Keys.subjectPrefix(prefix, 0, new UnsafeBuffer(name), 0, name.length);
            final long[] due = {1};
            try (KvReader reader = life.store.newReader()) {
                reader.scanForward(
                        prefix,
                        0,
                        length,
                        null,
                        0,
                        0,
                        (key, keyOffset, keyLength, value, valueOffset, valueLength) -> {
                            assertEquals(due[0], Keys.sequence(key, keyOffset, keyLength));
                            due[0] += 3;
                            return true;
                        });
            }
            assertEquals(301, due[0]);
        }
    }
}
