package io.stemedb.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.bench.jmh.AppendBenchmark;
import io.stemedb.bench.jmh.EncodeBenchmark;
import io.stemedb.bench.jmh.HashBenchmark;
import io.stemedb.bench.jmh.MemtableBenchmark;
import io.stemedb.bench.jmh.ReaderBenchmark;
import io.stemedb.bench.jmh.StoreBenchmark;
import io.stemedb.engine.hash.Blake3;
import java.nio.file.Path;
import java.util.Collection;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Each micro benchmark runs once, tiny, in this JVM: that it works, not how fast. */
class BenchmarksTest {
    @TempDir Path directory;

    @BeforeEach
    void setData() {
        System.setProperty(DataDirectory.PROPERTY, directory.toString());
        System.setProperty(Engines.QUICK, "true");
        System.setProperty("jmh.ignoreLock", "true");
    }

    @AfterEach
    void clear() {
        System.clearProperty(Engines.QUICK);
        System.clearProperty(DataDirectory.PROPERTY);
    }

    private static ChainedOptionsBuilder options(final Class<?> benchmark) {
        return new OptionsBuilder()
                .include("\\." + benchmark.getSimpleName() + "\\.")
                .forks(0)
                .warmupIterations(0)
                .measurementIterations(1)
                .measurementTime(TimeValue.milliseconds(5))
                .verbosity(VerboseMode.SILENT)
                .shouldFailOnError(true);
    }

    private static void run(final int count, final ChainedOptionsBuilder options)
            throws RunnerException {
        final Collection<RunResult> results = new Runner(options.build()).run();
        assertEquals(count, results.size());
        for (final RunResult result : results) {
            assertTrue(
                    result.getPrimaryResult().getScore() > 0,
                    () -> result.getParams().getBenchmark() + " measured nothing");
        }
    }

    @Test
    void append() throws RunnerException {
        run(3, options(AppendBenchmark.class));
    }

    @Test
    void encode() throws RunnerException {
        run(4, options(EncodeBenchmark.class));
    }

    @Test
    void hash() throws RunnerException {
        run(
                4,
                options(HashBenchmark.class)
                        .param("implementation", Blake3.newInstance().implementation()));
    }

    @Test
    void memtable() throws RunnerException {
        run(4, options(MemtableBenchmark.class).param("subjects", "1000"));
    }

    @Test
    void store() throws RunnerException {
        run(4, options(StoreBenchmark.class).param("subjects", "10").param("records", "2000"));
    }

    @Test
    void reader() throws RunnerException {
        run(4, options(ReaderBenchmark.class).param("records", "2000"));
    }
}
