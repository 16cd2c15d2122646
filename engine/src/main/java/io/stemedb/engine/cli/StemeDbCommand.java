package io.stemedb.engine.cli;

import io.stemedb.engine.cli.Console.OutputClosedException;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.Arrays;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** The command without a subcommand, and how every command ends. */
@Command(
        name = "stemedb",
        description = "Ingests and reads claims, votes and epochs in a StemeDB directory.",
        synopsisSubcommandLabel = "COMMAND",
        footerHeading = "%nExamples:%n",
        footer = {
            "  stemedb demo                        the engine's main job on 100,000 real trades",
            "  stemedb ingest claims.jsonl         one record a line into ./stemedb-data",
            "  producer | stemedb ingest - --acks  acknowledges each record once it is on disk",
            "  stemedb subject BTCUSD@bitstamp     newest claims first, as JSON Lines",
            "  stemedb verify --dir /srv/claims    checks journal and stores",
            "  stemedb backup /mnt/backup          of a running engine too; then restore",
            "",
            "The directory is --dir, else STEMEDB_DIR, else stemedb-data in the working",
            "directory. STEMEDB_JAVA_OPTS gives more options to the JVM.",
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:done",
            "1:records were refused, nothing was found, or there is a difference",
            "2:the command line is wrong",
            "3:the directory, the engine or the machine failed",
        },
        subcommands = {
            DemoCommand.class,
            IngestCommand.class,
            GetCommand.class,
            SubjectCommand.class,
            VotesCommand.class,
            EpochCommand.class,
            SubjectsCommand.class,
            VerifyCommand.class,
            RepairCommand.class,
            QuarantineCommand.class,
            BackupCommand.class,
            RestoreCommand.class,
        })
final class StemeDbCommand implements Runnable {

    private static final int HELP_WIDTH = 90;

    private final Console console;

    @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Says what there is and how to use it.")
    private boolean help;

    @Option(
            names = {"-V", "--version"},
            versionHelp = true,
            description = "Prints the version.")
    private boolean version;

    StemeDbCommand(final Console console) {
        this.console = console;
    }

    /** Runs one command line to its end; nothing is thrown, everything is said. */
    static int run(final Console console, final String... arguments) {
        final PrintWriter out =
                new PrintWriter(new OutputStreamWriter(console.out(), StandardCharsets.UTF_8));
        final CommandLine commandLine =
                new CommandLine(new StemeDbCommand(console), new CommandFactory(console))
                        .setOut(out)
                        .setErr(new PrintWriter(console.err(), true, StandardCharsets.UTF_8))
                        .setColorScheme(CommandLine.Help.defaultColorScheme(Ansi.OFF))
                        .setUsageHelpWidth(HELP_WIDTH)
                        .setCaseInsensitiveEnumValuesAllowed(true)
                        .setParameterExceptionHandler((e, args) -> wrongUsage(console, e))
                        .setExecutionExceptionHandler(
                                (e, command, result) -> failed(console, e, isVerbose(result)));
        commandLine.getCommandSpec().version("stemedb " + versionOfJar());
        int exitCode;
        try {
            exitCode = commandLine.execute(arguments);
        } catch (final Error e) {
            exitCode = failed(console, e, Arrays.asList(arguments).contains("--verbose"));
        }
        out.flush();
        try {
            console.out().flush();
        } catch (final OutputClosedException e) {
            return exitCode;
        } catch (final IOException e) {
            return failed(console, e, false);
        }
        return exitCode;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }

    private static int wrongUsage(final Console console, final ParameterException e) {
        console.say(
                oneLine(e.getMessage())
                        + " (see "
                        + e.getCommandLine().getCommandSpec().qualifiedName()
                        + " --help)");
        return ExitCode.USAGE;
    }

    /** Says what went wrong in one line and gives the exit code for it. */
    static int failed(final Console console, final Throwable e, final boolean verbose) {
        if (e instanceof UncheckedIOException && e.getCause() instanceof OutputClosedException) {
            return failed(console, e.getCause(), verbose);
        }
        if (e instanceof OutputClosedException) {
            return ExitCode.OK;
        }
        console.say(oneLine(messageOf(e)));
        if (verbose) {
            e.printStackTrace(console.err());
        }
        return e instanceof CommandException ? ((CommandException) e).exitCode() : ExitCode.FAILED;
    }

    private static boolean isVerbose(final ParseResult result) {
        ParseResult innermost = result;
        while (innermost.hasSubcommand()) {
            innermost = innermost.subcommand();
        }
        return innermost.hasMatchedOption("--verbose");
    }

    /** Some exceptions say nothing but a path or a name; theirs is completed. */
    static String messageOf(final Throwable e) {
        if (e instanceof NoSuchFileException) {
            return "no such file: " + e.getMessage();
        } else if (e instanceof AccessDeniedException) {
            return "no permission: " + e.getMessage();
        } else if (e instanceof FileAlreadyExistsException) {
            return "is there already: " + e.getMessage();
        } else if (e instanceof CommandException && e.getMessage() != null) {
            return e.getMessage();
        } else if (e instanceof IllegalAccessError) {
            return "the JVM lacks a flag, start engine/bin/stemedb instead: " + e.getMessage();
        } else if (e.getMessage() == null || e instanceof Error) {
            return e.toString();
        }
        return e.getMessage();
    }

    private static String oneLine(final String message) {
        return RecordSyntaxException.shown(message.strip().replaceAll("\\s*\\R\\s*", " "), 2000);
    }

    private static String versionOfJar() {
        final String version = StemeDbCommand.class.getPackage().getImplementationVersion();
        return version == null ? "(not packaged)" : version;
    }

    /** Gives each command its console. */
    private static final class CommandFactory implements CommandLine.IFactory {

        private final Console console;

        CommandFactory(final Console console) {
            this.console = console;
        }

        @Override
        public <K> K create(final Class<K> type) throws Exception {
            if (DirectoryCommand.class.isAssignableFrom(type)) {
                return type.getDeclaredConstructor(Console.class).newInstance(console);
            }
            return CommandLine.defaultFactory().create(type);
        }
    }
}
