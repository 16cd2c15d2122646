package io.stemedb.engine.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.TestEngines;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("faults")
class MachineTest {
    private static final long BYTES = 64 << 20;

    @TempDir Path work;

    /** A file system without power, held by the namespace of another test's child. */
    @Test
    void whatIsMountedAgainIsTheDiskAndNotWhatAnotherNamespaceHolds() throws Exception {
        final String what = "a mount held by another namespace";
        Machine.needs(Machine.canMount("ext4"), what, "no loop device can be mounted");
        Machine.needs(Machine.canUnshare(), what, "no right to make a namespace");
        Machine.needs(Machine.has("gcc"), what, "no gcc");
        final Path data = work.resolve("data");
        final Path file = data.resolve("file");
        try (LoopMount disk = LoopMount.create(work.resolve("disk"), BYTES, "ext4", data)) {
            Files.writeString(file, "forced");
            Machine.run("sync", "-f", data.toString());
            final Process holder =
                    new ProcessBuilder(
                                    "unshare",
                                    "-pf",
                                    "--kill-child",
                                    "--mount-proc",
                                    "sleep",
                                    "600")
                            .start();
            try {
                while (!holds(holder.pid(), data)) {
                    assertTrue(holder.isAlive());
                    Thread.onSpinWait();
                }
                disk.cutPower(work.resolve("disk"));
                final TestEngines.Running ending = // it holds on when ours is unmounted
                        TestEngines.start("ends", () -> killOnceUnmounted(holder, data));
                disk.unmount();
                disk.mount();
                ending.end();
                assertEquals("forced", Files.readString(file));
            } finally {
                holder.destroyForcibly();
            }
        }
    }

    private static void killOnceUnmounted(final Process holder, final Path data) throws Exception {
        while (Machine.deviceUnder(data) != null) {
            Thread.onSpinWait();
        }
        assertTrue(holds(holder.pid(), data));
        holder.destroyForcibly().waitFor();
    }

    /** In a namespace of its own: ours has another proc. */
    private static boolean holds(final long pid, final Path data) throws Exception {
        final Path ours = Files.readSymbolicLink(Path.of("/proc/self/ns/mnt"));
        return !ours.equals(Files.readSymbolicLink(Path.of("/proc/" + pid + "/ns/mnt")))
                && Files.readString(Path.of("/proc/" + pid + "/mounts")).contains(data.toString());
    }
}
