package io.stemedb.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.codecs.AssertionView;
import io.stemedb.engine.platform.DirectoryInUseException;
import io.stemedb.engine.store.SubjectIndex;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Verification and snapshots of closed directories. */
class VerifierTest {
    private static final long TIMEOUT_NS = TestEngines.TIMEOUT_NS;

    @TempDir Path directory;

    private EngineContext context(final String name, final SubjectIndex index) {
        return new EngineContext()
                .directory(directory.resolve(name))
                .subjectIndex(index)
                .segmentLength(2 << 20)
                .prepareAhead(1 << 20)
                .generationRecords(3_000)
                .generationBytes(2 << 20);
    }

    /** Claims, votes, one epoch, one epoch that clashes; some claims twice. */
    private void fill(final EngineContext context, final int claims, final boolean close) {
        final Engine engine = Engine.launch(context);
        final Appender appender = engine.newAppender();
        final UnsafeBuffer hash = new UnsafeBuffer(new byte[32]);
        for (int i = 0; i < claims; i++) {
            final int n = i % 10 == 9 ? i - 5 : i;
            appender.assertion()
                    .subject("s" + n % 50)
                    .predicate("p")
                    .number(n)
                    .confidence(1)
                    .timestamp(n);
            retry(appender.assertion()::append);
            if (i % 7 == 0) {
                hash.putLong(0, n);
                appender.vote().assertion(hash, 0).agentId(new byte[32]).weight(1).timestamp(n);
                retry(appender.vote()::append);
            }
        }
        for (int i = 0; i < 2; i++) {
            appender.epoch().id(new byte[32]).name("epoch " + i).start(0);
            retry(appender.epoch()::append);
        }
        assertTrue(engine.checkpoint(TIMEOUT_NS));
        if (close) {
            engine.close();
        }
    }

    private static void retry(final java.util.function.LongSupplier append) {
        while (append.getAsLong() < 0) {
            Thread.onSpinWait();
        }
    }

    private static Verification verify(final EngineContext context) {
        return Verifier.verify(context.directory(), count -> {});
    }

    @Test
    void aSoundDirectoryHasTheSameDigestInEitherPlacementAndAfterReplay() throws IOException {
        final EngineContext lmdb = context("lmdb", SubjectIndex.LMDB);
        final EngineContext rocks = context("rocks", SubjectIndex.ROCKSDB);
        fill(lmdb, 10_000, true);
        fill(rocks, 10_000, true);
        final Verification one = verify(lmdb);
        final Verification other = verify(rocks);
        assertTrue(one.isSound(), one.toString());
        assertTrue(other.isSound(), other.toString());
        assertEquals(one.digest(), other.digest());
        assertEquals(9_000, one.assertions());
        assertEquals(10_000, one.subjectEntries());
        assertEquals(1, one.epochs());
        assertEquals(1, one.quarantined());
        assertEquals(0, one.notYetStored());
        for (final String store : new String[] {EngineParts.ROCKS, EngineParts.LMDB}) {
            delete(lmdb.directory().resolve(store));
            Engine.launch(lmdb).close();
            final Verification replayed = verify(lmdb);
            assertTrue(replayed.isSound(), replayed.toString());
            assertEquals(one.digest(), replayed.digest(), store + " rebuilt from the journal");
        }
    }

    @Test
    void differencesAreNamed() throws IOException {
        final EngineContext context = context("data", SubjectIndex.LMDB);
        fill(context, 5_000, true);
        final Path journal = context.directory().resolve(EngineParts.JOURNAL);
        final Path segment;
        try (var files = Files.walk(journal)) {
            segment =
                    files.filter(file -> file.toString().endsWith(".cq4"))
                            .findFirst()
                            .orElseThrow();
        }
        final byte[] bytes = Files.readAllBytes(segment);
        bytes[bytes.length / 2] ^= 1;
        Files.write(segment, bytes, StandardOpenOption.TRUNCATE_EXISTING);
        final Verification verification = verify(context);
        assertFalse(verification.isSound());
        assertTrue(
                verification.differences().get(0).startsWith("journal: "), verification.toString());
        delete(journal);
        final Verification without = verify(context);
        assertTrue(
                without.differences().stream()
                        .anyMatch(text -> text.contains("are missing at its end")),
                without.toString());
    }

    @Test
    void aRunningEngineIsNotVerified() {
        final EngineContext context = context("data", SubjectIndex.LMDB);
        try (Engine engine = Engine.launch(context)) {
            assertThrows(DirectoryInUseException.class, () -> verify(context));
            assertThrows(EngineException.class, () -> Snapshot.open(context.directory(), e -> {}));
            assertEquals(0, engine.watermark(Watermark.APPENDED));
        }
    }

    @Test
    void aSnapshotReadsStoresAndTheJournalsTail() throws IOException {
        final EngineContext context = context("data", SubjectIndex.LMDB);
        fill(context, 5_000, true);
        final AssertionView view = new AssertionView();
        final UnsafeBuffer hash = new UnsafeBuffer(new byte[32]);
        for (int round = 0; round < 2; round++) {
            try (Snapshot snapshot = Snapshot.open(context.directory(), e -> {});
                    Reader reader = snapshot.newReader()) {
                final int found =
                        reader.newestFirst(
                                "s7",
                                1_000,
                                (sequence, claimHash, record, offset, length) ->
                                        hash.putBytes(0, claimHash, 0, 32));
                assertEquals(100, found);
                assertTrue(reader.assertion(hash, 0, view));
                assertEquals(7, view.number());
                assertEquals(45, reader.subjects("", 100, (b, o, l) -> {}));
            }
            // without stores everything comes from the journal
            if (round == 0) {
                delete(context.directory().resolve(EngineParts.ROCKS));
                delete(context.directory().resolve(EngineParts.LMDB));
            }
        }
        assertEquals(5_717, verify(context).notYetStored());
    }

    private static void delete(final Path path) throws IOException {
        Files.walkFileTree(
                path,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult visitFile(
                            final Path file, final BasicFileAttributes attributes)
                            throws IOException {
                        Files.delete(file);
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult postVisitDirectory(final Path dir, final IOException e)
                            throws IOException {
                        Files.delete(dir);
                        return FileVisitResult.CONTINUE;
                    }
                });
    }
}
