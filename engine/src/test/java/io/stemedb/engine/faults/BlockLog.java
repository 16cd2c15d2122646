package io.stemedb.engine.faults;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.TestEngines;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.agrona.collections.LongArrayList;

/**
 * An ext4 on a loop device on a FUSE file that logs each write and each flush, mounted as an
 * engine's data directory.
 */
final class BlockLog implements AutoCloseable {
    static final long BYTES = 96L << 20;
    private static final int HEADER = 16;

    private final Path log;
    private final Path fuse;
    private final Path data;
    private final Process server;
    private String device;
    private boolean mounted;

    private BlockLog(final Path log, final Path fuse, final Path data, final Process server) {
        this.log = log;
        this.fuse = fuse;
        this.data = data;
        this.server = server;
    }

    static boolean isPossible() throws IOException {
        return Machine.canMount("ext4")
                && Machine.has("gcc")
                && Machine.has("fusermount3")
                && Files.isWritable(Path.of("/dev/fuse"))
                && Files.exists(Path.of("/usr/include/fuse3/fuse.h"));
    }

    static BlockLog start(final Path work, final Path data) throws IOException {
        final Path program = Machine.compile(work, "blocklog", "-lfuse3");
        final Path log = work.resolve("blocks");
        final Path fuse = Files.createDirectories(work.resolve("fuse"));
        final Process server =
                new ProcessBuilder(
                                program.toString(),
                                log.toString(),
                                Long.toString(BYTES),
                                "-f",
                                "-s",
                                fuse.toString())
                        .redirectErrorStream(true)
                        .redirectOutput(work.resolve("fuse-output").toFile())
                        .start();
        final BlockLog started = new BlockLog(log, fuse, data, server);
        try {
            started.mount(work);
            return started;
        } catch (final Throwable e) {
            started.close();
            throw e;
        }
    }

    private void mount(final Path work) throws IOException {
        final Path disk = fuse.resolve("disk");
        final long startNs = System.nanoTime();
        while (!Files.exists(disk)) {
            assertTrue(
                    server.isAlive() && System.nanoTime() - startNs < TestEngines.TIMEOUT_NS,
                    "FUSE does not start");
            Thread.yield();
        }
        Machine.run("mkfs.ext4", "-q", "-F", disk.toString());
        device = Machine.run("losetup", "-f", "--show", disk.toString());
        Files.createDirectories(data);
        Machine.run("mount", device, data.toString());
        mounted = true;
        LoopMount.makeData(data, work);
        Machine.run("sync", "-f", data.toString());
    }

    Path log() {
        return log;
    }

    /** The disk refuses what holds a text, until it heals. */
    void fail(final String text) throws IOException {
        Files.writeString(log.resolveSibling(log.getFileName() + ".fail"), text);
    }

    void heal() throws IOException {
        Files.delete(log.resolveSibling(log.getFileName() + ".fail"));
    }

    /** Where each record of the log ends. */
    static LongArrayList ends(final Path log) throws IOException {
        final LongArrayList ends = new LongArrayList();
        try (FileChannel channel = FileChannel.open(log, StandardOpenOption.READ)) {
            final ByteBuffer bytes =
                    channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size())
                            .order(ByteOrder.LITTLE_ENDIAN);
            for (int at = 0; at < bytes.capacity(); ) {
                at += HEADER + bytes.getInt(at + Integer.BYTES);
                ends.addLong(at);
            }
        }
        return ends;
    }

    /** Takes the disk away; the log stays. */
    @Override
    public void close() throws IOException {
        if (mounted) {
            mounted = false;
            Machine.umount(data);
        }
        if (device != null) {
            Machine.run("losetup", "-d", device);
            device = null;
        }
        if (server.isAlive()) {
            Machine.run("fusermount3", "-u", "-z", fuse.toString());
            Machine.hasEnded(server);
            server.destroy();
        }
    }
}
