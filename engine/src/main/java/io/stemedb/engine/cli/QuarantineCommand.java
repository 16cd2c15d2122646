package io.stemedb.engine.cli;

import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.MinimalPrettyPrinter;
import io.stemedb.engine.Quarantine;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HexFormat;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** Prints what ingest set aside. */
@Command(
        name = "quarantine",
        description = {
            "Lists or exports what ingest set aside, also while an engine runs.",
            "",
            "list prints sequence, reason and length, one JSON object a line. export writes the"
                    + " same and the bytes in hex to FILE, which must not be there yet; - is"
                    + " standard output.",
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  stemedb quarantine",
            "  stemedb quarantine list --dir /srv/claims | jq -r .reason",
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
        final Path path = existingDirectory();
        final long count;
        if (export && !STANDARD_OUTPUT.equals(file)) {
            try (OutputStream out =
                    Files.newOutputStream(
                            Path.of(file),
                            StandardOpenOption.CREATE_NEW,
                            StandardOpenOption.WRITE)) {
                count = print(path, out, true);
            }
            console.say(count + " exported to " + file);
        } else {
            count = print(path, console.out(), export);
            console.out().flush();
        }
        if (count == 0) {
            throw new CommandException(ExitCode.NO, "nothing is in quarantine");
        }
        return ExitCode.OK;
    }

    private static long print(final Path path, final OutputStream out, final boolean bytes)
            throws IOException {
        final JsonGenerator json = new JsonFactory().createGenerator(out, JsonEncoding.UTF8);
        json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
        json.disable(JsonGenerator.Feature.FLUSH_PASSED_TO_STREAM);
        json.setPrettyPrinter(new MinimalPrettyPrinter(""));
        final long count =
                Quarantine.read(
                        path,
                        entry -> {
                            try {
                                print(entry, json, bytes);
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
