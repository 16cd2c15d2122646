package io.stemedb.engine;

import static io.stemedb.engine.TestEngines.TIMEOUT_NS;
import static io.stemedb.engine.TestEngines.context;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.codecs.AssertionView;
import io.stemedb.codecs.AssertionWriter;
import io.stemedb.codecs.EpochView;
import io.stemedb.codecs.EpochWriter;
import io.stemedb.codecs.SupersessionType;
import io.stemedb.codecs.VoteView;
import io.stemedb.codecs.VoteWriter;
import io.stemedb.engine.TestEngines.Running;
import io.stemedb.engine.status.Counter;
import io.stemedb.engine.store.SubjectIndex;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLongArray;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Reads while records arrive and generations come and go. Each claim says in its own fields which
 * it is: writer, number, subject; so a read checks itself, and what was readable before a call must
 * be in its answer.
 */
class ConcurrentReadsTest {
    private static final int WRITERS = 2;
    private static final int CLAIMS = 25_000;
    private static final int SUBJECTS = 5;
    private static final int EPOCH_EVERY = 25;

    @TempDir Path directory;

    /** Sequence of each claim once it is known, 0 before. */
    private final AtomicLongArray[] sequences = new AtomicLongArray[WRITERS];

    private final byte[][][] hashes = new byte[WRITERS][CLAIMS][];
    private final AtomicBoolean writing = new AtomicBoolean(true);

    private static String subject(final int number) {
        return "subject-" + number % SUBJECTS;
    }

    private static void fill(final AssertionWriter claim, final int writer, final int number) {
        claim.subject(subject(number))
                .predicate("writer-" + writer)
                .number(number)
                .confidence(1)
                .timestamp(number);
    }

    @ParameterizedTest
    @EnumSource(SubjectIndex.class)
    void everyReadSeesWhatIsReadable(final SubjectIndex placement) throws Exception {
        final long seed = TestEngines.newSeed();
        for (int writer = 0; writer < WRITERS; writer++) {
            sequences[writer] = new AtomicLongArray(CLAIMS);
        }
        try (Engine engine =
                Engine.launch(
                        context(directory)
                                .generationRecords(1_000)
                                .generationBytes(1 << 20)
                                .subjectIndex(placement))) {
            final List<Running> writers = new ArrayList<>();
            for (int writer = 0; writer < WRITERS; writer++) {
                final int number = writer;
                writers.add(TestEngines.start("writer-" + writer, () -> write(engine, number)));
            }
            final List<Running> readers = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                final Random random = new Random(seed + i);
                final String at = "seed " + seed + ", reader " + i;
                readers.add(TestEngines.start("reader-" + i, () -> read(engine, random, at)));
            }
            for (final Running running : writers) {
                running.end();
            }
            writing.set(false);
            for (final Running running : readers) {
                running.end();
            }
            assertTrue(engine.checkpoint(TIMEOUT_NS));
            assertTrue(engine.counters().get(Counter.FLUSHES) > 20, "generations came and went");
        }
    }

    private void write(final Engine engine, final int writer) {
        final Appender appender = engine.newAppender();
        final UnsafeBuffer scratch = new UnsafeBuffer(new byte[1024]);
        for (int number = 0; number < CLAIMS; number++) {
            final AssertionWriter claim = appender.assertion();
            fill(claim, writer, number);
            final int length = claim.encode(scratch, 0);
            hashes[writer][number] = TestEngines.hashOf(TestEngines.copy(scratch, 0, length));
            final long sequence = TestEngines.append(claim::append);
            sequences[writer].set(number, sequence); // releases the hash too
            if (number % 10 == 0) {
                final VoteWriter vote = appender.vote();
                vote.assertion(hashes[writer][number]).agentId(TestEngines.id(writer));
                vote.weight(number).timestamp(sequence);
                TestEngines.append(vote::append);
            }
            if (number % EPOCH_EVERY == 0) {
                final EpochWriter epoch = appender.epoch();
                epoch.id(epochId(writer, number)).name("writer-" + writer).description("");
                epoch.start(number).supersessionType(SupersessionType.None);
                TestEngines.append(epoch::append);
            }
        }
    }

    private static byte[] epochId(final int writer, final int number) {
        return TestEngines.id((long) writer * CLAIMS + number);
    }

    private void read(final Engine engine, final Random random, final String at) {
        final AssertionView view = new AssertionView();
        try (Reader reader = engine.newReader()) {
            int rounds = 0;
            while (writing.get() || rounds < 100) {
                rounds++;
                final int writer = random.nextInt(WRITERS);
                final int number = random.nextInt(CLAIMS);
                final long sequence = sequences[writer].get(number);
                final long readable = engine.watermark(Watermark.READABLE);
                if (sequence != 0) {
                    final UnsafeBuffer hash = new UnsafeBuffer(hashes[writer][number]);
                    final boolean found = reader.assertion(hash, 0, view);
                    if (found) {
                        check(view, writer, number, at);
                    } else {
                        assertTrue(sequence > readable, at + ": lost " + sequence);
                    }
                    votes(reader, hash, writer, number, readable, at);
                    final int epoch = number - number % EPOCH_EVERY;
                    if (sequences[writer].get(epoch) != 0) {
                        epoch(reader, writer, epoch, readable, at);
                    }
                }
                newest(reader, random, engine, at);
                if (rounds % 50 == 0) {
                    oldest(reader, random, engine, at);
                    subjects(reader, readable, at);
                }
            }
        }
    }

    private static void check(
            final AssertionView view, final int writer, final int number, final String at) {
        assertEquals(number, view.number(), at);
        assertEquals(subject(number), view.subject(), at);
        assertEquals("writer-" + writer, view.predicate(), at);
        assertEquals(number, view.timestamp(), at);
    }

    private void votes(
            final Reader reader,
            final UnsafeBuffer assertion,
            final int writer,
            final int number,
            final long readable,
            final String at) {
        final VoteView view = new VoteView();
        final int count =
                reader.votes(
                        assertion,
                        0,
                        (hash, record, offset, length) -> {
                            view.wrap(record, offset, length);
                            assertEquals(number, view.weight(), at);
                            assertEquals(sequences[writer].get(number), view.timestamp(), at);
                        });
        assertTrue(count <= (number % 10 == 0 ? 1 : 0), at);
        // the vote comes between its claim and the writer's next one
        if (number % 10 == 0 && number + 1 < CLAIMS) {
            final long next = sequences[writer].get(number + 1);
            if (next != 0 && next <= readable) {
                assertEquals(1, count, at + ": vote lost before " + next);
            }
        }
    }

    private void epoch(
            final Reader reader,
            final int writer,
            final int number,
            final long readable,
            final String at) {
        final EpochView view = new EpochView();
        if (reader.epoch(new UnsafeBuffer(epochId(writer, number)), 0, view)) {
            assertEquals(number, view.start(), at);
            assertEquals("writer-" + writer, view.name(), at);
        } else if (number + 1 < CLAIMS) { // it comes between its claim and the writer's next one
            final long next = sequences[writer].get(number + 1);
            assertTrue(next == 0 || next > readable, () -> at + ": epoch lost before " + next);
        }
    }

    /** A walk of some length, and now and then a whole one, from which nothing may be missing. */
    private void newest(
            final Reader reader, final Random random, final Engine engine, final String at) {
        final int subject = random.nextInt(SUBJECTS);
        final boolean whole = random.nextInt(200) == 0;
        final long readable = engine.watermark(Watermark.READABLE);
        final Walk walk = new Walk(subject, at, true);
        final int limit = whole ? Integer.MAX_VALUE : random.nextInt(50);
        final int count = reader.newestFirst(subject(subject), limit, walk);
        assertEquals(count, walk.count, at);
        assertTrue(count <= limit, at);
        if (whole) {
            checkWhole(walk, subject, readable, at);
        } else if (count > 0 && count == limit) {
            assertTrue(walk.newest >= newestOf(subject, readable), at + ": newest is missing");
        }
    }

    private void oldest(
            final Reader reader, final Random random, final Engine engine, final String at) {
        final int subject = random.nextInt(SUBJECTS);
        final long readable = engine.watermark(Watermark.READABLE);
        final Walk walk = new Walk(subject, at, false);
        final int count = reader.oldestFirst(subject(subject), Integer.MAX_VALUE, walk);
        assertEquals(count, walk.count, at);
        checkWhole(walk, subject, readable, at);
    }

    private void checkWhole(
            final Walk walk, final int subject, final long readable, final String at) {
        for (int writer = 0; writer < WRITERS; writer++) {
            for (int number = subject; number < CLAIMS; number += SUBJECTS) {
                final long sequence = sequences[writer].get(number);
                if (sequence == 0) {
                    break;
                }
                if (sequence <= readable) {
                    assertTrue(
                            walk.seen[writer].get(number),
                            () -> at + ": walk lacks " + sequence + ", readable " + readable);
                }
            }
        }
    }

    private long newestOf(final int subject, final long readable) {
        long newest = 0;
        for (int writer = 0; writer < WRITERS; writer++) {
            for (int number = subject; number < CLAIMS; number += SUBJECTS) {
                final long sequence = sequences[writer].get(number);
                if (sequence == 0 || sequence > readable) {
                    break;
                }
                newest = Math.max(newest, sequence);
            }
        }
        return newest;
    }

    private void subjects(final Reader reader, final long readable, final String at) {
        final List<String> found = new ArrayList<>();
        reader.subjects("sub", 99, (b, o, l) -> found.add(TestEngines.text(b, o, l)));
        for (int i = 1; i < found.size(); i++) {
            assertTrue(found.get(i - 1).compareTo(found.get(i)) < 0, at);
        }
        for (int i = 0; i < SUBJECTS; i++) {
            final long first = sequences[0].get(i);
            if (first != 0 && first <= readable) {
                assertTrue(found.contains(subject(i)), at);
            }
        }
    }

    /** Checks each claim by itself, their order, and that none comes twice. */
    private final class Walk implements ClaimHandler {
        final BitSet[] seen = {new BitSet(), new BitSet()};
        final AssertionView view = new AssertionView();
        final int subject;
        final String at;
        final boolean descending;
        int count;
        long newest;
        long last;

        Walk(final int subject, final String at, final boolean descending) {
            this.subject = subject;
            this.at = at;
            this.descending = descending;
        }

        @Override
        public void onClaim(
                final long sequence,
                final DirectBuffer hash,
                final DirectBuffer record,
                final int offset,
                final int length) {
            if (count++ > 0) {
                assertTrue(descending ? sequence < last : sequence > last, at);
            }
            last = sequence;
            newest = Math.max(newest, sequence);
            view.wrap(record, offset, length);
            final int number = (int) view.number();
            final int writer = view.predicate().charAt(7) - '0';
            check(view, writer, number, at);
            assertEquals(subject, number % SUBJECTS, at);
            assertFalse(seen[writer].get(number), at);
            seen[writer].set(number);
            final long known = sequences[writer].get(number);
            if (known != 0) { // the writer may not have been told yet
                assertEquals(known, sequence, at);
                assertEquals(0, compare(hashes[writer][number], hash), at);
            }
        }

        private int compare(final byte[] expected, final DirectBuffer hash) {
            return new UnsafeBuffer(expected).compareTo(new UnsafeBuffer(hash, 0, 32));
        }
    }
}
