package io.stemedb.engine;

import io.stemedb.codecs.AssertionWriter;
import io.stemedb.codecs.EpochWriter;
import io.stemedb.codecs.Lifecycle;
import io.stemedb.codecs.Limits;
import io.stemedb.codecs.RecordWriter;
import io.stemedb.codecs.SourceClass;
import io.stemedb.codecs.SupersessionType;
import io.stemedb.codecs.VoteWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Random valid records of all types, with what is awkward about them: repeats, votes before their
 * assertion, epochs that clash, subjects that are prefixes of each other.
 */
public final class RecordMix {
    private static final int KEPT = 500;
    private static final String[] STEMS = {
        "a",
        "ab",
        "abc",
        "a:b",
        "a/b",
        "a:b/c",
        "Semaglutide:Type2Diabetes",
        "community://rust/http",
        "\u00e4",
        "\u00e4\u00f6",
        "\u65e5\u672c",
        "\ud83c\udf31",
        "a\u00ff",
        " ",
        "~",
        "H:",
        "S:a",
    };

    private final Random random;
    private final int subjects;
    private final AssertionWriter assertion;
    private final VoteWriter vote;
    private final EpochWriter epoch;
    private final UnsafeBuffer scratch = new UnsafeBuffer(new byte[Limits.RECORD_MAX]);
    private final List<byte[]> kept = new ArrayList<>();
    private final List<byte[]> hashes = new ArrayList<>();
    private RecordWriter writer;
    private byte[] bytes;
    private int textMax = 200;

    public RecordMix(final Random random, final int subjects) {
        this(random, subjects, new AssertionWriter(), new VoteWriter(), new EpochWriter());
    }

    /** A mix that fills an appender's own writers. */
    public RecordMix(final Random random, final int subjects, final Appender appender) {
        this(random, subjects, appender.assertion(), appender.vote(), appender.epoch());
    }

    private RecordMix(
            final Random random,
            final int subjects,
            final AssertionWriter assertion,
            final VoteWriter vote,
            final EpochWriter epoch) {
        this.random = random;
        this.subjects = subjects;
        this.assertion = assertion;
        this.vote = vote;
        this.epoch = epoch;
    }

    /** Texts up to a length in bytes: one record in six has one. */
    public RecordMix textMax(final int bytes) {
        textMax = bytes;
        return this;
    }

    /** The next record's bytes. */
    public byte[] next() {
        final int dice = random.nextInt(100);
        if (dice < 8 && !kept.isEmpty()) {
            writer = null;
            bytes = kept.get(random.nextInt(kept.size()));
            return bytes;
        }
        if (dice < 70) {
            writer = fillAssertion();
        } else if (dice < 92) {
            writer = fillVote();
        } else {
            writer = fillEpoch();
        }
        bytes = TestEngines.copy(scratch, 0, writer.encode(scratch, 0));
        keep();
        return bytes;
    }

    /** Appends the next record, by its writer or as bytes; returns its sequence. */
    public long append(final Appender appender) {
        next();
        if (writer != null && random.nextBoolean()) {
            return TestEngines.append(writer::append);
        }
        final long sequence = TestEngines.append(appender, bytes);
        if (writer != null) {
            writer.clear();
        }
        return sequence;
    }

    /** What was made last. */
    public byte[] bytes() {
        return bytes;
    }

    private void keep() {
        if (kept.size() < KEPT) {
            kept.add(bytes);
        } else {
            kept.set(random.nextInt(KEPT), bytes);
        }
        if (writer == assertion) {
            final byte[] hash = TestEngines.hashOf(bytes);
            if (hashes.size() < KEPT) {
                hashes.add(hash);
            } else {
                hashes.set(random.nextInt(KEPT), hash);
            }
        }
    }

    private AssertionWriter fillAssertion() {
        assertion.clear();
        assertion.subject(subject()).predicate("p" + random.nextInt(5));
        switch (random.nextInt(4)) {
            case 0 -> assertion.text(TestEngines.ofLength('t', random.nextInt(textMax)));
            case 1 -> assertion.number(random.nextGaussian());
            case 2 -> assertion.bool(random.nextBoolean());
            default -> assertion.reference("entity-" + random.nextInt(100));
        }
        assertion
                .confidence(random.nextFloat())
                .timestamp(random.nextLong() >>> 1)
                .lifecycle(Lifecycle.values()[random.nextInt(Lifecycle.values().length)])
                .sourceClass(SourceClass.values()[random.nextInt(SourceClass.values().length)]);
        if (random.nextInt(3) == 0) {
            assertion.sourceHash(TestEngines.id(random.nextInt(50)));
            assertion.epoch(TestEngines.id(random.nextInt(50)));
        }
        if (random.nextInt(10) == 0) {
            for (int i = random.nextInt(4); i >= 0; i--) {
                assertion.addSignature(TestEngines.id(i), new byte[64], i, i);
            }
            assertion.vector(new float[] {0.5f, random.nextFloat()});
        }
        return assertion;
    }

    private String subject() {
        final int number = random.nextInt(subjects);
        return number < STEMS.length ? STEMS[number] : "subject-" + number;
    }

    private VoteWriter fillVote() {
        vote.clear();
        // of an assertion seen, or one that nobody knows yet
        final byte[] on =
                hashes.isEmpty() || random.nextInt(10) == 0
                        ? TestEngines.id(1000 + random.nextInt(20))
                        : hashes.get(random.nextInt(hashes.size()));
        vote.assertion(on)
                .agentId(TestEngines.id(random.nextInt(100)))
                .weight(random.nextInt(10) / 10f)
                .timestamp(random.nextInt(1000));
        if (random.nextBoolean()) {
            vote.signature(new byte[64]);
        }
        return vote;
    }

    private EpochWriter fillEpoch() {
        epoch.clear();
        epoch.id(TestEngines.id(random.nextInt(200)))
                .name("epoch-" + random.nextInt(2))
                .description(TestEngines.ofLength('d', random.nextInt(3)))
                .start(0);
        if (random.nextBoolean()) {
            epoch.supersedes(TestEngines.id(3)).supersessionType(SupersessionType.Refines);
        } else {
            epoch.supersessionType(SupersessionType.None);
        }
        return epoch;
    }
}
