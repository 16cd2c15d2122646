package io.stemedb.engine.cli;

import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.MinimalPrettyPrinter;
import io.stemedb.engine.Quarantine;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HexFormat;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** Prints what ingest set aside. */
@Command(
        name = "quarantine",
        description = {
            "Lists or exports what ingest set aside.",
            "",
            "list prints sequence, reason and length, one JSON object a line. export writes the"
                    + " same and the bytes in hex to FILE, which must not be there yet; - is"
                    + " standard output. Both only read, and refuse a directory that an engine"
                    + " runs on.",
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  stemedb quarantine",
            "  stemedb quarantine list --dir /srv/claims | jq -r .reason",
            "  stemedb quarantine export aside.jsonl --dry-run",
            "  stemedb quarantine export aside.jsonl",
            "",
            "Exit code 1 if there is nothing.",
        })
final class QuarantineCommand extends DirectoryCommand {

    private static final String STANDARD_OUTPUT = "-";

    @Parameters(
            index = "0",
            paramLabel = "list|export",
            arity = "0..1",
            defaultValue = "list",
            description = "What to do. Default: ${DEFAULT-VALUE}.")
    private String action;

    @Parameters(
            index = "1",
            paramLabel = "FILE",
            arity = "0..1",
            description = "Where export writes; - is standard output.")
    private String file;

    @Option(
            names = "--dry-run",
            description = "Says how much export would write, and writes nothing.")
    private boolean dryRun;

    QuarantineCommand(final Console console) {
        super(console);
    }

    @Override
    public Integer call() throws CommandException, IOException {
        final boolean export = "export".equals(action);
        if (!export && !"list".equals(action)) {
            throw new ParameterException(
                    spec.commandLine(), "list or export is expected, not " + action);
        }
        if (export == (file == null)) {
            throw new ParameterException(
                    spec.commandLine(), export ? "FILE is missing" : "list takes no FILE");
        }
        if (dryRun && !export) {
            throw new ParameterException(spec.commandLine(), "list takes no --dry-run");
        }
        final Path path = existingDirectory();
        final long count = export ? export(path) : print(path, console.out(), null);
        console.out().flush();
        if (count == 0) {
            throw new CommandException(ExitCode.NO, "nothing is in quarantine");
        }
        return ExitCode.OK;
    }

    private long export(final Path path) throws IOException {
        try (Progress progress = new Progress(console, "export", "records", Progress.UNKNOWN)) {
            if (STANDARD_OUTPUT.equals(file) && !dryRun) {
                return print(path, console.out(), progress);
            }
            final Path target = Path.of(file);
            if (dryRun && !STANDARD_OUTPUT.equals(file) && Files.exists(target)) {
                throw new FileAlreadyExistsException(file);
            }
            if (dryRun) {
                return export(path, OutputStream.nullOutputStream(), progress);
            }
            final OutputStream out =
                    Files.newOutputStream(
                            target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            long count = 0;
            try {
                count = export(path, out, progress);
            } finally {
                if (count == 0) { // refused, cut short, or nothing there: try again with that name
                    Files.delete(target);
                }
            }
            return count;
        }
    }

    private long export(final Path path, final OutputStream target, final Progress progress)
            throws IOException {
        try (CountingStream out = new CountingStream(target)) {
            final long count = print(path, out, progress);
            final String done = count + " records, " + out.count + " bytes, to " + file;
            if (!dryRun) {
                console.say("exported " + done);
            } else if (count > 0) {
                console.out()
                        .write(("would export " + done + "\n").getBytes(StandardCharsets.UTF_8));
            }
            return count;
        }
    }

    /** How many bytes an export has. */
    private static final class CountingStream extends FilterOutputStream {
        private long count;

        CountingStream(final OutputStream out) {
            super(out);
        }

        @Override
        public void write(final int value) throws IOException {
            out.write(value);
            count++;
        }

        @Override
        public void write(final byte[] bytes, final int offset, final int length)
                throws IOException {
            out.write(bytes, offset, length);
            count += length;
        }
    }

    /**
     * Prints all.
     *
     * @param progress of an export, which has the bytes too; null for a list
     */
    private static long print(final Path path, final OutputStream out, final Progress progress)
            throws IOException {
        final JsonGenerator json = new JsonFactory().createGenerator(out, JsonEncoding.UTF8);
        json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
        json.disable(JsonGenerator.Feature.FLUSH_PASSED_TO_STREAM);
        json.setPrettyPrinter(new MinimalPrettyPrinter(""));
        final long[] done = {0};
        final long count =
                Quarantine.read(
                        path,
                        entry -> {
                            try {
                                print(entry, json, progress != null);
                                if (progress != null) {
                                    progress.reached(++done[0]);
                                }
                                return true;
                            } catch (final IOException e) {
                                throw new UncheckedIOException(e);
                            }
                        });
        json.flush();
        return count;
    }

    private static void print(
            final Quarantine.Entry entry, final JsonGenerator json, final boolean bytes)
            throws IOException {
        json.writeStartObject();
        json.writeNumberField("sequence", entry.sequence());
        json.writeStringField("reason", entry.reason());
        json.writeNumberField("length", entry.bytes().length);
        if (bytes) {
            json.writeStringField("bytes", HexFormat.of().formatHex(entry.bytes()));
        }
        json.writeEndObject();
        json.writeRaw('\n');
    }
}
