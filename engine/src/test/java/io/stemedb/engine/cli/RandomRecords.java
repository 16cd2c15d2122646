package io.stemedb.engine.cli;

import io.stemedb.codecs.AssertionWriter;
import io.stemedb.codecs.EpochWriter;
import io.stemedb.codecs.Lifecycle;
import io.stemedb.codecs.RecordWriter;
import io.stemedb.codecs.SourceClass;
import io.stemedb.codecs.SupersessionType;
import io.stemedb.codecs.VoteWriter;
import java.util.Random;

/** Records of all types from a seed: every optional field in and out, texts of every plane. */
final class RandomRecords {

    private final Random random;
    private final AssertionWriter assertion = new AssertionWriter();
    private final VoteWriter vote = new VoteWriter();
    private final EpochWriter epoch = new EpochWriter();

    RandomRecords(final long seed) {
        random = new Random(seed);
    }

    RecordWriter next() {
        return switch (random.nextInt(4)) {
            case 0 -> nextVote();
            case 1 -> nextEpoch();
            default -> nextAssertion();
        };
    }

    private AssertionWriter nextAssertion() {
        assertion
                .clear()
                .subject(text(1, 60, false))
                .predicate(text(1, 30, false))
                .confidence(random.nextBoolean() ? random.nextFloat() : random.nextInt(2))
                .timestamp(time());
        switch (random.nextInt(4)) {
            case 0 -> assertion.text(text(0, 300, true));
            case 1 -> assertion.reference(text(1, 40, true));
            case 2 -> assertion.number(finiteDouble());
            default -> assertion.bool(random.nextBoolean());
        }
        if (random.nextBoolean()) {
            assertion.sourceHash(bytes(32));
        }
        if (random.nextBoolean()) {
            assertion.parentHash(bytes(32));
        }
        if (random.nextBoolean()) {
            assertion.visualHash(bytes(8));
        }
        if (random.nextBoolean()) {
            assertion.epoch(bytes(32));
        }
        if (random.nextBoolean()) {
            assertion.lifecycle(Lifecycle.values()[random.nextInt(5)]);
        }
        if (random.nextBoolean()) {
            assertion.sourceClass(SourceClass.values()[random.nextInt(7)]);
        }
        for (int i = random.nextInt(4); i > 0; i--) {
            assertion.addSignature(bytes(32), bytes(64), time(), random.nextInt(256));
        }
        if (random.nextBoolean()) {
            final float[] vector = new float[random.nextInt(20)];
            for (int i = 0; i < vector.length; i++) {
                vector[i] = finiteFloat();
            }
            assertion.vector(vector);
        }
        return assertion;
    }

    private VoteWriter nextVote() {
        vote.clear()
                .assertion(bytes(32))
                .agentId(bytes(32))
                .weight(finiteFloat())
                .timestamp(time());
        if (random.nextBoolean()) {
            vote.signature(bytes(64));
        }
        return vote;
    }

    private EpochWriter nextEpoch() {
        epoch.clear().id(bytes(32)).name(text(1, 50, true)).start(time());
        if (random.nextBoolean()) {
            epoch.description(text(0, 500, true));
        }
        if (random.nextBoolean()) {
            epoch.supersedes(bytes(32))
                    .supersessionType(SupersessionType.values()[1 + random.nextInt(3)]);
        }
        return epoch;
    }

    private long time() {
        return random.nextLong() >>> 1 + random.nextInt(62);
    }

    private byte[] bytes(final int length) {
        final byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private float finiteFloat() {
        while (true) {
            final float value = Float.intBitsToFloat(random.nextInt());
            if (Float.isFinite(value)) {
                return value;
            }
        }
    }

    private double finiteDouble() {
        while (true) {
            final double value = Double.longBitsToDouble(random.nextLong());
            if (Double.isFinite(value)) {
                return value;
            }
        }
    }

    /** ASCII, quotes, Latin, CJK and planes above 0; control characters where they are allowed. */
    private String text(final int min, final int max, final boolean controlsAllowed) {
        final StringBuilder text = new StringBuilder();
        final int length = min + random.nextInt(max - min + 1);
        for (int i = 0; i < length; i++) {
            switch (random.nextInt(controlsAllowed ? 6 : 5)) {
                case 0 -> text.append("\"\\/:<>&'\u2028\u00AD".charAt(random.nextInt(10)));
                case 1 -> text.appendCodePoint(0x4E00 + random.nextInt(0x5000));
                case 2 -> text.appendCodePoint(0x1F300 + random.nextInt(0x200));
                case 5 -> text.append((char) random.nextInt(0x20));
                default -> text.append((char) (0x20 + random.nextInt(0x5F)));
            }
        }
        while (text.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8).length
                > (max == 30 ? 128 : controlsAllowed ? 250 : 256)) {
            text.setLength(text.offsetByCodePoints(text.length(), -1));
        }
        return text.toString();
    }
}
