package io.stemedb.engine.faults;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** The lines of a file that grows, each once. */
final class Tail {
    private final Path file;
    private long position;

    Tail(final Path file) {
        this.file = file;
    }

    /** The lines that have come whole since the last call. */
    List<String> more() throws IOException {
        if (!Files.exists(file)) {
            return List.of();
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            final ByteBuffer bytes =
                    ByteBuffer.allocate(Math.toIntExact(channel.size() - position));
            while (bytes.hasRemaining() && channel.read(bytes, position + bytes.position()) > 0) {
                Thread.onSpinWait();
            }
            int length = bytes.position();
            while (length > 0 && bytes.get(length - 1) != '\n') {
                length--;
            }
            position += length;
            return new String(bytes.array(), 0, length, StandardCharsets.UTF_8).lines().toList();
        }
    }

    /** How many of those begin with a word. */
    long more(final String word) throws IOException {
        return more().stream().filter(line -> line.startsWith(word)).count();
    }
}
