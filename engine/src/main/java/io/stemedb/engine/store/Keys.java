package io.stemedb.engine.store;

import static java.nio.ByteOrder.BIG_ENDIAN;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * Writes keys and prefixes of every family into a caller's buffer, and finds the parts of a key
 * again. Stateless and allocation-free.
 *
 * <p>Every part of a key has a fixed length, except the subject, which ends at the 0x00 that cannot
 * occur in it: so no two claims share a key, and no scan of one subject meets another.
 */
public final class Keys {
    /** Bytes of a content hash, and of an epoch id. */
    public static final int HASH_LENGTH = 32;

    /** Bytes of the longest subject. */
    public static final int SUBJECT_MAX = 256;

    /** Bytes of a family prefix: its letter and a colon. */
    public static final int PREFIX_LENGTH = 2;

    /** Bytes of an assertion key. */
    public static final int ASSERTION_LENGTH = PREFIX_LENGTH + HASH_LENGTH;

    /** Bytes of the prefix of the votes of one assertion. */
    public static final int VOTES_PREFIX_LENGTH = PREFIX_LENGTH + HASH_LENGTH + 1;

    /** Bytes of a vote key. */
    public static final int VOTE_LENGTH = VOTES_PREFIX_LENGTH + HASH_LENGTH;

    /** Bytes of a subject key that are not the subject: prefix, 0x00, sequence. */
    public static final int SUBJECT_OVERHEAD = PREFIX_LENGTH + 1 + Long.BYTES;

    /** Bytes of an epoch key. */
    public static final int EPOCH_LENGTH = PREFIX_LENGTH + 2 * HASH_LENGTH;

    /** Bytes of a quarantine key. */
    public static final int QUARANTINE_LENGTH = PREFIX_LENGTH + Long.BYTES;

    /** Bytes of the longest key of any family. */
    public static final int MAX_LENGTH = SUBJECT_OVERHEAD + SUBJECT_MAX;

    /** Bytes of the longest key any store takes. */
    public static final int STORE_MAX_LENGTH = 511;

    /** First byte of what a store keeps about itself; no key starts with it or a greater byte. */
    public static final byte META_PREFIX = '~';

    private static final byte COLON = ':';
    private static final byte[] HEX = {
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'
    };

    private Keys() {}

    /**
     * Writes the prefix of a whole family.
     *
     * @param buffer to write into
     * @param offset first byte to write
     * @param family whose prefix
     * @return bytes written
     */
    public static int family(
            final MutableDirectBuffer buffer, final int offset, final KeyFamily family) {
        buffer.putByte(offset, family.prefix());
        buffer.putByte(offset + 1, COLON);
        return PREFIX_LENGTH;
    }

    /**
     * Writes the key of an assertion.
     *
     * @param buffer to write into
     * @param offset first byte to write
     * @param hash buffer of the content hash
     * @param hashOffset first byte of the content hash
     * @return bytes written
     */
    public static int assertion(
            final MutableDirectBuffer buffer,
            final int offset,
            final DirectBuffer hash,
            final int hashOffset) {
        family(buffer, offset, KeyFamily.ASSERTION);
        buffer.putBytes(offset + PREFIX_LENGTH, hash, hashOffset, HASH_LENGTH);
        return ASSERTION_LENGTH;
    }

    /**
     * Writes the key of a vote.
     *
     * @param buffer to write into
     * @param offset first byte to write
     * @param assertionHash buffer of the hash of the assertion voted on
     * @param assertionHashOffset its first byte
     * @param voteHash buffer of the content hash of the vote
     * @param voteHashOffset its first byte
     * @return bytes written
     */
    public static int vote(
            final MutableDirectBuffer buffer,
            final int offset,
            final DirectBuffer assertionHash,
            final int assertionHashOffset,
            final DirectBuffer voteHash,
            final int voteHashOffset) {
        final int length = votesPrefix(buffer, offset, assertionHash, assertionHashOffset);
        buffer.putBytes(offset + length, voteHash, voteHashOffset, HASH_LENGTH);
        return VOTE_LENGTH;
    }

    /**
     * Writes the prefix of all votes of one assertion.
     *
     * @param buffer to write into
     * @param offset first byte to write
     * @param assertionHash buffer of the hash of the assertion voted on
     * @param assertionHashOffset its first byte
     * @return bytes written
     */
    public static int votesPrefix(
            final MutableDirectBuffer buffer,
            final int offset,
            final DirectBuffer assertionHash,
            final int assertionHashOffset) {
        family(buffer, offset, KeyFamily.VOTE);
        buffer.putBytes(offset + PREFIX_LENGTH, assertionHash, assertionHashOffset, HASH_LENGTH);
        buffer.putByte(offset + PREFIX_LENGTH + HASH_LENGTH, COLON);
        return VOTES_PREFIX_LENGTH;
    }

    /**
     * Writes the key of an entry of the subject index.
     *
     * @param buffer to write into
     * @param offset first byte to write
     * @param subject buffer of the subject; no byte of it is 0x00
     * @param subjectOffset its first byte
     * @param subjectLength its bytes, 1 to {@link #SUBJECT_MAX}
     * @param sequence of the assertion in the journal
     * @return bytes written
     */
    public static int subject(
            final MutableDirectBuffer buffer,
            final int offset,
            final DirectBuffer subject,
            final int subjectOffset,
            final int subjectLength,
            final long sequence) {
        final int length = subjectPrefix(buffer, offset, subject, subjectOffset, subjectLength);
        buffer.putLong(offset + length, sequence, BIG_ENDIAN);
        return length + Long.BYTES;
    }

    /**
     * Writes the prefix of all entries of one subject.
     *
     * @param buffer to write into
     * @param offset first byte to write
     * @param subject buffer of the subject; no byte of it is 0x00
     * @param subjectOffset its first byte
     * @param subjectLength its bytes, 1 to {@link #SUBJECT_MAX}
     * @return bytes written
     */
    public static int subjectPrefix(
            final MutableDirectBuffer buffer,
            final int offset,
            final DirectBuffer subject,
            final int subjectOffset,
            final int subjectLength) {
        if (subjectLength < 1) {
            throw new IllegalArgumentException("subject length below 1: " + subjectLength);
        }
        final int length = subjectsPrefix(buffer, offset, subject, subjectOffset, subjectLength);
        buffer.putByte(offset + length, (byte) 0);
        return length + 1;
    }

    /**
     * Writes the prefix of the entries of all subjects that start with some bytes.
     *
     * @param buffer to write into
     * @param offset first byte to write
     * @param start buffer of those bytes
     * @param startOffset the first of them
     * @param startLength how many; 0 to {@link #SUBJECT_MAX}
     * @return bytes written
     */
    public static int subjectsPrefix(
            final MutableDirectBuffer buffer,
            final int offset,
            final DirectBuffer start,
            final int startOffset,
            final int startLength) {
        if (startLength < 0 || startLength > SUBJECT_MAX) {
            throw new IllegalArgumentException(
                    "subject length not in [0, " + SUBJECT_MAX + "]: " + startLength);
        }
        family(buffer, offset, KeyFamily.SUBJECT);
        buffer.putBytes(offset + PREFIX_LENGTH, start, startOffset, startLength);
        return PREFIX_LENGTH + startLength;
    }

    /**
     * Writes the key of an epoch.
     *
     * @param buffer to write into
     * @param offset first byte to write
     * @param id buffer of the epoch id
     * @param idOffset its first byte
     * @return bytes written
     */
    public static int epoch(
            final MutableDirectBuffer buffer,
            final int offset,
            final DirectBuffer id,
            final int idOffset) {
        family(buffer, offset, KeyFamily.EPOCH);
        int at = offset + PREFIX_LENGTH;
        for (int i = 0; i < HASH_LENGTH; i++) {
            final byte b = id.getByte(idOffset + i);
            buffer.putByte(at++, HEX[(b >> 4) & 0xF]);
            buffer.putByte(at++, HEX[b & 0xF]);
        }
        return EPOCH_LENGTH;
    }

    /**
     * Writes the key of a quarantined record.
     *
     * @param buffer to write into
     * @param offset first byte to write
     * @param sequence of the record in the journal
     * @return bytes written
     */
    public static int quarantine(
            final MutableDirectBuffer buffer, final int offset, final long sequence) {
        family(buffer, offset, KeyFamily.QUARANTINE);
        buffer.putLong(offset + PREFIX_LENGTH, sequence, BIG_ENDIAN);
        return QUARANTINE_LENGTH;
    }

    /**
     * Where the subject of a subject key starts.
     *
     * @param keyOffset first byte of the key
     * @return first byte of the subject
     */
    public static int subjectOffset(final int keyOffset) {
        return keyOffset + PREFIX_LENGTH;
    }

    /**
     * How long the subject of a subject key is.
     *
     * @param keyLength bytes of the key
     * @return bytes of the subject
     */
    public static int subjectLength(final int keyLength) {
        return keyLength - SUBJECT_OVERHEAD;
    }

    /**
     * The sequence at the end of a subject or quarantine key.
     *
     * @param key buffer of the key
     * @param keyOffset first byte of the key
     * @param keyLength bytes of the key
     * @return journal sequence
     */
    public static long sequence(final DirectBuffer key, final int keyOffset, final int keyLength) {
        return key.getLong(keyOffset + keyLength - Long.BYTES, BIG_ENDIAN);
    }

    /**
     * Where the assertion hash of an assertion or vote key starts.
     *
     * @param keyOffset first byte of the key
     * @return first byte of the hash
     */
    public static int assertionHashOffset(final int keyOffset) {
        return keyOffset + PREFIX_LENGTH;
    }

    /**
     * Where the vote hash of a vote key starts.
     *
     * @param keyOffset first byte of the key
     * @return first byte of the hash
     */
    public static int voteHashOffset(final int keyOffset) {
        return keyOffset + VOTES_PREFIX_LENGTH;
    }

    /**
     * Decodes the epoch id of an epoch key.
     *
     * @param key buffer of the key
     * @param keyOffset first byte of the key
     * @param id buffer for the 32 bytes of the id
     * @param idOffset first byte to write
     * @throws IllegalArgumentException if the key holds anything but lower-case hex digits
     */
    public static void epochId(
            final DirectBuffer key,
            final int keyOffset,
            final MutableDirectBuffer id,
            final int idOffset) {
        int at = keyOffset + PREFIX_LENGTH;
        for (int i = 0; i < HASH_LENGTH; i++) {
            final int high = nibble(key.getByte(at++));
            final int low = nibble(key.getByte(at++));
            id.putByte(idOffset + i, (byte) (high << 4 | low));
        }
    }

    private static int nibble(final byte hex) {
        if (hex >= '0' && hex <= '9') {
            return hex - '0';
        }
        if (hex >= 'a' && hex <= 'f') {
            return hex - 'a' + 10;
        }
        throw new IllegalArgumentException("epoch key holds no lower-case hex digit: " + hex);
    }
}
