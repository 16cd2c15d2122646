package io.stemedb.engine;

import io.stemedb.engine.platform.DirectoryLock;
import io.stemedb.engine.platform.Manifest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.function.LongConsumer;

/** Backups of data directories, and their way back. */
public final class Backups {
    private Backups() {}

    /**
     * Backs a directory up, also while an engine in another process runs on it: everything that was
     * appended before the call is in it, and verification has found it sound, but for gaps that are
     * known and set aside, and damage of the journal that lost no record. What did not change since
     * the backup before is not copied again. A call that fails or is killed leaves the backup
     * before it as it was; one that lacks what that has keeps it, see {@link BackupReport#kept()}.
     *
     * @param directory data directory; for one whose engine runs in this process, {@link
     *     Engine#backup(Path, LongConsumer)}
     * @param target directory of the backup; made if missing
     * @param progress told bytes copied, then entries and records verified
     * @return what was done
     * @throws EngineException if there is no engine's data, the target holds something else, or the
     *     copy is not sound
     */
    public static BackupReport backup(
            final Path directory, final Path target, final LongConsumer progress) {
        Verifier.manifest(directory);
        if (DirectoryLock.isHeldHere(directory)) {
            throw new EngineException(
                    directory + ": an engine of this process runs on it, use its backup", null);
        }
        return Backup.write(directory, target, null, progress);
    }

    /**
     * Makes a data directory of a backup. It appears once it is complete and verified.
     *
     * @param target directory of the backup
     * @param directory data directory to make; must not exist
     * @param progress told bytes copied, then entries and records verified
     * @return what verification of it found; sound but for what was known at the backup: gaps, and
     *     damage that lost no record
     * @throws EngineException if there is no backup, a file of it is damaged, the directory exists,
     *     or what a restore that did not end has left beside it
     */
    public static Verification restore(
            final Path target, final Path directory, final LongConsumer progress) {
        final BackupManifest backup = BackupManifest.read(target);
        if (backup == null) {
            throw new EngineException(target + ": no backup there", null);
        }
        final Path home = directory.toAbsolutePath();
        checkFree(home);
        final Path partial = home.resolveSibling(home.getFileName() + ".restoring");
        if (Files.exists(partial)) {
            throw new EngineException(
                    partial
                            + ": is left by a restore that did not end, or one is at work; if none"
                            + " is, it may be deleted",
                    null);
        }
        try {
            copy(backup, target, partial, progress);
            final Manifest manifest = Verifier.manifest(partial);
            final Examination examination;
            try (DirectoryLock lock = DirectoryLock.acquire(partial)) {
                examination = Verifier.examine(partial, manifest, lock, progress);
            }
            if (!Backup.isGood(examination)) {
                throw new EngineException(
                        partial
                                + ": the restored directory is not sound: "
                                + examination.verification().differences().get(0),
                        null);
            }
            checkFree(home);
            Files.move(partial, home, StandardCopyOption.ATOMIC_MOVE);
            FileCopies.force(home.getParent());
            return examination.verification();
        } catch (final IOException e) {
            throw new UncheckedIOException(directory + ": restore failed: " + e, e);
        }
    }

    private static void checkFree(final Path path) {
        if (Files.exists(path)) {
            throw new EngineException(
                    path + ": is there already, and a restore does not overwrite", null);
        }
    }

    private static void copy(
            final BackupManifest backup,
            final Path target,
            final Path to,
            final LongConsumer progress)
            throws IOException {
        final Path from = backup.directory(target);
        FileCopies.makeDirectory(to);
        FileCopies.makeDirectory(to.resolve(EngineParts.JOURNAL));
        long done = 0;
        for (final BackupManifest.Entry entry : backup.files()) {
            final Path file = from.resolve(entry.path());
            final Path relative = Path.of(entry.path()).normalize();
            if (relative.isAbsolute() || relative.startsWith("..")) {
                throw new EngineException(
                        target + ": file outside the backup: " + entry.path(), null);
            }
            final Path copy = to.resolve(relative);
            FileCopies.makeDirectory(copy.getParent());
            if (Files.size(file) != entry.length()
                    || FileCopies.copy(file, copy, entry.length()) != entry.crc()) {
                throw new EngineException(file + ": is not what was backed up", null);
            }
            done += entry.length();
            progress.accept(done);
        }
        FileCopies.forceDirectories(to);
    }
}
