package io.stemedb.engine.faults;

import io.stemedb.engine.Engine;
import io.stemedb.engine.TestEngines;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.SleepingIdleStrategy;

/** All file descriptors that this process may have, taken from the engine in it. */
final class Descriptors {
    private static final long PAUSE_NS = 1_000_000;

    private final List<FileInputStream> taken = new ArrayList<>();
    private volatile boolean takesOn;

    /** While classes can be loaded: each takes a descriptor, if it lies in a directory. */
    Descriptors() throws Exception {
        loadClasses();
        TestEngines.start("takes", this::takeOn);
    }

    private static void loadClasses() throws Exception {
        final Path classes =
                Path.of(Engine.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        try (Stream<Path> files = Files.walk(classes)) {
            for (final Path file : files.toList()) {
                final String name = classes.relativize(file).toString();
                if (name.endsWith(".class") && !name.contains("/cli/")) {
                    Class.forName(
                            name.substring(0, name.length() - 6).replace(File.separatorChar, '.'));
                }
            }
        }
    }

    void take() {
        try {
            while (true) {
                taken.add(new FileInputStream("/dev/null"));
            }
        } catch (final IOException e) {
            if (taken.isEmpty()) {
                throw new AssertionError("descriptors to take: " + e, e);
            }
        }
    }

    void giveBack() throws IOException {
        for (final FileInputStream one : taken) {
            one.close();
        }
    }

    /** From here on also what others give back, such as a compaction that ends. */
    void keep() {
        takesOn = true;
    }

    private void takeOn() {
        final IdleStrategy pause = new SleepingIdleStrategy(PAUSE_NS);
        while (true) {
            if (takesOn) {
                take();
            }
            pause.idle();
        }
    }
}
