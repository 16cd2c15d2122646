package io.stemedb.engine.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

/**
 * What a command talks to: the three streams, the environment, and whether somebody watches. A test
 * gives its own. Standard output fails with {@link OutputClosedException} once its reader is gone.
 */
final class Console {

    /** Set by the start script: true when standard error is a terminal. */
    static final String TERMINAL_PROPERTY = "io.stemedb.cli.terminal";

    private static final String DIRECTORY_VARIABLE = "STEMEDB_DIR";
    private static final String DEFAULT_DIRECTORY = "stemedb-data";
    private static final int OUT_BUFFER_SIZE = 64 * 1024;

    private final InputStream in;
    private final OutputStream out;
    private final PrintStream err;
    private final boolean terminal;
    private final Map<String, String> environment;

    Console(
            final InputStream in,
            final OutputStream out,
            final PrintStream err,
            final boolean terminal,
            final Map<String, String> environment) {
        this.in = in;
        this.out = out;
        this.err = err;
        this.terminal = terminal;
        this.environment = environment;
    }

    static Console system() {
        return new Console(
                new FileInputStream(FileDescriptor.in),
                new BufferedOutputStream(
                        new PipeOutputStream(new FileOutputStream(FileDescriptor.out)),
                        OUT_BUFFER_SIZE),
                new PrintStream(
                        new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8),
                Boolean.getBoolean(TERMINAL_PROPERTY),
                System.getenv());
    }

    InputStream in() {
        return in;
    }

    OutputStream out() {
        return out;
    }

    PrintStream err() {
        return err;
    }

    /** Whether standard error is a terminal. */
    boolean isTerminal() {
        return terminal;
    }

    /** One line for the person at the keyboard. */
    void say(final String line) {
        err.println("stemedb: " + line);
    }

    Path defaultDirectory() {
        final String named = environment.get(DIRECTORY_VARIABLE);
        return Path.of(named == null || named.isBlank() ? DEFAULT_DIRECTORY : named);
    }

    /** Nobody reads standard output any more, as after {@code | head}. */
    static final class OutputClosedException extends IOException {

        private static final long serialVersionUID = 1L;

        OutputClosedException(final IOException cause) {
            super("standard output was closed", cause);
        }
    }

    /** Tells a reader that went away from every other failure of a stream. */
    static final class PipeOutputStream extends OutputStream {

        private final OutputStream out;

        PipeOutputStream(final OutputStream out) {
            this.out = out;
        }

        @Override
        public void write(final int value) throws IOException {
            try {
                out.write(value);
            } catch (final IOException e) {
                throw named(e);
            }
        }

        @Override
        public void write(final byte[] bytes, final int offset, final int length)
                throws IOException {
            try {
                out.write(bytes, offset, length);
            } catch (final IOException e) {
                throw named(e);
            }
        }

        @Override
        public void flush() throws IOException {
            try {
                out.flush();
            } catch (final IOException e) {
                throw named(e);
            }
        }

        private static IOException named(final IOException e) {
            final String message = e.getMessage();
            return message != null && message.contains("Broken pipe")
                    ? new OutputClosedException(e)
                    : e;
        }
    }
}
