package io.stemedb.bench;

import io.stemedb.bench.rig.AppendRig;
import io.stemedb.bench.rig.DurabilityRig;
import io.stemedb.bench.rig.LatencyRig;
import io.stemedb.bench.rig.RecoveryRig;
import io.stemedb.bench.rig.Session;
import io.stemedb.bench.rig.ThroughputRig;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.openjdk.jmh.runner.RunnerException;

/** The command line of the benchmarks. */
public final class Main {
    private static final String HELP =
            """
            bench COMMAND [--out DIR] [--data DIR] [--quick] ...

              all          all of the following; about fifteen minutes
              append       cost of an append against raw Chronicle      [--pairs N]
              latency      latency at a rate                            [--rate N] [--seconds N] [--repetitions N]
              throughput   append to STORED against RocksDB alone       [--records N] [--subjects N,N] [--pairs N]
              durability   cost of an append, GROUP against ASYNC       [--pairs N]
              recovery     scan of a journal, opening on a backlog      [--records N] [--repetitions N]
              jmh          micro benchmarks                             [--include REGEX]

            --out    where the page and the raw data go; default bench/target/results
            --data   where the runs keep their data: put it on the disk to be measured; default bench/target/data
            --quick  tiny runs that show whether everything works, and measure nothing

            For results to keep: bench/bin/bench all --out jmh-results/<date>-<commit>-<host kind>
            """;
    private static final String ALL = "all";
    private static final Set<String> KNOWN =
            Set.of(
                    "--out",
                    "--data",
                    "--pairs",
                    "--rate",
                    "--seconds",
                    "--repetitions",
                    "--records",
                    "--subjects",
                    "--include");

    /** A batch of RocksDB's, for each of its threads. */
    private static final int RECORDS_STEP = 2_000;

    private final Session session;
    private final Options options;
    private final boolean quick;

    private Main(final Session session, final Options options) {
        this.session = session;
        this.options = options;
        quick = options.has("--quick");
    }

    /**
     * Runs a command; the exit code is 0 if it ran to its end, whatever it measured, and 2 if it
     * was not understood.
     *
     * @param arguments see {@code bench help}
     * @throws RunnerException if a micro benchmark fails
     */
    public static void main(final String[] arguments) throws RunnerException {
        final int exit = run(Arrays.asList(arguments), System.out, System.err);
        if (exit != 0) {
            System.exit(exit);
        }
    }

    static int run(final List<String> arguments, final PrintStream out, final PrintStream err)
            throws RunnerException {
        if (arguments.isEmpty() || Set.of("help", "--help", "-h").contains(arguments.get(0))) {
            out.print(HELP);
            return arguments.isEmpty() ? 2 : 0;
        }
        try {
            final Options options =
                    new Options(arguments.subList(1, arguments.size()), Set.of("--quick"), KNOWN);
            if (options.has("--data")) {
                System.setProperty(DataDirectory.PROPERTY, options.text("--data", null));
            }
            if (options.has("--quick")) {
                System.setProperty(Engines.QUICK, "true");
            }
            final Session session =
                    new Session(
                            out,
                            outDirectory(options),
                            "bench/bin/bench " + shown(arguments),
                            !options.has("--quick"));
            new Main(session, options).run(arguments.get(0));
            return 0;
        } catch (final IllegalArgumentException e) {
            err.println("bench: " + e.getMessage());
            return 2;
        }
    }

    private static Path outDirectory(final Options options) {
        final Path data = Path.of(System.getProperty(DataDirectory.PROPERTY, "data"));
        return Path.of(options.text("--out", data.resolveSibling("results").toString()));
    }

    /** The command as it goes on the page: without this machine's paths. */
    private static String shown(final List<String> arguments) {
        return String.join(" ", arguments)
                .replaceAll("--out \\S+", "--out DIR")
                .replaceAll("--data \\S+", "--data DIR");
    }

    private void run(final String command) throws RunnerException {
        switch (command) {
            case ALL -> {
                append();
                latency();
                throughput();
                durability();
                recovery();
                jmh();
            }
            case "append" -> append();
            case "latency" -> latency();
            case "throughput" -> throughput();
            case "durability" -> durability();
            case "recovery" -> recovery();
            case "jmh" -> jmh();
            default -> throw new IllegalArgumentException(command + ": no such command");
        }
        session.say("\nwritten to " + session.path("README.md"));
    }

    private void append() {
        new AppendRig(
                        session,
                        options.number("--pairs", quick ? 1 : 5),
                        quick ? 2 : 15,
                        quick ? 1_000 : 20_000,
                        quick ? 5_000 : 100_000)
                .run();
    }

    private void durability() {
        new DurabilityRig(
                        session, options.number("--pairs", quick ? 1 : 5), quick ? 5_000 : 200_000)
                .run();
    }

    private void recovery() {
        new RecoveryRig(
                        session,
                        options.number("--records", quick ? 20_000 : 1_200_000),
                        options.number("--repetitions", quick ? 1 : 5))
                .run();
    }

    private void latency() {
        new LatencyRig(
                        session,
                        options.number("--rate", quick ? 10_000 : 100_000),
                        options.number("--seconds", quick ? 1 : 7),
                        quick ? 1 : 2,
                        options.number("--repetitions", quick ? 1 : 5))
                .run();
    }

    private void throughput() {
        final int records = options.number("--records", quick ? 20_000 : 1_200_000);
        if (records % RECORDS_STEP != 0) {
            throw new IllegalArgumentException(
                    "--records: must be a multiple of " + RECORDS_STEP + ", is " + records);
        }
        new ThroughputRig(
                        session,
                        records,
                        quick ? records : Math.min(records, 400_000),
                        options.number("--pairs", quick ? 1 : 5))
                .run(subjects());
    }

    private List<Integer> subjects() {
        try {
            return Stream.of(options.text("--subjects", "1000,1000000").split(","))
                    .map(Integer::valueOf)
                    .toList();
        } catch (final NumberFormatException e) {
            throw new IllegalArgumentException(
                    "--subjects: must be numbers, is " + options.text("--subjects", ""), e);
        }
    }

    private void jmh() throws RunnerException {
        new JmhSuite(session, options.text("--include", JmhSuite.ALL), quick).run();
    }
}
