package io.stemedb.engine.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.codecs.InvalidRecordException;
import io.stemedb.codecs.RecordValidator;
import io.stemedb.engine.Appender;
import io.stemedb.engine.Engine;
import io.stemedb.engine.JournalPlaces;
import io.stemedb.engine.JournalPlaces.Place;
import io.stemedb.engine.RecordMix;
import io.stemedb.engine.TestEngines;
import io.stemedb.engine.Verifier;
import io.stemedb.engine.journal.ChronicleJournal;
import io.stemedb.engine.journal.Journal;
import io.stemedb.engine.journal.JournalConfig;
import io.stemedb.engine.journal.JournalHandler;
import io.stemedb.engine.journal.JournalReader;
import io.stemedb.engine.journal.JournalTail;
import io.stemedb.engine.journal.SegmentCopies;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.SystemNanoClock;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** P4 and P5 on the journal's files: wrong bytes served 0, records missing without a word 0. */
@Tag("faults")
class JournalCorruptionTest {
    private static final int ROUNDS = 200 * Integer.getInteger("io.stemedb.faults.scale", 1);

    /** Of the first and of the later lives. */
    private static final int MANY = 9_000;

    private static final int FEW = 300;

    private static final Damage.Kind[] KINDS = Damage.Kind.values();

    @TempDir static Path base;
    private static final List<byte[]> RECORDS = new ArrayList<>();
    private static final long SEED = Long.getLong("io.stemedb.faults.seed", TestEngines.newSeed());

    @TempDir Path work;

    private static JournalConfig config(final long floor) {
        return new JournalConfig(
                JournalConfig.SEGMENT_LENGTH_MIN,
                1 << 20,
                64 << 20,
                floor,
                SystemNanoClock.INSTANCE);
    }

    @BeforeAll
    static void fill() {
        final RecordMix mix = new RecordMix(new Random(SEED), 50);
        for (final int count : new int[] {MANY, FEW, FEW}) {
            try (Engine engine = Engine.launch(TestEngines.context(base))) {
                final Appender appender = engine.newAppender();
                for (int i = 0; i < count; i++) {
                    TestEngines.append(appender, mix.next());
                    RECORDS.add(mix.bytes());
                }
                assertTrue(engine.checkpoint(TestEngines.TIMEOUT_NS));
            }
        }
    }

    private static void append(
            final Path directory, final RecordMix mix, final int count, final List<byte[]> kept) {
        try (ChronicleJournal journal = ChronicleJournal.open(directory, config(0))) {
            for (int i = 0; i < count; i++) {
                final UnsafeBuffer record = new UnsafeBuffer(mix.next());
                while (journal.append(record, 0, record.capacity()) == Journal.BACK_PRESSURED) {
                    journal.prepare();
                }
                kept.add(record.byteArray());
            }
        }
    }

    /** What a reader serves and tells, against what was appended. */
    private static final class Account implements JournalHandler {
        private final List<byte[]> records;
        private final String when;
        private final RecordValidator validator = new RecordValidator();
        private final BitSet served = new BitSet();
        private final BitSet told = new BitSet();
        private final List<String> reasons = new ArrayList<>();
        private int damages;

        Account(final List<byte[]> records, final String when) {
            this.records = records;
            this.when = when;
        }

        @Override
        public void onRecord(
                final long sequence,
                final DirectBuffer buffer,
                final int offset,
                final int length) {
            try {
                validator.validate(buffer, offset, length);
            } catch (final InvalidRecordException e) {
                onDamage(sequence, sequence, "", buffer, offset, length);
                return;
            }
            assertTrue(sequence >= 1 && sequence <= records.size(), () -> when + ": " + sequence);
            assertTrue(
                    Arrays.equals(
                            records.get((int) sequence - 1),
                            TestEngines.copy(buffer, offset, length)),
                    () -> when + ": wrong bytes served as record " + sequence);
            assertTrue(!served.get((int) sequence), () -> when + ": twice " + sequence);
            served.set((int) sequence);
        }

        @Override
        public void onDamage(
                final long first,
                final long last,
                final String reason,
                final DirectBuffer buffer,
                final int offset,
                final int length) {
            damages++;
            reasons.add(reason);
            assertTrue(
                    last < first || first >= 1 && last <= records.size(),
                    () -> when + ": tells of " + first + "-" + last + ": " + reason);
            if (last >= first) {
                told.set((int) first, (int) last + 1);
            }
        }

        Account read(final JournalReader reader) {
            int idle = 0;
            while (idle < 4) {
                idle = reader.poll(this, 64) == 0 ? idle + 1 : 0;
            }
            reader.close();
            return this;
        }

        void checkComplete() {
            final BitSet both = (BitSet) served.clone();
            both.or(told);
            assertEquals(
                    records.size(),
                    both.cardinality(),
                    () -> when + ": missing without a word: " + (both.nextClearBit(1)));
        }
    }

    /** With stores that hold all, or nothing: then only the mark says how far it was SYNCED. */
    private static Account open(
            final Path journal,
            final List<byte[]> records,
            final boolean stored,
            final String when) {
        try (ChronicleJournal opened =
                ChronicleJournal.open(journal, config(stored ? records.size() : 0))) {
            assertEquals(records.size(), opened.appended(), when);
            return new Account(records, when).read(opened.newReader(1));
        }
    }

    /** What of a segment is hit. */
    private enum Target {
        PAYLOAD,
        HEADER,
        LENGTH,
        INDEX_PAGE,
        FIRST_HEADER;

        /** Its bytes, of some record or of the segment: from and behind. */
        int[] of(final byte[] segment, final List<Place> records, final Random random) {
            final Place place = records.get(random.nextInt(records.size()));
            final int frame = place.frame();
            final int record = frame + JournalPlaces.RECORD;
            final int firstHeaderEnd = 4 + (new UnsafeBuffer(segment).getInt(0) & 0x3FFF_FFFF);
            return switch (this) {
                case PAYLOAD -> new int[] {record + 8, record + place.length()};
                case HEADER -> new int[] {frame + 8, record + 8};
                case LENGTH -> new int[] {frame, frame + 8};
                case INDEX_PAGE -> new int[] {firstHeaderEnd, records.get(0).frame()};
                case FIRST_HEADER -> new int[] {0, firstHeaderEnd};
            };
        }
    }

    /** Sequences of the records of a segment that are not as they were, or not there. */
    private static BitSet touched(
            final List<Place> records, final byte[] before, final byte[] after) {
        final BitSet touched = new BitSet();
        for (final Place place : records) {
            final int end = place.frame() + JournalPlaces.RECORD + place.length();
            if (end > after.length
                    || !Arrays.equals(before, place.frame(), end, after, place.frame(), end)) {
                touched.set((int) place.sequence());
            }
        }
        return touched;
    }

    @Test
    void damagedFiles() throws IOException {
        final Random random = new Random(SEED);
        final List<Place> places = JournalPlaces.of(base);
        assertEquals(RECORDS.size(), places.size());
        assertTrue(Verifier.verify(base, count -> {}).isSound());
        final List<Path> segments = Damage.files(base.resolve("journal"), ".cq4");
        final Set<Damage.Kind> named = EnumSet.noneOf(Damage.Kind.class);
        for (int round = 0; round < ROUNDS; round++) {
            final Damage.Kind kind = KINDS[round % KINDS.length];
            final Target target = Target.values()[round % Target.values().length];
            final Path segment = segments.get(random.nextInt(segments.size()));
            final Path other = segments.get(random.nextInt(segments.size()));
            final List<Place> records =
                    places.stream().filter(place -> place.segment().equals(segment)).toList();
            final byte[] before = Files.readAllBytes(segment);
            final int[] range = target.of(before, records, random);
            final boolean stored = round / KINDS.length % 2 == 0;
            final boolean verified = round / KINDS.length % 4 == 0; // each kind with each target
            final Path copy = work.resolve("data-" + round);
            final Path journal = copy.resolve("journal");
            Damage.copy(verified ? base : base.resolve("journal"), verified ? copy : journal);
            final Path file = copy.resolve(base.relativize(segment));
            final String when =
                    "seed %d, round %d, %s: %s"
                            .formatted(
                                    SEED,
                                    round,
                                    target,
                                    Damage.apply(kind, file, other, range[0], range[1], random));
            final BitSet touched = touched(records, before, Files.readAllBytes(file));
            if (verified && !touched.isEmpty()) {
                checkNamed(copy, file, when);
                named.add(kind);
            }
            check(open(journal, RECORDS, stored, when + (stored ? "" : ", not stored")), touched);
            Damage.delete(copy);
        }
        assertEquals(EnumSet.allOf(Damage.Kind.class), named);
    }

    /** What is not served is told, and was damaged; what was damaged is told. */
    private static void check(final Account account, final BitSet touched) {
        account.checkComplete();
        final BitSet neighbours = (BitSet) account.told.clone();
        neighbours.andNot(touched);
        assertTrue(
                neighbours.isEmpty(),
                () -> account.when + ": neighbours lost: " + neighbours + account.reasons);
        assertTrue(
                account.damages > 0 || touched.isEmpty(),
                () -> account.when + ": nothing is told, damaged are " + touched);
    }

    /** By its file; or by its sequences, where a segment ends too early. */
    private static void checkNamed(final Path directory, final Path file, final String when) {
        final List<String> differences = Verifier.verify(directory, count -> {}).differences();
        assertTrue(
                differences.stream()
                        .anyMatch(
                                text ->
                                        text.contains(file.getFileName().toString())
                                                || text.contains("are missing")),
                () -> when + ": verify says " + differences);
    }

    @Test
    void aSegmentThatIsGone() throws IOException {
        final List<Place> places = JournalPlaces.of(base);
        final List<Path> segments = Damage.files(base.resolve("journal"), ".cq4");
        for (int i = 0; i < segments.size(); i++) {
            final Path segment = segments.get(i);
            final BitSet gone = new BitSet();
            places.stream()
                    .filter(place -> place.segment().equals(segment))
                    .forEach(place -> gone.set((int) place.sequence()));
            for (final boolean stored : new boolean[] {true, false}) {
                final Path copy = work.resolve("gone-" + i + stored);
                Damage.copy(base.resolve("journal"), copy);
                Files.delete(Damage.files(copy, ".cq4").get(i));
                check(open(copy, RECORDS, stored, "segment " + i + " is gone"), gone);
            }
        }
    }

    /** The control: at the end of a journal that no store has, the mark is what tells. */
    @Test
    void withoutTheMarkALostEndIsMissingWithoutAWord() throws IOException {
        final Path copy = work.resolve("no-mark");
        Damage.copy(base.resolve("journal"), copy);
        final List<Path> segments = Damage.files(copy, ".cq4");
        final Path last = segments.get(segments.size() - 1);
        Files.write(last, Arrays.copyOf(Files.readAllBytes(last), (int) Files.size(last) / 2));
        Files.delete(copy.resolve("synced"));
        final AssertionError caught =
                assertThrows(
                        AssertionError.class, () -> open(copy, RECORDS, false, "without a mark"));
        assertTrue(caught.getMessage().startsWith("without a mark"), caught.getMessage());
    }

    /** Each of its 32,768 bits, by a reader that opens nothing. */
    @Test
    void everyBitOfAPage() throws IOException {
        final Path journal = work.resolve("journal");
        final List<byte[]> records = new ArrayList<>();
        append(journal, new RecordMix(new Random(SEED), 50), 120, records);
        final Path file = Damage.files(journal, ".cq4").get(0);
        final byte[] sound = Files.readAllBytes(file);
        int first = sound.length;
        for (int i = 0; i < sound.length && first == sound.length; i += 4) {
            if (startsAt(sound, i + SegmentCopies.EXCERPT_HEAD, records.get(0))) {
                first = i;
            }
        }
        final int from = (first + Damage.PAGE) / Damage.PAGE * Damage.PAGE;
        assertTrue(from + 2 * Damage.PAGE < sound.length, "a full page of records");
        final BitSet padding = padding(sound, first, records);
        int quiet = 0;
        for (int bit = 0; bit < Damage.PAGE * Byte.SIZE; bit++) {
            final int at = from + bit / Byte.SIZE;
            put(file, at, sound[at] ^ 1 << bit % Byte.SIZE);
            final Account account = new Account(records, "seed " + SEED + ", bit " + bit);
            account.read(JournalTail.open(journal, 1)).checkComplete();
            assertTrue(account.told.cardinality() <= 1, account.when + ": neighbours lost");
            if (account.damages == 0) {
                assertTrue(padding.get(at), account.when + ": not told");
                quiet++;
            }
            put(file, at, sound[at]);
        }
        assertTrue(quiet < Damage.PAGE, "most bits carry something: " + quiet);
    }

    /** In place: a file written anew is forced to the disk when it is closed. */
    private static void put(final Path file, final int at, final int value) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[] {(byte) value}), at);
        }
    }

    private static boolean startsAt(final byte[] bytes, final int at, final byte[] record) {
        return at + record.length <= bytes.length
                && Arrays.equals(bytes, at, at + record.length, record, 0, record.length);
    }

    /** Bytes behind each record up to a multiple of 8: nothing is in them. */
    private static BitSet padding(final byte[] bytes, final int first, final List<byte[]> records) {
        final BitSet padding = new BitSet();
        int at = first;
        for (final byte[] record : records) {
            assertTrue(
                    startsAt(bytes, at + SegmentCopies.EXCERPT_HEAD, record),
                    "where the records stand");
            final int end = at + SegmentCopies.EXCERPT_HEAD + record.length;
            at = end + 7 & -8;
            padding.set(end, at);
        }
        return padding;
    }

    /** The control: a journal in which a record was left out and the rest numbered anew. */
    @Test
    void aRecordThatWasLeftOutIsCaught() {
        final List<byte[]> records = new ArrayList<>();
        append(work.resolve("a"), new RecordMix(new Random(SEED), 50), 100, records);
        open(work.resolve("a"), records, true, "sound").checkComplete();
        try (ChronicleJournal journal = ChronicleJournal.open(work.resolve("b"), config(0))) {
            for (int i = 0; i < records.size(); i++) {
                if (i != 50) {
                    final byte[] record = records.get(i);
                    journal.append(new UnsafeBuffer(record), 0, record.length);
                }
            }
        }
        assertThrows(
                AssertionError.class,
                () -> open(work.resolve("b"), records, true, "left out").checkComplete());
    }

    /** The control: a record lost that was not damaged, and damage of which nothing is told. */
    @Test
    void aNeighbourThatIsLostAndQuietDamageAreCaught() {
        final byte[] record = new RecordMix(new Random(SEED), 50).next();
        final UnsafeBuffer buffer = new UnsafeBuffer(record);
        final BitSet touched = new BitSet();
        final Account lost = new Account(List.of(record), "control");
        lost.onDamage(1, 1, "", buffer, 0, 0);
        assertThrows(AssertionError.class, () -> check(lost, touched));
        touched.set(1);
        check(lost, touched);
        final Account quiet = new Account(List.of(record), "control");
        quiet.onRecord(1, buffer, 0, record.length);
        assertThrows(AssertionError.class, () -> check(quiet, touched));
    }

    /** The control: what serves bytes without looking at their CRC is caught. */
    @Test
    void alteredBytesAreCaught() {
        final byte[] record = new RecordMix(new Random(SEED), 50).next();
        final Account account = new Account(List.of(record), "control");
        final byte[] altered = record.clone();
        altered[altered.length - 1] ^= 1;
        account.onRecord(1, new UnsafeBuffer(altered), 0, altered.length);
        assertEquals(1, account.told.cardinality());
        final byte[] another = new RecordMix(new Random(SEED + 1), 50).next();
        assertThrows(
                AssertionError.class,
                () -> account.onRecord(1, new UnsafeBuffer(another), 0, another.length));
        assertThrows(
                AssertionError.class,
                () -> new Account(List.of(record), "nothing served").checkComplete());
    }
}
