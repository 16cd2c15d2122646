package io.stemedb.engine.store;

import static io.stemedb.engine.store.Entries.backward;
import static io.stemedb.engine.store.Entries.forward;
import static io.stemedb.engine.store.Entries.get;
import static io.stemedb.engine.store.Entries.hash;
import static io.stemedb.engine.store.Entries.key;
import static io.stemedb.engine.store.Entries.map;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NavigableMap;
import java.util.Random;

/** Random batches and reads, compared with a map. */
final class KvStoreDifferentialContract {
    private static final int BATCHES = 60;
    private static final int READS = 150;
    private static final byte[] ALPHABET = {1, 'a', 'b', ':', '~', (byte) 0x80, (byte) 0xFF};

    private final long seed;
    private final Random random;
    private final NavigableMap<byte[], byte[]> expected = map();
    private final List<byte[]> keys = new ArrayList<>();
    private long newest;

    KvStoreDifferentialContract(final long seed) {
        this.seed = seed;
        this.random = new Random(seed);
    }

    void run(final KvStore store) {
        try (KvReader reader = store.newReader()) {
            for (int batch = 1; batch <= BATCHES; batch++) {
                final NavigableMap<byte[], byte[]> entries = map();
                final int size = random.nextInt(random.nextInt(5) == 0 ? 400 : 40);
                for (int i = 0; i < size; i++) {
                    addRandom(entries);
                }
                final boolean committed = random.nextInt(5) > 0;
                try (KvBatch open = store.newBatch()) {
                    entries.forEach((k, v) -> Entries.put(open, k, v));
                    if (committed) {
                        open.commit(batch);
                    }
                }
                if (committed) {
                    expected.putAll(entries);
                }
                keys.addAll(entries.keySet());
                compareReads(reader, batch);
            }
        }
        store.verify();
    }

    private void compareReads(final KvReader reader, final int batch) {
        for (int i = 0; i < READS; i++) {
            final String at = "seed " + seed + " batch " + batch + " read " + i;
            final byte[] known = bound();
            assertArrayEquals(expected.get(known), get(reader, known), at);
            final byte[] prefix = Arrays.copyOf(known, 1 + random.nextInt(known.length));
            final int limit = random.nextBoolean() ? 1 + random.nextInt(5) : Integer.MAX_VALUE;
            final byte[] bound = random.nextInt(3) == 0 ? null : boundWithin(prefix);
            final String what = at + " " + new Entries.Entry(prefix, prefix);
            assertEquals(
                    forward(expected, prefix, bound, limit),
                    forward(reader, prefix, bound, limit),
                    what);
            assertEquals(
                    backward(expected, prefix, bound, limit),
                    backward(reader, prefix, bound, limit),
                    what);
        }
    }

    private void addRandom(final NavigableMap<byte[], byte[]> entries) {
        if (random.nextInt(10) == 0 && !keys.isEmpty()) {
            final byte[] again = keys.get(random.nextInt(keys.size()));
            entries.put(again, again[0] == 'S' ? hash(random.nextLong()) : value());
        } else if (random.nextInt(3) > 0) {
            entries.put(subjectKey(), hash(random.nextLong()));
        } else {
            final byte[] text = text(random.nextInt(6));
            final String family = List.of("E:", "H:", "Q:", "V:").get(random.nextInt(4));
            entries.put(concat(key(family), text), value());
        }
    }

    /** Mostly ever greater sequences, as an engine makes them, but not always. */
    private byte[] subjectKey() {
        final byte[] subject = text(1 + random.nextInt(3));
        final long sequence =
                switch (random.nextInt(8)) {
                    case 0 -> random.nextInt(20);
                    case 1 -> -1L - random.nextInt(3);
                    default -> ++newest;
                };
        return Entries.subjectKey(new String(subject, StandardCharsets.ISO_8859_1), sequence);
    }

    /** A known key, or one that was cut, extended or changed. */
    private byte[] bound() {
        final byte[] known =
                keys.isEmpty() ? key("S:a") : keys.get(random.nextInt(keys.size())).clone();
        return switch (random.nextInt(5)) {
            case 0 -> Arrays.copyOf(known, 1 + random.nextInt(known.length));
            case 1 -> concat(known, text(1 + random.nextInt(4)));
            case 2 -> {
                final int at = 1 + random.nextInt(known.length - 1);
                known[at] += (byte) (random.nextBoolean() ? 1 : -1);
                yield known;
            }
            default -> known;
        };
    }

    private byte[] boundWithin(final byte[] prefix) {
        for (int i = 0; i < 20; i++) {
            final byte[] bound = bound();
            if (bound.length >= prefix.length
                    && Arrays.equals(bound, 0, prefix.length, prefix, 0, prefix.length)) {
                return bound;
            }
        }
        final byte[] zero = random.nextBoolean() ? new byte[1] : new byte[0];
        return concat(concat(prefix, zero), text(random.nextInt(10)));
    }

    private byte[] text(final int length) {
        final byte[] text = new byte[length];
        for (int i = 0; i < length; i++) {
            text[i] = ALPHABET[random.nextInt(ALPHABET.length)];
        }
        return text;
    }

    private byte[] value() {
        final byte[] value = new byte[random.nextInt(random.nextInt(20) == 0 ? 20_000 : 50)];
        random.nextBytes(value);
        return value;
    }

    private static byte[] concat(final byte[] a, final byte[] b) {
        final byte[] both = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }
}
