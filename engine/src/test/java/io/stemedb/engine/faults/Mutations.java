package io.stemedb.engine.faults;

import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.agrona.concurrent.UnsafeBuffer;

/** Small damages to bytes, the same for the same generator. */
public final class Mutations {
    private static final int[] INTERESTING = {
        0,
        1,
        7,
        8,
        0x1F,
        0x22,
        0x2C,
        0x3A,
        0x5B,
        0x5D,
        0x7B,
        0x7D,
        0x7F,
        0x80,
        0xC0,
        0xED,
        0xFF,
        0x100,
        0xFFFF,
        0x10000,
        0x3FFFFFFF,
        0x40000000,
        0x7F800000,
        0x7FFFFFFF,
        0x80000000,
        0xC0000000,
        0xFFFFFFFF,
        0xFFFFFFF8
    };

    private final SplittableRandom random;

    public Mutations(final SplittableRandom random) {
        this.random = random;
    }

    /** One to three damages; some take bytes from another input. Neither is changed. */
    public byte[] mutate(final byte[] original, final byte[] other) {
        byte[] bytes = original.clone();
        for (int i = 1 + random.nextInt(3); i > 0 && bytes.length > 0; i--) {
            bytes = once(bytes, other);
        }
        return bytes;
    }

    private byte[] once(final byte[] bytes, final byte[] other) {
        final int at = random.nextInt(bytes.length);
        switch (random.nextInt(8)) {
            case 0, 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
            case 2 -> bytes[at] = (byte) interesting();
            case 3, 4 -> {
                if (bytes.length >= Integer.BYTES) {
                    final int aligned = Math.min(at, bytes.length - Integer.BYTES) & ~3;
                    new UnsafeBuffer(bytes).putInt(aligned, interesting(), ByteOrder.LITTLE_ENDIAN);
                }
            }
            case 5 -> {
                final int from = random.nextInt(other.length);
                final int length = random.nextInt(Math.min(other.length - from, bytes.length - at));
                System.arraycopy(other, from, bytes, at, length);
            }
            case 6 -> {
                return Arrays.copyOf(bytes, Math.max(1, bytes.length + random.nextInt(17) - 8));
            }
            default -> {
                final int moved = Math.min(bytes.length - at, random.nextInt(9));
                System.arraycopy(bytes, at, bytes, Math.max(0, at - moved), moved);
            }
        }
        return bytes;
    }

    private int interesting() {
        return random.nextInt(4) == 0
                ? random.nextInt(600)
                : INTERESTING[random.nextInt(INTERESTING.length)];
    }
}
