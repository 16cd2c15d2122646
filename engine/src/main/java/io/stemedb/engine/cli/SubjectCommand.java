package io.stemedb.engine.cli;

import io.stemedb.codecs.Limits;
import io.stemedb.engine.ClaimHandler;
import io.stemedb.engine.Reader;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** Prints the claims about one subject. */
@Command(
        name = "subject",
        description = "Prints the claims about a subject, newest first, each with its sequence.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  stemedb subject BTCUSD@bitstamp",
            "  stemedb subject --limit 3 --oldest BTCUSD@bitstamp",
            "  stemedb subject -n 100000 Semaglutide:Type2Diabetes > claims.jsonl",
            "",
            "The order is that of arrival; a claim that came twice stands at its newest place.",
            "Exit code 1 if there is no claim.",
        })
final class SubjectCommand extends ReadCommand {

    private static final String LIMIT_DEFAULT = "10";

    @Parameters(paramLabel = "NAME", description = "The subject, exactly.")
    private String subject;

    @Option(
            names = {"-n", "--limit"},
            paramLabel = "N",
            defaultValue = LIMIT_DEFAULT,
            description = "At most so many claims. Default: ${DEFAULT-VALUE}.")
    private int limit;

    @Option(names = "--oldest", description = "Oldest first.")
    private boolean oldest;

    SubjectCommand(final Console console) {
        super(console);
    }

    @Override
    void checkParameters() {
        checkName(spec, "NAME", subject, 1);
        checkLimit(spec, limit);
    }

    static void checkName(
            final CommandSpec spec, final String what, final String name, final int min) {
        final int length = name.getBytes(StandardCharsets.UTF_8).length;
        if (length < min || length > Limits.SUBJECT_MAX) {
            throw new ParameterException(
                    spec.commandLine(),
                    what
                            + " must have "
                            + min
                            + " to "
                            + Limits.SUBJECT_MAX
                            + " bytes, has "
                            + length);
        }
    }

    static void checkLimit(final CommandSpec spec, final int limit) {
        if (limit < 1) {
            throw new ParameterException(
                    spec.commandLine(), "--limit must be at least 1, is " + limit);
        }
    }

    @Override
    String print(final Reader reader, final JsonRecordWriter json) {
        final ClaimHandler printer = printing(json);
        final int count =
                oldest
                        ? reader.oldestFirst(subject, limit, printer)
                        : reader.newestFirst(subject, limit, printer);
        return count > 0 ? null : "no claim about " + RecordSyntaxException.shown(subject);
    }
}
