package io.stemedb.engine.cli;

import io.stemedb.codecs.Limits;
import io.stemedb.engine.Appender;
import io.stemedb.engine.Engine;
import io.stemedb.engine.Reader;
import io.stemedb.engine.Watermark;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.SleepingIdleStrategy;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Ingests the lines of one input: reads, refuses or appends, acknowledges. For one thread, which
 * blocks where the input does.
 */
final class IngestRun implements AutoCloseable {

    private static final long SYNCED_TIMEOUT_NS = TimeUnit.MINUTES.toNanos(5);
    private static final long BACK_PRESSURE_IDLE_NS = TimeUnit.MICROSECONDS.toNanos(20);

    private final IdleStrategy idle = new SleepingIdleStrategy(BACK_PRESSURE_IDLE_NS);

    private final Console console;
    private final Engine engine;
    private final Appender appender;
    private final Reader lookup;
    private final KnownRecords known;
    private final RejectsFile rejects;
    private final AckPrinter acks;
    private final IngestCounts counts;
    private final JsonRecordReader reader = new JsonRecordReader();
    private final ContentHash contentHash = new ContentHash();
    private final UnsafeBuffer record = new UnsafeBuffer(new byte[Limits.RECORD_MAX]);
    private final UnsafeBuffer hash = new UnsafeBuffer(new byte[Limits.HASH_LENGTH]);

    /** With {@code acks} null, nothing is acknowledged. */
    IngestRun(
            final Console console,
            final Engine engine,
            final RejectsFile rejects,
            final AckPrinter acks,
            final IngestCounts counts) {
        this.console = console;
        this.engine = engine;
        this.appender = engine.newAppender();
        this.lookup = engine.newReader();
        this.known = new KnownRecords(engine, lookup);
        this.rejects = rejects;
        this.acks = acks;
        this.counts = counts;
    }

    /** Ingests all lines; with {@code strict}, up to the first that is refused. */
    void ingest(final LineReader lines, final boolean strict, final LongConsumer progress)
            throws IOException, CommandException {
        while (lines.next()) {
            if (lines.isBlank()) {
                continue;
            }
            try {
                ingestLine(lines);
            } catch (final RecordSyntaxException e) {
                counts.refused++;
                console.say("line " + lines.lineNumber() + ": " + e.field() + ": " + e.reason());
                rejects.add(lines);
                if (strict) {
                    return;
                }
            }
            progress.accept(counts.lines());
        }
    }

    /** Waits until everything appended is on disk; this forces it there when nothing else does. */
    void awaitSynced() throws CommandException {
        if (!engine.await(Watermark.SYNCED, counts.lastSequence, SYNCED_TIMEOUT_NS)) {
            throw new CommandException(
                    ExitCode.FAILED,
                    "sequence "
                            + counts.lastSequence
                            + " was not synced within "
                            + TimeUnit.NANOSECONDS.toSeconds(SYNCED_TIMEOUT_NS)
                            + " s, the watermark is at "
                            + engine.watermark(Watermark.SYNCED));
        }
    }

    /** The same after an error, which stays the one that is reported. */
    void awaitSynced(final Exception error) {
        try {
            awaitSynced();
        } catch (final CommandException | RuntimeException e) {
            error.addSuppressed(e);
        }
    }

    @Override
    public void close() {
        lookup.close();
    }

    private void ingestLine(final LineReader lines)
            throws RecordSyntaxException, CommandException, IOException {
        if (!lines.isWhole()) {
            throw new RecordSyntaxException(
                    RecordSyntaxException.LINE, "is longer than " + LineReader.LINE_MAX + " bytes");
        }
        final int length = reader.read(lines.buffer(), lines.offset(), lines.length(), record);
        contentHash.ofRecord(record, 0, length, hash);
        final boolean duplicate = known.isKnown(hash, record, length);
        final long sequence = append(length, lines.lineNumber());
        known.appended(hash, record, sequence);
        counts.lastSequence = sequence;
        if (duplicate) {
            counts.duplicates++;
        } else {
            counts.ingested++;
        }
        if (acks != null) {
            acks.offer(lines.lineNumber(), sequence, hash);
        }
    }

    private long append(final int length, final long lineNumber) throws CommandException {
        while (true) {
            final long sequence = appender.append(record, 0, length);
            if (sequence > 0) {
                return sequence;
            }
            if (sequence == Appender.STORAGE_FULL) {
                throw new CommandException(
                        ExitCode.FAILED,
                        "no room left on the disk of the journal: stopped before line "
                                + lineNumber
                                + ", nothing of it was taken");
            }
            if (Thread.currentThread().isInterrupted()) {
                throw new CommandException(
                        ExitCode.FAILED, "interrupted before line " + lineNumber);
            }
            idle.idle();
        }
    }
}
