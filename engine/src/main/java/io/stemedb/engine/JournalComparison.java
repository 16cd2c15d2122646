package io.stemedb.engine;

import io.stemedb.codecs.AssertionView;
import io.stemedb.codecs.EpochView;
import io.stemedb.codecs.InvalidRecordException;
import io.stemedb.codecs.Limits;
import io.stemedb.codecs.RecordHeader;
import io.stemedb.codecs.RecordType;
import io.stemedb.codecs.RecordValidator;
import io.stemedb.codecs.VoteView;
import io.stemedb.engine.Findings.Part;
import io.stemedb.engine.hash.Blake3;
import io.stemedb.engine.journal.JournalHandler;
import io.stemedb.engine.journal.JournalTail;
import io.stemedb.engine.journal.SegmentCopies;
import io.stemedb.engine.store.KeyFamily;
import io.stemedb.engine.store.Keys;
import io.stemedb.engine.store.KvHandler;
import io.stemedb.engine.store.KvReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Compares the journal with what its stores hold. First the stores' entries are taken in, as
 * fingerprints outside the heap; then each record of the journal must be among them, and marks what
 * it finds; what stays without a mark comes from no record. Subject entries are one for each
 * assertion, so sums over both sides tell whether they are the same.
 */
final class JournalComparison implements JournalHandler, ExaminedStore.EntryHandler, AutoCloseable {
    /** Damages, and altered excerpts, that are kept for a repair; it may be done again for more. */
    static final int DAMAGES_MAX = 10_000;

    private final ExaminedStore rocks;
    private final ExaminedStore lmdb;
    private final ExaminedStore subjects;
    private final Findings findings;
    private final LongConsumer progress;
    private final JournalTail tail;
    private final long oldest;
    private final RecordValidator validator = new RecordValidator();
    private final Blake3 blake3 = Blake3.newInstance();
    private final AssertionView assertion = new AssertionView();
    private final VoteView vote = new VoteView();
    private final EpochView epoch = new EpochView();
    private final UnsafeBuffer hash =
            new UnsafeBuffer(java.nio.ByteBuffer.allocateDirect(Limits.HASH_LENGTH));
    private final UnsafeBuffer key = new UnsafeBuffer(new byte[Keys.MAX_LENGTH]);
    private final FingerprintTable assertions = new FingerprintTable();
    private final FingerprintTable votes = new FingerprintTable();
    private final FingerprintTable epochs = new FingerprintTable();
    private final Fingerprints.Sum storedSubjects = new Fingerprints.Sum();
    private final Fingerprints.Sum journalSubjects = new Fingerprints.Sum();
    private final ContentDigest digest = new ContentDigest();
    private final long[] counts = new long[128];
    private final List<JournalDamage> damages = new ArrayList<>();
    private final KvHandler compareEpoch = this::compareEpoch;
    private final KvReader lmdbReader;
    private final SetAside setAside;
    private boolean sameEpoch;
    private boolean stretchOpen;

    private final List<JournalExcerpt> excerpts = new ArrayList<>();
    private final List<String> scars = new ArrayList<>();

    /** Findings where all records are there all the same: scars, and altered excerpts. */
    private long lossless;

    /** What was found in the excerpt of the record that comes; null if nothing was. */
    private String altered;

    private long entries;
    private long records;
    private long lost;
    private long quarantined;
    private long notYetStored;

    JournalComparison(
            final ExaminedStore rocks,
            final ExaminedStore lmdb,
            final ExaminedStore subjects,
            final JournalTail tail,
            final Findings findings,
            final LongConsumer progress) {
        this.rocks = rocks;
        this.lmdb = lmdb;
        this.subjects = subjects;
        this.tail = tail;
        this.findings = findings;
        this.progress = progress;
        oldest = Math.max(1, tail.oldestSequence());
        lmdbReader = lmdb.isComplete() ? lmdb.store().newReader() : null;
        setAside = new SetAside(lmdbReader);
    }

    /** The stores first: assertions before the subject entries that point to them. */
    void takeStores() {
        rocks.scan(this);
        lmdb.scan(this);
    }

    @Override
    public void onEntry(
            final KeyFamily family,
            final DirectBuffer entryKey,
            final int keyOffset,
            final int keyLength,
            final DirectBuffer value,
            final int valueOffset,
            final int valueLength) {
        counts[family.prefix()]++;
        if (++entries % 10_000 == 0) {
            progress.accept(entries);
        }
        if (family == KeyFamily.QUARANTINE) {
            return;
        }
        digest.add(entryKey, keyOffset, keyLength, value, valueOffset, valueLength);
        switch (family) {
            case ASSERTION ->
                    assertions.add(
                            Fingerprints.assertion(entryKey, Keys.assertionHashOffset(keyOffset)));
            case VOTE ->
                    votes.add(
                            Fingerprints.vote(
                                    entryKey,
                                    Keys.assertionHashOffset(keyOffset),
                                    entryKey,
                                    Keys.voteHashOffset(keyOffset)));
            case EPOCH -> {
                Keys.epochId(entryKey, keyOffset, hash, 0);
                epochs.add(Fingerprints.epoch(hash, 0));
            }
            default -> takeSubject(entryKey, keyOffset, keyLength, value, valueOffset);
        }
    }

    private void takeSubject(
            final DirectBuffer entryKey,
            final int keyOffset,
            final int keyLength,
            final DirectBuffer value,
            final int valueOffset) {
        final long sequence = Keys.sequence(entryKey, keyOffset, keyLength);
        // in two stores one may be further than the other
        if (rocks.isComplete()
                && sequence <= rocks.cursor()
                && !assertions.contains(Fingerprints.assertion(value, valueOffset))) {
            subjects.add(
                    "SUBJECT entry of record "
                            + sequence
                            + " points to "
                            + StoredRecords.hex(value, valueOffset)
                            + ", which is not in the store");
        }
        if (sequence >= oldest) {
            storedSubjects.add(
                    Fingerprints.subject(
                            entryKey,
                            Keys.subjectOffset(keyOffset),
                            Keys.subjectLength(keyLength),
                            sequence,
                            value,
                            valueOffset));
        }
    }

    /** Then the journal. */
    void takeJournal() {
        if (!tail.isStartKnown()) {
            findings.add(
                    Part.JOURNAL,
                    "oldest: altered, the journal is taken to begin with sequence " + oldest);
        }
        while (tail.poll(this, Integer.MAX_VALUE) > 0) {
            Thread.onSpinWait();
        }
    }

    @Override
    public void onRecord(
            final long sequence, final DirectBuffer buffer, final int offset, final int length) {
        if (stretchOpen) {
            endStretch(offset - SegmentCopies.EXCERPT_HEAD);
        }
        if (++records % 10_000 == 0) {
            progress.accept(entries + records);
        }
        if (sequence > Math.min(rocks.cursor(), lmdb.cursor())) {
            notYetStored++;
        }
        final String excerpt = altered;
        altered = null;
        try {
            validator.validate(buffer, offset, length);
        } catch (final InvalidRecordException e) {
            addDamaged(sequence, e.getMessage(), offset, length);
            return;
        }
        blake3.hash(buffer, offset + Limits.HEADER_LENGTH, length - Limits.HEADER_LENGTH, hash, 0);
        if (excerpt != null) {
            findings.add(Part.JOURNAL, excerpt);
            lossless++;
            if (excerpts.size() < DAMAGES_MAX) {
                excerpts.add(
                        new JournalExcerpt(
                                tail.segment(),
                                sequence,
                                offset - SegmentCopies.EXCERPT_HEAD,
                                length));
            }
        }
        final int type = RecordHeader.type(buffer, offset);
        if (type == RecordType.ASSERTION.id()) {
            compareAssertion(sequence, buffer, offset, length);
        } else if (type == RecordType.VOTE.id()) {
            vote.wrap(buffer, offset, length);
            final long fingerprint = Fingerprints.vote(buffer, vote.assertionHashOffset(), hash, 0);
            mark(rocks, votes, fingerprint, "vote", sequence);
        } else {
            compareEpoch(sequence, buffer, offset, length);
        }
    }

    private void addDamaged(
            final long sequence, final String what, final int offset, final int length) {
        findings.add(Part.JOURNAL, tail.segment() + ": record " + sequence + ": " + what);
        lost++;
        final int from = offset - SegmentCopies.EXCERPT_HEAD;
        final int end = offset + length + 7 & -8;
        final boolean aside = countQuarantined(sequence);
        keep(new JournalDamage(tail.segment(), sequence, sequence, from, end, length, aside));
    }

    private void compareAssertion(
            final long sequence, final DirectBuffer buffer, final int offset, final int length) {
        mark(rocks, assertions, Fingerprints.assertion(hash, 0), "assertion", sequence);
        if (sequence <= subjects.cursor()) {
            assertion.wrap(buffer, offset, length);
            journalSubjects.add(
                    Fingerprints.subject(
                            buffer,
                            assertion.subjectOffset(),
                            assertion.subjectLength(),
                            sequence,
                            hash,
                            0));
        }
    }

    private void mark(
            final ExaminedStore store,
            final FingerprintTable table,
            final long fingerprint,
            final String what,
            final long sequence) {
        if (store.isComplete() && sequence <= store.cursor() && !table.mark(fingerprint)) {
            store.add(
                    what
                            + " of record "
                            + sequence
                            + " ("
                            + StoredRecords.hex(hash, 0)
                            + ") is not in the store");
        }
    }

    /** The first epoch with an id stands; another with other content is set aside. */
    private void compareEpoch(
            final long sequence, final DirectBuffer buffer, final int offset, final int length) {
        if (!lmdb.isComplete() || sequence > lmdb.cursor()) {
            return;
        }
        epoch.wrap(buffer, offset, length);
        final int id = epoch.epochIdOffset();
        final long fingerprint = Fingerprints.epoch(buffer, id);
        sameEpoch = false;
        if (!lmdbReader.get(key, 0, Keys.epoch(key, 0, buffer, id), compareEpoch)) {
            lmdb.add("epoch of record " + sequence + " is not in the store");
            return;
        }
        final boolean first = !epochs.isMarked(fingerprint);
        epochs.mark(fingerprint);
        if (!sameEpoch) {
            if (first && oldest <= 1 && lost == 0) {
                lmdb.add("epoch of record " + sequence + " differs in the store");
            } else if (!countQuarantined(sequence)) {
                lmdb.add(
                        "epoch of record "
                                + sequence
                                + " is known with other content, and not in quarantine");
            }
        }
    }

    private boolean compareEpoch(
            final DirectBuffer keyBuffer,
            final int keyOffset,
            final int keyLength,
            final DirectBuffer value,
            final int valueOffset,
            final int valueLength) {
        sameEpoch =
                valueLength == epoch.length()
                        && StoredRecords.equal(
                                value, valueOffset, epoch.buffer(), epoch.offset(), valueLength);
        return false;
    }

    private boolean countQuarantined(final long sequence) {
        final boolean found = setAside.has(sequence);
        if (found) {
            quarantined++;
        }
        return found;
    }

    @Override
    public void onDamage(
            final long firstSequence,
            final long lastSequence,
            final String reason,
            final DirectBuffer buffer,
            final int offset,
            final int length) {
        altered = lastSequence < firstSequence && length == 0 ? reason : null;
        if (altered == null) { // else it is told with its record, once
            findings.add(Part.JOURNAL, reason);
        }
        if (altered == null && lastSequence < firstSequence) {
            addScar(reason);
        }
        if (lastSequence >= firstSequence) {
            records += lastSequence - firstSequence + 1;
            lost += lastSequence - firstSequence + 1;
            final boolean aside = setAside.hasAll(firstSequence, lastSequence);
            keep(
                    new JournalDamage(
                            tail.segment(),
                            firstSequence,
                            lastSequence,
                            offset,
                            JournalDamage.UNKNOWN,
                            0,
                            aside));
            stretchOpen = damages.size() < DAMAGES_MAX;
        }
    }

    private void addScar(final String reason) {
        lossless++;
        if (scars.size() < DAMAGES_MAX) {
            scars.add(reason);
        } else if (scars.size() == DAMAGES_MAX) {
            scars.add("and at more than " + DAMAGES_MAX + " places");
        }
    }

    private void keep(final JournalDamage damage) {
        stretchOpen = false;
        if (damages.size() < DAMAGES_MAX) {
            damages.add(damage);
        }
    }

    private void endStretch(final int end) {
        stretchOpen = false;
        final JournalDamage last = damages.get(damages.size() - 1);
        if (last.segment().equals(tail.segment())) {
            damages.set(damages.size() - 1, last.endingAt(end));
        }
    }

    /** Last: what of the stores comes from no record, and where journal and stores end. */
    void compareEnds(final Path journal) {
        final long last = Math.max(tail.nextSequence(), oldest) - 1;
        for (final ExaminedStore store : List.of(rocks, lmdb)) {
            compareEnds(store, last);
        }
        tail.findLostEnd(reason -> findings.add(Part.JOURNAL, reason));
        if (oldest <= 1) {
            new UnmarkedEntries(assertions, votes, epochs).name(rocks, lmdb, lost);
        }
        if (oldest <= 1 && lmdb.isComplete()) {
            final long stored = counts[KeyFamily.QUARANTINE.prefix()];
            if (findings.count(Part.JOURNAL) == lossless && stored > quarantined) {
                lmdb.add((stored - quarantined) + " quarantine entries come from no record");
            }
        }
        if (subjects.isComplete() && !storedSubjects.isSame(journalSubjects)) {
            try (SubjectComparison comparison =
                    new SubjectComparison(subjects, oldest, damages, progress)) {
                comparison.compare(journal);
            }
        }
    }

    private void compareEnds(final ExaminedStore store, final long last) {
        if (store.isMissing() && (last > 0 || lmdb.cursor() + rocks.cursor() > 0)) {
            store.add("the store is missing");
        }
        if (last < store.cursor()) {
            findings.add(
                    Part.JOURNAL,
                    "sequences "
                            + (last + 1)
                            + "-"
                            + store.cursor()
                            + " are missing at its end, "
                            + store.part().shown
                            + " has had them");
        }
        if (oldest > store.cursor() + 1 && store.store() != null) {
            findings.add(
                    Part.JOURNAL,
                    "sequences "
                            + (store.cursor() + 1)
                            + "-"
                            + (oldest - 1)
                            + " are trimmed, and "
                            + store.part().shown
                            + " needs them");
        }
    }

    List<JournalDamage> damages() {
        return damages;
    }

    List<JournalExcerpt> excerpts() {
        return excerpts;
    }

    List<String> scars() {
        return scars;
    }

    long lossless() {
        return lossless;
    }

    Verification result() {
        return new Verification(
                records,
                notYetStored,
                counts[KeyFamily.ASSERTION.prefix()],
                counts[KeyFamily.VOTE.prefix()],
                counts[KeyFamily.EPOCH.prefix()],
                counts[KeyFamily.SUBJECT.prefix()],
                counts[KeyFamily.QUARANTINE.prefix()],
                digest.toString(),
                findings.texts(),
                findings.count());
    }

    @Override
    public void close() {
        assertions.close();
        votes.close();
        epochs.close();
        if (lmdbReader != null) {
            lmdbReader.close();
        }
    }
}
