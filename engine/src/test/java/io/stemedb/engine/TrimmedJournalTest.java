package io.stemedb.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.journal.JournalException;
import io.stemedb.engine.platform.Manifest;
import io.stemedb.engine.status.Counter;
import io.stemedb.engine.store.KvStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store that needs what a journal has trimmed, or what a trim that stopped has left. */
class TrimmedJournalTest {
    private static final int LIFE = 100;

    @TempDir Path work;

    private final List<Throwable> told = new ArrayList<>();
    private Path data;
    private long claims;

    /** A copy of the first life's segment, as it was before the trim. */
    private Path kept;

    private Path first;

    private EngineContext context() {
        return TestEngines.context(data).errorHandler(told::add);
    }

    private void life(final long retentionBytes) {
        try (Engine engine = Engine.launch(context().retentionBytes(retentionBytes))) {
            final Appender appender = engine.newAppender();
            for (int n = 0; n < LIFE; n++) {
                TestEngines.claim(appender, "s" + n % 7, n, ++claims);
            }
            assertTrue(engine.checkpoint(TestEngines.TIMEOUT_NS));
            if (retentionBytes == 0) { // a duty cycle after STORED
                TestEngines.await(
                        () -> engine.counters().get(Counter.SEGMENTS_TRIMMED) >= 2,
                        () -> "not trimmed");
            }
        }
    }

    /** Three lives, the first two trimmed. */
    @BeforeEach
    void trim() throws IOException {
        data = work.resolve("data");
        kept = work.resolve("kept");
        life(Long.MAX_VALUE);
        first = TestFiles.largest(data.resolve(EngineParts.JOURNAL).resolve("00000001"), ".cq4");
        Files.copy(first, kept);
        life(Long.MAX_VALUE);
        life(0);
        assertFalse(Files.exists(first), "not trimmed");
        assertEquals(List.of(), told);
    }

    /** Power went while segments were being deleted, and one of them is there again. */
    private void undoTheDeletion() throws IOException {
        Files.createDirectories(first.getParent());
        Files.copy(kept, first, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Neither at the first look nor at a later one, as its owner may trim in between. */
    @Test
    void everyTailOfASnapshotBeginsWhereTheStoresEnd() {
        final JournalException refused =
                assertThrows(JournalException.class, () -> Snapshot.tail(data, 99));
        assertTrue(refused.getMessage().contains("sequences 100-200"), refused.getMessage());
        Snapshot.tail(data, 200).close();
    }

    @Test
    void aSnapshotOfStoresThatNeedWhatIsTrimmedIsRefused() throws IOException {
        StoreContent.deleteStores(data);
        makeStores();
        final JournalException refused =
                assertThrows(JournalException.class, () -> Snapshot.open(data, told::add));
        assertTrue(
                refused.getMessage().contains("the stores need sequences 1-200"),
                refused.getMessage());
    }

    /** Empty ones of this engine. */
    private void makeStores() throws IOException {
        final Path other = work.resolve("other");
        Files.createDirectory(other);
        Manifest.read(data).write(other);
        Engine.launch(TestEngines.context(other)).close();
        for (final String store : List.of(EngineParts.ROCKS, EngineParts.LMDB)) {
            Files.move(other.resolve(store), data.resolve(store));
        }
        try (KvStore stores = Snapshot.stores(data, Manifest.read(data))) {
            assertEquals(0, stores.cursor());
        }
    }

    @Test
    void whatATrimLeftIsKeptForTheStoreThatNeedsIt() throws IOException {
        undoTheDeletion();
        StoreContent.delete(data, EngineParts.ROCKS);
        try (Engine engine = Engine.launch(context())) {
            assertTrue(Files.exists(first), "deleted");
            assertTrue(engine.checkpoint(TestEngines.TIMEOUT_NS));
            final String found = engine.openingReport().toString();
            assertTrue(found.contains("101-200"), found);
        }
        assertEquals(300, StoreContent.read(data).rocksCursor());
    }

    /** The control: where no store needs it the launch ends the trim. */
    @Test
    void whatATrimLeftIsDeletedWhereNoStoreNeedsIt() throws IOException {
        undoTheDeletion();
        Engine.launch(context()).close();
        assertFalse(Files.exists(first));
        assertEquals(List.of(), told);
    }

    /** As a launch would do. */
    @Test
    void aRepairRebuildsFromWhatATrimLeft() throws IOException {
        undoTheDeletion();
        assertTrue(Verifier.verify(data, done -> {}).isSound(), "no store needs it");
        StoreContent.delete(data, EngineParts.ROCKS);
        try (Repair repair = Repair.plan(data, done -> {})) {
            assertTrue(repair.steps().toString().contains("rebuild RocksDB"), told(repair));
            repair.run(told::add, done -> {});
        }
        assertTrue(Files.exists(first));
        assertEquals(300, StoreContent.read(data).rocksCursor());
    }

    private static String told(final Repair repair) {
        return repair.steps() + " " + repair.impossible();
    }

    /** A snapshot reads what a launch would. */
    @Test
    void aSnapshotHasWhatATrimLeft() throws IOException {
        undoTheDeletion();
        StoreContent.deleteStores(data);
        makeStores();
        try (Snapshot snapshot = Snapshot.open(data, told::add);
                Reader reader = snapshot.newReader()) {
            final List<Long> sequences = new ArrayList<>();
            reader.oldestFirst(
                    "s1",
                    1_000,
                    (sequence, hash, record, offset, length) -> sequences.add(sequence));
            assertEquals(2L, sequences.get(0), sequences.toString());
        }
        assertEquals(1, told.size());
        assertTrue(told.get(0).getMessage().contains("101-200"), told.toString());
    }

    /** Not only at the launch that finds it: what was trimmed is not lost, what came behind is. */
    @Test
    void aJournalThatIsLostStaysTold() throws IOException {
        final Path last = data.resolve(EngineParts.JOURNAL).resolve("00000003");
        Files.delete(TestFiles.largest(last, ".cq4"));
        for (int life = 1; life <= 2; life++) {
            life(Long.MAX_VALUE);
            final Verification found = Verifier.verify(data, done -> {});
            assertFalse(found.isSound());
            assertTrue(found.differences().toString().contains("201-300"), found.toString());
        }
        assertEquals(1, told.size());
        assertTrue(told.get(0).getMessage().contains("201-300"), told.toString());
    }
}
