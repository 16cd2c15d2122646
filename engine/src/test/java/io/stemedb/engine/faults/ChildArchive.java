package io.stemedb.engine.faults;

import io.stemedb.engine.ChildJvm;
import io.stemedb.engine.TestEngines;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * The classes of a child as the JVM keeps them, from one that lived before: a quarter less to do at
 * each start. The JVM takes classes from jars only, so the build's directories become jars first.
 *
 * @param classPath of the children
 * @param flags their further flags
 */
record ChildArchive(String classPath, List<String> flags) {
    /** For children whose start is timed. */
    static final ChildArchive NONE = new ChildArchive(ChildJvm.CLASS_PATH, List.of());

    private static ChildArchive made; // guarded by the class

    /** Made by the first child of this JVM, for flags that are always the same. */
    static synchronized ChildArchive of(final List<String> flags) {
        if (made == null) {
            try {
                made = make(flags);
            } catch (final IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return made;
    }

    private static ChildArchive make(final List<String> flags) throws IOException {
        final Path directory = Files.createTempDirectory("stemedb-children");
        Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(directory)));
        final List<String> jars = new ArrayList<>();
        for (final String entry : ChildJvm.CLASS_PATH.split(File.pathSeparator)) {
            final Path classes = Path.of(entry);
            final Path jar = directory.resolve(jars.size() + ".jar");
            if (Files.isDirectory(classes)) {
                pack(classes, jar);
            }
            jars.add(Files.exists(jar) ? jar.toString() : entry);
        }
        final String classPath = String.join(File.pathSeparator, jars);
        final Path archive = directory.resolve("classes.jsa");
        final List<String> dumping = new ArrayList<>(flags);
        dumping.add("-XX:ArchiveClassesAtExit=" + archive);
        final Path home = Files.createDirectory(directory.resolve("home"));
        try (ChildJvm child =
                ChildJvm.start(
                        directory.resolve("output"),
                        List.of(),
                        dumping,
                        classPath,
                        EngineChild.class,
                        "live",
                        "1",
                        EngineChild.Way.USUAL.name(),
                        "-",
                        home.toString())) {
            final long startNs = System.nanoTime();
            while (child.process().isAlive()
                    && child.lines().stream().noneMatch(line -> line.startsWith("STORED "))
                    && System.nanoTime() - startNs < TestEngines.TIMEOUT_NS) {
                Thread.yield();
            }
            child.process().getOutputStream().close(); // it ends with its parent
            Machine.hasEnded(child.process());
        }
        return new ChildArchive(
                classPath,
                Files.exists(archive)
                        ? List.of(
                                "-XX:SharedArchiveFile=" + archive,
                                "-Xlog:cds=off",
                                "-Xlog:cds+dynamic=off")
                        : List.of());
    }

    private static void pack(final Path classes, final Path jar) throws IOException {
        try (OutputStream out = Files.newOutputStream(jar);
                ZipOutputStream zip = new ZipOutputStream(out);
                Stream<Path> files = Files.walk(classes)) {
            for (final Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
                zip.putNextEntry(new ZipEntry(classes.relativize(file).toString()));
                Files.copy(file, zip);
            }
        }
    }

    private static void delete(final Path directory) {
        try {
            Damage.delete(directory);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
