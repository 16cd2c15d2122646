package io.stemedb.engine.memtable;

import static io.stemedb.engine.memtable.TestRecords.wrap;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import org.agrona.BitUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/**
 * Thousands of random operations on the memtable and on a model of java.util collections: puts of
 * every kind with repeats, rotations, flushes in slices, releases with readers inside, lookups and
 * walks.
 */
class MemtableModelTest {
    private static final int READERS = 3;
    private static final int OPERATIONS = 6_000;

    /** One memtable, its model and its readers, driven by one seed. */
    private static final class Run {
        final SplittableRandom random;
        final String name;
        final int recordCapacity;
        final int byteCapacity;
        final Memtable memtable;
        final TestRecords records = new TestRecords();
        final SortedEntries sorted;
        final byte[][] subjects;
        final List<ModelTable.Part> live = new ArrayList<>();
        final List<Generation> pending = new ArrayList<>();
        final List<Long> pendingSerial = new ArrayList<>();
        final List<MemtableReader> readers = new ArrayList<>();
        final List<List<ModelTable.Part>> pinned = new ArrayList<>();
        final int generationCount;
        long sequence;
        long parts;
        int refusedPuts;
        int recycled;
        int heldBack;

        Run(final long seed) {
            random = new SplittableRandom(seed);
            name = "seed " + seed;
            generationCount = 2 + random.nextInt(3);
            recordCapacity = 5 + random.nextInt(120);
            byteCapacity = 3_000 + random.nextInt(20_000);
            memtable = new Memtable(generationCount, recordCapacity, byteCapacity);
            sorted = new SortedEntries(recordCapacity);
            sequence = random.nextInt(1000);
            memtable.start(sequence + 1);
            live.add(new ModelTable.Part(parts++, sequence + 1));
            for (int i = 0; i < READERS; i++) {
                readers.add(memtable.newReader());
                pinned.add(null);
            }
            subjects = new byte[1 + random.nextInt(30)][];
            for (int i = 0; i < subjects.length; i++) {
                subjects[i] = new byte[random.nextInt(20)];
                for (int j = 0; j < subjects[i].length; j++) {
                    // few different bytes: many prefixes of each other, and zeros inside
                    subjects[i][j] = (byte) random.nextInt(3);
                }
            }
        }

        ModelTable.Part active() {
            return live.get(0);
        }

        void step() {
            final int dice = random.nextInt(100);
            if (dice < 35) {
                putAssertion();
            } else if (dice < 50) {
                putVote();
            } else if (dice < 55) {
                putEpoch();
            } else if (dice < 58) {
                putQuarantine();
            } else if (dice < 61) {
                sequence += random.nextInt(3);
                memtable.advance(sequence);
                active().last = sequence;
            } else if (dice < 63) {
                rotate();
            } else if (dice < 68) {
                flush();
            } else if (dice < 76) {
                release();
            } else if (dice < 86) {
                enterOrExit();
            } else {
                read(random.nextInt(READERS));
            }
        }

        private boolean accept(final boolean put, final boolean known, final long needed) {
            final ModelTable.Part part = active();
            final boolean room =
                    part.records < recordCapacity
                            && part.bytes + needed <= BitUtil.align(byteCapacity, 8);
            assertEquals(known || room, put, name + " room for " + needed);
            if (!put) {
                refusedPuts++;
                assertEquals(part.records, memtable.activeRecords(), name);
                rotate();
                return false;
            }
            sequence++;
            part.last = sequence;
            if (!known) {
                part.records++;
                part.bytes += needed;
            }
            assertEquals(part.records, memtable.activeRecords(), name);
            return !known;
        }

        private static long entry(final int key, final int record) {
            return 40 + BitUtil.align(key, 8) + BitUtil.align(record, 8);
        }

        private void putAssertion() {
            final long id = random.nextInt(200);
            final byte[] subject = subjects[(int) (id % subjects.length)];
            records.build(id, 0, subject, 60 + (int) (id * 7 % 300));
            final boolean repeat = active().assertions.containsKey(id);
            final long needed =
                    repeat
                            ? 40
                            : entry(32, records.length)
                                    + (active().hasSubject(subject) ? 0 : entry(subject.length, 0));
            if (accept(records.putAssertion(memtable, sequence + 1), false, needed)) {
                final ModelTable.Place place =
                        new ModelTable.Place(sequence, subject, id, records.bytes());
                active().assertions.putIfAbsent(id, place);
                active().places.add(place);
            }
        }

        private static long voteId(final int number, final long assertionId) {
            return 1_000 + number * 10L + assertionId;
        }

        private void putVote() {
            final long assertionId = random.nextInt(1 + random.nextInt(10));
            final long id = voteId(random.nextInt(50), assertionId);
            records.build(id, assertionId, new byte[0], 100 + (int) (id % 90));
            final boolean known = active().votes.containsKey(id);
            final long needed =
                    entry(32, records.length) + (active().hasVoted(assertionId) ? 0 : entry(32, 0));
            if (accept(records.putVote(memtable, sequence + 1), known, needed)) {
                active().votes
                        .put(id, new ModelTable.Vote(sequence, id, assertionId, records.bytes()));
            }
        }

        private void putEpoch() {
            final long id = random.nextInt(30);
            records.build(id, id, new byte[0], 100);
            final long needed = entry(32, records.length);
            final boolean known = active().epochs.containsKey(id);
            if (accept(records.putEpoch(memtable, sequence + 1), known, needed)) {
                active().epochs
                        .put(id, new ModelTable.Place(sequence, new byte[0], id, records.bytes()));
            }
        }

        private void putQuarantine() {
            final byte[] reason = new byte[random.nextInt(30)];
            final byte[] bytes = new byte[random.nextInt(300)];
            Arrays.fill(reason, (byte) sequence);
            Arrays.fill(bytes, (byte) ~sequence);
            final boolean put =
                    memtable.putQuarantine(
                            sequence + 1,
                            wrap(reason),
                            0,
                            reason.length,
                            wrap(bytes),
                            0,
                            bytes.length);
            if (accept(put, false, entry(reason.length, bytes.length))) {
                active().refused.add(new ModelTable.Refused(sequence, reason, bytes));
            }
        }

        private void rotate() {
            final boolean free = live.size() + pending.size() < generationCount;
            assertEquals(free, memtable.rotate(), name + " rotate");
            if (free) {
                live.add(0, new ModelTable.Part(parts++, sequence + 1));
            }
        }

        private void flush() {
            final Generation sealed = memtable.sealed();
            if (live.size() == 1) {
                assertNull(sealed, name);
                return;
            }
            final ModelTable.Part part = live.get(live.size() - 1);
            assertEquals(part.first, sealed.firstSequence(), name);
            assertEquals(part.last, sealed.lastSequence(), name);
            assertEquals(part.records, sealed.recordCount(), name);
            sorted.begin(sealed);
            final int limit = 1 + random.nextInt(200);
            while (sorted.sort(limit) > 0) {
                Thread.onSpinWait();
            }
            assertEquals(part.sorted(), ModelTable.lines(sorted), name + " sorted");
            pending.add(sealed);
            pendingSerial.add(part.serial);
            live.remove(live.size() - 1);
            tryRelease(pending.size() - 1);
        }

        private void release() {
            if (!pending.isEmpty()) {
                tryRelease(random.nextInt(pending.size()));
            }
        }

        private void tryRelease(final int index) {
            final long serial = pendingSerial.get(index);
            final boolean held =
                    pinned.stream()
                            .anyMatch(p -> p != null && p.get(p.size() - 1).serial <= serial);
            boolean free = false;
            for (int i = 0; i < 10 && !free; i++) {
                free = memtable.release(pending.get(index));
            }
            assertEquals(!held, free, name + " release while held=" + held);
            if (free) {
                pending.remove(index);
                pendingSerial.remove(index);
                recycled++;
            } else {
                heldBack++;
            }
        }

        private void enterOrExit() {
            final int reader = random.nextInt(READERS);
            if (pinned.get(reader) == null) {
                readers.get(reader).enter();
                pinned.set(reader, List.copyOf(live));
            } else {
                readers.get(reader).exit();
                pinned.set(reader, null);
            }
        }

        private void read(final int index) {
            final List<ModelTable.Part> parts = pinned.get(index);
            if (parts == null) {
                return;
            }
            final MemtableReader reader = readers.get(index);
            assertEquals(parts.get(parts.size() - 1).first, reader.firstSequence(), name);
            readKeys(reader, parts);
            readWalks(reader, parts);
        }

        private void readKeys(final MemtableReader reader, final List<ModelTable.Part> parts) {
            final long id = random.nextInt(200);
            final UnsafeBuffer hash = wrap(TestRecords.hash(id));
            final ModelTable.Part holder =
                    parts.stream()
                            .filter(p -> p.assertions.containsKey(id))
                            .findFirst()
                            .orElse(null);
            assertEquals(holder != null, reader.findAssertion(hash, 0), name + " assertion " + id);
            if (holder != null) {
                final ModelTable.Place expected = holder.assertions.get(id);
                assertEquals(expected.sequence(), reader.sequence(), name);
                assertEquals(
                        ModelTable.hex(expected.record()),
                        ModelTable.hex(
                                TestRecords.copy(
                                        reader.buffer(),
                                        reader.recordOffset(),
                                        reader.recordLength())),
                        name);
            }
            assertEquals(
                    parts.stream().anyMatch(p -> p.epochs.containsKey(id)),
                    reader.findEpoch(hash, 0),
                    name + " epoch " + id);
            final long vote = voteId(random.nextInt(50), random.nextInt(10));
            assertEquals(
                    parts.stream().anyMatch(p -> p.votes.containsKey(vote)),
                    reader.findVote(wrap(TestRecords.hash(vote)), 0),
                    name + " vote " + vote);
            assertEquals(
                    live.stream().anyMatch(p -> p.epochs.containsKey(id)),
                    memtable.findEpoch(hash, 0, new EntryView()),
                    name + " ingest epoch " + id);
        }

        private void readWalks(final MemtableReader reader, final List<ModelTable.Part> parts) {
            final byte[] subject = subjects[random.nextInt(subjects.length)];
            final List<ModelTable.Place> places = ModelTable.places(parts, subject);
            final List<Long> backward = new ArrayList<>();
            for (boolean more = reader.seekNewest(wrap(subject), 0, subject.length);
                    more;
                    more = reader.older()) {
                backward.add(0, reader.sequence());
            }
            assertEquals(places.stream().map(ModelTable.Place::sequence).toList(), backward, name);
            int i = 0;
            for (boolean more = reader.seekOldest(wrap(subject), 0, subject.length);
                    more;
                    more = reader.newer()) {
                final ModelTable.Place place = places.get(i++);
                assertEquals(place.sequence(), reader.sequence(), name);
                assertTrue(
                        TestRecords.isHash(place.id(), reader.buffer(), reader.hashOffset()), name);
                assertNull(
                        TestRecords.defect(
                                reader.buffer(), reader.recordOffset(), reader.recordLength()),
                        name);
                final boolean again =
                        places.subList(i, places.size()).stream()
                                .anyMatch(p -> p.id() == place.id());
                assertEquals(again, reader.isRepeatedLater(), name + " repeated");
                assertTrue(reader.walkHolds(wrap(TestRecords.hash(place.id())), 0), name);
            }
            assertEquals(places.size(), i, name);
            assertFalse(reader.walkHolds(wrap(TestRecords.hash(999_999)), 0), name);
            final long voted = random.nextInt(10);
            final List<Long> votes = new ArrayList<>();
            for (boolean more = reader.firstVote(wrap(TestRecords.hash(voted)), 0);
                    more;
                    more = reader.nextVote()) {
                votes.add(reader.sequence());
            }
            assertEquals(ModelTable.votes(parts, voted), votes, name + " votes on " + voted);
            final byte[] prefix = Arrays.copyOf(subject, random.nextInt(subject.length + 1));
            final List<String> listed = new ArrayList<>();
            reader.subjects(
                    wrap(prefix),
                    0,
                    prefix.length,
                    (buffer, offset, length) ->
                            listed.add(ModelTable.hex(TestRecords.copy(buffer, offset, length))));
            assertEquals(ModelTable.subjects(parts, prefix), listed, name + " subjects");
        }
    }

    @Test
    void behavesLikeTheModelWhateverTheOrderOfOperations() {
        final long base = new Random().nextLong();
        int refused = 0;
        int recycled = 0;
        int heldBack = 0;
        for (int i = 0; i < 8; i++) {
            final Run run = new Run(base + i);
            for (int j = 0; j < OPERATIONS; j++) {
                run.step();
            }
            for (final MemtableReader reader : run.readers) {
                reader.close();
            }
            run.memtable.close();
            refused += run.refusedPuts;
            recycled += run.recycled;
            heldBack += run.heldBack;
        }
        // the run must have met what it is there for
        assertTrue(refused > 100, "seed " + base + " refused " + refused);
        assertTrue(recycled > 100, "seed " + base + " recycled " + recycled);
        assertTrue(heldBack > 10, "seed " + base + " held back " + heldBack);
    }
}
