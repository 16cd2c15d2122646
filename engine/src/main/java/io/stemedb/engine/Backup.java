package io.stemedb.engine;

import io.stemedb.engine.hash.Blake3;
import io.stemedb.engine.journal.JournalException;
import io.stemedb.engine.journal.SegmentCopies;
import io.stemedb.engine.platform.DirectoryLock;
import io.stemedb.engine.platform.Manifest;
import io.stemedb.engine.store.KvStore;
import io.stemedb.engine.store.StoreException;
import io.stemedb.engine.store.lmdb.LmdbKvStore;
import io.stemedb.engine.store.rocks.RocksKvStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/**
 * Backs a data directory up while an engine may run on it.
 *
 * <p>A backup directory holds one backup: a data directory {@code NNNNNNNN} of its own and the file
 * {@code backup}, written last, that names it with the CRC of each file. The next backup makes
 * another directory, with links to the files that did not change, and takes over once it has been
 * verified; so a backup that is cut short leaves the one before it good. One that has lost what the
 * one before had does not replace it: that is moved to {@code kept-NNNNNNNN}, a backup by itself,
 * which only its owner deletes.
 *
 * <p>Order: RocksDB, LMDB, then the journal, so that the journal reaches past both cursors.
 * RocksDB's data files never change once they are named in its manifest; files come and go
 * meanwhile, so they are listed before and after the manifest is copied, and what lacks one is done
 * again. Of segments the bytes are compared.
 */
final class Backup {
    private static final int ATTEMPTS = 5;
    private static final int TAIL_LENGTH = 4096;
    private static final String CURRENT = "CURRENT";
    private static final String SST = ".sst";
    private static final String KEPT = "kept-";

    private final Path source;
    private final Path target;
    private final Manifest manifest;
    private final BackupManifest previous;
    private final boolean linking;
    private final BackupManifest.Entry[] none = {};
    private final Path directory;
    private final long number;
    private final Consumer<Path> copyLmdb;
    private final LongConsumer progress;
    private final List<BackupManifest.Entry> entries = new ArrayList<>();
    private long bytes;
    private long bytesWritten;

    private Backup(
            final Path source,
            final Path target,
            final BackupManifest previous,
            final boolean linking,
            final Consumer<Path> copyLmdb,
            final LongConsumer progress) {
        this.linking = linking && previous != null;
        this.source = source;
        this.target = target;
        this.previous = previous;
        this.copyLmdb = copyLmdb;
        this.progress = progress;
        manifest = Verifier.manifest(source);
        number = previous == null ? 1 : previous.number() + 1;
        directory = target.resolve(BackupManifest.directoryName(number));
    }

    /**
     * Backs a directory up.
     *
     * @param copyLmdb copies the LMDB store into a directory; null to open it
     */
    static BackupReport write(
            final Path source,
            final Path target,
            final Consumer<Path> copyLmdb,
            final LongConsumer progress) {
        final Manifest manifest = Verifier.manifest(source);
        Blake3.load(source.resolve(EngineParts.NATIVE));
        try {
            checkTarget(target);
            if (isInside(target, source) || isInside(target.normalize(), source)) {
                throw new EngineException(
                        target + ": is inside the data directory " + source, null);
            }
            FileCopies.makeDirectory(target);
            final DirectoryLock lock = DirectoryLock.acquire(target);
            try {
                final BackupManifest previous = BackupManifest.read(target);
                final String engineId = manifest.engineId().toString();
                if (previous != null && !previous.engineId().equals(engineId)) {
                    throw new EngineException(
                            target + ": is the backup of another engine, " + previous.engineId(),
                            null);
                }
                final Consumer<Path> copy = copyLmdb == null ? lmdbOf(source, manifest) : copyLmdb;
                return writeLocked(source, target, previous, copy, progress);
            } finally {
                lock.close();
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(target + ": backup failed: " + e, e);
        }
    }

    /** By whatever links. */
    private static boolean isInside(final Path target, final Path source) throws IOException {
        Path there = target.toAbsolutePath();
        while (!Files.exists(there)) {
            there = there.getParent();
        }
        return there.toRealPath().startsWith(source.toRealPath());
    }

    /** Anything but a backup stays as it is. */
    private static void checkTarget(final Path target) throws IOException {
        if (!Files.exists(target) || Files.exists(target.resolve(BackupManifest.FILE))) {
            return;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(target)) {
            for (final Path file : files) {
                final String name = file.getFileName().toString();
                if (!"lock".equals(name)
                        && !(BackupManifest.FILE + ".new").equals(name)
                        && !name.equals(BackupManifest.directoryName(1))) {
                    throw new EngineException(
                            target + ": has other files and no backup in it: " + name, null);
                }
            }
        }
    }

    private static Consumer<Path> lmdbOf(final Path source, final Manifest manifest) {
        return to -> {
            try (KvStore store =
                    LmdbKvStore.openReadOnly(
                            source.resolve(EngineParts.LMDB),
                            EngineParts.identity(manifest),
                            source.resolve(EngineParts.NATIVE))) {
                if (store instanceof LmdbKvStore lmdb) {
                    lmdb.copyTo(to);
                }
            }
        };
    }

    private static BackupReport writeLocked(
            final Path source,
            final Path target,
            final BackupManifest previous,
            final Consumer<Path> copyLmdb,
            final LongConsumer progress)
            throws IOException {
        boolean linking = true;
        for (int attempt = 1; ; attempt++) {
            final Backup backup = new Backup(source, target, previous, linking, copyLmdb, progress);
            RuntimeException failure;
            try {
                final Examination examination = backup.copy();
                if (isGood(examination)) {
                    return backup.complete(examination);
                }
                failure =
                        new EngineException(
                                backup.directory
                                        + ": the copy is not sound, so it is no backup (verify the"
                                        + " directory itself): "
                                        + examination.verification().differences(),
                                null);
            } catch (final NoSuchFileException e) {
                failure = new EngineException(source + ": file is gone: " + e.getMessage(), e);
            } catch (final StoreException | JournalException e) {
                failure = e;
            }
            if (attempt == ATTEMPTS || !backup.linking && DirectoryLock.holder(source) == null) {
                throw failure;
            }
            linking = false; // a power cut may have taken what the backup before has
        }
    }

    /**
     * Sound, or with nothing but gaps that ingest has told and set aside long ago, and damage that
     * lost no record: a backup that waits until retention takes that is none for as long.
     */
    static boolean isGood(final Examination examination) {
        return examination.rocks().findings() == 0
                && examination.lmdb().findings() == 0
                && examination.damages().stream().allMatch(JournalDamage::isSetAside)
                && examination.verification().differenceCount()
                        == examination.damages().size() + examination.lossless();
    }

    private Examination copy() throws IOException {
        FileCopies.delete(directory);
        FileCopies.makeDirectory(directory);
        copyRocks();
        copyLmdb();
        copyJournal();
        final Path file = source.resolve("manifest");
        copyFile(file, "manifest", Files.size(file), false);
        FileCopies.forceDirectories(directory);
        final Examination examination =
                Examination.of(directory, manifest, source.resolve(EngineParts.NATIVE), progress);
        deleteOthers();
        return examination;
    }

    private void copyRocks() throws IOException {
        final Path from = source.resolve(EngineParts.ROCKS);
        final Path to = FileCopies.makeDirectory(directory.resolve(EngineParts.ROCKS));
        if (!Files.exists(from.resolve(CURRENT))) {
            return;
        }
        // here, where damage is; its copy would be refused by another name, after all was copied
        RocksKvStore.manifest(from);
        copyDataFiles(from, to);
        final String current = RocksKvStore.manifest(from);
        final Path manifestFile = from.resolve(current);
        copyFile(manifestFile, EngineParts.ROCKS + "/" + current, Files.size(manifestFile), false);
        Files.writeString(to.resolve(CURRENT), current + "\n");
        FileCopies.force(to.resolve(CURRENT));
        final Path copied = to.resolve(CURRENT);
        add(
                EngineParts.ROCKS + "/" + CURRENT,
                Files.size(copied),
                FileCopies.crc(copied, Long.MAX_VALUE),
                false);
        written(Files.size(copied));
        copyDataFiles(from, to);
        final Set<String> live = RocksKvStore.dataFiles(to, source.resolve(EngineParts.NATIVE));
        for (final BackupManifest.Entry entry : entries.toArray(none)) {
            final Path file = directory.resolve(entry.path());
            if (entry.path().endsWith(SST) && !live.contains(file.getFileName().toString())) {
                forget(entry);
                Files.delete(file);
            }
        }
    }

    /** Copies data files that are not there yet, or were not finished when they were copied. */
    private void copyDataFiles(final Path from, final Path to) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(from, "*" + SST)) {
            for (final Path file : files) {
                final String name = EngineParts.ROCKS + "/" + file.getFileName();
                final Path copy = to.resolve(file.getFileName());
                try {
                    final long length = Files.size(file);
                    if (Files.exists(copy) && Files.size(copy) == length) {
                        continue;
                    }
                    if (Files.deleteIfExists(copy)) {
                        entries.stream()
                                .filter(entry -> entry.path().equals(name))
                                .findFirst()
                                .ifPresent(this::forget);
                    }
                    copyFile(file, name, length, hasSameTail(file, name, length));
                } catch (final NoSuchFileException e) {
                    Files.deleteIfExists(copy); // compacted away; the check of all files tells
                }
            }
        }
    }

    /** Names may be given again after a crash: the end of a data file has what tells them apart. */
    private boolean hasSameTail(final Path file, final String name, final long length)
            throws IOException {
        final BackupManifest.Entry known = linking ? previous.find(name) : null;
        return known != null
                && known.length() == length
                && tail(file, length)
                        .equals(tail(previous.directory(target).resolve(name), length));
    }

    private static ByteBuffer tail(final Path file, final long length) throws IOException {
        final ByteBuffer tail = ByteBuffer.allocate((int) Math.min(length, TAIL_LENGTH));
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            while (tail.hasRemaining()
                    && channel.read(tail, length - tail.capacity() + tail.position()) >= 0) {
                Thread.onSpinWait();
            }
        }
        return tail.flip();
    }

    private void copyLmdb() throws IOException {
        final Path to = FileCopies.makeDirectory(directory.resolve(EngineParts.LMDB));
        copyLmdb.accept(to);
        final Path file = to.resolve("data.mdb");
        if (Files.exists(file)) {
            FileCopies.force(file);
            final long length = Files.size(file);
            add(EngineParts.LMDB + "/data.mdb", length, FileCopies.crc(file, length), false);
            written(length);
        }
    }

    private void copyJournal() throws IOException {
        final Path journal = source.resolve(EngineParts.JOURNAL);
        FileCopies.makeDirectory(directory.resolve(EngineParts.JOURNAL));
        for (final SegmentCopies.Segment segment : SegmentCopies.list(journal)) {
            final String name = EngineParts.JOURNAL + "/" + journal.relativize(segment.path());
            FileCopies.makeDirectory(directory.resolve(name).getParent());
            final BackupManifest.Entry known = linking ? previous.find(name) : null;
            copyFile(segment.path(), name, segment.length(), isSame(segment, known));
            final BackupManifest.Entry entry = entries.remove(entries.size() - 1);
            entries.add(
                    new BackupManifest.Entry(name, entry.length(), entry.crc(), segment.isFinal()));
        }
    }

    /** The bytes tell: a repair may have changed a segment that nobody appends to any more. */
    private static boolean isSame(
            final SegmentCopies.Segment segment, final BackupManifest.Entry known)
            throws IOException {
        return known != null
                && known.length() == segment.length()
                && FileCopies.crc(segment.path(), known.length()) == known.crc();
    }

    private void copyFile(final Path from, final String name, final long length, final boolean same)
            throws IOException {
        final Path to = directory.resolve(name);
        if (same) {
            final BackupManifest.Entry known = previous.find(name);
            final Path before = previous.directory(target).resolve(name);
            if (Files.exists(before)
                    && Files.size(before) == known.length()
                    && FileCopies.crc(before, known.length()) == known.crc() // it may have rotted
                    && link(before, to)) {
                add(name, known.length(), known.crc(), known.isFinal());
                return;
            }
        }
        add(name, length, FileCopies.copy(from, to, length), false);
        written(length);
    }

    /** False where the file system has no links. */
    private static boolean link(final Path before, final Path to) throws IOException {
        try {
            Files.createLink(to, before);
            return true;
        } catch (final UnsupportedOperationException e) {
            return false;
        }
    }

    private void add(final String name, final long length, final long crc, final boolean isFinal) {
        entries.add(new BackupManifest.Entry(name, length, crc, isFinal));
        bytes += length;
    }

    private void forget(final BackupManifest.Entry entry) {
        entries.remove(entry);
        bytes -= entry.length();
    }

    private void written(final long length) {
        bytesWritten += length;
        progress.accept(bytesWritten);
    }

    /** What the check left behind. */
    private void deleteOthers() throws IOException {
        for (final String store : List.of(EngineParts.ROCKS, EngineParts.LMDB)) {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(directory.resolve(store))) {
                for (final Path file : files) {
                    final String name = store + "/" + file.getFileName();
                    if (entries.stream().noneMatch(entry -> entry.path().equals(name))) {
                        FileCopies.delete(file);
                    }
                }
            }
        }
    }

    private BackupReport complete(final Examination examination) throws IOException {
        FileCopies.force(target); // the directory's name before the manifest names it
        final Path journal = directory.resolve(EngineParts.JOURNAL);
        final long last = examination.lastSequence();
        final List<BackupManifest.Gap> gaps =
                examination.damages().stream()
                        .map(d -> new BackupManifest.Gap(d.firstSequence(), d.lastSequence()))
                        .toList();
        final String engineId = manifest.engineId().toString();
        final boolean isLastSound = gaps.isEmpty() || gaps.get(gaps.size() - 1).last() < last;
        final BackupManifest now =
                new BackupManifest(
                        number,
                        engineId,
                        last,
                        isLastSound ? BackupLoss.recordHash(journal, last) : BackupLoss.NO_RECORD,
                        gaps,
                        entries);
        final BackupLoss loss = BackupLoss.of(previous, now, journal);
        if (loss.isLoss()) {
            previous.write(FileCopies.makeDirectory(keptOf(previous.directory(target))));
            FileCopies.force(target);
        }
        now.write(target);
        deleteOrKeepOthers();
        return new BackupReport(
                directory,
                number,
                last,
                entries.size(),
                bytes,
                bytesWritten,
                examination.verification(),
                examination.lossless(),
                List.copyOf(loss.missing()),
                kept());
    }

    /** A backup that is kept is one by itself, so that it can be restored like any other. */
    private Path keptOf(final Path backup) {
        return target.resolve(KEPT + backup.getFileName());
    }

    private void deleteOrKeepOthers() throws IOException {
        try (DirectoryStream<Path> old = Files.newDirectoryStream(target, "[0-9]".repeat(8))) {
            for (final Path other : old) {
                final Path kept = keptOf(other);
                if (Files.exists(kept) && !other.equals(directory)) {
                    Files.move(
                            other,
                            kept.resolve(other.getFileName()),
                            StandardCopyOption.ATOMIC_MOVE);
                    FileCopies.force(kept);
                } else if (!other.equals(directory)) {
                    FileCopies.delete(other);
                }
            }
        }
        FileCopies.force(target);
    }

    private List<Path> kept() throws IOException {
        final List<Path> kept = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(target, KEPT + "*")) {
            all.forEach(kept::add);
        }
        kept.sort(null);
        return List.copyOf(kept);
    }
}
