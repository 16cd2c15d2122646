package io.stemedb.bench;

import io.stemedb.bench.rig.Session;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * Runs the JMH benchmarks. Forks get the flags of this JVM, as JMH does when it is told none, so
 * that the one list in the parent pom holds for them too.
 */
final class JmhSuite {
    static final String ALL = "io\\.stemedb\\.bench\\.jmh\\..*";

    private static final String JSON = "jmh.json";
    private static final String LOG = "jmh.log";

    private final Session session;
    private final String include;
    private final boolean quick;

    JmhSuite(final Session session, final String include, final boolean quick) {
        this.session = session;
        this.include = include;
        this.quick = quick;
    }

    void run() throws RunnerException {
        try (DataDirectory directory = DataDirectory.make()) {
            try {
                run(directory.path());
            } catch (final RunnerException e) {
                tellLog(directory.path().resolve(LOG));
                throw e;
            }
        }
    }

    /** The log says what went wrong, and goes with the directory. */
    private void tellLog(final Path log) {
        try {
            session.say(Files.readString(log));
        } catch (final IOException e) {
            throw new UncheckedIOException(log + ": cannot be read", e);
        }
    }

    private void run(final Path own) throws RunnerException {
        final Path json = own.resolve(JSON);
        final ChainedOptionsBuilder options =
                new OptionsBuilder()
                        .include(include)
                        .shouldFailOnError(true)
                        .resultFormat(ResultFormatType.JSON)
                        .result(json.toString())
                        .output(own.resolve(LOG).toString());
        if (quick) {
            options.warmupIterations(0)
                    .measurementIterations(1)
                    .measurementTime(TimeValue.milliseconds(50));
        }
        session.section(
                "Single steps",
                "JMH 1.37, one fork each; the score's error is that of 99.9 % confidence within the"
                        + " fork. Raw data and parameters: "
                        + JSON
                        + ".");
        session.say("micro benchmarks are running, their log is " + own.resolve(LOG));
        final Collection<RunResult> results = new Runner(options.build()).run();
        session.jmh(results);
        keep(json);
    }

    /** What JMH writes names paths of this machine: the JVM's, and where data are kept. */
    private void keep(final Path json) {
        try {
            Files.writeString(
                    session.path(JSON),
                    Files.readString(json)
                            .replaceAll("\"jvm\" : \"[^\"]*\"", "\"jvm\" : \"java\"")
                            .replaceAll("(\"-D[^=\"]*=)/[^\"]*\"", "$1...\""));
        } catch (final IOException e) {
            throw new UncheckedIOException(json + ": cannot be kept", e);
        }
    }
}
