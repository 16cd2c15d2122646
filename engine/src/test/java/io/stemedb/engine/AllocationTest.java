package io.stemedb.engine;

import static io.stemedb.engine.TestEngines.TIMEOUT_NS;
import static io.stemedb.engine.TestEngines.context;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.stemedb.codecs.AssertionView;
import io.stemedb.codecs.EpochView;
import io.stemedb.codecs.SupersessionType;
import io.stemedb.engine.status.Counter;
import io.stemedb.engine.store.SubjectIndex;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
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
 * <p>Less than one byte a record, not none: a flush makes a few objects of the native libraries'
 * wrappers (an SST writer, a transaction, its cursors), and a roll of the journal makes a segment;
 * both are constants that many thousand records share.
 */
class AllocationTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int RECORDS = 40_000;
    private static final int WARM_ROUNDS = 4;
    private static final int ROUNDS = 6;
    private static final int VOTES_IN_TEN = 2;

    @TempDir Path directory;
    private final UnsafeBuffer hash = new UnsafeBuffer(TestEngines.id(1));
    private final UnsafeBuffer agent = new UnsafeBuffer(TestEngines.id(2));
    private final UnsafeBuffer epoch = new UnsafeBuffer(new byte[32]);
    private final String[] subjects = new String[100];
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
    private long appendAll(final Appender appender, final long start) {
        long sequence = 0;
        for (int i = 0; i < RECORDS; i++) {
            final long number = start + i;
            do {
                if (i % 1_000 == 999) {
                    epoch.putLong(0, number % 5_000);
                    appender.epoch().id(epoch, 0).name("day").description("").start(0);
                    appender.epoch().supersessionType(SupersessionType.None);
                    sequence = appender.epoch().append();
                } else if (i % 10 < VOTES_IN_TEN) {
                    hash.putLong(8, number / 20);
                    appender.vote().assertion(hash, 0).agentId(agent, 0);
                    appender.vote().weight(1).timestamp(number);
                    sequence = appender.vote().append();
                } else {
                    appender.assertion().subject(subjects[i % subjects.length]);
                    appender.assertion().predicate("price").number(number);
                    appender.assertion().confidence(1).timestamp(number);
                    sequence = appender.assertion().append();
                }
                if (sequence < 0) {
                    Thread.yield();
                }
            } while (sequence < 0);
        }
        return sequence;
    }

    @ParameterizedTest
    @EnumSource(SubjectIndex.class)
    void appendIngestAndFlush(final SubjectIndex placement) {
        for (int i = 0; i < subjects.length; i++) {
            subjects[i] = "subject-" + i;
        }
        try (Engine engine = Engine.launch(large(placement))) {
            final Map<String, Long> ids = engineThreads();
            assertEquals(4, ids.size(), ids::toString);
            final Map<String, Long> least = new TreeMap<>();
            final Appender appender = engine.newAppender();
            for (int round = 0; round < WARM_ROUNDS + ROUNDS; round++) {
                final Map<String, Long> before = new TreeMap<>();
                ids.forEach((name, id) -> before.put(name, THREADS.getThreadAllocatedBytes(id)));
                final long self = THREADS.getCurrentThreadAllocatedBytes();
                final long last = appendAll(appender, (long) round * RECORDS);
                final long appended = THREADS.getCurrentThreadAllocatedBytes() - self;
                assertTrue(engine.checkpoint(TIMEOUT_NS));
                assertEquals(last, engine.watermark(Watermark.STORED));
                if (round >= WARM_ROUNDS) {
                    least.merge("append", appended, Math::min);
                    ids.forEach(
                            (name, id) ->
                                    least.merge(
                                            name,
                                            THREADS.getThreadAllocatedBytes(id) - before.get(name),
                                            Math::min));
                }
            }
            assertTrue(engine.counters().get(Counter.FLUSHES) >= ROUNDS);
            least.forEach(
                    (name, bytes) ->
                            assertTrue(
                                    bytes < RECORDS,
                                    name + ": bytes for " + RECORDS + " records: " + least));
            assertTrue(least.get("append") < 1_000, "append: " + least);
        }
    }

    private interface Read {
        void run(int number);
    }

    private long leastPerRead(final Read read) {
        final int reads = 5_000;
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 12; round++) {
            final long before = THREADS.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < reads; i++) {
                read.run(i);
            }
            least = Math.min(least, THREADS.getCurrentThreadAllocatedBytes() - before);
        }
        return least / reads;
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
            appendAll(appender, 0);
            assertTrue(engine.checkpoint(TIMEOUT_NS));
            checkReads(reader, "stored");
            final long last = appendAll(appender, RECORDS);
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
        bytes.put("assertion", leastPerRead(i -> assertTrue(reader.assertion(known, 0, view))));
        bytes.put(
                "no assertion",
                leastPerRead(i -> sum[0] += reader.assertion(agent, 0, view) ? 1 : 0));
        bytes.put(
                "newest",
                leastPerRead(i -> reader.newestFirst(subjects[i % subjects.length], 10, claims)));
        hash.putLong(8, 7);
        bytes.put("votes", leastPerRead(i -> reader.votes(hash, 0, votes)));
        bytes.put("epoch", leastPerRead(i -> assertTrue(reader.epoch(epoch, 0, epochView))));
        bytes.put("subjects", leastPerRead(i -> reader.subjects("subject-1", 5, names)));
        bytes.put("oldest", leastPerOldest(reader, claims));
        bytes.forEach((name, each) -> assertEquals(0, each, where + ", bytes a read: " + bytes));
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
            final long last = appendAll(engine.newAppender(), 0);
            assertTrue(engine.await(Watermark.READABLE, last, TIMEOUT_NS));
            final long each =
                    leastPerRead(
                            i ->
                                    reader.newestFirst(
                                            "subject-7",
                                            10,
                                            (s, h, r, o, l) -> kept = new byte[8]));
            assertTrue(each >= 10 * 16, "bytes a read: " + each + kept);
        }
    }
}
