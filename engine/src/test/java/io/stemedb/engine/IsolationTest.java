package io.stemedb.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.cli.Main;
import io.stemedb.engine.faults.Machine;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** No network, and nothing written outside the data directory. */
class IsolationTest {
    /** A call that may make or change a file: its path, as strace prints it. */
    private static final Pattern PATH =
            Pattern.compile("(openat|open|creat|mkdir|mkdirat|mknod|mknodat)\\([^\"]*\"([^\"]*)\"");

    private static final Set<String> DEVICES =
            Set.of("/dev/null", "/dev/tty", "/dev/random", "/dev/urandom");

    @TempDir Path work;
    private Path temporary;
    private Path home;
    private Path data;

    @BeforeEach
    void directories() throws IOException {
        temporary = Files.createDirectory(work.resolve("temporary"));
        home = Files.createDirectory(work.resolve("home"));
        data = work.resolve("data");
    }

    private List<String> run(
            final List<String> before, final Class<?> main, final String... arguments)
            throws InterruptedException {
        try (ChildJvm child =
                ChildJvm.start(
                        work.resolve("output"),
                        before,
                        List.of("-Djava.io.tmpdir=" + temporary, "-Duser.home=" + home),
                        main,
                        arguments)) {
            return child.end();
        }
    }

    private List<String> trace(final Path trace, final Class<?> main, final String... arguments)
            throws InterruptedException, IOException {
        final String calls =
                "socket,connect,bind,listen,sendto,sendmsg,sendmmsg,execve,openat,open,creat,mkdir,"
                        + "mkdirat,mknod,mknodat";
        // a file for each thread: in one for all, a call that another thread's call cuts in two is
        // two lines
        final Path directory = Files.createDirectory(trace);
        run(
                List.of("strace", "-ff", "-e", "trace=" + calls, "-o", directory + "/thread"),
                main,
                arguments);
        final List<String> lines = new ArrayList<>();
        for (final Path file : filesIn(directory)) {
            lines.addAll(Files.readAllLines(file));
        }
        return lines;
    }

    @Test
    void noSocketIsOpenAndTemporaryAndHomeDirectoriesStayEmpty() throws Exception {
        final List<String> output =
                run(List.of(), ScenarioChild.class, "DEDICATED", data.toString());
        for (final String line : output) {
            assertFalse(line.startsWith("socket "), line);
        }
        assertEquals(List.of(), filesIn(temporary));
        assertEquals(List.of(), filesIn(home));
        assertEquals(
                "rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(data)));
    }

    private static List<Path> filesIn(final Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(file -> !file.equals(directory)).toList();
        }
    }

    /** Also what was opened and closed, made and deleted, in between. */
    @Test
    void noSystemCallReachesTheNetworkOrWritesElsewhere() throws Exception {
        checkCalls(ScenarioChild.class, "DEDICATED", data.toString());
    }

    @Test
    void noSystemCallOfACommandDoesEither() throws Exception {
        final Path claims = work.resolve("claims");
        Files.writeString(
                claims,
                "{\"type\":\"epoch\",\"id\":\"%s\",\"name\":\"n\",\"start\":0}%n"
                        .formatted("00".repeat(32).replaceFirst("0", "1")));
        checkCalls(Main.class, "ingest", claims.toString(), "--dir", data.toString());
    }

    /** The control: a process that listens, and one that writes elsewhere. */
    @ParameterizedTest
    @ValueSource(strings = {"socket", "file"})
    void aCallThatDoesIsCaught(final String what) {
        final AssertionError caught =
                assertThrows(
                        AssertionError.class,
                        () ->
                                checkCalls(
                                        StrayChild.class,
                                        what,
                                        data.toString(),
                                        work.resolve("elsewhere").toString()));
        final String sign = "socket".equals(what) ? "bind(" : "elsewhere";
        assertTrue(caught.getMessage().contains(sign), caught::getMessage);
    }

    /** Writes in its directory, and listens or writes elsewhere. */
    static final class StrayChild {
        private StrayChild() {}

        public static void main(final String[] arguments) throws IOException {
            final Path directory = Files.createDirectory(Path.of(arguments[1]));
            Files.writeString(directory.resolve("file"), "own");
            if ("socket".equals(arguments[0])) {
                new ServerSocket(0).close();
            } else {
                Files.writeString(Path.of(arguments[2]), "stray");
            }
        }
    }

    private void checkCalls(final Class<?> main, final String... arguments) throws Exception {
        Machine.needs(Machine.canTrace(), "isolation", "strace is not here, or may not trace");
        // a JVM tries once which internet protocols there are, as soon as it has a file
        final Path file = data.resolveSibling("data-of-none");
        final List<String> usual =
                network(trace(work.resolve("usual"), FilesOnlyChild.class, file.toString()));
        final List<String> calls = trace(work.resolve("trace"), main, arguments);
        final List<String> network = network(calls);
        assertTrue(
                network.stream().allMatch(call -> call.startsWith("socket(")), network::toString);
        assertEquals(usual, network);
        final List<String> written = new ArrayList<>();
        final List<String> started = new ArrayList<>();
        boolean seen = false;
        for (final String line : calls) {
            final Matcher path = PATH.matcher(line);
            if (path.find() && writes(line)) {
                final boolean inside = path.group(2).startsWith(data.toString());
                seen |= inside;
                if (!inside && !isOfTheJvm(path.group(2))) {
                    written.add(line);
                }
            }
            if (line.contains("execve(") && !line.contains(main.getName())) {
                started.add(line);
            }
        }
        assertEquals(List.of(), written);
        assertTrue(seen, "the trace shows what is written");
        assertTrue(started.size() <= 1, () -> "processes started: " + started); // the JVM itself
    }

    /**
     * Calls that name a protocol of the internet, without descriptor, in the order of their text.
     */
    private static List<String> network(final List<String> trace) {
        return trace.stream()
                .filter(line -> line.contains("AF_INET") || line.contains("AF_NETLINK"))
                .map(line -> line.replaceFirst(" = \\d+$", ""))
                .sorted()
                .toList();
    }

    private static boolean writes(final String line) {
        return line.contains("O_CREAT")
                || line.contains("O_WRONLY")
                || line.contains("O_RDWR")
                || line.contains("creat(")
                || line.contains("mkdir")
                || line.contains("mknod");
    }

    /** Devices that keep nothing, and what the JVM does for itself; /dev/shm is memory. */
    private static boolean isOfTheJvm(final String file) {
        return DEVICES.contains(file) || file.startsWith("/proc/");
    }
}
