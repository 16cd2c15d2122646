package io.stemedb.engine.store.lmdb;

import io.stemedb.engine.store.KvReader;
import io.stemedb.engine.store.KvStore;
import io.stemedb.engine.store.StoreIdentity;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;

/** A process that keeps a store open to read while another one makes its memory map larger. */
final class LmdbReadProcess {
    private LmdbReadProcess() {}

    /** Arguments: directory, native directory, file to make once open, last cursor to wait for. */
    public static void main(final String[] args) throws IOException {
        final long last = Long.parseLong(args[3]);
        final StoreIdentity identity = new StoreIdentity(1, 2, 1);
        try (KvStore store =
                        LmdbKvStore.openReadOnly(Path.of(args[0]), identity, Path.of(args[1]));
                KvReader reader = store.newReader()) {
            final int first = count(reader);
            Files.createFile(Path.of(args[2]));
            int count = first;
            while (store.cursor() < last) {
                final int now = count(reader);
                // it may have seen a batch whose commit had not ended
                if (now < count - 5 || now % 5 != 0) {
                    throw new AssertionError(count + " entries, then " + now);
                }
                count = now;
            }
            if (count(reader) != 5 * last) {
                throw new AssertionError(count(reader) + " entries at cursor " + last);
            }
        }
    }

    private static int count(final KvReader reader) {
        final int[] count = new int[1];
        reader.scanForward(
                new UnsafeBuffer(new byte[] {'E'}),
                0,
                1,
                null,
                0,
                0,
                (k, ko, kl, v, vo, vl) -> {
                    count[0]++;
                    return v.getByte(vo + vl - 1) == 0; // reads the mapped memory
                });
        return count[0];
    }

    static Process start(final Path output, final String... arguments) throws IOException {
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        for (final String flag : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            if (flag.startsWith("--")) {
                command.add(flag);
            }
        }
        command.addAll(List.of("-Xmx64m", "-cp", System.getProperty("java.class.path")));
        command.add(LmdbReadProcess.class.getName());
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
    }
}
