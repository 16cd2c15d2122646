package io.stemedb.codecs;

import java.util.Random;

/** Random valid records, the same for the same seed. */
final class RandomRecords {
    private static final Lifecycle[] LIFECYCLES = Lifecycle.values();
    private static final SourceClass[] SOURCE_CLASSES = SourceClass.values();
    private static final SupersessionType[] SUPERSESSION_TYPES = SupersessionType.values();

    private final Random random;
    private final AssertionWriter assertion = new AssertionWriter();
    private final VoteWriter vote = new VoteWriter();
    private final EpochWriter epoch = new EpochWriter();

    RandomRecords(final Random random) {
        this.random = random;
    }

    byte[] next() {
        return switch (random.nextInt(4)) {
            case 0 -> Bytes.encode(fill(vote));
            case 1 -> Bytes.encode(fill(epoch));
            default -> Bytes.encode(fill(assertion));
        };
    }

    AssertionWriter fill(final AssertionWriter writer) {
        writer.clear()
                .subject(name(40))
                .predicate(name(20))
                .confidence(random.nextFloat())
                .timestamp(random.nextLong() & Long.MAX_VALUE)
                .lifecycle(LIFECYCLES[random.nextInt(LIFECYCLES.length)])
                .sourceClass(SOURCE_CLASSES[random.nextInt(SOURCE_CLASSES.length)]);
        switch (random.nextInt(4)) {
            case 0 -> writer.text(text(0, 60));
            case 1 -> writer.number(random.nextGaussian());
            case 2 -> writer.bool(random.nextBoolean());
            default -> writer.reference(text(1, 60));
        }
        if (random.nextBoolean()) {
            writer.sourceHash(bytes(32));
        }
        if (random.nextBoolean()) {
            writer.parentHash(bytes(32));
        }
        if (random.nextBoolean()) {
            writer.visualHash(bytes(8));
        }
        if (random.nextBoolean()) {
            writer.epoch(bytes(32));
        }
        for (int i = random.nextInt(3) * random.nextInt(3); i > 0; i--) {
            final long timestamp = random.nextLong() & Long.MAX_VALUE;
            writer.addSignature(bytes(32), bytes(64), timestamp, random.nextInt(256));
        }
        final float[] vector = new float[random.nextInt(3) * random.nextInt(10)];
        for (int i = 0; i < vector.length; i++) {
            vector[i] = random.nextInt(8) == 0 ? -0.0f : (float) random.nextGaussian();
        }
        return writer.vector(vector);
    }

    VoteWriter fill(final VoteWriter writer) {
        writer.clear()
                .assertion(bytes(32))
                .agentId(bytes(32))
                .weight((float) random.nextGaussian())
                .timestamp(random.nextLong() & Long.MAX_VALUE);
        return random.nextBoolean() ? writer.signature(bytes(64)) : writer;
    }

    EpochWriter fill(final EpochWriter writer) {
        final SupersessionType type = SUPERSESSION_TYPES[random.nextInt(SUPERSESSION_TYPES.length)];
        writer.clear()
                .id(bytes(32))
                .name(text(1, 30))
                .description(text(0, 60))
                .start(random.nextLong() & Long.MAX_VALUE)
                .supersessionType(type);
        return type == SupersessionType.None ? writer : writer.supersedes(bytes(32));
    }

    byte[] bytes(final int length) {
        final byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private String name(final int maxChars) {
        return text(1, maxChars).replaceAll("[\\x00-\\x1F\\x7F]", "_");
    }

    private String text(final int minChars, final int maxChars) {
        final int count = minChars + random.nextInt(maxChars - minChars + 1);
        final boolean ascii = random.nextInt(3) > 0;
        final StringBuilder text = new StringBuilder();
        for (int i = 0; i < count; i++) {
            final int point =
                    switch (ascii ? 0 : random.nextInt(4)) {
                        case 0 -> random.nextInt(0x80);
                        case 1 -> 0x80 + random.nextInt(0x780);
                        case 2 -> 0xE000 + random.nextInt(0x2000);
                        default -> 0x10000 + random.nextInt(0x100000);
                    };
            text.appendCodePoint(point);
        }
        return text.toString();
    }
}
