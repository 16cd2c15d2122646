package io.stemedb.engine;

import io.stemedb.codecs.SupersessionType;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;

/**
 * An engine's whole work in a JVM where nothing else runs: all types, flushes, reads, a reopen.
 * Prints the threads and sockets of the process that were not there before, and how many threads
 * each life started.
 */
final class ScenarioChild {
    private ScenarioChild() {}

    public static void main(final String[] arguments) throws IOException {
        final ThreadingMode mode = ThreadingMode.valueOf(arguments[0]);
        final Path directory = Path.of(arguments[1]);
        final Set<String> threads = threads();
        final Set<String> sockets = sockets();
        for (int life = 0; life < 2; life++) {
            final long started = ManagementFactory.getThreadMXBean().getTotalStartedThreadCount();
            try (Engine engine =
                    Engine.launch(TestEngines.context(directory).threadingMode(mode))) {
                run(engine, mode);
                tell("thread", threads(), threads);
                tell("socket", sockets(), sockets);
            }
            System.out.println(
                    "started "
                            + (ManagementFactory.getThreadMXBean().getTotalStartedThreadCount()
                                    - started));
        }
        tell("left", threads(), threads);
        System.out.println("done");
    }

    private static void run(final Engine engine, final ThreadingMode mode) {
        final Random random = new Random(7);
        final Model model = new Model();
        final Appender appender = engine.newAppender();
        final RecordMix mix = new RecordMix(random, 30);
        final long before = engine.watermark(Watermark.APPENDED);
        for (int i = 0; i < 3_000; i++) {
            final byte[] record = mix.next();
            final long sequence =
                    TestEngines.append(appender, record, engine, mode == ThreadingMode.INVOKER);
            model.add(sequence - before, record);
        }
        appender.epoch().id(TestEngines.id(-1)).name("n").description("").start(0);
        appender.epoch().supersessionType(SupersessionType.None);
        final long last = TestEngines.append(appender.epoch()::append);
        if (!engine.await(Watermark.READABLE, last, TestEngines.TIMEOUT_NS)
                || !engine.checkpoint(TestEngines.TIMEOUT_NS)) {
            throw new AssertionError("not in time");
        }
        try (Reader reader = engine.newReader()) {
            if (before == 0) {
                model.check(reader, random, mode.name());
            }
            System.out.println(
                    "subjects " + reader.subjects("", Integer.MAX_VALUE, (b, o, l) -> {}));
        }
    }

    private static Set<String> threads() {
        final Set<String> names = new TreeSet<>();
        for (final Thread thread : Thread.getAllStackTraces().keySet()) {
            names.add(thread.getName());
        }
        return names;
    }

    /** Sockets of the internet: a JVM has one of another family as soon as it has a file. */
    private static Set<String> sockets() throws IOException {
        final Set<String> found = new TreeSet<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (final Path file : files) {
                if (Files.isSymbolicLink(file)) {
                    final String target = Files.readSymbolicLink(file).toString();
                    if (target.startsWith("socket:[") && isInternet(target)) {
                        found.add(target);
                    }
                }
            }
        }
        return found;
    }

    private static boolean isInternet(final String socket) throws IOException {
        final String inode = " " + socket.substring("socket:[".length(), socket.length() - 1) + " ";
        for (final String table : List.of("tcp", "tcp6", "udp", "udp6", "raw", "raw6", "netlink")) {
            final Path path = Path.of("/proc/self/net", table);
            if (Files.exists(path) && Files.readString(path).contains(inode)) {
                return true;
            }
        }
        return false;
    }

    private static void tell(final String what, final Set<String> now, final Set<String> before) {
        now.removeAll(before);
        for (final String name : now) {
            System.out.println(what + " " + name);
        }
    }
}
