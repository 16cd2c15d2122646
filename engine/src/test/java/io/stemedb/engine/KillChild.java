package io.stemedb.engine;

import io.stemedb.codecs.AssertionView;
import io.stemedb.codecs.EpochView;
import io.stemedb.codecs.RecordHeader;
import io.stemedb.codecs.VoteView;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Appends until it is killed, and says what was acknowledged; or checks, in a later life, that all
 * that was said is there.
 */
final class KillChild {
    private static final int BATCH = 20;
    private static final int FAST = 2_000;
    private static final int TYPE = 1;
    private static final int HASH = 2;
    private static final int KEY = 3;

    private KillChild() {}

    public static void main(final String[] arguments) {
        final Path directory = Path.of(arguments[1]);
        if ("append".equals(arguments[0])) {
            append(directory, Long.parseLong(arguments[2]));
        } else {
            check(directory, Path.of(arguments[2]));
        }
    }

    private static EngineContext context(final Path directory) {
        return TestEngines.context(directory)
                .generationRecords(700)
                .errorHandler(error -> System.out.println("ERROR " + error));
    }

    private static void append(final Path directory, final long seed) {
        final PrintStream out = System.out;
        final Random random = new Random(seed);
        final StringBuilder lines = new StringBuilder();
        final Engine engine = Engine.launch(context(directory));
        final Appender appender = engine.newAppender();
        final RecordMix mix = new RecordMix(random, 50, appender);
        for (int i = 1; ; i++) {
            final long sequence = mix.append(appender);
            line(lines, sequence, mix.bytes());
            if (i % BATCH == 0) {
                out.print(lines);
                out.flush();
                lines.setLength(0);
                if (i > FAST) { // no more than the check can look at in time
                    LockSupport.parkNanos(5_000_000);
                }
            }
        }
    }

    private static void line(final StringBuilder lines, final long sequence, final byte[] record) {
        final UnsafeBuffer buffer = new UnsafeBuffer(record);
        final int type = RecordHeader.type(buffer, 0);
        final int keyOffset =
                switch (type) {
                    case 0 -> -1;
                    case 1 -> new VoteView().wrap(buffer, 0, record.length).assertionHashOffset();
                    default -> new EpochView().wrap(buffer, 0, record.length).epochIdOffset();
                };
        lines.append("ACK ").append(sequence).append(' ').append(type).append(' ');
        lines.append(HexFormat.of().formatHex(TestEngines.hashOf(record))).append(' ');
        lines.append(
                keyOffset < 0
                        ? "-"
                        : HexFormat.of().formatHex(TestEngines.copy(buffer, keyOffset, 32)));
        lines.append(" .\n"); // a line that was cut lacks its end
    }

    private static void check(final Path directory, final Path acknowledged) {
        long highest = 0;
        try (Engine engine = Engine.launch(context(directory));
                Reader reader = engine.newReader()) {
            final List<String> lines = Files.readAllLines(acknowledged, StandardCharsets.US_ASCII);
            int checked = 0;
            for (final String line : lines) {
                if (line.startsWith("ACK ") && line.endsWith(" .")) {
                    final String[] fields = line.substring(4).split(" ");
                    highest = Math.max(highest, Long.parseLong(fields[0]));
                    checkOne(reader, fields, line);
                    checked++;
                }
            }
            require(engine.watermark(Watermark.APPENDED) >= highest, "APPENDED below " + highest);
            require(engine.checkpoint(TestEngines.TIMEOUT_NS), "checkpoint in time");
            System.out.println("CHECKED " + checked);
        } catch (final java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        final StoreContent stored = StoreContent.read(directory);
        StoreContent.delete(directory, EngineParts.ROCKS);
        StoreContent.delete(directory, EngineParts.LMDB);
        Engine.launch(context(directory)).close();
        final StoreContent replayed = StoreContent.read(directory);
        require(stored.equals(replayed), "replay differs: " + stored + " and " + replayed);
        System.out.println("SAME " + replayed.counts());
    }

    private static void checkOne(final Reader reader, final String[] fields, final String line) {
        final UnsafeBuffer hash = new UnsafeBuffer(HexFormat.of().parseHex(fields[HASH]));
        final boolean found =
                switch (fields[TYPE]) {
                    case "0" -> reader.assertion(hash, 0, new AssertionView());
                    case "1" -> {
                        final boolean[] seen = {false};
                        reader.votes(
                                new UnsafeBuffer(HexFormat.of().parseHex(fields[KEY])),
                                0,
                                (voteHash, r, o, l) ->
                                        seen[0] |=
                                                hash.compareTo(new UnsafeBuffer(voteHash, 0, 32))
                                                        == 0);
                        yield seen[0];
                    }
                    default ->
                            reader.epoch(
                                    new UnsafeBuffer(HexFormat.of().parseHex(fields[KEY])),
                                    0,
                                    new EpochView());
                };
        require(found, "lost: " + line);
    }

    private static void require(final boolean condition, final String what) {
        if (!condition) {
            throw new AssertionError(what);
        }
    }
}
