package io.stemedb.engine.faults;

import io.stemedb.codecs.AssertionView;
import io.stemedb.codecs.EpochView;
import io.stemedb.codecs.Limits;
import io.stemedb.codecs.RecordHeader;
import io.stemedb.codecs.RecordType;
import io.stemedb.codecs.VoteView;
import io.stemedb.engine.Engine;
import io.stemedb.engine.Reader;
import io.stemedb.engine.StoreContent;
import io.stemedb.engine.TestEngines;
import io.stemedb.engine.Watermark;
import io.stemedb.engine.hash.Blake3;
import io.stemedb.engine.journal.JournalException;
import io.stemedb.engine.journal.JournalHandler;
import io.stemedb.engine.journal.JournalTail;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * What was acknowledged of one data directory, and up to where it must be there: the obligations.
 * Lines of text, as a child prints them:
 *
 * <pre>
 *   APPENDED directory sequence type hash key .
 *   SYNCED directory sequence position .
 *   READABLE directory sequence position .
 *   STORED directory sequence position .
 * </pre>
 *
 * <p>The point ends a line; one that a kill cut short lacks it. The position is the length that the
 * block log had after the acknowledgement, 0 without one.
 */
public final class Ledger {
    private static final String END = " .";
    private static final Pattern NAMED =
            Pattern.compile("(?:record|sequence|sequences)[ =](\\d+)(?:-(\\d+))?");

    /** What a torn record is told by: damage at a launch, and what a check finds. */
    private static final Pattern OF_RECORDS =
            Pattern.compile("ERROR \\S+ \\S+JournalException: .*|LOST .*");

    private static final int ATTEMPTS = 10;
    private static final HexFormat HEX = HexFormat.of();
    private static final List<Watermark> SAID =
            List.of(Watermark.SYNCED, Watermark.READABLE, Watermark.STORED);

    record Ack(long sequence, int type, String hash, String key) {
        String line(final String directory) {
            return "APPENDED "
                    + directory
                    + ' '
                    + sequence
                    + ' '
                    + type
                    + ' '
                    + hash
                    + ' '
                    + key
                    + END;
        }
    }

    /** A watermark, and where the block log ended after it was seen. */
    record Mark(Watermark watermark, long sequence, long position) {
        /** Whether it holds after a power cut. */
        boolean isDurable() {
            return watermark != Watermark.READABLE;
        }
    }

    private final TreeMap<Long, Ack> acks = new TreeMap<>();
    private final List<Mark> marks = new ArrayList<>();
    private long durable;

    public static String line(final String directory, final long sequence, final byte[] record) {
        final UnsafeBuffer buffer = new UnsafeBuffer(record);
        final int type = RecordHeader.type(buffer, 0);
        final int keyOffset =
                type == RecordType.ASSERTION.id()
                        ? -1
                        : type == RecordType.VOTE.id()
                                ? new VoteView()
                                        .wrap(buffer, 0, record.length)
                                        .assertionHashOffset()
                                : new EpochView().wrap(buffer, 0, record.length).epochIdOffset();
        final String key =
                keyOffset < 0
                        ? "-"
                        : HEX.formatHex(TestEngines.copy(buffer, keyOffset, TestEngines.HASH));
        return new Ack(sequence, type, HEX.formatHex(TestEngines.hashOf(record)), key)
                .line(directory);
    }

    public static String line(
            final Watermark watermark,
            final String directory,
            final long sequence,
            final long position) {
        return watermark + " " + directory + ' ' + sequence + ' ' + position + END;
    }

    /**
     * Takes in what a child said of this directory; returns its errors, and numbers given twice.
     */
    List<String> add(final String directory, final List<String> lines) {
        final List<String> wrong = new ArrayList<>();
        for (final String line : lines) {
            final String[] fields = line.split(" ");
            if (!line.endsWith(END) || fields.length < 3 || !fields[1].equals(directory)) {
                continue;
            }
            switch (fields[0]) {
                case "APPENDED" -> {
                    final Ack ack =
                            new Ack(
                                    Long.parseLong(fields[2]),
                                    Integer.parseInt(fields[3]),
                                    fields[4],
                                    fields[5]);
                    if (acks.put(ack.sequence, ack) != null) {
                        wrong.add("given twice: " + line);
                    }
                }
                case "SYNCED", "READABLE", "STORED" ->
                        add(
                                new Mark(
                                        Watermark.valueOf(fields[0]),
                                        Long.parseLong(fields[2]),
                                        Long.parseLong(fields[3])));
                case "LOST", "BROKEN", "ERROR" -> wrong.add(line);
                default -> {
                    // OPENING, OPENED, HELD and PHASE: for whoever started the child
                }
            }
        }
        return wrong;
    }

    private void add(final Mark mark) {
        marks.add(mark);
        if (mark.isDurable()) {
            durable = Math.max(durable, mark.sequence);
        }
    }

    int size() {
        return acks.size();
    }

    /** The highest sequence of all, 0 without one. */
    long last() {
        return acks.isEmpty() ? 0 : acks.lastKey();
    }

    /** The highest sequence that was said to be SYNCED or STORED. */
    long durable() {
        return durable;
    }

    /** The highest sequence that a watermark was said to have; 0 if it never was. */
    long said(final Watermark watermark) {
        return marks.stream()
                .filter(mark -> mark.watermark == watermark)
                .mapToLong(Mark::sequence)
                .max()
                .orElse(0);
    }

    /** The highest durable one, of what was said before the block log grew beyond a position. */
    long durableAt(final long position) {
        long highest = 0;
        for (final Mark mark : marks) {
            if (mark.isDurable() && mark.position <= position) {
                highest = Math.max(highest, mark.sequence);
            }
        }
        return highest;
    }

    /**
     * What at most was STORED when the block log ended at a position. A mark says so of no earlier
     * moment than the one before it; behind the last, whatever was ever STORED.
     */
    long storedBy(final long position) {
        boolean before = true;
        long highest = 0;
        for (final Mark mark : marks) {
            if (mark.watermark == Watermark.STORED) {
                highest = Math.max(highest, mark.sequence);
                if (!before) {
                    return highest;
                }
                before = mark.position < position;
            }
        }
        return highest;
    }

    /** The block log's lengths between which SYNCED came to a sequence; null if it never did. */
    long[] synced(final long sequence) {
        long from = 0;
        for (final Mark mark : marks) {
            if (mark.watermark == Watermark.SYNCED) {
                if (mark.sequence >= sequence) {
                    return new long[] {from, mark.position};
                }
                from = mark.position;
            }
        }
        return null;
    }

    /**
     * Whether a finding is of records, names some, and none of them is owed: one that a power cut
     * tore before it was durable. What is BROKEN is no such thing, whatever it names.
     */
    boolean isOfNoneOwed(final String finding) {
        if (!OF_RECORDS.matcher(finding).matches()) {
            return false;
        }
        final Matcher named = NAMED.matcher(finding);
        boolean found = false;
        while (named.find()) {
            found = true;
            final long first = Long.parseLong(named.group(1));
            final long last = named.group(2) == null ? first : Long.parseLong(named.group(2));
            if (last >= first && !acks.subMap(first, true, last, true).isEmpty()) {
                return false;
            }
        }
        return found;
    }

    /** So many findings, those that {@link #isOfNoneOwed} says no of before all others. */
    List<String> owedFirst(final Stream<String> findings, final int most) {
        return findings.sorted(Comparator.comparing(this::isOfNoneOwed)).limit(most).toList();
    }

    /** The obligations up to a sequence. */
    Ledger upTo(final long sequence) {
        final Ledger part = new Ledger();
        part.acks.putAll(acks.headMap(sequence, true));
        return part;
    }

    /** What was durable, by what was said before the block log grew beyond a position. */
    Ledger durablePartAt(final long position) {
        final Ledger part = upTo(durableAt(position));
        marks.stream()
                .filter(mark -> mark.isDurable() && mark.position <= position)
                .forEach(part::add);
        return part;
    }

    /** After a power cut: what was not durable is no obligation, and its numbers may come again. */
    void cutAbove(final long sequence) {
        acks.tailMap(sequence, false).clear();
        marks.removeIf(mark -> mark.sequence > sequence);
    }

    /** The stores are to be deleted. */
    void forgetStored() {
        marks.removeIf(mark -> mark.watermark == Watermark.STORED);
    }

    /** All that is owed, and the highest of each watermark. */
    void write(final Path file, final String directory) {
        final StringBuilder text = new StringBuilder();
        acks.values().forEach(ack -> text.append(ack.line(directory)).append('\n'));
        for (final Watermark watermark : SAID) {
            final long sequence = said(watermark);
            if (sequence > 0) {
                text.append(line(watermark, directory, sequence, 0)).append('\n');
            }
        }
        try {
            Files.writeString(file, text);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Ledger read(final Path file, final String directory) {
        final Ledger ledger = new Ledger();
        try {
            if (Files.exists(file)) {
                ledger.add(directory, Files.readAllLines(file));
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        return ledger;
    }

    /** What of this a store lacks, by its cursor; before a launch replays the journal. */
    List<String> notStored(final Path data) {
        final long stored = said(Watermark.STORED);
        if (stored == 0) {
            return List.of();
        }
        final StoreContent.Cursors cursors = StoreContent.cursors(data);
        return Math.min(cursors.rocks(), cursors.lmdb()) >= stored
                ? List.of()
                : List.of("STORED was " + stored + ": " + cursors);
    }

    /** What of this an engine does not have, by its readers and in its journal. */
    List<String> lost(final Engine engine, final Path data) {
        final List<String> lost = new ArrayList<>();
        if (!acks.isEmpty() && engine.watermark(Watermark.READABLE) < acks.lastKey()) {
            lost.add("READABLE below " + acks.lastKey());
        }
        for (final Watermark watermark : SAID) {
            if (engine.watermark(watermark) < said(watermark)) {
                lost.add(watermark + " below " + said(watermark) + ", which it was");
            }
        }
        try (Reader reader = engine.newReader()) {
            for (final Ack ack : acks.values()) {
                if (!isFound(reader, ack)) {
                    lost.add("no reader finds " + ack);
                }
            }
        }
        for (int attempt = 1; ; attempt++) {
            try {
                lost.addAll(
                        lostInJournal(data.resolve("journal"), Long.MAX_VALUE, Long.MAX_VALUE - 1));
                return lost;
            } catch (final JournalException e) {
                if (attempt == ATTEMPTS) { // the engine may trim what was listed
                    throw e;
                }
            }
        }
    }

    private static boolean isFound(final Reader reader, final Ack ack) {
        final UnsafeBuffer hash = new UnsafeBuffer(HEX.parseHex(ack.hash));
        if (ack.type == RecordType.ASSERTION.id()) {
            return reader.assertion(hash, 0, new AssertionView());
        }
        final UnsafeBuffer key = new UnsafeBuffer(HEX.parseHex(ack.key));
        if (ack.type == RecordType.EPOCH.id()) {
            return reader.epoch(key, 0, new EpochView());
        }
        final boolean[] seen = {false};
        reader.votes(
                key,
                0,
                (voteHash, record, offset, length) ->
                        seen[0] |= hash.compareTo(new UnsafeBuffer(voteHash, 0, 32)) == 0);
        return seen[0];
    }

    /**
     * What up to a sequence the journal's files do not hold, read without an engine. What is older
     * than the oldest segment was trimmed: that may only be what the stores have.
     */
    List<String> lostInJournal(final Path journal, final long upTo, final long stored) {
        final List<String> lost = new ArrayList<>();
        final long last = acks.isEmpty() ? 0 : Math.min(upTo, acks.lastKey());
        final TreeMap<Long, Ack> due = new TreeMap<>(acks.headMap(last, true));
        try (JournalTail tail = JournalTail.open(journal, 1)) {
            if (tail.oldestSequence() > stored + 1) {
                lost.add("journal begins at " + tail.oldestSequence() + ", stored " + stored);
            }
            due.headMap(tail.oldestSequence(), false).clear();
            final Scan scan = new Scan(due, lost);
            while (tail.poll(scan, Integer.MAX_VALUE) > 0) {
                Thread.onSpinWait();
            }
        }
        due.values().forEach(ack -> lost.add("not in the journal: " + ack));
        return lost;
    }

    /** Of the segments that hold what no store is known to have: what a launch must go through. */
    long unstoredBytes(final Path journal) throws IOException {
        if (!Files.isDirectory(journal)) {
            return 0;
        }
        final Path first;
        try (JournalTail tail = JournalTail.open(journal, said(Watermark.STORED) + 1)) {
            tail.poll(new Scan(new TreeMap<>(), new ArrayList<>()), 1);
            first = tail.segment();
        }
        long bytes = 0;
        try (Stream<Path> files = Files.walk(journal)) {
            for (final Path file :
                    files.filter(path -> path.toString().endsWith(".cq4")).toList()) {
                bytes += first != null && file.compareTo(first) >= 0 ? Files.size(file) : 0;
            }
        }
        return bytes;
    }

    /** Ticks off what it is shown. */
    private static final class Scan implements JournalHandler {
        private final TreeMap<Long, Ack> due;
        private final List<String> lost;
        private final Blake3 blake3 = Blake3.newInstance();
        private final UnsafeBuffer hash =
                new UnsafeBuffer(ByteBuffer.allocateDirect(TestEngines.HASH));

        Scan(final TreeMap<Long, Ack> due, final List<String> lost) {
            this.due = due;
            this.lost = lost;
        }

        @Override
        public void onRecord(
                final long sequence,
                final DirectBuffer buffer,
                final int offset,
                final int length) {
            final Ack ack = due.remove(sequence);
            if (ack == null) {
                return;
            }
            blake3.hash(
                    buffer, offset + Limits.HEADER_LENGTH, length - Limits.HEADER_LENGTH, hash, 0);
            if (!ack.hash.equals(HEX.formatHex(TestEngines.copy(hash, 0, TestEngines.HASH)))) {
                lost.add("other bytes in the journal: " + ack);
            }
        }

        @Override
        public void onDamage(
                final long firstSequence,
                final long lastSequence,
                final String reason,
                final DirectBuffer buffer,
                final int offset,
                final int length) {
            // what is owed of it will not be ticked off
        }
    }
}
