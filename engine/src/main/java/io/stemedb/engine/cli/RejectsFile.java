package io.stemedb.engine.cli;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Keeps the lines that were refused, as they came, so that they can be mended and ingested again.
 * Made with the first such line; never writes over a file that is there.
 */
final class RejectsFile implements AutoCloseable {

    private static final int NAME_MAX = 100;

    private final Path directory;
    private final String inputName;
    private Path path;
    private OutputStream out;

    private RejectsFile(final Path path, final Path directory, final String inputName) {
        this.path = path;
        this.directory = directory;
        this.inputName = inputName;
    }

    /** At a path somebody named; refused when that file is there already. */
    static RejectsFile at(final Path path) throws CommandException {
        if (Files.exists(path)) { // told before anything is ingested
            throw new CommandException(ExitCode.FAILED, "--rejects: is there already: " + path);
        }
        return new RejectsFile(path, null, null);
    }

    /** {@code rejects-<name of the input>-<n>.jsonl} in a directory, with the first free n. */
    static RejectsFile in(final Path directory, final String inputName) {
        final String safe = inputName.replaceAll("[^A-Za-z0-9._-]", "_");
        return new RejectsFile(
                null, directory, safe.substring(0, Math.min(safe.length(), NAME_MAX)));
    }

    /** Adds the reader's current line and leaves the reader at its end. */
    void add(final LineReader line) throws IOException {
        if (out == null) {
            out = new BufferedOutputStream(open());
        }
        line.writeLine(out);
        out.write('\n');
        out.flush();
    }

    /** Where the lines are, or null while there is none. */
    Path path() {
        return out == null ? null : path;
    }

    @Override
    public void close() throws IOException {
        if (out != null) {
            out.close();
        }
    }

    private OutputStream open() throws IOException {
        if (path != null) {
            return create(path);
        }
        for (int n = 1; ; n++) {
            try {
                path = directory.resolve("rejects-" + inputName + "-" + n + ".jsonl");
                return create(path);
            } catch (final FileAlreadyExistsException e) {
                // an earlier run's lines: they stay, the next number is tried
                path = null;
            }
        }
    }

    private static OutputStream create(final Path path) throws IOException {
        return Files.newOutputStream(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    }
}
