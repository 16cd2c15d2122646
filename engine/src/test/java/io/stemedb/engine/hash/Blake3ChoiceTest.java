package io.stemedb.engine.hash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.stemedb.engine.platform.NativeFiles;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The choice is made once in a JVM, so every case has a JVM of its own. */
class Blake3ChoiceTest {
    private static final String LIBRARY =
            "native/" + NativeFiles.platform() + "/libstemedb_blake3.so";
    private static final String UNDER_CLASSES = "io/stemedb/engine/hash/" + LIBRARY;
    private static final String[] AUTO = {};
    private static final String[] JAVA = {"-Dio.stemedb.blake3=java"};
    private static final String[] NATIVE = {"-Dio.stemedb.blake3=native"};

    @TempDir Path work;

    @Test
    void autoTakesNativeWhereItIsThere() throws Exception {
        assumeLibrary();
        final List<String> answer = child(null, AUTO, "natives");
        final List<Path> files = filesUnder(work.resolve("natives"));
        assertEquals(1, files.size(), files::toString);
        assertEquals(hashed("native", "native: loaded from " + files.get(0)), answer);
    }

    @Test
    void onlyTheFirstLoadCounts() throws Exception {
        assumeLibrary();
        final List<String> answer = child(null, NATIVE, "first", "second");
        final Path file = filesUnder(work.resolve("first")).get(0);
        assertEquals(hashed("native", "native: loaded from " + file), answer);
        assertFalse(Files.exists(work.resolve("second")));
    }

    @Test
    void withoutADirectoryNothingStaysBehind() throws Exception {
        assumeLibrary();
        final List<String> answer = child(null, NATIVE);
        final String description = "native: loaded from a temporary file";
        assertEquals(hashed("native", "not chosen yet", description), answer);
        assertEquals(List.of(), filesUnder(work.resolve("tmp")));
    }

    @Test
    void javaWhenAskedFor() throws Exception {
        final List<String> answer = child(null, JAVA, "natives");
        assertEquals(hashed("java", "java: asked for by io.stemedb.blake3"), answer);
        assertFalse(Files.exists(work.resolve("natives")), "nothing is unpacked for nothing");
    }

    @Test
    void otherValuesAreRefused() throws Exception {
        assertEquals(
                List.of(
                        "java.lang.IllegalArgumentException: io.stemedb.blake3 must be auto,"
                                + " native or java, is Native"),
                child(null, new String[] {"-Dio.stemedb.blake3=Native"}, "natives"));
    }

    @Test
    void javaWhereTheJarHasNoLibraryForThePlatform() throws Exception {
        final String missing =
                "there is no C library for "
                        + NativeFiles.platform().replaceFirst("-.*", "-pdp11")
                        + " in the jar";
        assertEquals(
                hashed("java", "java: " + missing),
                child(null, new String[] {"-Dos.arch=pdp11"}, "natives"));
        assertEquals(
                List.of(
                        "java.lang.IllegalStateException: io.stemedb.blake3=native, but it cannot"
                                + " be had: "
                                + missing),
                child(null, new String[] {"-Dos.arch=pdp11", NATIVE[0]}, "natives"));
    }

    @Test
    void javaWhereTheLibraryDoesNotLoad() throws Exception {
        final Path classes = classesWith("not a library".getBytes("UTF-8"));
        final List<String> answer = child(classes, AUTO, "natives");
        assertEquals("java", answer.get(0), answer::toString);
        assertTrue(answer.get(3).contains("libstemedb_blake3.so"), answer::toString);
        final List<String> refusal = child(classes, NATIVE, "natives");
        assertTrue(
                refusal.get(0).startsWith("java.lang.IllegalStateException: io.stemedb.blake3="),
                refusal::toString);
    }

    @Test
    void javaWhereTheDirectoryCannotBeMade() throws Exception {
        assumeLibrary();
        Files.writeString(work.resolve("natives"), "a file is in the way");
        final List<String> answer = child(null, AUTO, "natives");
        assertEquals("java", answer.get(0), answer::toString);
        assertTrue(answer.get(3).contains("natives"), answer::toString);
    }

    @Test
    void aLibraryThatComputesSomethingElseIsNotUsed() throws Exception {
        assumeLibrary();
        final byte[] library;
        try (InputStream in = Blake3.class.getResourceAsStream(LIBRARY)) {
            library = in.readAllBytes();
        }
        assertTrue(replaceFirstConstant(library) > 0, "IV0 is somewhere in the library");
        final Path classes = classesWith(library);
        final String reason = "the C library computes other hashes than Java";
        assertEquals(hashed("java", "java: " + reason), child(classes, AUTO, "natives"));
        assertTrue(child(classes, NATIVE, "natives").get(0).endsWith(reason));
    }

    /** Overwrites IV0, 0x6a09e667, wherever it is. */
    private static int replaceFirstConstant(final byte[] library) {
        int replaced = 0;
        for (int i = 0; i + 4 <= library.length; i++) {
            if (library[i] == 0x67
                    && library[i + 1] == (byte) 0xe6
                    && library[i + 2] == 0x09
                    && library[i + 3] == 0x6a) {
                library[i] = 0x66;
                replaced++;
            }
        }
        return replaced;
    }

    private static void assumeLibrary() {
        assumeTrue(
                Blake3.class.getResource(LIBRARY) != null,
                "the build found no C compiler: " + Blake3.description());
    }

    /** A directory to put before the class path, with other bytes for the library. */
    private Path classesWith(final byte[] library) throws IOException {
        final Path file = work.resolve("classes").resolve(UNDER_CLASSES);
        Files.createDirectories(file.getParent());
        Files.write(file, library);
        return work.resolve("classes");
    }

    private static List<String> hashed(final String implementation, final String description) {
        return hashed(implementation, description, description);
    }

    private static List<String> hashed(
            final String implementation, final String before, final String description) {
        return List.of(implementation, Blake3Vectors.HASHES.get(0), before, description);
    }

    private List<String> child(
            final Path classesBefore, final String[] flags, final String... directories)
            throws Exception {
        final Path answer = work.resolve("answer");
        final Path output = work.resolve("output");
        final Path temporary = Files.createDirectories(work.resolve("tmp"));
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of(flags));
        command.add("-Djava.io.tmpdir=" + temporary);
        command.add("-XX:-UsePerfData");
        command.add("-cp");
        final String classPath =
                System.getProperty(
                        "surefire.test.class.path", System.getProperty("java.class.path"));
        command.add(
                classesBefore == null ? classPath : classesBefore + File.pathSeparator + classPath);
        command.add(Blake3Child.class.getName());
        command.add(answer.toString());
        for (final String directory : directories) {
            command.add(work.resolve(directory).toString());
        }
        Files.deleteIfExists(answer);
        final Process process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start();
        try {
            assertTrue(process.waitFor(300, TimeUnit.SECONDS), "the child is still running");
        } finally {
            process.destroyForcibly();
        }
        assertEquals(0, process.exitValue(), () -> read(output));
        return Files.readAllLines(answer);
    }

    private static String read(final Path file) {
        try {
            return Files.readString(file);
        } catch (final IOException ex) {
            return ex.toString();
        }
    }

    private static List<Path> filesUnder(final Path directory) throws IOException {
        try (Stream<Path> paths = Files.walk(directory)) {
            return paths.filter(Files::isRegularFile).toList();
        }
    }
}
