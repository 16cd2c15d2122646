package io.stemedb.codecs;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import org.agrona.concurrent.UnsafeBuffer;

/** Small tools on byte arrays. */
final class Bytes {
    private Bytes() {}

    /** The bytes of a golden resource: hex, comments after '#'. */
    static byte[] golden(final String name) {
        try (InputStream in = Bytes.class.getResourceAsStream("/golden/" + name + ".hex")) {
            final StringBuilder hex = new StringBuilder();
            for (final String line :
                    new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n")) {
                final int comment = line.indexOf('#');
                hex.append((comment < 0 ? line : line.substring(0, comment)).strip());
            }
            return HexFormat.of().parseHex(hex);
        } catch (final IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    static String hex(final byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    /** Ascending bytes. */
    static byte[] sequence(final int first, final int length) {
        final byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (first + i);
        }
        return bytes;
    }

    /** Encodes into a buffer of exactly the right size that was full of ones. */
    static byte[] encode(final RecordWriter writer) {
        final byte[] bytes = new byte[writer.encodedLength()];
        Arrays.fill(bytes, (byte) 0xFF);
        final int length = writer.encode(new UnsafeBuffer(bytes), 0);
        if (length != bytes.length) {
            throw new AssertionError("encodedLength " + bytes.length + ", encode " + length);
        }
        return bytes;
    }

    static void repairCrc(final byte[] record) {
        if (record.length >= Limits.HEADER_LENGTH) {
            final UnsafeBuffer buffer = new UnsafeBuffer(record);
            final int crc = RecordHeader.computeCrc(buffer, 0, record.length);
            buffer.putInt(RecordHeader.CRC_OFFSET, crc, java.nio.ByteOrder.LITTLE_ENDIAN);
        }
    }

    static byte[] concat(final byte[] a, final byte[] b) {
        final byte[] all = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, all, a.length, b.length);
        return all;
    }
}
