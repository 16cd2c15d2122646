package io.stemedb.engine.hash;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Makes the choice in a JVM of its own: {@code <file for the answer> [<directory to load
 * with>...]}. The answer is implementation, hash of nothing and description, or the exception.
 */
final class Blake3Child {
    private Blake3Child() {}

    public static void main(final String[] args) throws Exception {
        String answer;
        try {
            for (int i = 1; i < args.length; i++) {
                Blake3.load(Path.of(args[i]));
            }
            final String before = Blake3.description();
            final Blake3 blake3 = Blake3.newInstance();
            final byte[] hash = new byte[Blake3.HASH_LENGTH];
            blake3.hash(new UnsafeBuffer(hash), 0, 0, new UnsafeBuffer(hash), 0);
            answer =
                    String.join(
                            "\n",
                            blake3.implementation(),
                            HexFormat.of().formatHex(hash),
                            before,
                            Blake3.description());
        } catch (final IllegalArgumentException | IllegalStateException ex) {
            answer = ex.toString();
        }
        Files.writeString(Path.of(args[0]), answer);
    }
}
