package io.stemedb.engine;

import io.stemedb.codecs.AssertionView;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.agrona.DirectBuffer;

/**
 * Lives of an engine that is written, read by several threads and closed under them. Every claim
 * says its own number, and the numbers of one subject are dense, so that a reader can tell whether
 * anything readable is missing; another thread looks at the order of the watermarks.
 */
public final class ReadersRaceChild {
    private static final String SUBJECT = "race";
    private static final int WALK = 200;

    /** However long they take; a wrong claim is met in some of them. */
    private static final int LIVES = 3;

    private final Path directory;
    private final Random random;
    private final boolean wrong;
    private final AtomicLong reads = new AtomicLong();
    private long next;

    private ReadersRaceChild(final Path directory, final Random random, final boolean wrong) {
        this.directory = directory;
        this.random = random;
        this.wrong = wrong;
    }

    public static void main(final String[] arguments) throws InterruptedException {
        final long endNs =
                System.nanoTime() + TimeUnit.SECONDS.toNanos(Integer.parseInt(arguments[1]));
        final ReadersRaceChild child =
                new ReadersRaceChild(
                        Path.of(arguments[0]),
                        new Random(Long.parseLong(arguments[2])),
                        arguments.length > 3);
        int lives = 0;
        do {
            child.life();
            lives++;
        } while (child.wrong || lives < LIVES || System.nanoTime() - endNs < 0);
        System.out.println("RACED " + lives + ' ' + child.reads);
    }

    private void life() throws InterruptedException {
        final Engine engine =
                Engine.launch(
                        TestEngines.context(directory)
                                .generationRecords(300)
                                .durability(
                                        random.nextBoolean()
                                                ? Durability.GROUP
                                                : Durability.ASYNC));
        next = engine.watermark(Watermark.APPENDED);
        final long end = next + 500 + random.nextInt(6_000);
        final List<TestEngines.Running> running = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            running.add(TestEngines.start("reader-" + i, () -> untilClosed(() -> read(engine))));
        }
        running.add(TestEngines.start("watermarks", () -> untilClosed(() -> look(engine))));
        running.add(TestEngines.start("writer", () -> untilClosed(() -> write(engine))));
        while (engine.watermark(Watermark.READABLE) < end) {
            Thread.yield();
        }
        engine.close();
        for (final TestEngines.Running thread : running) {
            thread.end();
        }
    }

    private static void untilClosed(final Runnable work) {
        try {
            work.run();
        } catch (final EngineClosedException e) {
            check(e.getMessage() != null, "closed without a message");
        }
    }

    private void write(final Engine engine) {
        final Appender appender = engine.newAppender();
        while (true) {
            next++;
            final double number = wrong && next % 5_000 == 0 ? next + 1 : next;
            TestEngines.claim(appender, SUBJECT, number, next);
        }
    }

    private void read(final Engine engine) {
        final AssertionView view = new AssertionView();
        final long[] last = {0, 0};
        try (Reader reader = engine.newReader()) {
            while (true) {
                final long readable = engine.watermark(Watermark.READABLE);
                last[0] = 0;
                last[1] = 0;
                final int count =
                        reader.newestFirst(
                                SUBJECT,
                                WALK,
                                (sequence, hash, record, offset, length) ->
                                        claim(view, last, sequence, record, offset, length));
                check(count == Math.min(WALK, last[1]), "walk of " + count);
                check(last[1] >= readable, "READABLE " + readable + " newest " + last[1]);
                reads.incrementAndGet();
            }
        }
    }

    private static void claim(
            final AssertionView view,
            final long[] last,
            final long sequence,
            final DirectBuffer record,
            final int offset,
            final int length) {
        view.wrap(record, offset, length);
        check(view.number() == sequence, "claim " + view.number() + " at " + sequence);
        check(view.timestamp() == sequence && SUBJECT.equals(view.subject()), "fields");
        check(last[0] == 0 || sequence == last[0] - 1, "claim " + sequence + " after " + last[0]);
        last[0] = sequence;
        last[1] = Math.max(last[1], sequence);
    }

    /** Each was below the next when it was read, and none goes back. */
    private static void look(final Engine engine) {
        while (true) {
            final long stored = engine.watermark(Watermark.STORED);
            final long readable = engine.watermark(Watermark.READABLE);
            final long synced = engine.watermark(Watermark.SYNCED);
            final long appended = engine.watermark(Watermark.APPENDED);
            check(
                    stored <= synced
                            && stored <= readable
                            && synced <= appended
                            && readable <= appended,
                    "order " + stored + ' ' + readable + ' ' + synced + ' ' + appended);
            if (!engine.await(Watermark.APPENDED, appended, 0)) {
                throw new AssertionError("APPENDED goes back");
            }
            engine.checkRunning();
        }
    }

    private static void check(final boolean condition, final String what) {
        if (!condition) {
            throw new AssertionError(what);
        }
    }
}
