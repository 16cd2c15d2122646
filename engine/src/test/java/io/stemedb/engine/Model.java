package io.stemedb.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.codecs.AssertionView;
import io.stemedb.codecs.EpochView;
import io.stemedb.codecs.RecordHeader;
import io.stemedb.codecs.VoteView;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * What an engine must answer, by java.util maps and an implementation of BLAKE3 that is not ours.
 */
final class Model {
    private static final int SAMPLES = 300;

    private final Map<ByteBuffer, byte[]> assertions = new HashMap<>();
    private final Map<ByteBuffer, Long> newestPlaces = new HashMap<>();
    private final TreeMap<byte[], TreeMap<Long, ByteBuffer>> claims =
            new TreeMap<>(Arrays::compareUnsigned);
    private final Map<ByteBuffer, Map<ByteBuffer, byte[]>> votes = new HashMap<>();
    private final Map<ByteBuffer, byte[]> epochs = new HashMap<>();
    private final TreeMap<Long, byte[]> quarantined = new TreeMap<>();
    private long last;

    void add(final long sequence, final byte[] record) {
        assertEquals(last + 1, sequence, "sequences are dense");
        last = sequence;
        final UnsafeBuffer buffer = new UnsafeBuffer(record);
        final ByteBuffer hash = ByteBuffer.wrap(TestEngines.hashOf(record));
        switch (RecordHeader.type(buffer, 0)) {
            case 0 -> {
                final AssertionView view = new AssertionView().wrap(buffer, 0, record.length);
                final byte[] subject = view.subject().getBytes(StandardCharsets.UTF_8);
                assertions.put(hash, record);
                final TreeMap<Long, ByteBuffer> places =
                        claims.computeIfAbsent(subject, key -> new TreeMap<>());
                final Long before = newestPlaces.put(hash, sequence);
                if (before != null) {
                    places.remove(before);
                }
                places.put(sequence, hash);
            }
            case 1 -> {
                final VoteView view = new VoteView().wrap(buffer, 0, record.length);
                final byte[] on = TestEngines.copy(buffer, view.assertionHashOffset(), 32);
                votes.computeIfAbsent(ByteBuffer.wrap(on), key -> new HashMap<>())
                        .put(hash, record);
            }
            default -> {
                final EpochView view = new EpochView().wrap(buffer, 0, record.length);
                final byte[] id = TestEngines.copy(buffer, view.epochIdOffset(), 32);
                final byte[] first = epochs.putIfAbsent(ByteBuffer.wrap(id), record);
                if (first != null && !Arrays.equals(first, record)) {
                    quarantined.put(sequence, record);
                }
            }
        }
    }

    long last() {
        return last;
    }

    Map<Long, byte[]> quarantined() {
        return quarantined;
    }

    /** Asks everything, or a sample of it, and compares. */
    void check(final Reader reader, final Random random, final String when) {
        checkAssertions(reader, random, when);
        checkSubjects(reader, random, when);
        checkVotes(reader, random, when);
        checkEpochs(reader, when);
        checkLists(reader, random, when);
        checkStrangers(reader, when);
    }

    int assertionCount() {
        return assertions.size();
    }

    /** As {@link #check}, but for what depends on sequences. */
    void checkContent(final Reader reader, final Random random, final String when) {
        checkAssertions(reader, random, when);
        checkVotes(reader, random, when);
        checkEpochs(reader, when);
        checkLists(reader, random, when);
    }

    private void checkAssertions(final Reader reader, final Random random, final String when) {
        final AssertionView view = new AssertionView();
        for (final ByteBuffer hash : sample(assertions.keySet(), random)) {
            assertTrue(reader.assertion(new UnsafeBuffer(hash), 0, view), when);
            assertArrayEquals(
                    assertions.get(hash),
                    TestEngines.copy(view.buffer(), view.offset(), view.length()),
                    when);
        }
    }

    private void checkSubjects(final Reader reader, final Random random, final String when) {
        for (final byte[] subject : sample(claims.keySet(), random)) {
            final String name = new String(subject, StandardCharsets.UTF_8);
            final List<Long> ascending = new ArrayList<>(claims.get(subject).keySet());
            final List<Long> descending = new ArrayList<>(ascending);
            Collections.reverse(descending);
            for (final int limit :
                    new int[] {0, 1, 1 + random.nextInt(10), ascending.size(), 1 << 30}) {
                final int expected = Math.min(limit, ascending.size());
                final String where = when + ", subject '" + name + "', limit " + limit;
                final List<Long> newest = new ArrayList<>();
                assertEquals(
                        expected,
                        reader.newestFirst(name, limit, collect(subject, newest, where)),
                        where);
                assertEquals(descending.subList(0, expected), newest, where);
                final List<Long> oldest = new ArrayList<>();
                assertEquals(
                        expected,
                        reader.oldestFirst(
                                new UnsafeBuffer(subject),
                                0,
                                subject.length,
                                limit,
                                collect(subject, oldest, where)),
                        where);
                assertEquals(ascending.subList(0, expected), oldest, where);
            }
        }
    }

    private ClaimHandler collect(
            final byte[] subject, final List<Long> sequences, final String where) {
        return (sequence, hash, record, offset, length) -> {
            sequences.add(sequence);
            final ByteBuffer expected = claims.get(subject).get(sequence);
            assertEquals(expected, ByteBuffer.wrap(TestEngines.copy(hash, 0, 32)), where);
            assertArrayEquals(
                    assertions.get(expected), TestEngines.copy(record, offset, length), where);
        };
    }

    private void checkVotes(final Reader reader, final Random random, final String when) {
        for (final ByteBuffer on : sample(votes.keySet(), random)) {
            final Map<ByteBuffer, byte[]> expected = votes.get(on);
            final Map<ByteBuffer, byte[]> found = new HashMap<>();
            final int count =
                    reader.votes(
                            new UnsafeBuffer(on),
                            0,
                            (hash, record, offset, length) -> {
                                final ByteBuffer key =
                                        ByteBuffer.wrap(TestEngines.copy(hash, 0, 32));
                                final byte[] bytes = TestEngines.copy(record, offset, length);
                                assertEquals(null, found.put(key, bytes), when);
                                assertArrayEquals(expected.get(key), bytes, when);
                            });
            assertEquals(expected.size(), count, when);
            assertEquals(expected.keySet(), found.keySet(), when);
        }
    }

    private void checkEpochs(final Reader reader, final String when) {
        final EpochView view = new EpochView();
        for (final Map.Entry<ByteBuffer, byte[]> epoch : epochs.entrySet()) {
            assertTrue(reader.epoch(new UnsafeBuffer(epoch.getKey()), 0, view), when);
            assertArrayEquals(
                    epoch.getValue(),
                    TestEngines.copy(view.buffer(), view.offset(), view.length()),
                    when);
        }
    }

    private void checkLists(final Reader reader, final Random random, final String when) {
        final List<String> all = new ArrayList<>();
        for (final byte[] subject : claims.keySet()) {
            all.add(new String(subject, StandardCharsets.UTF_8));
        }
        final List<String> prefixes = new ArrayList<>(List.of("", "subject-", "zzz", "\u00e4"));
        for (int i = 0; i < 5 && !all.isEmpty(); i++) {
            final String name = all.get(random.nextInt(all.size()));
            prefixes.add(name);
            prefixes.add(name.substring(0, name.offsetByCodePoints(0, 1)));
        }
        for (final String prefix : prefixes) {
            final List<String> expected =
                    all.stream().filter(name -> name.startsWith(prefix)).toList();
            for (final int limit : new int[] {0, 1, 7, 1 << 30}) {
                final List<String> found = new ArrayList<>();
                final int count =
                        reader.subjects(
                                prefix,
                                limit,
                                (buffer, offset, length) ->
                                        found.add(TestEngines.text(buffer, offset, length)));
                final String where = when + ", prefix '" + prefix + "', limit " + limit;
                assertEquals(expected.subList(0, Math.min(limit, expected.size())), found, where);
                assertEquals(found.size(), count, where);
            }
        }
    }

    private static void checkStrangers(final Reader reader, final String when) {
        final UnsafeBuffer stranger = new UnsafeBuffer(TestEngines.id(-77));
        assertFalse(reader.assertion(stranger, 0, new AssertionView()), when);
        assertFalse(reader.epoch(stranger, 0, new EpochView()), when);
        assertEquals(0, reader.votes(stranger, 0, (h, r, o, l) -> {}), when);
        assertEquals(0, reader.newestFirst("nobody's subject", 9, (s, h, r, o, l) -> {}), when);
        assertEquals(0, reader.oldestFirst("nobody's subject", 9, (s, h, r, o, l) -> {}), when);
    }

    private static <T> List<T> sample(final Iterable<T> all, final Random random) {
        final List<T> list = new ArrayList<>();
        all.forEach(list::add);
        if (list.size() > SAMPLES) {
            Collections.shuffle(list, random);
            return list.subList(0, SAMPLES);
        }
        return list;
    }
}
