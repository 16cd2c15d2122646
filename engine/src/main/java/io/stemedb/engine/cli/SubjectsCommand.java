package io.stemedb.engine.cli;

import io.stemedb.engine.Reader;
import java.io.IOException;
import java.io.UncheckedIOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Prints which subjects there are. */
@Command(
        name = "subjects",
        description = "Prints the subjects that start with a prefix, ascending by their bytes.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  stemedb subjects",
            "  stemedb subjects community://rust/ | jq -r .subject",
            "",
            "Exit code 1 if there is none.",
        })
final class SubjectsCommand extends ReadCommand {

    @Parameters(
            paramLabel = "PREFIX",
            arity = "0..1",
            defaultValue = "",
            description = "Only subjects that start so. Default: all.")
    private String prefix;

    @Option(
            names = {"-n", "--limit"},
            paramLabel = "N",
            description = "At most so many subjects. Default: all.")
    private int limit = Integer.MAX_VALUE;

    SubjectsCommand(final Console console) {
        super(console);
    }

    @Override
    void checkParameters() {
        SubjectCommand.checkName(spec, "PREFIX", prefix, 0);
        SubjectCommand.checkLimit(spec, limit);
    }

    @Override
    String print(final Reader reader, final JsonRecordWriter json) {
        final int count =
                reader.subjects(
                        prefix,
                        limit,
                        (buffer, offset, length) -> {
                            try {
                                json.writeSubject(
                                        buffer.getStringWithoutLengthUtf8(offset, length));
                            } catch (final IOException e) {
                                throw new UncheckedIOException(e);
                            }
                        });
        return count > 0
                ? null
                : "no subject" + (prefix.isEmpty() ? "" : " that starts with " + prefix);
    }
}
