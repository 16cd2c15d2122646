package io.stemedb.engine.memtable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** What a memtable holds, in java.util collections and with keys built on their own. */
final class ModelTable {
    record Place(long sequence, byte[] subject, long id, byte[] record) {}

    record Vote(long sequence, long id, long assertionId, byte[] record) {}

    record Refused(long sequence, byte[] reason, byte[] bytes) {}

    /** One generation; its byte count is worked out from the documented sizes. */
    static final class Part {
        final long serial;
        final long first;
        long last;
        int records;
        long bytes;
        final Map<Long, Place> assertions = new LinkedHashMap<>();
        final List<Place> places = new ArrayList<>();
        final Map<Long, Vote> votes = new LinkedHashMap<>();
        final Map<Long, Place> epochs = new LinkedHashMap<>();
        final List<Refused> refused = new ArrayList<>();

        Part(final long serial, final long first) {
            this.serial = serial;
            this.first = first;
            last = first - 1;
        }

        boolean hasSubject(final byte[] subject) {
            return places.stream().anyMatch(p -> Arrays.equals(p.subject, subject));
        }

        boolean hasVoted(final long assertionId) {
            return votes.values().stream().anyMatch(v -> v.assertionId == assertionId);
        }

        /** Family, key as the flush orders it, and the bytes that go with it. */
        List<String> sorted() {
            final TreeMap<byte[], String> map = new TreeMap<>(Arrays::compareUnsigned);
            epochs.forEach((id, e) -> map.put(key(0, TestRecords.hash(id)), hex(e.record)));
            assertions.forEach((id, a) -> map.put(key(1, TestRecords.hash(id)), hex(a.record)));
            for (final Refused r : refused) {
                map.put(key(2, number(r.sequence)), hex(r.reason) + "/" + hex(r.bytes));
            }
            for (final Place p : places) {
                // the terminator makes a subject sort before those it is a prefix of
                map.put(
                        key(3, escaped(p.subject), new byte[2], number(p.sequence)),
                        hex(TestRecords.hash(p.id)));
            }
            for (final Vote v : votes.values()) {
                map.put(
                        key(4, TestRecords.hash(v.assertionId), TestRecords.hash(v.id)),
                        hex(v.record));
            }
            final List<String> lines = new ArrayList<>();
            map.forEach((key, value) -> lines.add(hex(key) + " " + value));
            return lines;
        }
    }

    private ModelTable() {}

    /** 0 becomes 0 1, so that 0 0 ends a subject whatever its bytes. */
    static byte[] escaped(final byte[] subject) {
        final ByteBuffer out = ByteBuffer.allocate(subject.length * 2);
        for (final byte b : subject) {
            out.put(b);
            if (b == 0) {
                out.put((byte) 1);
            }
        }
        return Arrays.copyOf(out.array(), out.position());
    }

    static byte[] number(final long value) {
        return ByteBuffer.allocate(8).putLong(value).array();
    }

    static byte[] key(final int family, final byte[]... parts) {
        final ByteBuffer out = ByteBuffer.allocate(2048).put((byte) family);
        for (final byte[] part : parts) {
            out.put(part);
        }
        return Arrays.copyOf(out.array(), out.position());
    }

    static String hex(final byte[] bytes) {
        final StringBuilder out = new StringBuilder();
        for (final byte b : bytes) {
            out.append(Character.forDigit((b >> 4) & 15, 16))
                    .append(Character.forDigit(b & 15, 16));
        }
        return out.toString();
    }

    /** The same lines out of the real thing. */
    static List<String> lines(final SortedEntries sorted) {
        final List<String> lines = new ArrayList<>();
        while (sorted.next()) {
            final var b = sorted.buffer();
            final byte[] record = TestRecords.copy(b, sorted.recordOffset(), sorted.recordLength());
            switch (sorted.kind()) {
                case EPOCH:
                case ASSERTION:
                    lines.add(
                            hex(
                                            key(
                                                    sorted.kind() == EntryKind.EPOCH ? 0 : 1,
                                                    TestRecords.copy(b, sorted.hashOffset(), 32)))
                                    + " "
                                    + hex(record));
                    break;
                case QUARANTINE:
                    lines.add(
                            hex(key(2, number(sorted.sequence())))
                                    + " "
                                    + hex(
                                            TestRecords.copy(
                                                    b,
                                                    sorted.reasonOffset(),
                                                    sorted.reasonLength()))
                                    + "/"
                                    + hex(record));
                    break;
                case SUBJECT:
                    final byte[] subject =
                            TestRecords.copy(b, sorted.subjectOffset(), sorted.subjectLength());
                    lines.add(
                            hex(key(3, escaped(subject), new byte[2], number(sorted.sequence())))
                                    + " "
                                    + hex(TestRecords.copy(b, sorted.hashOffset(), 32)));
                    break;
                default:
                    lines.add(
                            hex(
                                            key(
                                                    4,
                                                    TestRecords.copy(
                                                            b, sorted.assertionHashOffset(), 32),
                                                    TestRecords.copy(b, sorted.hashOffset(), 32)))
                                    + " "
                                    + hex(record));
                    break;
            }
        }
        return lines;
    }

    /** Sequences of a subject's places, oldest first. */
    static List<Place> places(final List<Part> newestFirst, final byte[] subject) {
        final List<Place> found = new ArrayList<>();
        for (int i = newestFirst.size() - 1; i >= 0; i--) {
            for (final Place place : newestFirst.get(i).places) {
                if (Arrays.equals(place.subject, subject)) {
                    found.add(place);
                }
            }
        }
        return found;
    }

    static List<Long> votes(final List<Part> newestFirst, final long assertionId) {
        final Map<Long, Long> sequenceById = new LinkedHashMap<>();
        for (int i = newestFirst.size() - 1; i >= 0; i--) {
            for (final Vote vote : newestFirst.get(i).votes.values()) {
                if (vote.assertionId == assertionId) {
                    sequenceById.putIfAbsent(vote.id, vote.sequence);
                }
            }
        }
        return List.copyOf(sequenceById.values());
    }

    static List<String> subjects(final List<Part> newestFirst, final byte[] prefix) {
        final TreeSet<byte[]> set = new TreeSet<>(Arrays::compareUnsigned);
        for (final Part part : newestFirst) {
            for (final Place place : part.places) {
                final byte[] s = place.subject;
                if (s.length >= prefix.length
                        && Arrays.equals(s, 0, prefix.length, prefix, 0, prefix.length)) {
                    set.add(s);
                }
            }
        }
        return set.stream().map(ModelTable::hex).toList();
    }
}
