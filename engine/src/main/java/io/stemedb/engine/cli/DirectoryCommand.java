package io.stemedb.engine.cli;

import io.stemedb.engine.Engine;
import io.stemedb.engine.EngineContext;
import io.stemedb.engine.OpeningReport;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** What every command has: a directory, help, and a console. */
abstract class DirectoryCommand implements Callable<Integer> {

    private static final int HASH_LENGTH = 32;

    final Console console;

    @CommandLine.Spec CommandLine.Model.CommandSpec spec;

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            description =
                    "The data directory. Default: STEMEDB_DIR from the environment, else"
                            + " stemedb-data in the working directory.")
    private Path directory;

    @Option(names = "--verbose", description = "Shows where an error came from.")
    private boolean verbose;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Says how to use this command.")
    private boolean help;

    DirectoryCommand(final Console console) {
        this.console = console;
    }

    final boolean isVerbose() {
        return verbose;
    }

    final Path directory() {
        return directory == null ? console.defaultDirectory() : directory;
    }

    /** Settings of an engine on the directory, whose agents complain on standard error. */
    final EngineContext engineContext() {
        return new EngineContext().directory(directory()).errorHandler(this::complain);
    }

    /** What an engine or a snapshot finds wrong and can go on with. */
    final void complain(final Throwable error) {
        StemeDbCommand.failed(console, error, verbose);
    }

    /** What opening did about damage, of which the engine has told by then. */
    final void sayOpening(final Engine engine) {
        final OpeningReport report = engine.openingReport();
        if (!report.isSound()) {
            console.say(
                    "the directory was opened with "
                            + report.foundCount()
                            + " findings: "
                            + String.join("; ", report.found().subList(0, 1)));
            report.done().forEach(line -> console.say("opening: " + line));
        }
    }

    /** The directory, for a command that must not make one. */
    final Path existingDirectory() throws CommandException {
        final Path path = directory();
        if (!Files.isDirectory(path)) {
            throw new CommandException(
                    ExitCode.FAILED,
                    (Files.exists(path) ? "is no directory: " : "no such directory: ")
                            + path
                            + " (name one with --dir or STEMEDB_DIR)");
        }
        return path;
    }

    /** A hash somebody typed. */
    final DirectBuffer hash(final String label, final String text) {
        final byte[] bytes = new byte[HASH_LENGTH];
        final String problem = Hex.read(text, bytes, 0, HASH_LENGTH);
        if (problem != null) {
            throw new ParameterException(spec.commandLine(), label + " " + problem);
        }
        return new UnsafeBuffer(bytes);
    }
}
