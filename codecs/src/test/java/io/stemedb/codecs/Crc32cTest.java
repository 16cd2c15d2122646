package io.stemedb.codecs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class Crc32cTest {
    private static final long SEED = 3720;

    /** Run in a JVM of its own, without the flag that opens java.util.zip. */
    static final class WithoutTheFlag {
        private WithoutTheFlag() {}

        public static void main(final String[] args) {
            try {
                new VoteWriter();
            } catch (final IllegalStateException first) {
                // Said at every use, not only at the first.
                new RecordValidator();
            }
        }
    }

    @Test
    void knownValue() {
        final byte[] digits = "123456789".getBytes(StandardCharsets.US_ASCII);
        assertEquals(0xE3069283, Crc32c.compute(new UnsafeBuffer(digits), 0, 9, 0));
        assertEquals(0, Crc32c.compute(new UnsafeBuffer(digits), 0, 0, 0));
    }

    @Test
    void agreesWithThePublicClassWhereverTheBytesAre() {
        final Random random = new Random(SEED);
        final byte[] bytes = new byte[70_000];
        random.nextBytes(bytes);
        final UnsafeBuffer heap = new UnsafeBuffer(bytes, 3, bytes.length - 3);
        final ByteBuffer directBytes = ByteBuffer.allocateDirect(bytes.length);
        final UnsafeBuffer direct = new UnsafeBuffer(directBytes);
        direct.putBytes(0, bytes);
        final ExpandableArrayBuffer expandable = new ExpandableArrayBuffer(bytes.length);
        expandable.putBytes(0, bytes);
        for (int i = 0; i < 500; i++) {
            final int length = i < 300 ? i : random.nextInt(60_000);
            final int offset = 3 + random.nextInt(bytes.length - 3 - length);
            final int split = length == 0 ? 0 : random.nextInt(length);
            final CRC32C reference = new CRC32C();
            reference.update(bytes, offset, length);
            final int expected = (int) reference.getValue();
            final String where = "seed " + SEED + " offset " + offset + " length " + length;
            assertEquals(expected, Crc32c.compute(heap, offset - 3, length, 0), where);
            assertEquals(expected, Crc32c.compute(direct, offset, length, 0), where);
            assertEquals(expected, Crc32c.compute(expandable, offset, length, 0), where);
            final int first = Crc32c.compute(heap, offset - 3, split, 0);
            final int second = Crc32c.compute(direct, offset + split, length - split, first);
            assertEquals(expected, second, where);
            final long address = direct.addressOffset() + offset;
            final int half = Crc32c.compute(address, split, 0);
            assertEquals(expected, Crc32c.compute(address + split, length - split, half), where);
        }
    }

    @Test
    void rangesAreChecked() {
        final UnsafeBuffer heap = new UnsafeBuffer(new byte[100], 10, 20);
        final UnsafeBuffer direct = new UnsafeBuffer(ByteBuffer.allocateDirect(20));
        for (final UnsafeBuffer buffer : new UnsafeBuffer[] {heap, direct}) {
            assertThrows(IndexOutOfBoundsException.class, () -> Crc32c.compute(buffer, 0, 21, 0));
            assertThrows(IndexOutOfBoundsException.class, () -> Crc32c.compute(buffer, -1, 2, 0));
            assertThrows(IndexOutOfBoundsException.class, () -> Crc32c.compute(buffer, 2, -1, 0));
            assertThrows(
                    IndexOutOfBoundsException.class, () -> RecordHeader.computeCrc(buffer, 0, 7));
        }
    }

    @Test
    void aMissingFlagIsNamed() throws IOException, InterruptedException {
        final String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        final Process process =
                new ProcessBuilder(
                                java,
                                "--add-opens",
                                "java.base/jdk.internal.misc=ALL-UNNAMED",
                                "-cp",
                                System.getProperty("java.class.path"),
                                WithoutTheFlag.class.getName())
                        .redirectErrorStream(true)
                        .start();
        final String output =
                new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), output);
        assertEquals(1, process.exitValue(), output);
        assertTrue(
                output.contains(
                        "CRC32C needs the JVM flag"
                                + " --add-opens java.base/java.util.zip=ALL-UNNAMED"),
                output);
        assertTrue(output.contains("RecordValidator.<init>"), output);
    }
}
