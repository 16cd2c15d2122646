package io.stemedb.engine;

import io.stemedb.codecs.Limits;
import io.stemedb.engine.hash.Blake3;
import io.stemedb.engine.journal.JournalHandler;
import io.stemedb.engine.journal.JournalTail;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * What a backup lacks that the one before had, or did not tell. A journal loses records in its
 * middle, which are gaps then, or at its end; there the last record of the backup before is missing
 * or, where its sequence was given again, another one. What retention trimmed is no loss.
 */
final class BackupLoss {
    /** Instead of a record's hash, where there is no such record. */
    static final long NO_RECORD = 0;

    private final List<String> missing = new ArrayList<>();
    private boolean isLoss;

    private BackupLoss() {}

    /**
     * Compares.
     *
     * @param journal of the new backup
     */
    static BackupLoss of(
            final BackupManifest before, final BackupManifest now, final Path journal) {
        final BackupLoss loss = new BackupLoss();
        for (final BackupManifest.Gap gap : now.gaps()) {
            if (before == null || before.gaps().stream().noneMatch(known -> known.has(gap))) {
                loss.add(
                        "sequences " + gap.first() + "-" + gap.last(),
                        before != null && gap.first() <= before.lastSequence());
            }
        }
        if (before != null && now.lastSequence() < before.lastSequence()) {
            loss.add("sequences " + (now.lastSequence() + 1) + "-" + before.lastSequence(), true);
        } else if (before != null && before.lastRecord() != NO_RECORD && !now.isGap(before)) {
            final long record = recordHash(journal, before.lastSequence());
            if (record != NO_RECORD && record != before.lastRecord()) {
                loss.add(
                        "sequence "
                                + before.lastSequence()
                                + ", and maybe others before it: another record has it now",
                        true);
            }
        }
        return loss;
    }

    private void add(final String what, final boolean hadBefore) {
        missing.add(what);
        isLoss |= hadBefore;
    }

    /** In words. */
    List<String> missing() {
        return missing;
    }

    /** Whether the backup before had any of it. */
    boolean isLoss() {
        return isLoss;
    }

    /** The beginning of the content hash of a journal's record. */
    static long recordHash(final Path journal, final long sequence) {
        final Hasher hasher = new Hasher(sequence);
        if (sequence > 0) {
            try (JournalTail tail = JournalTail.open(journal, sequence)) {
                while (!hasher.done && tail.poll(hasher, 1) > 0) {
                    Thread.onSpinWait();
                }
            }
        }
        return hasher.found;
    }

    private static final class Hasher implements JournalHandler {
        private final Blake3 blake3 = Blake3.newInstance();
        private final UnsafeBuffer hash =
                new UnsafeBuffer(ByteBuffer.allocateDirect(Limits.HASH_LENGTH));
        private final long wanted;
        private long found = NO_RECORD;
        private boolean done;

        Hasher(final long wanted) {
            this.wanted = wanted;
        }

        @Override
        public void onRecord(
                final long sequence,
                final DirectBuffer buffer,
                final int offset,
                final int length) {
            if (sequence == wanted) {
                final int body = offset + Limits.HEADER_LENGTH;
                blake3.hash(buffer, body, length - Limits.HEADER_LENGTH, hash, 0);
                found = hash.getLong(0, ByteOrder.BIG_ENDIAN);
            }
            done = sequence >= wanted;
        }

        @Override
        public void onDamage(
                final long firstSequence,
                final long lastSequence,
                final String reason,
                final DirectBuffer buffer,
                final int offset,
                final int length) {
            // told by the examination of the copy
        }
    }
}
