package io.stemedb.bench.rig;

import io.stemedb.bench.DataDirectory;
import io.stemedb.engine.hash.Blake3;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** What a number depends on. Names no machine and no path. */
final class Environment {
    private static final String LOAD_AT_START = load();

    private Environment() {}

    static Table table() {
        return new Table("what", "here")
                .row("commit", System.getProperty("io.stemedb.bench.commit", "unknown"))
                .row("CPU", field("/proc/cpuinfo", "model name"))
                .row("cores", Runtime.getRuntime().availableProcessors())
                .row("memory", field("/proc/meminfo", "MemTotal"))
                .row("kernel", System.getProperty("os.name") + " " + kernel())
                .row("file system", fileSystem())
                .row("JDK", System.getProperty("java.vm.vendor") + " " + Runtime.version())
                .row("JVM flags", flags())
                .row("BLAKE3", Blake3.newInstance().implementation())
                .row("load at the start (1, 5, 15 min)", LOAD_AT_START);
    }

    private static String field(final String file, final String name) {
        return lines(file).stream()
                .filter(line -> line.startsWith(name))
                .map(line -> line.substring(line.indexOf(':') + 1).trim())
                .findFirst()
                .orElse("unknown");
    }

    private static String load() {
        return lines("/proc/loadavg").stream()
                .findFirst()
                .map(line -> String.join(" ", List.of(line.split(" ")).subList(0, 3)))
                .orElse("unknown");
    }

    /** Not every system has these files: without them the answer is "unknown". */
    private static List<String> lines(final String file) {
        try {
            return Files.readAllLines(Path.of(file));
        } catch (final IOException e) {
            return List.of();
        }
    }

    /** The version alone: what follows it may name the machine's maker. */
    private static String kernel() {
        return System.getProperty("os.version").replaceFirst("-.*", "")
                + " "
                + System.getProperty("os.arch");
    }

    private static String fileSystem() {
        try (DataDirectory directory = DataDirectory.make()) {
            return Files.getFileStore(directory.path()).type();
        } catch (final IOException e) {
            return "unknown (" + e.getClass().getSimpleName() + ")";
        }
    }

    private static String flags() {
        return ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(flag -> !flag.startsWith("-D"))
                .map(flag -> flag.toLowerCase(Locale.ROOT).contains("path") ? "..." : flag)
                .collect(Collectors.joining(" "));
    }
}
