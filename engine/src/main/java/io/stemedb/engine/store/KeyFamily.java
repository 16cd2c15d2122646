package io.stemedb.engine.store;

/** The families of keys. Each is known by the first byte of its keys; they sort E, H, Q, S, V. */
public enum KeyFamily {
    /** {@code E:} epoch id as 64 lower-case hex digits. */
    EPOCH('E'),
    /** {@code H:} content hash. */
    ASSERTION('H'),
    /** {@code Q:} sequence. */
    QUARANTINE('Q'),
    /** {@code S:} subject, 0x00, sequence. */
    SUBJECT('S'),
    /** {@code V:} assertion hash {@code :} vote hash. */
    VOTE('V');

    private static final KeyFamily[] BY_PREFIX = new KeyFamily[128];

    static {
        for (final KeyFamily family : values()) {
            BY_PREFIX[family.prefix] = family;
        }
    }

    private final byte prefix;

    KeyFamily(final char prefix) {
        this.prefix = (byte) prefix;
    }

    /**
     * First byte of every key of the family.
     *
     * @return an ASCII letter
     */
    public byte prefix() {
        return prefix;
    }

    /**
     * The family of a key.
     *
     * @param firstByte first byte of the key
     * @return the family, or null if the byte belongs to none
     */
    public static KeyFamily of(final byte firstByte) {
        return firstByte < 0 ? null : BY_PREFIX[firstByte];
    }
}
