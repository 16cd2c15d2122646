package io.stemedb.engine;

import io.stemedb.codecs.InvalidRecordException;
import io.stemedb.codecs.Limits;
import io.stemedb.codecs.RecordHeader;
import io.stemedb.codecs.RecordType;
import io.stemedb.codecs.RecordValidator;
import io.stemedb.engine.Examination.StoreFault;
import io.stemedb.engine.hash.Blake3;
import io.stemedb.engine.ingest.QuarantineEntry;
import io.stemedb.engine.journal.SegmentCopies;
import io.stemedb.engine.journal.SegmentCopies.Patch;
import io.stemedb.engine.store.KeyFamily;
import io.stemedb.engine.store.Keys;
import io.stemedb.engine.store.KvReader;
import io.stemedb.engine.store.KvStore;
import io.stemedb.engine.store.StoreException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Looks for the right bytes of damaged journal records in the stores, and never guesses. A stored
 * record is taken only if its CRC and content hash are right and one of these says that it is the
 * one:
 *
 * <ul>
 *   <li>quarantine, in a store without a fault, has it whole under its sequence;
 *   <li>the damaged record's body is intact and has that content hash: its header is restored;
 *   <li>the damaged record's header is intact, so its length and its CRC name the content, the
 *       store reaches so far, and the subject index, if it is without a fault, does not contradict;
 *   <li>the subject index, itself without a fault, has its sequence; where frames are damaged too,
 *       the records found so must fill the stretch to the byte.
 * </ul>
 *
 * <p>A record that is right and only stands in an altered excerpt is no damage and needs no store:
 * see {@link JournalExcerpt}.
 */
final class JournalRepair {
    private static final long LOST_MAX = 1_000_000;

    private final StoreFault rocks;
    private final StoreFault lmdb;
    private final StoreFault subjects;
    private final boolean trustSubjects;
    private final RecordValidator validator = new RecordValidator();
    private final Blake3 blake3 = Blake3.newInstance();
    private final UnsafeBuffer hash = direct(Limits.HASH_LENGTH);
    private final UnsafeBuffer bytes = direct(Limits.RECORD_MAX);
    private final UnsafeBuffer key = new UnsafeBuffer(new byte[Keys.MAX_LENGTH]);

    /** By sequence: content hashes that the subject index has for it. */
    private final Map<Long, byte[]> indexed = new HashMap<>();

    /** By header: key of the record that has it; empty where there are two. */
    private final Map<Long, byte[]> byHeader = new HashMap<>();

    /** By the beginning of the content hash: key of the record that has it. */
    private final Map<Long, byte[]> byBody = new HashMap<>();

    private final long bytesMax;
    private long held;
    private long waiting;
    private final Map<Path, List<Patch>> patches = new LinkedHashMap<>();
    private final List<JournalDamage> hopeless = new ArrayList<>();
    private byte[] found;

    private JournalRepair(
            final Examination examination, final boolean subjectsInRocks, final long bytesMax) {
        this.bytesMax = bytesMax;
        rocks = examination.rocks();
        lmdb = examination.lmdb();
        subjects = subjectsInRocks ? rocks : lmdb;
        trustSubjects = subjects.findings() == 0;
    }

    /** Where the hash function can read it. */
    private static UnsafeBuffer copyOf(final byte[] record) {
        final UnsafeBuffer copy = direct(record.length);
        copy.putBytes(0, record);
        return copy;
    }

    private static UnsafeBuffer direct(final int length) {
        return new UnsafeBuffer(ByteBuffer.allocateDirect(length));
    }

    /**
     * Finds what can be restored.
     *
     * @param examination what is damaged
     * @param store both stores, to read
     * @param subjectsInRocks whether the subject index is in RocksDB
     * @param bytesMax most bytes of records that are held; one damage is taken whatever its length,
     *     or it would wait for ever
     */
    static JournalRepair plan(
            final Examination examination,
            final KvStore store,
            final boolean subjectsInRocks,
            final long bytesMax)
            throws IOException {
        final List<JournalDamage> damages = examination.damages();
        final JournalRepair repair = new JournalRepair(examination, subjectsInRocks, bytesMax);
        try (KvReader reader = store.newReader()) {
            repair.collect(damages, reader);
            for (final JournalDamage damage : damages) {
                final List<Patch> patch = repair.patch(damage, reader);
                if (patch == null) {
                    repair.hopeless.add(damage);
                } else if (patch.isEmpty()) {
                    repair.waiting++;
                } else {
                    repair.patches
                            .computeIfAbsent(damage.segment(), path -> new ArrayList<>())
                            .addAll(patch);
                }
            }
        }
        return repair;
    }

    /** By segment. */
    Map<Path, List<Patch>> patches() {
        return patches;
    }

    /** Of the records in the patches. */
    long bytes() {
        return held;
    }

    /** Damages that another repair may put back, behind the patches of this one. */
    long waiting() {
        return waiting;
    }

    /** What no store has, or nothing says that it is the one. */
    List<JournalDamage> hopeless() {
        return hopeless;
    }

    /** One walk over the stores for all damages. */
    private void collect(final List<JournalDamage> damages, final KvReader reader)
            throws IOException {
        long lost = 0;
        for (final JournalDamage damage : damages) {
            lost += damage.lastSequence() - damage.firstSequence() + 1;
            for (long s = damage.firstSequence();
                    s <= damage.lastSequence() && lost <= LOST_MAX;
                    s++) {
                indexed.put(s, null);
            }
            if (damage.recordLength() > 0) {
                byHeader.put(read(damage).getLong(0), null);
                hash(bytes, 0, damage.recordLength());
                byBody.put(hash.getLong(0), null);
            }
        }
        if (trustSubjects) {
            ExaminedStore.scan(
                    reader,
                    KeyFamily.SUBJECT,
                    (k, keyOffset, keyLength, value, valueOffset, valueLength) -> {
                        final long sequence = Keys.sequence(k, keyOffset, keyLength);
                        if (indexed.containsKey(sequence)) {
                            final byte[] known = new byte[Keys.HASH_LENGTH];
                            value.getBytes(valueOffset, known);
                            // two entries of one sequence: neither is believed
                            indexed.put(
                                    sequence, indexed.get(sequence) == null ? known : new byte[0]);
                        }
                        return true;
                    });
        }
        if (!byHeader.isEmpty()) {
            try {
                for (final KeyFamily family :
                        List.of(KeyFamily.EPOCH, KeyFamily.ASSERTION, KeyFamily.VOTE)) {
                    ExaminedStore.scan(
                            reader,
                            family,
                            (k, keyOffset, keyLength, value, valueOffset, valueLength) -> {
                                take(
                                        family,
                                        k,
                                        keyOffset,
                                        keyLength,
                                        value,
                                        valueOffset,
                                        valueLength);
                                return true;
                            });
                }
            } catch (final StoreException e) {
                // told when the store was looked at; what is behind may have the same header
                byHeader.replaceAll((header, record) -> new byte[0]);
            }
        }
    }

    private void take(
            final KeyFamily family,
            final DirectBuffer entryKey,
            final int keyOffset,
            final int keyLength,
            final DirectBuffer value,
            final int valueOffset,
            final int valueLength) {
        if (valueLength <= Limits.HEADER_LENGTH) {
            return;
        }
        final long header = value.getLong(valueOffset);
        final long body =
                beginningOfHash(family, entryKey, keyOffset, value, valueOffset, valueLength);
        if (!byHeader.containsKey(header) && !byBody.containsKey(body)
                || !isRight(family, entryKey, keyOffset, value, valueOffset, valueLength)) {
            return;
        }
        final byte[] copy = new byte[keyLength];
        entryKey.getBytes(keyOffset, copy);
        if (byBody.containsKey(body)) {
            byBody.put(body, copy);
        }
        if (byHeader.containsKey(header)) {
            // two under one header: neither is believed
            byHeader.put(header, byHeader.get(header) == null ? copy : new byte[0]);
        }
    }

    private long beginningOfHash(
            final KeyFamily family,
            final DirectBuffer entryKey,
            final int keyOffset,
            final DirectBuffer value,
            final int valueOffset,
            final int valueLength) {
        return switch (family) {
            case ASSERTION -> entryKey.getLong(Keys.assertionHashOffset(keyOffset));
            case VOTE -> entryKey.getLong(Keys.voteHashOffset(keyOffset));
            default -> {
                hash(value, valueOffset, valueLength);
                yield hash.getLong(0);
            }
        };
    }

    /** CRC, structure, and the hash or id in the key. */
    private boolean isRight(
            final KeyFamily family,
            final DirectBuffer entryKey,
            final int keyOffset,
            final DirectBuffer value,
            final int valueOffset,
            final int valueLength) {
        if (!isValid(value, valueOffset, valueLength)) {
            return false;
        }
        if (family == KeyFamily.EPOCH) {
            Keys.epochId(entryKey, keyOffset, hash, 0);
            return StoredRecords.equal(
                    hash, 0, value, StoredRecords.epochIdOffset(value, valueOffset, valueLength));
        }
        hash(value, valueOffset, valueLength);
        return StoredRecords.equal(
                hash,
                0,
                entryKey,
                family == KeyFamily.VOTE
                        ? Keys.voteHashOffset(keyOffset)
                        : Keys.assertionHashOffset(keyOffset));
    }

    private boolean isValid(final DirectBuffer record, final int offset, final int length) {
        try {
            validator.validate(record, offset, length);
            return true;
        } catch (final InvalidRecordException e) {
            return false;
        }
    }

    private void hash(final DirectBuffer record, final int offset, final int length) {
        blake3.hash(record, offset + Limits.HEADER_LENGTH, length - Limits.HEADER_LENGTH, hash, 0);
    }

    private DirectBuffer read(final JournalDamage damage) throws IOException {
        final ByteBuffer target = bytes.byteBuffer().clear().limit(damage.recordLength());
        try (FileChannel channel = FileChannel.open(damage.segment(), StandardOpenOption.READ)) {
            final long at = damage.from() + (long) SegmentCopies.EXCERPT_HEAD;
            while (target.hasRemaining() && channel.read(target, at + target.position()) >= 0) {
                Thread.onSpinWait();
            }
        }
        return bytes;
    }

    /** What to write; empty if it has to wait, null if nobody has it. */
    private List<Patch> patch(final JournalDamage damage, final KvReader reader)
            throws IOException {
        return damage.recordLength() > 0
                ? patchRecord(damage, reader)
                : patchStretch(damage, reader);
    }

    private List<Patch> patchRecord(final JournalDamage damage, final KvReader reader)
            throws IOException {
        final int length = damage.recordLength();
        read(damage);
        final long header = bytes.getLong(0);
        final long sequence = damage.firstSequence();
        byte[] right = null;
        if (!isValid(bytes, 0, length)) { // else it is another record, and names itself
            right = withSameBody(length, reader);
            if (right == null) {
                right = stored(byHeader.get(header), reader);
                right =
                        right != null
                                        && right.length == length
                                        && isSimilar(right)
                                        && mayBe(right, sequence)
                                ? right
                                : null;
            }
        }
        if (right == null) {
            right = namedRecord(sequence, reader);
        }
        if (right == null || right.length != length) {
            return null;
        }
        if (!hasRoom(length)) {
            return List.of();
        }
        held += length;
        return List.of(new Patch(damage.from(), damage.firstSequence(), right));
    }

    private boolean hasRoom(final long more) {
        return held == 0 || held + more <= bytesMax;
    }

    /** Whether a stored record may be that of a sequence. */
    private boolean mayBe(final byte[] record, final long sequence) {
        final UnsafeBuffer view = new UnsafeBuffer(record);
        final int type = RecordHeader.type(view, 0);
        final StoreFault home = type == RecordType.EPOCH.id() ? lmdb : rocks;
        if (sequence > home.cursor()) {
            return false; // that store had it from another one
        }
        if (!trustSubjects || sequence > subjects.cursor() || !indexed.containsKey(sequence)) {
            return true;
        }
        final byte[] known = indexed.get(sequence);
        if (type != RecordType.ASSERTION.id()) {
            return known == null;
        }
        hash(copyOf(record), 0, record.length);
        return known != null
                && known.length > 0
                && StoredRecords.equal(hash, 0, new UnsafeBuffer(known), 0);
    }

    /** What is stored under the content hash of the damaged record: only its header is wrong. */
    private byte[] withSameBody(final int length, final KvReader reader) {
        hash(bytes, 0, length);
        final byte[] right = stored(byBody.get(hash.getLong(0)), reader);
        return right != null && right.length == length && isSameBody(right) ? right : null;
    }

    private boolean isSameBody(final byte[] right) {
        return StoredRecords.equal(
                bytes,
                Limits.HEADER_LENGTH,
                new UnsafeBuffer(right),
                Limits.HEADER_LENGTH,
                right.length - Limits.HEADER_LENGTH);
    }

    /** Half of its bytes at least: a header that was altered may be another record's by chance. */
    private boolean isSimilar(final byte[] right) {
        int same = 0;
        for (int i = 0; i < right.length; i++) {
            same += right[i] == bytes.getByte(i) ? 1 : 0;
        }
        return 2 * same >= right.length;
    }

    /** The record under a key that was found; null if there is none that is certain. */
    private byte[] stored(final byte[] storedKey, final KvReader reader) {
        if (storedKey == null || storedKey.length == 0) {
            return null;
        }
        key.putBytes(0, storedKey);
        return get(reader, storedKey.length);
    }

    private byte[] get(final KvReader reader, final int keyLength) {
        final KeyFamily family = KeyFamily.of(key.getByte(0));
        found = null;
        try {
            reader.get(
                    key,
                    0,
                    keyLength,
                    (k, ko, kl, value, valueOffset, valueLength) -> {
                        if (isRight(family, key, 0, value, valueOffset, valueLength)) {
                            found = new byte[valueLength];
                            value.getBytes(valueOffset, found);
                        }
                        return false;
                    });
        } catch (final StoreException e) {
            return null; // told when the store was looked at
        }
        return found;
    }

    /** What a store has under a sequence. */
    private byte[] namedRecord(final long sequence, final KvReader reader) {
        final byte[] aside = lmdb.findings() == 0 ? quarantined(sequence, reader) : null;
        return aside == null ? indexedRecord(sequence, reader) : aside;
    }

    /** What is whole was set aside for what it says, as an epoch whose id another one has. */
    private byte[] quarantined(final long sequence, final KvReader reader) {
        found = null;
        reader.get(
                key,
                0,
                Keys.quarantine(key, 0, sequence),
                (k, ko, kl, value, valueOffset, valueLength) -> {
                    final int at = QuarantineEntry.bytesOffset(value, valueOffset, valueLength);
                    final int length = valueOffset + valueLength - at;
                    if (isValid(value, at, length)) {
                        found = new byte[length];
                        value.getBytes(at, found);
                    }
                    return false;
                });
        return found;
    }

    /** The assertion that the subject index has under a sequence, if its content hash is right. */
    private byte[] indexedRecord(final long sequence, final KvReader reader) {
        final byte[] wanted = indexed.get(sequence);
        if (wanted == null || wanted.length == 0) {
            return null;
        }
        final UnsafeBuffer view = new UnsafeBuffer(wanted);
        final byte[] record = get(reader, Keys.assertion(key, 0, view, 0));
        return record != null
                        && RecordHeader.type(new UnsafeBuffer(record), 0)
                                == RecordType.ASSERTION.id()
                ? record
                : null;
    }

    private List<Patch> patchStretch(final JournalDamage damage, final KvReader reader) {
        if (damage.to() == JournalDamage.UNKNOWN) {
            return null;
        }
        if (!hasRoom(damage.to() - damage.from())) {
            return List.of(); // as a whole or not: only that it is full says that it is right
        }
        final List<Patch> all = new ArrayList<>();
        long length = 0;
        long position = damage.from();
        for (long sequence = damage.firstSequence();
                sequence <= damage.lastSequence() && position < damage.to();
                sequence++) {
            final byte[] record = namedRecord(sequence, reader);
            if (record == null) {
                return null;
            }
            all.add(new Patch(position, sequence, record));
            length += record.length;
            position += SegmentCopies.excerptLength(position, record.length);
        }
        final long wanted = damage.lastSequence() - damage.firstSequence() + 1;
        if (position != damage.to() || all.size() != wanted) {
            return null;
        }
        held += length;
        return all;
    }
}
