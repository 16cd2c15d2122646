package io.stemedb.engine.faults;

import io.stemedb.codecs.AssertionView;
import io.stemedb.codecs.EpochView;
import io.stemedb.codecs.RecordHeader;
import io.stemedb.codecs.VoteView;
import io.stemedb.engine.Engine;
import io.stemedb.engine.EngineException;
import io.stemedb.engine.Reader;
import io.stemedb.engine.TestEngines;
import io.stemedb.engine.Verifier;
import io.stemedb.engine.journal.JournalHandler;
import io.stemedb.engine.journal.JournalTail;
import io.stemedb.engine.platform.ManifestException;
import io.stemedb.engine.store.StoreException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Opens directories whose stores were damaged, one after the other, and says of each what came of
 * it: SOUND, REFUSED, TOLD (each read that does not serve throws, or the engine says so), QUIET (a
 * read misses and nothing but verify tells), or WRONG, SILENT and UNNAMED (by verify), which must
 * never be. A line before each says which one is next, so that a native crash is known by it.
 */
final class StoreDamageChild {
    private final Map<String, byte[]> records = new HashMap<>(); // by content hash
    private final TreeMap<Long, byte[]> bySequence = new TreeMap<>();
    private final Map<String, Map<String, Long>> claims = new HashMap<>();
    private final Map<String, Set<String>> votes = new HashMap<>();
    private final Map<String, byte[]> epochs = new LinkedHashMap<>();

    private StoreDamageChild() {}

    public static void main(final String[] arguments) {
        final StoreDamageChild child = new StoreDamageChild();
        child.learn(Path.of(arguments[0]));
        for (int i = 1; i < arguments.length; i++) {
            System.out.println("NEXT " + arguments[i]);
            final Path directory = Path.of(arguments[i]);
            final String verify = verify(directory); // first: a launch may change what it finds
            System.out.println(judge(child.look(directory), verify) + " " + directory);
        }
        System.out.println("DONE");
    }

    /** What verify says that is wrong; empty if nothing is. */
    private static String verify(final Path directory) {
        try {
            return String.join("; ", Verifier.verify(directory, count -> {}).differences());
        } catch (final EngineException | StoreException | ManifestException e) {
            return line(e);
        }
    }

    static String judge(final String look, final String verify) {
        if (!verify.isEmpty() || look.startsWith("SOUND") || look.startsWith("WRONG")) {
            return look + (verify.isEmpty() ? "" : ", verify: " + line(verify));
        }
        return (look.startsWith("QUIET") ? "SILENT " : "UNNAMED ") + look;
    }

    /** From the journal of the sound directory. */
    private void learn(final Path sound) {
        try (JournalTail tail = JournalTail.open(sound.resolve("journal"), 1)) {
            final JournalHandler learner =
                    new JournalHandler() {
                        @Override
                        public void onRecord(
                                final long sequence,
                                final DirectBuffer buffer,
                                final int offset,
                                final int length) {
                            add(sequence, TestEngines.copy(buffer, offset, length));
                        }

                        @Override
                        public void onDamage(
                                final long first,
                                final long last,
                                final String reason,
                                final DirectBuffer buffer,
                                final int offset,
                                final int length) {
                            throw new AssertionError(reason);
                        }
                    };
            while (tail.poll(learner, Integer.MAX_VALUE) > 0) {
                Thread.onSpinWait();
            }
        }
    }

    private void add(final long sequence, final byte[] record) {
        final UnsafeBuffer buffer = new UnsafeBuffer(record);
        final String hash = Arrays.toString(TestEngines.hashOf(record));
        bySequence.put(sequence, record);
        switch (RecordHeader.type(buffer, 0)) {
            case 0 -> {
                records.put(hash, record);
                claims.computeIfAbsent(
                                new AssertionView().wrap(buffer, 0, record.length).subject(),
                                subject -> new HashMap<>())
                        .put(hash, sequence);
            }
            case 1 -> {
                records.put(hash, record);
                final int on = new VoteView().wrap(buffer, 0, record.length).assertionHashOffset();
                votes.computeIfAbsent(
                                Arrays.toString(TestEngines.copy(buffer, on, 32)),
                                key -> new HashSet<>())
                        .add(hash);
            }
            default -> {
                final int id = new EpochView().wrap(buffer, 0, record.length).epochIdOffset();
                epochs.putIfAbsent(Arrays.toString(TestEngines.copy(buffer, id, 32)), record);
            }
        }
    }

    /** What a directory served, and what it did not. */
    private static final class Look {
        private final List<String> wrong = new ArrayList<>();
        private final List<String> missing = new ArrayList<>();
        private int served; // but epochs: those are all in LMDB
        private int thrown;

        void attempt(final Runnable read) {
            try {
                read.run();
            } catch (final EngineException | StoreException e) {
                thrown++;
            }
        }
    }

    private String look(final Path directory) {
        final List<Throwable> told = new CopyOnWriteArrayList<>();
        final Look look = new Look();
        try (Engine engine = Engine.launch(TestEngines.context(directory).errorHandler(told::add));
                Reader reader = engine.newReader()) {
            read(reader, look);
        } catch (final EngineException | StoreException | ManifestException e) {
            return look.wrong.isEmpty() ? "REFUSED " + line(e) : "WRONG " + look.wrong;
        }
        if (!look.wrong.isEmpty()) {
            return "WRONG " + look.wrong;
        }
        if (look.missing.isEmpty() && look.thrown == 0) {
            return "SOUND served " + look.served;
        }
        final String what =
                "served " + look.served + ", thrown " + look.thrown + ", missing " + look.missing;
        if (look.missing.isEmpty() || !told.isEmpty()) {
            return "TOLD " + what;
        }
        return "QUIET " + what; // a read cannot know of an entry that nothing leads to
    }

    private static String line(final Object text) {
        return text.toString().replace('\n', ' ');
    }

    private void read(final Reader reader, final Look look) {
        final AssertionView assertion = new AssertionView();
        final EpochView epoch = new EpochView();
        for (final byte[] record : records.values()) {
            if (RecordHeader.type(new UnsafeBuffer(record), 0) == 0) {
                final UnsafeBuffer hash = new UnsafeBuffer(TestEngines.hashOf(record));
                look.attempt(
                        () -> {
                            if (reader.assertion(hash, 0, assertion)) {
                                same(look, record, assertion.buffer(), assertion.length());
                                look.served++;
                            } else {
                                look.missing.add("assertion");
                            }
                        });
            }
        }
        for (final Map.Entry<String, byte[]> entry : epochs.entrySet()) {
            final UnsafeBuffer record = new UnsafeBuffer(entry.getValue());
            final int id = new EpochView().wrap(record, 0, record.capacity()).epochIdOffset();
            look.attempt(
                    () -> {
                        if (reader.epoch(record, id, epoch)) {
                            same(look, entry.getValue(), epoch.buffer(), epoch.length());
                        } else {
                            look.missing.add("epoch");
                        }
                    });
        }
        for (final Map.Entry<String, Map<String, Long>> subject : claims.entrySet()) {
            look.attempt(() -> readSubject(reader, look, subject.getKey(), subject.getValue()));
        }
        for (final Map.Entry<String, Set<String>> on : votes.entrySet()) {
            look.attempt(() -> readVotes(reader, look, on.getKey(), on.getValue()));
        }
        final Set<String> subjects = new HashSet<>(claims.keySet());
        look.attempt(
                () -> {
                    reader.subjects(
                            "",
                            Integer.MAX_VALUE,
                            (buffer, offset, length) -> {
                                final String name = TestEngines.text(buffer, offset, length);
                                if (claims.containsKey(name)) {
                                    subjects.remove(name);
                                } else {
                                    look.wrong.add("subject " + name);
                                }
                            });
                    subjects.forEach(name -> look.missing.add("subject"));
                });
    }

    private void readSubject(
            final Reader reader,
            final Look look,
            final String subject,
            final Map<String, Long> expected) {
        final Set<String> left = new HashSet<>(expected.keySet());
        reader.newestFirst(
                subject,
                Integer.MAX_VALUE,
                (sequence, hash, record, offset, length) -> {
                    final byte[] bytes = TestEngines.copy(record, offset, length);
                    if (!Arrays.equals(bytes, bySequence.get(sequence))) {
                        look.wrong.add("claim " + sequence);
                    }
                    final String name = Arrays.toString(TestEngines.copy(hash, 0, 32));
                    if (!expected.containsKey(name) || !Arrays.equals(bytes, records.get(name))) {
                        look.wrong.add("claim of another subject " + sequence);
                    }
                    left.remove(name);
                    look.served++;
                });
        left.forEach(hash -> look.missing.add("claim"));
    }

    private void readVotes(
            final Reader reader, final Look look, final String on, final Set<String> expected) {
        final Set<String> left = new HashSet<>(expected);
        final byte[] sample = records.get(expected.iterator().next());
        final UnsafeBuffer buffer = new UnsafeBuffer(sample);
        final int offset = new VoteView().wrap(buffer, 0, sample.length).assertionHashOffset();
        reader.votes(
                buffer,
                offset,
                (hash, record, recordOffset, length) -> {
                    final String name = Arrays.toString(TestEngines.copy(hash, 0, 32));
                    if (!expected.contains(name)
                            || !Arrays.equals(
                                    records.get(name),
                                    TestEngines.copy(record, recordOffset, length))) {
                        look.wrong.add("vote on " + on);
                    }
                    left.remove(name);
                    look.served++;
                });
        left.forEach(hash -> look.missing.add("vote"));
    }

    private static void same(
            final Look look, final byte[] expected, final DirectBuffer buffer, final int length) {
        if (!Arrays.equals(expected, TestEngines.copy(buffer, 0, length))) {
            look.wrong.add("record");
        }
    }
}
