package io.stemedb.engine.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Mounts what power cuts may have left of a block log, one state after the other. */
final class CrashStates implements AutoCloseable {
    private final Process process;
    private final BufferedReader answers;
    private final OutputStream commands;
    private final Path image;

    private CrashStates(final Process process, final Path image) {
        this.process = process;
        this.image = image;
        answers =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        commands = process.getOutputStream();
    }

    static CrashStates open(final Path work, final Path log, final Path directory)
            throws IOException {
        final Path shared = Path.of("/dev/shm"); // in memory, where it has room
        final boolean room =
                Files.isDirectory(shared)
                        && Files.getFileStore(shared).getUsableSpace() > 4 * BlockLog.BYTES;
        final Path image = Files.createTempFile(room ? shared : work, "stemedb", ".img");
        return new CrashStates(
                new ProcessBuilder(
                                Machine.compile(work, "crashstates").toString(),
                                log.toString(),
                                Long.toString(BlockLog.BYTES),
                                image.toString(),
                                Files.createDirectories(directory).toString(),
                                "ext4")
                        .redirectErrorStream(true)
                        .start(),
                image);
    }

    /**
     * Mounts a legal state of the disk after so many records of the log; never fewer than before.
     */
    void mount(final int records, final long seed, final boolean writable) throws IOException {
        tell(
                "state %d %d %s".formatted(records, seed & Long.MAX_VALUE, writable ? "rw" : "ro"),
                "mounted");
    }

    void drop() throws IOException {
        tell("drop", "dropped");
    }

    private void tell(final String command, final String answer) throws IOException {
        commands.write((command + "\n").getBytes(StandardCharsets.UTF_8));
        commands.flush();
        assertEquals(answer, answers.readLine(), command);
    }

    @Override
    public void close() throws IOException {
        commands.close();
        assertTrue(Machine.hasEnded(process), "crashstates hangs");
        Files.deleteIfExists(image);
    }
}
