package io.stemedb.codecs;

import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;

/** Small damages to bytes, the same for the same seed. */
final class Mutator {
    private static final int[] INTERESTING = {
        0,
        1,
        2,
        3,
        4,
        7,
        8,
        0x1F,
        0x20,
        0x3F,
        0x40,
        0x41,
        0x70,
        0x7F,
        0x80,
        0xC0,
        0xED,
        0xF4,
        0xFF,
        0x100,
        0x101,
        0x1000,
        0x1001,
        0x7FFF,
        0x8000,
        0xFFFF,
        0x10000,
        0x10001,
        0x7F800000,
        0x7FC00000,
        0x80000000,
        0x7FFFFFFF,
        0xFFFFFFFF,
        0xFFFFFFF8
    };

    private final Random random;

    Mutator(final Random random) {
        this.random = random;
    }

    /** One to three damages; or none, rarely. */
    byte[] mutate(final byte[] original, final byte[] other) {
        byte[] bytes = original.clone();
        for (int i = random.nextInt(16) == 0 ? 0 : 1 + random.nextInt(3); i > 0; i--) {
            bytes = mutateOnce(bytes, other);
        }
        return bytes;
    }

    private byte[] mutateOnce(final byte[] bytes, final byte[] other) {
        if (bytes.length == 0) {
            return bytes;
        }
        final int at = random.nextInt(bytes.length);
        switch (random.nextInt(9)) {
            case 0, 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
            case 2 -> bytes[at] = (byte) interesting();
            case 3 -> put(bytes, at, 2);
            case 4 -> put(bytes, at & ~3, 4);
            case 5 -> put(bytes, at, 4);
            case 6 -> {
                final int from = random.nextInt(other.length);
                final int length = random.nextInt(Math.min(other.length - from, bytes.length - at));
                System.arraycopy(other, from, bytes, at, length);
            }
            case 7 -> {
                return Arrays.copyOf(bytes, Math.max(0, bytes.length + random.nextInt(17) - 8));
            }
            default -> {
                // Bytes out or in at a place: everything behind moves.
                final int count = 1 + random.nextInt(8);
                if (random.nextBoolean()) {
                    final byte[] head = Arrays.copyOf(bytes, at);
                    final int rest = Math.min(bytes.length, at + count);
                    return Bytes.concat(head, Arrays.copyOfRange(bytes, rest, bytes.length));
                }
                final byte[] head = Arrays.copyOf(bytes, at + count);
                return Bytes.concat(head, Arrays.copyOfRange(bytes, at, bytes.length));
            }
        }
        return bytes;
    }

    private void put(final byte[] bytes, final int at, final int width) {
        if (at + width <= bytes.length) {
            final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
            if (width == 2) {
                buffer.putShort(at, (short) interesting(), ByteOrder.LITTLE_ENDIAN);
            } else {
                buffer.putInt(at, interesting(), ByteOrder.LITTLE_ENDIAN);
            }
        }
    }

    private int interesting() {
        return random.nextInt(4) == 0
                ? random.nextInt(600)
                : INTERESTING[random.nextInt(INTERESTING.length)];
    }
}
