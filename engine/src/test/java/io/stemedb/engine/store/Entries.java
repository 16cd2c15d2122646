package io.stemedb.engine.store;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Entries as tests compare them: hex of the key to hash of the value, and how to move them. */
final class Entries {
    private Entries() {}

    /** One entry, copied out of a store. */
    record Entry(byte[] key, byte[] value) {
        @Override
        public boolean equals(final Object other) {
            return other instanceof Entry that
                    && Arrays.equals(key, that.key)
                    && Arrays.equals(value, that.value);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(key);
        }

        @Override
        public String toString() {
            final StringBuilder text = new StringBuilder();
            for (final byte b : key) {
                if (b > ' ' && b < 0x7F) {
                    text.append((char) b);
                } else {
                    text.append(String.format("\\%02x", b));
                }
            }
            return text + "=" + value.length + "/" + Arrays.hashCode(value);
        }
    }

    /** An empty ordered map, as stores order. */
    static NavigableMap<byte[], byte[]> map() {
        return new TreeMap<>(Arrays::compareUnsigned);
    }

    static byte[] key(final String text) {
        final byte[] bytes = new byte[text.length()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) text.charAt(i);
        }
        return bytes;
    }

    static byte[] subjectKey(final String subject, final long sequence) {
        final byte[] text = key(subject);
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[Keys.MAX_LENGTH]);
        final int length =
                Keys.subject(buffer, 0, new UnsafeBuffer(text), 0, text.length, sequence);
        return Arrays.copyOf(buffer.byteArray(), length);
    }

    static byte[] hash(final long seed) {
        final byte[] hash = new byte[Keys.HASH_LENGTH];
        new java.util.Random(seed).nextBytes(hash);
        return hash;
    }

    static void put(final KvBatch batch, final byte[] key, final byte[] value) {
        batch.put(new UnsafeBuffer(key), 0, key.length, new UnsafeBuffer(value), 0, value.length);
    }

    static void commit(final KvStore store, final long cursor, final Map<byte[], byte[]> sorted) {
        try (KvBatch batch = store.newBatch()) {
            sorted.forEach((key, value) -> put(batch, key, value));
            batch.commit(cursor);
        }
    }

    static byte[] get(final KvReader reader, final byte[] key) {
        final byte[][] found = new byte[1][];
        final boolean there =
                reader.get(
                        new UnsafeBuffer(key),
                        0,
                        key.length,
                        (k, ko, kl, v, vo, vl) -> {
                            if (!Arrays.equals(key, copy(k, ko, kl))) {
                                throw new AssertionError("another key");
                            }
                            found[0] = copy(v, vo, vl);
                            return true;
                        });
        if (there != (found[0] != null)) {
            throw new AssertionError("get returned " + there);
        }
        return found[0];
    }

    static List<Entry> forward(
            final KvReader reader, final byte[] prefix, final byte[] from, final int limit) {
        final List<Entry> entries = new ArrayList<>();
        reader.scanForward(
                new UnsafeBuffer(prefix),
                0,
                prefix.length,
                from == null ? null : new UnsafeBuffer(from),
                0,
                from == null ? 0 : from.length,
                collect(entries, limit));
        return entries;
    }

    static List<Entry> backward(
            final KvReader reader, final byte[] prefix, final byte[] below, final int limit) {
        final List<Entry> entries = new ArrayList<>();
        reader.scanBackward(
                new UnsafeBuffer(prefix),
                0,
                prefix.length,
                below == null ? null : new UnsafeBuffer(below),
                0,
                below == null ? 0 : below.length,
                collect(entries, limit));
        return entries;
    }

    /** What a forward scan of a map yields. */
    static List<Entry> forward(
            final NavigableMap<byte[], byte[]> map,
            final byte[] prefix,
            final byte[] from,
            final int limit) {
        return matching(map.tailMap(from == null ? prefix : from, true), prefix, limit);
    }

    /** What a backward scan of a map yields. */
    static List<Entry> backward(
            final NavigableMap<byte[], byte[]> map,
            final byte[] prefix,
            final byte[] below,
            final int limit) {
        final NavigableMap<byte[], byte[]> head = below == null ? map : map.headMap(below, false);
        return matching(head.descendingMap(), prefix, limit);
    }

    private static List<Entry> matching(
            final NavigableMap<byte[], byte[]> map, final byte[] prefix, final int limit) {
        final List<Entry> entries = new ArrayList<>();
        for (final Map.Entry<byte[], byte[]> entry : map.entrySet()) {
            if (entries.size() == limit) {
                break;
            }
            if (startsWith(entry.getKey(), prefix)) {
                entries.add(new Entry(entry.getKey(), entry.getValue()));
            }
        }
        return entries;
    }

    private static boolean startsWith(final byte[] key, final byte[] prefix) {
        return key.length >= prefix.length
                && Arrays.equals(key, 0, prefix.length, prefix, 0, prefix.length);
    }

    private static KvHandler collect(final List<Entry> entries, final int limit) {
        return (k, ko, kl, v, vo, vl) -> {
            entries.add(new Entry(copy(k, ko, kl), copy(v, vo, vl)));
            return entries.size() < limit;
        };
    }

    private static byte[] copy(final DirectBuffer buffer, final int offset, final int length) {
        final byte[] bytes = new byte[length];
        buffer.getBytes(offset, bytes);
        return bytes;
    }
}
