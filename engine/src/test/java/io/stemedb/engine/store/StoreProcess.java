package io.stemedb.engine.store;

import io.stemedb.engine.store.lmdb.LmdbKvStore;
import io.stemedb.engine.store.rocks.RocksKvStore;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.concurrent.TimeUnit;

/**
 * A process of its own that uses a store. Its first argument says what it does; it exits with 0 if
 * all went well.
 */
final class StoreProcess {
    static final StoreIdentity IDENTITY = new StoreIdentity(11, 12, 1);
    static final int BATCH_ENTRIES = 200;
    private static final long TIMEOUT_S = 300;
    private static final int OPENINGS = 8;

    private StoreProcess() {}

    /**
     * Arguments: {@code read} or {@code write}, directory, native directory, cursor at least
     * reached before the reader is content (or batches to write).
     */
    public static void main(final String[] args) throws IOException {
        final Path directory = Path.of(args[1]);
        final Path nativeDirectory = Path.of(args[2]);
        final long batches = Long.parseLong(args[3]);
        switch (args[0]) {
            case "read" -> read(directory, nativeDirectory, batches);
            case "write" -> {
                try (KvStore store = open(directory, nativeDirectory, 1L << 30)) {
                    for (int batch = 1; batch <= batches; batch++) {
                        writeBatch(store, batch);
                    }
                }
            }
            default -> throw new IllegalArgumentException(args[0]);
        }
    }

    static KvStore open(final Path directory, final Path nativeDirectory, final long maxMapBytes) {
        return new HybridStore(
                RocksKvStore.open(directory.resolve("rocks"), IDENTITY, nativeDirectory),
                LmdbKvStore.open(directory.resolve("lmdb"), IDENTITY, maxMapBytes, nativeDirectory),
                SubjectIndex.LMDB);
    }

    /** Entries whose count and content follow from the cursor. */
    static void writeBatch(final KvStore store, final int batch) {
        final NavigableMap<byte[], byte[]> entries = Entries.map();
        for (int i = 0; i < BATCH_ENTRIES; i++) {
            final long number = (long) batch * BATCH_ENTRIES + i;
            entries.put(Entries.key(String.format("E:%09d", number)), Entries.hash(number));
            entries.put(Entries.key(String.format("H:%03d:%09d", i, number)), new byte[400]);
            entries.put(Entries.subjectKey("s" + i % 5, number), Entries.hash(number));
        }
        Entries.commit(store, batch, entries);
    }

    private static void read(
            final Path directory, final Path nativeDirectory, final long lastBatch) {
        long cursor = 0;
        int openings = 0;
        while (cursor < lastBatch || openings < OPENINGS) {
            try (KvStore rocks =
                            RocksKvStore.openReadOnly(
                                    directory.resolve("rocks"), IDENTITY, nativeDirectory);
                    KvStore lmdb =
                            LmdbKvStore.openReadOnly(
                                    directory.resolve("lmdb"), IDENTITY, nativeDirectory);
                    KvReader rocksReader = rocks.newReader();
                    KvReader lmdbReader = lmdb.newReader()) {
                openings++;
                final long before = cursor;
                cursor = Math.min(rocks.cursor(), lmdb.cursor());
                check(cursor >= before, "cursor went back from " + before + " to " + cursor);
                checkCount(rocksReader, "H:", rocks.cursor(), rocks.cursor());
                // LMDB goes on under us.
                for (int i = 0; i < 3; i++) {
                    final long atLeast = lmdb.cursor();
                    checkCount(lmdbReader, "E:", atLeast, Long.MAX_VALUE);
                    checkCount(lmdbReader, "S:", atLeast, Long.MAX_VALUE);
                }
            }
        }
    }

    private static void checkCount(
            final KvReader reader, final String prefix, final long least, final long most) {
        final long count =
                Entries.forward(reader, Entries.key(prefix), null, Integer.MAX_VALUE).size();
        check(count % BATCH_ENTRIES == 0, prefix + " has part of a batch: " + count);
        final long batches = count / BATCH_ENTRIES;
        check(
                batches >= least && batches <= most,
                prefix + " has " + batches + " batches at cursor " + least);
    }

    private static void check(final boolean good, final String what) {
        if (!good) {
            throw new AssertionError(what);
        }
    }

    /** Starts this class with the flags of this process and the given ones. */
    static Process start(final List<String> flags, final File output, final String... arguments)
            throws IOException {
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        for (final String flag : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            if (flag.startsWith("--")) {
                command.add(flag);
            }
        }
        command.addAll(flags);
        command.addAll(List.of("-Xmx256m", "-cp", System.getProperty("java.class.path")));
        command.add(StoreProcess.class.getName());
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output).start();
    }

    /** Waits for a good end. */
    static void await(final Process process, final File output) throws Exception {
        final boolean ended = process.waitFor(TIMEOUT_S, TimeUnit.SECONDS);
        if (!ended) {
            process.destroyForcibly().waitFor();
        }
        check(
                ended && process.exitValue() == 0,
                "process ended " + process.exitValue() + ": " + Files.readString(output.toPath()));
    }
}
