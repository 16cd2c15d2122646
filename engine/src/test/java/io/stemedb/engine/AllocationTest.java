package io.stemedb.engine;

import static io.stemedb.engine.TestEngines.TIMEOUT_NS;
import static io.stemedb.engine.TestEngines.context;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.stemedb.codecs.AssertionView;
import io.stemedb.codecs.EpochView;
import io.stemedb.codecs.RecordWriter;
import io.stemedb.codecs.SupersessionType;
import io.stemedb.codecs.VoteView;
import io.stemedb.engine.status.Counter;
import io.stemedb.engine.store.SubjectIndex;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Bytes that each thread allocates, by the JVM's own count, once everything is compiled and every
 * buffer has grown.
 *
 * <p>An append, the ingest of a record and a read allocate nothing. What is made in constant
 * numbers is bounded: the list of generations at each rotation (about 60 bytes), objects of the
 * native libraries' wrappers for each flush (an SST writer, a transaction, its cursors; 4 KB);
 * those of a segment for each roll of the journal are left out, as rounds without one are looked
 * at.
 */
class AllocationTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int RECORDS = 40_000;
    private static final int WARM_ROUNDS = 4;
    private static final int ROUNDS = 6;
    private static final int VOTES_IN_TEN = 2;
    private static final int READS = 5_000;
    private static final int BYTES_A_FLUSH = 16 << 10;

    /** The next list of live generations. */
    private static final int BYTES_A_ROTATION = 128;

    @TempDir Path directory;
    private final UnsafeBuffer hash = new UnsafeBuffer(TestEngines.id(1));
    private final UnsafeBuffer agent = new UnsafeBuffer(TestEngines.id(2));
    private final UnsafeBuffer epoch = new UnsafeBuffer(new byte[32]);
    private final String[] subjects = new String[100];
    private final UnsafeBuffer encoded = new UnsafeBuffer(new byte[1024]);
    private Object kept;

    private EngineContext large(final SubjectIndex placement) {
        return context(directory)
                .segmentLength(32 << 20)
                .prepareAhead(8 << 20)
                .generationRecords(RECORDS)
                .generationBytes(32 << 20)
                .flushIntervalNs(Long.MAX_VALUE)
                .subjectIndex(placement);
    }

    private static Map<String, Long> engineThreads() {
        final Map<String, Long> ids = new TreeMap<>();
        for (final long id : THREADS.getAllThreadIds()) {
            final java.lang.management.ThreadInfo info = THREADS.getThreadInfo(id);
            if (info != null && info.getThreadName().startsWith("stemedb-")) {
                ids.put(info.getThreadName(), id);
            }
        }
        return ids;
    }

    /** Appends of all types; an epoch now and then is there already, so that it is compared. */
    private long appendAll(final Appender appender, final long start, final int count) {
        long sequence = 0;
        for (int i = 0; i < count; i++) {
            final long number = start + i;
            do {
                sequence = append(appender, i, number);
                if (sequence < 0) {
                    Thread.yield();
                }
            } while (sequence < 0);
        }
        return sequence;
    }

    /** Every other one by its writer, the others as encoded records. */
    private long append(final Appender appender, final int i, final long number) {
        final RecordWriter writer;
        if (i % 1_000 >= 998) {
            epoch.putLong(0, number % 5_000);
            writer = appender.epoch().id(epoch, 0).name("day").description("").start(0);
            appender.epoch().supersessionType(SupersessionType.None);
        } else if (i % 10 < VOTES_IN_TEN) {
            hash.putLong(8, number / 20);
            writer = appender.vote().assertion(hash, 0).agentId(agent, 0);
            appender.vote().weight(1).timestamp(number);
        } else {
            writer = appender.assertion().subject(subjects[i % subjects.length]);
            appender.assertion().predicate("price").number(number);
            appender.assertion().confidence(1).timestamp(number);
        }
        if (i % 2 == 0) {
            return writer.append();
        }
        final int length = writer.encode(encoded, 0);
        writer.clear();
        return appender.append(encoded, 0, length);
    }

    @ParameterizedTest
    @EnumSource(SubjectIndex.class)
    void appendIngestAndFlush(final SubjectIndex placement) {
        for (int i = 0; i < subjects.length; i++) {
            subjects[i] = "subject-" + i;
        }
        try (Engine engine = Engine.launch(large(placement))) {
            final Map<String, Long> many = leastBytes(engine, RECORDS, WARM_ROUNDS);
            final Map<String, Long> few = leastBytes(engine, RECORDS / 8, 0);
            final String all = RECORDS + " records: " + many + ", an eighth of them: " + few;
            System.out.println("AllocationTest: " + placement + ", bytes for " + all);
            assertEquals(0, many.get("append"), all);
            for (final Map<String, Long> bytes : List.of(many, few)) {
                assertTrue(bytes.get("stemedb-ingest") <= BYTES_A_ROTATION, all);
                assertTrue(bytes.get("stemedb-flush") <= BYTES_A_FLUSH, all);
                assertTrue(bytes.get("stemedb-prepare") <= BYTES_A_FLUSH, all);
                assertTrue(bytes.get("stemedb-sync") <= BYTES_A_FLUSH, all);
            }
            // one small object in 200 records would be seen
            final long more = many.get("stemedb-flush") - few.get("stemedb-flush");
            assertTrue(more < RECORDS / 200 * 16, all);
        }
    }

    /** The least of all rounds; that of the engine's threads for each flush. */
    private Map<String, Long> leastBytes(
            final Engine engine, final int records, final int warmRounds) {
        final Map<String, Long> ids = engineThreads();
        assertEquals(4, ids.size(), ids::toString);
        final Map<String, Long> least = new TreeMap<>();
        final Appender appender = engine.newAppender();
        for (int round = 0; round < warmRounds + ROUNDS; round++) {
            final Map<String, Long> before = new TreeMap<>();
            ids.forEach((name, id) -> before.put(name, THREADS.getThreadAllocatedBytes(id)));
            final long flushes = engine.counters().get(Counter.FLUSHES);
            final long self = THREADS.getCurrentThreadAllocatedBytes();
            final long last = appendAll(appender, (long) round * records, records);
            final long appended = THREADS.getCurrentThreadAllocatedBytes() - self;
            assertTrue(engine.checkpoint(TIMEOUT_NS));
            assertEquals(last, engine.watermark(Watermark.STORED));
            final long flushed = Math.max(1, engine.counters().get(Counter.FLUSHES) - flushes);
            if (round >= warmRounds) {
                least.merge("append", appended, Math::min);
                ids.forEach(
                        (name, id) ->
                                least.merge(
                                        name,
                                        (THREADS.getThreadAllocatedBytes(id) - before.get(name))
                                                / flushed,
                                        Math::min));
            }
        }
        return least;
    }

    private interface Read {
        void run(int number);
    }

    private long leastBytes(final Read read) {
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 12; round++) {
            final long before = THREADS.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < READS; i++) {
                read.run(i);
            }
            least = Math.min(least, THREADS.getCurrentThreadAllocatedBytes() - before);
        }
        return least;
    }

    @ParameterizedTest
    @EnumSource(SubjectIndex.class)
    void readsOfMemoryAndStores(final SubjectIndex placement) {
        for (int i = 0; i < subjects.length; i++) {
            subjects[i] = "subject-" + i;
        }
        try (Engine engine = Engine.launch(large(placement));
                Reader reader = engine.newReader()) {
            final Appender appender = engine.newAppender();
            appendAll(appender, 0, RECORDS);
            assertTrue(engine.checkpoint(TIMEOUT_NS));
            checkReads(reader, "stored");
            final long last = appendAll(appender, RECORDS, RECORDS);
            assertTrue(engine.await(Watermark.READABLE, last, TIMEOUT_NS));
            checkReads(reader, "in memory and stored");
        }
    }

    private void checkReads(final Reader reader, final String where) {
        final long[] sum = {0};
        final UnsafeBuffer known = new UnsafeBuffer(new byte[32]);
        final ClaimHandler claims = (s, h, r, o, l) -> sum[0] += s;
        final VoteHandler votes = (h, r, o, l) -> sum[0] += l;
        final SubjectHandler names = (b, o, l) -> sum[0] += l;
        final AssertionView view = new AssertionView();
        final EpochView epochView = new EpochView();
        reader.newestFirst("subject-7", 1, (s, h, r, o, l) -> known.putBytes(0, h, 0, 32));
        epoch.putLong(0, 999);
        final Map<String, Long> bytes = new TreeMap<>();
        bytes.put("assertion", leastBytes(i -> assertTrue(reader.assertion(known, 0, view))));
        bytes.put(
                "no assertion",
                leastBytes(i -> sum[0] += reader.assertion(agent, 0, view) ? 1 : 0));
        bytes.put(
                "newest",
                leastBytes(i -> reader.newestFirst(subjects[i % subjects.length], 10, claims)));
        hash.putLong(8, 7);
        bytes.put("votes", leastBytes(i -> reader.votes(hash, 0, votes)));
        final UnsafeBuffer voteHash = new UnsafeBuffer(new byte[32]);
        assertTrue(reader.votes(hash, 0, (h, r, o, l) -> voteHash.putBytes(0, h, 0, 32)) > 0);
        final VoteView voteView = new VoteView();
        bytes.put("vote", leastBytes(i -> assertTrue(reader.vote(hash, 0, voteHash, 0, voteView))));
        bytes.put("epoch", leastBytes(i -> assertTrue(reader.epoch(epoch, 0, epochView))));
        bytes.put("subjects", leastBytes(i -> reader.subjects("subject-1", 5, names)));
        bytes.put("oldest", leastPerOldest(reader, claims));
        bytes.forEach(
                (name, each) -> assertEquals(0, each, where + ", bytes of all reads: " + bytes));
        assertTrue(sum[0] > 0);
    }

    /** Walks a whole subject each time: fewer of them. */
    private static long leastPerOldest(final Reader reader, final ClaimHandler claims) {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 100; i++) {
            final long before = THREADS.getCurrentThreadAllocatedBytes();
            reader.oldestFirst("subject-7", 10, claims);
            least = Math.min(least, THREADS.getCurrentThreadAllocatedBytes() - before);
        }
        return least;
    }

    /** The control: one small object a claim is seen. */
    @Test
    void aHandlerThatAllocatesIsSeen() {
        for (int i = 0; i < subjects.length; i++) {
            subjects[i] = "subject-" + i;
        }
        try (Engine engine = Engine.launch(large(SubjectIndex.LMDB));
                Reader reader = engine.newReader()) {
            final long last = appendAll(engine.newAppender(), 0, RECORDS);
            assertTrue(engine.await(Watermark.READABLE, last, TIMEOUT_NS));
            final long each =
                    leastBytes(
                            i ->
                                    reader.newestFirst(
                                            "subject-7",
                                            10,
                                            (s, h, r, o, l) -> kept = new byte[8]));
            assertTrue(each >= READS * 10L * 16, "bytes of all reads: " + each + kept);
        }
    }
}
