package io.stemedb.bench;

import io.stemedb.bench.rig.Session;
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

    private final Session session;
    private final String include;
    private final boolean quick;

    JmhSuite(final Session session, final String include, final boolean quick) {
        this.session = session;
        this.include = include;
        this.quick = quick;
    }

    void run() throws RunnerException {
        final ChainedOptionsBuilder options =
                new OptionsBuilder()
                        .include(include)
                        .shouldFailOnError(true)
                        .resultFormat(ResultFormatType.JSON)
                        .result(session.path("jmh.json").toString())
                        .output(session.path("jmh.log").toString());
        if (quick) {
            options.warmupIterations(0)
                    .measurementIterations(1)
                    .measurementTime(TimeValue.milliseconds(50));
        }
        session.section(
                "Single steps",
                "JMH 1.37, one fork each; the score's error is that of 99.9 % confidence within the"
                        + " fork. Raw data and parameters: jmh.json.");
        session.say("micro benchmarks are running, their log is " + session.path("jmh.log"));
        final Collection<RunResult> results = new Runner(options.build()).run();
        session.jmh(results);
    }
}
