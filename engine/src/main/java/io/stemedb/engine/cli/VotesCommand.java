package io.stemedb.engine.cli;

import io.stemedb.engine.Reader;
import java.io.IOException;
import java.io.UncheckedIOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Prints the votes on one assertion. */
@Command(
        name = "votes",
        description = {
            "Prints the votes on an assertion: first those that are not in the stores yet, in order"
                    + " of arrival, then the others in order of hash.",
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  stemedb votes 0123...cdef",
            "  stemedb votes 0123...cdef | jq -s 'map(.weight) | add'",
            "",
            "A vote may arrive before its assertion, so the assertion need not be there.",
            "Exit code 1 if there is no vote.",
        })
final class VotesCommand extends ReadCommand {

    @Parameters(paramLabel = "HASH", description = "Content hash of an assertion, 64 hex digits.")
    private String hash;

    VotesCommand(final Console console) {
        super(console);
    }

    @Override
    void checkParameters() {
        hash("HASH", hash);
    }

    @Override
    String print(final Reader reader, final JsonRecordWriter json) {
        final int count =
                reader.votes(
                        hash("HASH", hash),
                        0,
                        (voteHash, record, offset, length) -> {
                            try {
                                json.write(
                                        JsonRecordWriter.NO_SEQUENCE,
                                        voteHash,
                                        0,
                                        record,
                                        offset,
                                        length);
                            } catch (final IOException e) {
                                throw new UncheckedIOException(e);
                            }
                        });
        return count > 0 ? null : "no vote on the assertion " + hash;
    }
}
