package io.stemedb.engine;

import io.stemedb.engine.journal.ChronicleJournal;
import io.stemedb.engine.platform.Manifest;
import io.stemedb.engine.platform.ManifestException;
import io.stemedb.engine.store.KeyFamily;
import io.stemedb.engine.store.KvReader;
import io.stemedb.engine.store.KvStore;
import io.stemedb.engine.store.StoreException;
import io.stemedb.engine.store.StoreIdentity;
import io.stemedb.engine.store.StoreIdentityException;
import io.stemedb.engine.store.SubjectIndex;
import io.stemedb.engine.store.lmdb.LmdbKvStore;
import io.stemedb.engine.store.rocks.RocksKvStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * Finds what a lost manifest said: the engine's id in the stores, the subject index where its
 * entries are. The roll cycle is the only one that there is for the format. Nothing has the length
 * of a segment; nothing that is stored rests on it, so it stays open until a launch names it.
 */
final class LostManifest {
    private static final StoreIdentity NOBODY = new StoreIdentity(0, 0, 0);

    /** Opens a store to read, for an engine. */
    private interface Opening {
        KvStore open(StoreIdentity identity);
    }

    private LostManifest() {}

    /** Whether an engine's data is there, and no manifest. */
    static boolean isLost(final Path directory) {
        return Manifest.read(directory) == null
                && Files.isDirectory(directory.resolve(EngineParts.JOURNAL));
    }

    /**
     * Makes it, and writes nothing.
     *
     * @throws ManifestException naming the field that is not certain
     */
    static Manifest find(final Path directory) {
        final Path natives = directory.resolve(EngineParts.NATIVE);
        final Opening rocks =
                id -> RocksKvStore.openReadOnly(directory.resolve(EngineParts.ROCKS), id, natives);
        final Opening lmdb =
                id -> LmdbKvStore.openReadOnly(directory.resolve(EngineParts.LMDB), id, natives);
        final List<String> unread = new ArrayList<>();
        final StoreIdentity one = identity(rocks, unread);
        final StoreIdentity other = identity(lmdb, unread);
        final StoreIdentity id = one == null ? other : one;
        if (id == null || other != null && !id.equals(other)) {
            final String why =
                    id == null ? "no store tells " + unread : "RocksDB " + one + ", LMDB " + other;
            throw uncertain(directory, "engineId", why);
        }
        if (id.formatVersion() != Manifest.FORMAT) {
            throw uncertain(directory, "format", "that of the stores is " + id.formatVersion());
        }
        final List<SubjectIndex> having = new ArrayList<>();
        if (hasSubjects(rocks, id, unread)) {
            having.add(SubjectIndex.ROCKSDB);
        }
        if (hasSubjects(lmdb, id, unread)) {
            having.add(SubjectIndex.LMDB);
        }
        if (having.size() != 1) {
            throw uncertain(
                    directory,
                    "subjectIndex",
                    "stores that have entries: " + having + " " + unread);
        }
        return new Manifest(
                new UUID(id.engineIdHigh(), id.engineIdLow()),
                id.formatVersion(),
                ChronicleJournal.ROLL_CYCLE_NAME,
                Manifest.UNKNOWN_LENGTH,
                having.get(0).name());
    }

    private static ManifestException uncertain(
            final Path directory, final String field, final String why) {
        return new ManifestException(
                directory
                        + ": manifest: missing, and it cannot be made anew: "
                        + field
                        + ": "
                        + why
                        + "; put it back from a backup");
    }

    /** A store that is opened for nobody's engine says whose it is; null if it cannot. */
    private static StoreIdentity identity(final Opening opening, final List<String> unread) {
        try {
            opening.open(NOBODY).close();
            return null; // it is missing
        } catch (final StoreIdentityException e) {
            return e.found();
        } catch (final StoreException e) {
            unread.add(e.getMessage());
            return null;
        }
    }

    private static boolean hasSubjects(
            final Opening opening, final StoreIdentity identity, final List<String> unread) {
        final boolean[] found = {false};
        try (KvStore store = opening.open(identity);
                KvReader reader = store.newReader()) {
            ExaminedStore.scan(
                    reader,
                    KeyFamily.SUBJECT,
                    (k, ko, kl, v, vo, vl) -> {
                        found[0] = true;
                        return false;
                    });
        } catch (final StoreException e) {
            unread.add(e.getMessage());
            return false;
        }
        return found[0];
    }
}
